//! The relations that a spec states.

use std::collections::BTreeSet;

use portal_model::EntityRef;

use super::{
    Descriptor,
    kinds::{Field, GENERIC_FIELDS, Link, Shape, known_kind},
};
use crate::ingestion::yaml::{Node, NodeValue};

/// Most relations that one entity may state, counting one direction.
const RELATIONS_MAX: usize = 20_000;

/// What an entity states, each relation in both directions: (from, type, to), sorted, no twins.
/// A short reference has the default kind of its field and the namespace of the entity.
pub(crate) fn relations(descriptor: &Descriptor) -> Vec<(EntityRef, String, EntityRef)> {
    let fields = known_kind(&descriptor.kind).map_or(GENERIC_FIELDS, |rule| rule.fields);
    let Some(spec) = descriptor.root.get("spec") else { return Vec::new() };
    let mut found = BTreeSet::new();
    for field in fields {
        let Some(node) = spec.get(field.name) else { continue };
        let (Shape::Ref(default_kind, link) | Shape::RefList(default_kind, link)) = field.shape else {
            continue;
        };
        for text in texts(node, field) {
            // In kinds that are not known the field may mean something else.
            let Ok(other) = EntityRef::parse_with(text, default_kind, descriptor.entity_ref.namespace())
            else {
                continue;
            };
            if found.len() < RELATIONS_MAX * 2 {
                insert(&mut found, &descriptor.entity_ref, link, other);
            }
        }
    }
    found.into_iter().collect()
}

fn texts<'node>(node: &'node Node, field: &Field) -> Vec<&'node str> {
    match (&node.value, field.shape) {
        (NodeValue::Text(text), Shape::Ref(..)) => vec![text],
        (NodeValue::Sequence(items), Shape::RefList(..)) => items.iter().filter_map(Node::text).collect(),
        _ => Vec::new(),
    }
}

fn insert(found: &mut BTreeSet<(EntityRef, String, EntityRef)>, from: &EntityRef, link: Link, to: EntityRef) {
    found.insert((to.clone(), link.backward.to_owned(), from.clone()));
    found.insert((from.clone(), link.forward.to_owned(), to));
}
