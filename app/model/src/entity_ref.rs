//! Entity references, `kind:namespace/name`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The namespace of references that name none.
pub const DEFAULT_NAMESPACE: &str = "default";

/// Longest kind, namespace or name, in bytes.
pub const PART_LENGTH_MAX: usize = 63;

/// A reference to one entity, held in lower case: two references are the same entity exactly when they are equal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EntityRef {
    kind: String,
    namespace: String,
    name: String,
}

/// Why a text is not an entity reference.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EntityRefError {
    /// No kind was written and none is implied.
    #[error("an entity reference needs a kind, as in component:default/name")]
    KindMissing,
    /// A part is empty, too long or has a character that is not allowed.
    #[error("the {part} of an entity reference is 1 to 63 letters, digits, '-', '_' or '.'")]
    PartInvalid {
        /// `kind`, `namespace` or `name`.
        part: &'static str,
    },
}

impl EntityRef {
    /// A reference of three parts, folded to lower case.
    ///
    /// # Errors
    /// [`EntityRefError::PartInvalid`] names the part that is empty, too long or has a forbidden character.
    pub fn new(kind: &str, namespace: &str, name: &str) -> Result<Self, EntityRefError> {
        Ok(Self {
            kind: part("kind", kind)?,
            namespace: part("namespace", namespace)?,
            name: part("name", name)?,
        })
    }

    /// Reads `[kind:][namespace/]name`, filling in what is not written.
    ///
    /// # Errors
    /// [`EntityRefError::KindMissing`] when no kind is written and `default_kind` is `None`, and
    /// [`EntityRefError::PartInvalid`] for a part that breaks the rules.
    pub fn parse_with(
        text: &str,
        default_kind: Option<&str>,
        default_namespace: &str,
    ) -> Result<Self, EntityRefError> {
        let (kind, rest) = match text.split_once(':') {
            Some((kind, rest)) => (Some(kind), rest),
            None => (None, text),
        };
        let (namespace, name) = rest.split_once('/').unwrap_or((default_namespace, rest));
        let kind = kind.or(default_kind).ok_or(EntityRefError::KindMissing)?;
        Self::new(kind, namespace, name)
    }

    /// The kind, in lower case.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The namespace, in lower case.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The name, in lower case.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The path of this entity's page, `/catalog/{namespace}/{kind}/{name}`.
    #[must_use]
    pub fn path(&self) -> String {
        format!("/catalog/{}/{}/{}", self.namespace, self.kind, self.name)
    }
}

fn part(part: &'static str, text: &str) -> Result<String, EntityRefError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if text.is_empty() || text.len() > PART_LENGTH_MAX || !text.bytes().all(allowed) {
        return Err(EntityRefError::PartInvalid { part });
    }
    Ok(text.to_ascii_lowercase())
}

impl fmt::Display for EntityRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}/{}", self.kind, self.namespace, self.name)
    }
}

impl FromStr for EntityRef {
    type Err = EntityRefError;

    /// Reads a reference that names its kind.
    fn from_str(text: &str) -> Result<Self, EntityRefError> {
        Self::parse_with(text, None, DEFAULT_NAMESPACE)
    }
}

impl TryFrom<String> for EntityRef {
    type Error = EntityRefError;

    fn try_from(text: String) -> Result<Self, EntityRefError> {
        text.parse()
    }
}

impl From<EntityRef> for String {
    fn from(entity_ref: EntityRef) -> Self {
        entity_ref.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn missing_parts_are_filled_in() {
        let parsed = EntityRef::parse_with("Team-A", Some("Group"), DEFAULT_NAMESPACE).unwrap();
        assert_eq!(parsed.to_string(), "group:default/team-a");
        assert_eq!("team-a".parse::<EntityRef>(), Err(EntityRefError::KindMissing));
        let spaced = EntityRef::parse_with("user:a b", None, DEFAULT_NAMESPACE);
        assert_eq!(spaced, Err(EntityRefError::PartInvalid { part: "name" }));
    }

    proptest! {
        #[test]
        fn written_references_read_back(kind in "[a-z]{1,8}", space in "[a-z0-9-]{1,8}", name in "[A-Za-z0-9_.-]{1,63}") {
            let entity_ref = EntityRef::new(&kind, &space, &name).unwrap();
            prop_assert_eq!(entity_ref.to_string().parse::<EntityRef>().unwrap(), entity_ref);
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,80}") {
            let _ = text.parse::<EntityRef>();
        }
    }
}
