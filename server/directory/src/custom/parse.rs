//! From an answer to a page. Whatever breaks the contract stops the read and is named.

use portal_core::{
    org::{DirectoryGroup, DirectoryPerson, GroupId, Member, Subject},
    ports::{DirectoryCursor, DirectoryError, DirectoryNext, DirectoryPage, PersonNow},
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::contract::{CONTRACT_VERSION, ErrorAnswer, ErrorWord, Group, Membership, Removed, User};
use crate::{STATUS_WORDS, selection::Selection, status};

const ID_LENGTH_MAX: usize = 200;
const CURSOR_BYTES_MAX: usize = 8_192;

/// Takes one answer object into a page. `true` when it is the last part: it says `next`.
pub(super) fn add_part(
    part: &Value,
    page: &mut DirectoryPage,
    selection: &Selection,
) -> Result<bool, DirectoryError> {
    let object = versioned(part)?;
    for (index, value) in list(object, "users")?.iter().enumerate() {
        page.people.push(person(&format!("users[{index}]"), value, selection)?);
    }
    for (index, value) in list(object, "groups")?.iter().enumerate() {
        let group: Group = typed(&format!("groups[{index}]"), value)?;
        let group = directory_group(&format!("groups[{index}]"), group)?;
        if selection.takes_group(&group.name, group.id.as_str()) {
            page.groups.push(group);
        }
    }
    for (index, value) in list(object, "memberships")?.iter().enumerate() {
        page.memberships.push(membership(typed(&format!("memberships[{index}]"), value)?));
    }
    for (index, value) in list(object, "memberships_replaced")?.iter().enumerate() {
        page.memberships_replaced.push(GroupId(typed(&format!("memberships_replaced[{index}]"), value)?));
    }
    if let Some(value) = object.get("removed").filter(|value| !value.is_null()) {
        let removed: Removed = typed("removed", value)?;
        page.people_removed.extend(removed.users.into_iter().map(Subject));
        page.groups_removed.extend(removed.groups.into_iter().map(GroupId));
        page.memberships_removed.extend(removed.memberships.into_iter().map(membership));
    }
    let Some(next) = object.get("next") else { return Ok(false) };
    page.next = match cursor("next", next)? {
        Some(next) => DirectoryNext::More(next),
        None => DirectoryNext::End(cursor("since", object.get("since").unwrap_or(&Value::Null))?),
    };
    Ok(true)
}

/// The answer about one person.
pub(super) fn person_now(answer: &Value, selection: &Selection) -> Result<PersonNow, DirectoryError> {
    let object = versioned(answer)?;
    let user = object.get("user").ok_or_else(|| {
        DirectoryError::Malformed("user: is missing; expected a user, or null for someone gone".to_owned())
    })?;
    if user.is_null() {
        return Ok(PersonNow::Gone);
    }
    let groups = match object.get("groups") {
        None | Some(Value::Null) => None,
        Some(value) => {
            let ids: Vec<String> = typed("groups", value)?;
            Some(ids.into_iter().map(GroupId).collect())
        }
    };
    Ok(PersonNow::Known { person: Box::new(person("user", user, selection)?), groups })
}

fn versioned(answer: &Value) -> Result<&Map<String, Value>, DirectoryError> {
    let malformed = |text: String| Err(DirectoryError::Malformed(text));
    let Some(object) = answer.as_object() else {
        return malformed("expected an object with version, users, groups, memberships, next".to_owned());
    };
    if object.get("version").and_then(Value::as_u64) != Some(CONTRACT_VERSION) {
        return malformed(format!("version: expected {CONTRACT_VERSION}"));
    }
    if object.contains_key("error") {
        let error: ErrorAnswer = typed("error", answer)?;
        return Err(match error.error {
            ErrorWord::SinceTooOld => DirectoryError::DeltaExpired,
            ErrorWord::Unsupported => {
                DirectoryError::Unsupported("the directory does not answer this question".to_owned())
            }
        });
    }
    Ok(object)
}

fn list<'answer>(object: &'answer Map<String, Value>, key: &str) -> Result<&'answer [Value], DirectoryError> {
    match object.get(key) {
        None => Ok(&[]),
        Some(Value::Array(items)) => Ok(items),
        Some(_) => Err(DirectoryError::Malformed(format!("{key}: expected a list"))),
    }
}

fn typed<T: DeserializeOwned>(path: &str, value: &Value) -> Result<T, DirectoryError> {
    T::deserialize(value).map_err(|error| DirectoryError::Malformed(format!("{path}: {error}")))
}

/// A person. The status is looked at first: nothing about someone without one is worth knowing.
fn person(path: &str, value: &Value, selection: &Selection) -> Result<DirectoryPerson, DirectoryError> {
    let Some(status) = value.get("status").and_then(Value::as_str) else {
        let id = value.get("id").and_then(Value::as_str).unwrap_or("?");
        let id: String = id.chars().filter(|letter| !letter.is_control()).take(60).collect();
        let words = STATUS_WORDS.map(|(word, _)| word).join(", ");
        let found = if value.get("status").is_some() { "is not a text" } else { "is missing" };
        return Err(DirectoryError::Malformed(format!(
            "{path}.status (id {id:?}): {found}; expected one of {words}"
        )));
    };
    let standing = status::standing(status);
    let user: User = typed(path, value)?;
    legal_id(&format!("{path}.id"), &user.id)?;
    legal_id(&format!("{path}.login"), &user.login)?;
    let person = DirectoryPerson {
        subject: Subject(user.id),
        login: user.login,
        email: user.email.and_then(|email| selection.email(&email.address, email.verified)),
        display_name: user.display_name,
        picture: user.picture.filter(|picture| picture.starts_with("https://")),
        standing,
        annotations: user.annotations,
    };
    Ok(selection.applied(person))
}

fn directory_group(path: &str, group: Group) -> Result<DirectoryGroup, DirectoryError> {
    legal_id(&format!("{path}.id"), &group.id)?;
    legal_id(&format!("{path}.name"), &group.name)?;
    Ok(DirectoryGroup {
        id: GroupId(group.id),
        name: group.name,
        display_name: group.display_name,
        description: group.description,
        kind: group.kind.unwrap_or_else(|| "team".to_owned()),
        email: group.email,
        picture: group.picture.filter(|picture| picture.starts_with("https://")),
        parent: group.parent.map(GroupId),
        annotations: group.annotations,
    })
}

fn membership(membership: Membership) -> portal_core::org::Membership {
    let (group, member) = match membership {
        Membership::User { group, user } => (group, Member::Person(Subject(user))),
        Membership::Group { group, member_group } => (group, Member::Group(GroupId(member_group))),
    };
    portal_core::org::Membership { group: GroupId(group), member }
}

fn legal_id(path: &str, text: &str) -> Result<(), DirectoryError> {
    let length = text.chars().count();
    if (1..=ID_LENGTH_MAX).contains(&length) && !text.chars().any(char::is_control) && text.trim() == text {
        return Ok(());
    }
    let expected = "characters without spaces at the ends and without control characters";
    Err(DirectoryError::Malformed(format!("{path}: expected 1 to {ID_LENGTH_MAX} {expected}")))
}

fn cursor(path: &str, value: &Value) -> Result<Option<DirectoryCursor>, DirectoryError> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) if !text.is_empty() && text.len() <= CURSOR_BYTES_MAX => {
            Ok(Some(DirectoryCursor(text.clone())))
        }
        _ => Err(DirectoryError::Malformed(format!(
            "{path}: expected a text of 1 to {CURSOR_BYTES_MAX} bytes, or null"
        ))),
    }
}
