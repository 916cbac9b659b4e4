//! Rows of a run become entities of the catalog.

use std::collections::{BTreeMap, HashMap, HashSet};

use portal_model::EntityRef;
use serde_json::{Map, Value, json};

use super::{
    GroupId, ProviderOptions, Standing, Subject,
    names::entity_name,
    rows::{GroupRow, PersonRow},
    run::RunNumber,
};
use crate::{
    catalog::StagedEntity,
    ids::LocationId,
    ingestion::{Provenance, Target, stage_document},
    ports::{ReadTransaction, StoreError},
};

const API_VERSION: &str = "backstage.io/v1alpha1";

/// The location whose entities a provider brings.
#[must_use]
pub fn location_id(options: &ProviderOptions) -> LocationId {
    Target::Provider(options.id.to_string()).location_id()
}

/// Entities, and what the catalog cannot take with the reason.
pub(super) struct Composed<K> {
    /// Ready to be kept.
    pub entities: Vec<StagedEntity>,
    /// Left out.
    pub rejected: Vec<(K, EntityRef, String)>,
}

/// Makes the entities of people; of those who are not active or not this provider's, none.
///
/// # Errors
/// The store failed.
pub(super) async fn people(
    store: &mut dyn ReadTransaction,
    options: &ProviderOptions,
    run: RunNumber,
    rows: &[PersonRow],
) -> Result<Composed<Subject>, StoreError> {
    let wanted: Vec<&PersonRow> =
        rows.iter().filter(|row| row.own && row.standing == Standing::Active).collect();
    let subjects: Vec<Subject> = wanted.iter().map(|row| row.person.subject.clone()).collect();
    let mut groups: HashMap<Subject, Vec<String>> = HashMap::new();
    for (subject, group) in store.directory_groups_of_people(run, &subjects).await? {
        groups.entry(subject).or_default().push(group.to_string());
    }
    let refs: Vec<EntityRef> = wanted.iter().map(|row| row.entity_ref.clone()).collect();
    let taken = taken(store, options, &refs).await?;
    let mut composed = Composed { entities: Vec::with_capacity(wanted.len()), rejected: Vec::new() };
    for row in wanted {
        let member_of = groups.remove(&row.person.subject).unwrap_or_default();
        let made = match taken.get(&row.entity_ref) {
            Some(place) => Err(taken_reason(&row.entity_ref, place)),
            None => staged(options, &user_document(row, &member_of)),
        };
        match made {
            Ok(entity) => composed.entities.push(entity),
            Err(reason) => {
                composed.rejected.push((row.person.subject.clone(), row.entity_ref.clone(), reason));
            }
        }
    }
    Ok(composed)
}

/// Makes the entities of groups; of those that were rejected, none.
///
/// # Errors
/// The store failed.
pub(super) async fn groups(
    store: &mut dyn ReadTransaction,
    options: &ProviderOptions,
    run: RunNumber,
    rows: &[GroupRow],
) -> Result<Composed<GroupId>, StoreError> {
    let wanted: Vec<&GroupRow> = rows.iter().filter(|row| row.rejected.is_none()).collect();
    let ids: Vec<GroupId> = wanted.iter().map(|row| row.group.id.clone()).collect();
    let mut parents = by_group(store.directory_group_parents(run, &ids).await?);
    let mut children = by_group(store.directory_group_children(run, &ids).await?);
    let refs: Vec<EntityRef> = wanted.iter().map(|row| row.entity_ref.clone()).collect();
    let taken = taken(store, options, &refs).await?;
    let mut composed = Composed { entities: Vec::with_capacity(wanted.len()), rejected: Vec::new() };
    for row in wanted {
        let above = parents.remove(&row.group.id).unwrap_or_default();
        let below = children.remove(&row.group.id).unwrap_or_default();
        let made = match taken.get(&row.entity_ref) {
            Some(place) => Err(taken_reason(&row.entity_ref, place)),
            None => staged(options, &group_document(row, &above, &below)),
        };
        match made {
            Ok(entity) => composed.entities.push(entity),
            Err(reason) => composed.rejected.push((row.group.id.clone(), row.entity_ref.clone(), reason)),
        }
    }
    Ok(composed)
}

fn by_group(pairs: Vec<(GroupId, EntityRef)>) -> BTreeMap<GroupId, Vec<String>> {
    let mut map: BTreeMap<GroupId, Vec<String>> = BTreeMap::new();
    for (id, other) in pairs {
        map.entry(id).or_default().push(other.to_string());
    }
    map
}

async fn taken(
    store: &mut dyn ReadTransaction,
    options: &ProviderOptions,
    refs: &[EntityRef],
) -> Result<HashMap<EntityRef, String>, StoreError> {
    let own = location_id(options);
    Ok(store.directory_defined_elsewhere(&own, refs).await?.into_iter().collect())
}

fn taken_reason(entity_ref: &EntityRef, place: &str) -> String {
    format!("{entity_ref} is defined by {place} already; that one stays")
}

fn staged(options: &ProviderOptions, document: &Value) -> Result<StagedEntity, String> {
    let place = format!("provider:{}", options.id);
    stage_document(document, Provenance { managed_by: &place, origin: &place }).map_err(|faults| {
        let faults = faults.iter().take(3).map(|fault| format!("{} {}", fault.path, fault.reason));
        faults.collect::<Vec<_>>().join("; ")
    })
}

/// An object without the keys that have no value.
fn object<const N: usize>(fields: [(&str, Option<Value>); N]) -> Value {
    let fields = fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
    Value::Object(fields.collect::<Map<_, _>>())
}

fn text(text: Option<&str>) -> Option<Value> {
    text.filter(|text| !text.trim().is_empty()).map(Value::from)
}

fn annotations(annotations: &BTreeMap<String, String>) -> Option<Value> {
    (!annotations.is_empty()).then(|| json!(annotations))
}

/// The name with its capitals, where only those differ from the reference.
fn written(name: &str, entity_ref: &EntityRef) -> String {
    let written = entity_name(name);
    if written.eq_ignore_ascii_case(entity_ref.name()) { written } else { entity_ref.name().to_owned() }
}

fn user_document(row: &PersonRow, member_of: &[String]) -> Value {
    let person = &row.person;
    let display_name = person.display_name.as_deref();
    let profile = object([
        ("displayName", text(display_name)),
        ("email", text(person.email.as_ref().map(|email| email.address.as_str()))),
        ("picture", text(person.picture.as_deref())),
    ]);
    json!({
        "apiVersion": API_VERSION,
        "kind": "User",
        "metadata": object([
            ("name", Some(written(&person.login, &row.entity_ref).into())),
            ("namespace", Some(row.entity_ref.namespace().into())),
            ("title", text(display_name)),
            ("annotations", annotations(&person.annotations)),
        ]),
        "spec": { "profile": profile, "memberOf": member_of },
    })
}

/// Members are stated once, by the people themselves; readers see the relation from both sides.
fn group_document(row: &GroupRow, above: &[String], below: &[String]) -> Value {
    let group = &row.group;
    let display_name = group.display_name.as_deref();
    let profile = object([
        ("displayName", text(display_name)),
        ("email", text(group.email.as_deref())),
        ("picture", text(group.picture.as_deref())),
    ]);
    let own = row.entity_ref.to_string();
    let below: HashSet<&String> = below.iter().filter(|child| **child != own).collect();
    let mut below: Vec<&String> = below.into_iter().collect();
    below.sort_unstable();
    json!({
        "apiVersion": API_VERSION,
        "kind": "Group",
        "metadata": object([
            ("name", Some(written(&group.name, &row.entity_ref).into())),
            ("namespace", Some(row.entity_ref.namespace().into())),
            ("title", text(display_name)),
            ("description", text(group.description.as_deref())),
            ("annotations", annotations(&group.annotations)),
        ]),
        "spec": object([
            ("type", Some(group.kind.clone().into())),
            ("profile", Some(profile)),
            ("parent", above.iter().find(|parent| **parent != own).map(|parent| parent.as_str().into())),
            ("children", Some(json!(below))),
        ]),
    })
}
