//! Values given to statements.

use std::borrow::Cow;

use portal_core::{
    ids::{AgentSessionId, AuditId, LocationId, RunId, StaticTokenId, UserId},
    org::{GroupId, Subject, run::RunNumber},
    ports::StoreError,
    secret::SecretHash,
    time::UnixMillis,
};
use portal_model::{EntityRef, ScopeSet};

/// A value for one placeholder.
#[derive(Debug, Clone)]
pub(crate) enum Value<'a> {
    /// A text, or null.
    Text(Option<Cow<'a, str>>),
    /// A whole number, or null.
    Integer(Option<i64>),
    /// A truth value.
    Boolean(bool),
    /// Bytes, or null.
    Bytes(Option<&'a [u8]>),
}

/// A text as both engines can keep it: PostgreSQL refuses U+0000, so that it is replaced for both.
pub(crate) fn storable(text: Cow<'_, str>) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text.into_owned() }
}

/// A record as the JSON text that is stored.
pub(crate) fn json<T: serde::Serialize>(record: &T) -> Result<String, StoreError> {
    serde_json::to_string(record)
        .map_err(|_| StoreError::Inconsistent("a record has no JSON form".to_owned()))
}

/// `values![a, b, c]`: a slice of values made with `Value::from`.
macro_rules! values {
    ($($value:expr),* $(,)?) => { &[$($crate::value::Value::from($value)),*] };
}
pub(crate) use values;

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Some(Cow::Borrowed(text)))
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(Some(Cow::Owned(text)))
    }
}

impl<'a> From<Option<&'a str>> for Value<'a> {
    fn from(text: Option<&'a str>) -> Self {
        Self::Text(text.map(Cow::Borrowed))
    }
}

impl<'a> From<&'a Option<String>> for Value<'a> {
    fn from(text: &'a Option<String>) -> Self {
        Self::from(text.as_deref())
    }
}

impl From<Option<String>> for Value<'_> {
    fn from(text: Option<String>) -> Self {
        Self::Text(text.map(Cow::Owned))
    }
}

impl From<&EntityRef> for Value<'_> {
    fn from(entity_ref: &EntityRef) -> Self {
        Self::from(entity_ref.to_string())
    }
}

impl From<ScopeSet> for Value<'_> {
    fn from(scope: ScopeSet) -> Self {
        Self::from(scope.to_string())
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Integer(Some(number))
    }
}

impl From<u32> for Value<'_> {
    fn from(number: u32) -> Self {
        Self::from(i64::from(number))
    }
}

impl From<u16> for Value<'_> {
    fn from(number: u16) -> Self {
        Self::from(i64::from(number))
    }
}

impl From<RunNumber> for Value<'_> {
    fn from(number: RunNumber) -> Self {
        Self::from(number.0)
    }
}

impl From<Option<RunNumber>> for Value<'_> {
    fn from(number: Option<RunNumber>) -> Self {
        Self::Integer(number.map(|number| number.0))
    }
}

impl From<UnixMillis> for Value<'_> {
    fn from(at: UnixMillis) -> Self {
        Self::from(at.0)
    }
}

impl From<Option<UnixMillis>> for Value<'_> {
    fn from(at: Option<UnixMillis>) -> Self {
        Self::Integer(at.map(|at| at.0))
    }
}

impl From<bool> for Value<'_> {
    fn from(truth: bool) -> Self {
        Self::Boolean(truth)
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(Some(bytes))
    }
}

impl<'a> From<Option<&'a [u8]>> for Value<'a> {
    fn from(bytes: Option<&'a [u8]>) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a> From<&'a SecretHash> for Value<'a> {
    fn from(hash: &'a SecretHash) -> Self {
        Self::from(hash.0.as_slice())
    }
}

impl<'a> From<Option<&'a SecretHash>> for Value<'a> {
    fn from(hash: Option<&'a SecretHash>) -> Self {
        Self::Bytes(hash.map(|hash| hash.0.as_slice()))
    }
}

macro_rules! ids {
    ($($id:ident),*) => {
        $(
            impl<'a> From<&'a $id> for Value<'a> {
                fn from(id: &'a $id) -> Self {
                    Self::from(id.as_str())
                }
            }

            impl<'a> From<Option<&'a $id>> for Value<'a> {
                fn from(id: Option<&'a $id>) -> Self {
                    Self::from(id.map($id::as_str))
                }
            }
        )*
    };
}
ids!(AgentSessionId, AuditId, GroupId, LocationId, RunId, StaticTokenId, Subject, UserId);
