//! From descriptors to people, groups and memberships.

use std::collections::{BTreeMap, HashMap, HashSet};

use portal_core::{
    org::{DirectoryGroup, DirectoryPerson, GroupId, Member, Membership, Standing, Subject},
    ports::{DirectoryError, DirectoryPage},
};
use portal_model::EntityRef;
use serde_json::Value;

use super::walk::Found;
use crate::{selection::Selection, status};

/// Annotations that say where an entity comes from: Portal writes them itself.
const OWN_ANNOTATIONS: &str = "backstage.io/managed-by-";

/// What the descriptors say, as one page.
pub(super) fn page(
    found: &[Found],
    namespace: &str,
    selection: &Selection,
) -> Result<DirectoryPage, DirectoryError> {
    let index = Index::of(found, namespace)?;
    let mut page = DirectoryPage::default();
    let mut memberships = HashSet::new();
    let mut parents = HashMap::new();
    for Entry { kind, id, entity, .. } in &index.entries {
        match kind {
            Kind::User => {
                page.people.push(selection.applied(person(id, entity, selection)));
                for group in index.ids(entity, "memberOf", Kind::Group, namespace) {
                    memberships.insert((group, Subject(id.clone())));
                }
            }
            Kind::Group => {
                for child in index.ids(entity, "children", Kind::Group, namespace) {
                    parents.insert(child, id.clone());
                }
                for person in index.ids(entity, "members", Kind::User, namespace) {
                    memberships.insert((id.clone(), Subject(person)));
                }
            }
        }
    }
    let groups = index.entries.iter().filter(|entry| entry.kind == Kind::Group);
    page.groups = groups
        .map(|Entry { id, entity, .. }| {
            let parent = index.ids(entity, "parent", Kind::Group, namespace).into_iter().next();
            group(id, entity, parent.or_else(|| parents.get(id).cloned()))
        })
        .filter(|group| selection.takes_group(&group.name, group.id.as_str()))
        .collect();
    let taken: HashSet<&str> = page.groups.iter().map(|group| group.id.as_str()).collect();
    page.memberships = memberships
        .into_iter()
        .filter(|(group, _)| taken.contains(group.as_str()))
        .map(|(group, person)| Membership { group: GroupId(group), member: Member::Person(person) })
        .collect();
    page.memberships.sort();
    Ok(page)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    User,
    Group,
}

impl Kind {
    const fn word(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
        }
    }
}

struct Entry<'found> {
    kind: Kind,
    /// The stable id.
    id: String,
    entity: &'found Value,
}

/// The users and groups, and their stable ids by reference.
struct Index<'found> {
    entries: Vec<Entry<'found>>,
    ids: HashMap<EntityRef, String>,
}

impl<'found> Index<'found> {
    fn of(found: &'found [Found], namespace: &str) -> Result<Self, DirectoryError> {
        let mut index = Self { entries: Vec::new(), ids: HashMap::new() };
        let mut taken: HashMap<(Kind, String), &str> = HashMap::new();
        for Found { entity, place } in found {
            let Some(kind) = kind(entity) else { continue };
            let fault = |reason: String| Err(DirectoryError::Malformed(format!("{place}: {reason}")));
            let name = text(entity, "/metadata/name").unwrap_or_default();
            let written = text(entity, "/metadata/namespace").unwrap_or(namespace);
            if !written.eq_ignore_ascii_case(namespace) {
                return fault(format!(
                    "metadata.namespace is {written:?}; expected {namespace:?}, the provider's, or nothing"
                ));
            }
            let Ok(entity_ref) = EntityRef::new(kind.word(), namespace, name) else {
                return fault(format!("{name:?} is not a name"));
            };
            let uid = text(entity, "/metadata/uid").map(str::trim).filter(|uid| !uid.is_empty());
            let id = uid.map_or_else(|| name.to_lowercase(), str::to_owned);
            if let Some(first) = taken.insert((kind, id.clone()), place) {
                return fault(format!(
                    "the id {id:?} (metadata.uid, else the name) stands in {first} already"
                ));
            }
            if index.ids.insert(entity_ref.clone(), id.clone()).is_some() {
                return fault(format!("{entity_ref} is defined already"));
            }
            index.entries.push(Entry { kind, id, entity });
        }
        Ok(index)
    }

    /// The ids of those whom a field of the spec names. References to what is not here lead nowhere, as in the catalog.
    fn ids(&self, entity: &Value, field: &str, kind: Kind, namespace: &str) -> Vec<String> {
        let field = entity.get("spec").and_then(|spec| spec.get(field));
        let texts: Vec<&str> = match field {
            Some(Value::String(text)) => vec![text],
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let parsed = texts
            .into_iter()
            .filter_map(|text| EntityRef::parse_with(text, Some(kind.word()), namespace).ok());
        parsed
            .filter(|entity_ref| entity_ref.kind().eq_ignore_ascii_case(kind.word()))
            .filter_map(|entity_ref| self.ids.get(&entity_ref).cloned())
            .collect()
    }
}

fn kind(entity: &Value) -> Option<Kind> {
    let kind = text(entity, "/kind")?;
    [Kind::User, Kind::Group].into_iter().find(|known| known.word().eq_ignore_ascii_case(kind))
}

fn person(id: &str, entity: &Value, selection: &Selection) -> DirectoryPerson {
    DirectoryPerson {
        subject: Subject(id.to_owned()),
        login: owned(entity, "/metadata/name").unwrap_or_default(),
        email: text(entity, "/spec/profile/email").and_then(|email| selection.email(email, false)),
        display_name: display_name(entity),
        picture: picture(entity),
        standing: standing(entity),
        annotations: annotations(entity),
    }
}

/// A status that is there and is not a known word is never active, whatever its type.
fn standing(entity: &Value) -> Standing {
    match entity.pointer("/spec/status") {
        None => Standing::Active,
        Some(Value::String(word)) => status::standing(word),
        Some(other) => status::standing(&format!("spec.status: {other}")),
    }
}

fn group(id: &str, entity: &Value, parent: Option<String>) -> DirectoryGroup {
    DirectoryGroup {
        id: GroupId(id.to_owned()),
        name: owned(entity, "/metadata/name").unwrap_or_default(),
        display_name: display_name(entity),
        description: owned(entity, "/metadata/description"),
        kind: owned(entity, "/spec/type").unwrap_or_else(|| "team".to_owned()),
        email: owned(entity, "/spec/profile/email"),
        picture: picture(entity),
        parent: parent.filter(|parent| parent != id).map(GroupId),
        annotations: annotations(entity),
    }
}

fn display_name(entity: &Value) -> Option<String> {
    owned(entity, "/spec/profile/displayName").or_else(|| owned(entity, "/metadata/title"))
}

fn picture(entity: &Value) -> Option<String> {
    owned(entity, "/spec/profile/picture").filter(|picture| picture.starts_with("https://"))
}

fn annotations(entity: &Value) -> BTreeMap<String, String> {
    let written = entity.pointer("/metadata/annotations").and_then(Value::as_object);
    let texts = written.into_iter().flatten().filter_map(|(key, value)| Some((key, value.as_str()?)));
    texts
        .filter(|(key, _)| !key.starts_with(OWN_ANNOTATIONS))
        .map(|(key, value)| (key.clone(), value.to_owned()))
        .collect()
}

fn text<'entity>(entity: &'entity Value, pointer: &str) -> Option<&'entity str> {
    entity.pointer(pointer).and_then(Value::as_str)
}

fn owned(entity: &Value, pointer: &str) -> Option<String> {
    text(entity, pointer).filter(|text| !text.trim().is_empty()).map(str::to_owned)
}
