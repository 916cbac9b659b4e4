//! Cursors: where a page ended, and the query it was a page of.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::catalog::CursorPosition;

/// Bytes of checksum in front of the content.
const CHECKSUM_BYTES: usize = 8;
/// Longest cursor taken, in bytes.
pub(super) const CURSOR_BYTES_MAX: usize = 32 * 1024;

/// What a cursor holds. It is no secret and no permission: whoever changes it could have asked that way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Cursor {
    /// The query, as it was written.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) query: Option<Value>,
    /// The order, as it was written.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) order: Option<Value>,
    /// The text filter, as it was written.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) text: Option<Value>,
    /// Where the page ended.
    pub(super) after: CursorPosition,
}

impl Cursor {
    /// The text that clients hand back.
    pub(super) fn encode(&self) -> String {
        // Writing these types to memory does not fail.
        let content = serde_json::to_vec(self).unwrap_or_default();
        let mut bytes: Vec<u8> = Sha256::digest(&content).iter().copied().take(CHECKSUM_BYTES).collect();
        bytes.extend(content);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a cursor back; `None` when it is not one, or not as it was given out.
    pub(super) fn decode(text: &str) -> Option<Self> {
        if text.len() > CURSOR_BYTES_MAX {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (checksum, content) = bytes.split_at_checked(CHECKSUM_BYTES)?;
        if Sha256::digest(content).get(..CHECKSUM_BYTES)? != checksum {
            return None;
        }
        serde_json::from_slice(content).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn cursor() -> Cursor {
        let after =
            CursorPosition { value: Some("a".to_owned()), entity_ref: "component:x".parse().unwrap() };
        Cursor { query: Some(json!({"kind": "API"})), order: None, text: None, after }
    }

    #[test]
    fn a_cursor_reads_back_and_no_changed_one_does() {
        let text = cursor().encode();
        assert_eq!(Cursor::decode(&text), Some(cursor()));
        for index in 0..text.len() {
            let mut changed: Vec<u8> = text.bytes().collect();
            changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
            assert_eq!(Cursor::decode(&String::from_utf8(changed).unwrap()), None, "byte {index}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[A-Za-z0-9_-]{0,60}") {
            prop_assert_eq!(Cursor::decode(&text), None);
        }
    }
}
