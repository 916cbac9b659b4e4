//! The descriptor format of Backstage: the envelope that every entity has, and the specs of the kinds that are known.

mod checker;
mod envelope;
mod fields;
mod kinds;
mod relations;
#[cfg(test)]
mod tests;

use portal_model::EntityRef;

pub use kinds::{KNOWN_KINDS, KindRule, known_kind};
pub(crate) use relations::relations;

use super::yaml::Node;
use checker::Checker;

/// Most faults reported of one entity.
pub const FAULTS_MAX: usize = 50;

/// Something in an entity that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The line, from 1.
    pub line: u32,
    /// Where in the entity, such as `metadata.tags.1`.
    pub path: String,
    /// What is wrong and what was expected.
    pub reason: String,
}

/// An entity that keeps every rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Descriptor {
    /// Its reference.
    pub entity_ref: EntityRef,
    /// Its kind as written.
    pub kind: String,
    /// What was read.
    pub root: Node,
}

/// Checks an entity against the rules of the format, all of them, and reports every fault (at most [`FAULTS_MAX`]).
///
/// # Errors
/// The faults, in the order of the rules; never empty.
pub fn check(root: Node) -> Result<Descriptor, Vec<Fault>> {
    let mut checker = Checker::default();
    let identity = envelope::check(&mut checker, &root);
    kinds::check(&mut checker, &root, identity.as_ref());
    let faults = checker.into_faults();
    match identity {
        Some(identity) if faults.is_empty() => {
            Ok(Descriptor { entity_ref: identity.entity_ref, kind: identity.kind, root })
        }
        _ => Err(faults),
    }
}

/// The reference that an entity seems to mean, faulty or not, for messages: `component:default/pay`.
#[must_use]
pub fn meant_ref(root: &Node) -> Option<String> {
    let metadata = root.get("metadata")?;
    let kind = root.get("kind")?.text()?;
    let name = metadata.get("name")?.text()?;
    let namespace =
        metadata.get("namespace").and_then(Node::text).unwrap_or(portal_model::entity_ref::DEFAULT_NAMESPACE);
    let text = format!("{kind}:{namespace}/{name}").to_lowercase();
    Some(text.chars().take(200).collect())
}
