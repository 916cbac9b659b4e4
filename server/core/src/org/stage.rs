//! Pages of a directory become rows of a run.

use std::collections::HashSet;

use portal_model::EntityRef;

use super::{
    DirectoryGroup, DirectoryPerson, Exclusion, Membership, ProviderOptions, RunKind, Standing, Subject,
    names::{entity_name, reference},
    rows::{GroupRow, PersonRow},
    run::RunNumber,
};
use crate::{
    ports::{DirectoryPage, StoreError, WriteTransaction},
    time::UnixMillis,
};

/// People or groups staged in one transaction.
pub(super) const STAGED_PEOPLE_MAX: usize = 200;
/// Memberships staged in one transaction.
pub(super) const STAGED_MEMBERSHIPS_MAX: usize = 1_000;
/// Longest text of a person or group that is kept, in characters.
const TEXT_LENGTH_MAX: usize = 1_000;
/// Longest stable id, in bytes: it is part of indexes.
const ID_BYTES_MAX: usize = 256;
/// Longest word of a vendor for someone's state, in characters.
const VENDOR_STATUS_LENGTH_MAX: usize = 100;
/// Most annotations of one person or group.
const ANNOTATIONS_MAX: usize = 50;

/// Cuts a text that came from outside.
fn cut(text: &mut String, length_max: usize) {
    if let Some((end, _)) = text.char_indices().nth(length_max) {
        text.truncate(end);
    }
}

fn cut_option(text: &mut Option<String>) {
    if let Some(text) = text {
        cut(text, TEXT_LENGTH_MAX);
    }
    if text.as_ref().is_some_and(|text| text.trim().is_empty()) {
        *text = None;
    }
}

fn cut_annotations(annotations: &mut std::collections::BTreeMap<String, String>) {
    while annotations.len() > ANNOTATIONS_MAX {
        annotations.pop_last();
    }
    for text in annotations.values_mut() {
        cut(text, TEXT_LENGTH_MAX);
    }
}

/// Only addresses that a browser can show without giving anything away.
fn https_only(address: &mut Option<String>) {
    cut_option(address);
    if address.as_ref().is_some_and(|address| !address.starts_with("https://")) {
        *address = None;
    }
}

/// A stable id that can be kept. Longer ones would not come back as they went.
pub(super) fn id_is_usable(id: &str) -> bool {
    !id.is_empty() && id.len() <= ID_BYTES_MAX && !id.contains('\0')
}

/// The row of a person; `None` when the stable id cannot be kept.
pub(super) fn person_row(options: &ProviderOptions, mut person: DirectoryPerson) -> Option<PersonRow> {
    if !id_is_usable(person.subject.as_str()) {
        return None;
    }
    cut(&mut person.login, TEXT_LENGTH_MAX);
    cut_option(&mut person.display_name);
    https_only(&mut person.picture);
    cut_annotations(&mut person.annotations);
    person.email = person
        .email
        .filter(|email| !email.address.trim().is_empty() && email.address.chars().count() <= TEXT_LENGTH_MAX);
    if let Standing::Excluded(Exclusion { vendor_status, .. }) = &mut person.standing {
        cut(vendor_status, VENDOR_STATUS_LENGTH_MAX);
    }
    // A login of blanks says nothing; the stable id does.
    let called = if person.login.trim().is_empty() { person.subject.as_str() } else { &person.login };
    let entity_ref = reference("user", &options.namespace, &entity_name(called))?;
    Some(PersonRow {
        name: entity_ref.name().to_owned(),
        entity_ref,
        own: true,
        standing: person.standing.clone(),
        reread_at: None,
        person,
    })
}

/// The row of someone whom the directory does not know any more, for runs in which somebody else may still list them.
pub(super) fn gone_row(before: &PersonRow, now: UnixMillis) -> PersonRow {
    let exclusion =
        Exclusion { reason: super::ExclusionReason::Deleted, vendor_status: "not known any more".to_owned() };
    let mut row =
        PersonRow { standing: Standing::Excluded(exclusion), reread_at: Some(now), ..before.clone() };
    row.person.standing = row.standing.clone();
    row
}

/// The row of a group; `None` when the stable id cannot be kept.
pub(super) fn group_row(options: &ProviderOptions, mut group: DirectoryGroup) -> Option<GroupRow> {
    if !id_is_usable(group.id.as_str()) {
        return None;
    }
    cut(&mut group.name, TEXT_LENGTH_MAX);
    cut_option(&mut group.display_name);
    cut_option(&mut group.description);
    cut_option(&mut group.email);
    https_only(&mut group.picture);
    cut_annotations(&mut group.annotations);
    cut(&mut group.kind, 63);
    if group.kind.trim().is_empty() {
        "group".clone_into(&mut group.kind);
    }
    group.parent = group.parent.filter(|parent| id_is_usable(parent.as_str()) && *parent != group.id);
    let called = if group.name.trim().is_empty() { group.id.as_str() } else { &group.name };
    let entity_ref: EntityRef = reference("group", &options.namespace, &entity_name(called))?;
    Some(GroupRow { name: entity_ref.name().to_owned(), entity_ref, rejected: None, group })
}

/// One bounded piece of a page.
pub(super) enum Piece {
    /// People.
    People(Vec<PersonRow>),
    /// Groups.
    Groups(Vec<GroupRow>),
    /// Memberships; `true` for those that go.
    Memberships(Vec<Membership>, bool),
    /// What a delta takes away.
    Gone(Vec<Subject>, Vec<super::GroupId>),
    /// Groups of a delta whose memberships come anew.
    Replaced(Vec<super::GroupId>),
}

impl Piece {
    /// Writes it.
    pub async fn write(&self, tx: &mut dyn WriteTransaction, run: RunNumber) -> Result<(), StoreError> {
        match self {
            Self::People(rows) => tx.directory_people_stage(run, rows).await,
            Self::Groups(rows) => tx.directory_groups_put(run, rows).await,
            Self::Memberships(memberships, gone) => {
                tx.directory_memberships_put(run, memberships, *gone).await
            }
            Self::Gone(people, groups) => {
                tx.directory_people_mark_gone(run, people).await?;
                tx.directory_groups_mark_gone(run, groups).await
            }
            Self::Replaced(groups) => tx.directory_replacements_put(run, groups).await,
        }
    }
}

/// A list in parts of at most so many items.
fn parts<T>(mut list: Vec<T>, items_max: usize) -> Vec<Vec<T>> {
    let mut parts = Vec::with_capacity(list.len().div_ceil(items_max));
    while list.len() > items_max {
        let rest = list.split_off(items_max);
        parts.push(std::mem::replace(&mut list, rest));
    }
    if !list.is_empty() {
        parts.push(list);
    }
    parts
}

/// Of people listed several times, those who are left out once are left out: a full read has no order.
fn without_doubt(rows: Vec<PersonRow>) -> Vec<PersonRow> {
    let left_out: HashSet<Subject> = rows
        .iter()
        .filter(|row| row.standing != Standing::Active)
        .map(|row| row.person.subject.clone())
        .collect();
    let sure = |row: &PersonRow| row.standing != Standing::Active || !left_out.contains(&row.person.subject);
    rows.into_iter().filter(sure).collect()
}

/// A page in pieces, each small enough for one transaction, in the order in which a delta needs them.
pub(super) fn pieces(options: &ProviderOptions, kind: RunKind, page: DirectoryPage) -> Vec<Piece> {
    let usable = |memberships: Vec<Membership>| -> Vec<Membership> {
        let usable = memberships.into_iter().filter(|membership| {
            id_is_usable(membership.group.as_str()) && id_is_usable(member_id(&membership.member))
        });
        usable.collect()
    };
    let mut people: Vec<PersonRow> =
        page.people.into_iter().filter_map(|person| person_row(options, person)).collect();
    if kind != RunKind::Delta {
        people = without_doubt(people);
    }
    let groups: Vec<GroupRow> =
        page.groups.into_iter().filter_map(|group| group_row(options, group)).collect();
    let mut pieces: Vec<Piece> = parts(people, STAGED_PEOPLE_MAX).into_iter().map(Piece::People).collect();
    pieces.extend(parts(groups, STAGED_PEOPLE_MAX).into_iter().map(Piece::Groups));
    pieces.extend(parts(page.memberships_replaced, STAGED_MEMBERSHIPS_MAX).into_iter().map(Piece::Replaced));
    for (memberships, gone) in [(page.memberships_removed, true), (page.memberships, false)] {
        let parts = parts(usable(memberships), STAGED_MEMBERSHIPS_MAX);
        pieces.extend(parts.into_iter().map(|part| Piece::Memberships(part, gone)));
    }
    let people = parts(page.people_removed, STAGED_PEOPLE_MAX);
    pieces.extend(people.into_iter().map(|part| Piece::Gone(part, Vec::new())));
    let groups = parts(page.groups_removed, STAGED_PEOPLE_MAX);
    pieces.extend(groups.into_iter().map(|part| Piece::Gone(Vec::new(), part)));
    pieces
}

/// The stable id of a member.
fn member_id(member: &super::Member) -> &str {
    match member {
        super::Member::Person(subject) => subject.as_str(),
        super::Member::Group(id) => id.as_str(),
    }
}
