//! What a person's agents did, as the person reads it.

use super::{ActivityRecorder, ToolCall};
use crate::{identity::SignedIn, oauth::records::ClientSnapshot, ports::StoreError, time::UnixMillis};

/// Most calls of one page.
pub const OWN_CALLS_MAX: u32 = 200;

/// A place in the log: the call before which a page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActivityCursor {
    /// When it was.
    pub at: UnixMillis,
    /// Its number among those of the same time.
    pub number: i64,
}

impl ActivityCursor {
    /// Before every call that there will be.
    pub const NEWEST: Self = Self { at: UnixMillis(i64::MAX), number: i64::MAX };

    /// The place with this text, as [`Self::text`] writes it; `None` for any other.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (at, number) = text.split_once('-')?;
        Some(Self { at: UnixMillis(at.parse().ok()?), number: number.parse().ok()? })
    }

    /// The text for addresses.
    #[must_use]
    pub fn text(self) -> String {
        format!("{}-{}", self.at.0, self.number)
    }
}

/// One call, and by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnCall {
    /// Its place.
    pub cursor: ActivityCursor,
    /// The call.
    pub call: ToolCall,
    /// The client of the session; `None` for static tokens and for sessions that are not kept any more.
    pub client: Option<ClientSnapshot>,
    /// The name of the static token; `None` for sessions and for tokens that are not kept any more.
    pub token_name: Option<String>,
}

impl ActivityRecorder {
    /// The calls of a person's agents before a place, newest first, at most `limit` (and never more than
    /// [`OWN_CALLS_MAX`]).
    ///
    /// # Errors
    /// The store failed.
    pub async fn list_own(
        &self,
        signed_in: &SignedIn,
        before: ActivityCursor,
        limit: u32,
    ) -> Result<Vec<OwnCall>, StoreError> {
        let mut store = self.dependencies.store.read().await?;
        store.tool_call_page(&signed_in.user().id, before, limit.min(OWN_CALLS_MAX)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_read_back() {
        let place = ActivityCursor { at: UnixMillis(1_795_000_000_000), number: 42 };
        assert_eq!(ActivityCursor::parse(&place.text()), Some(place));
        for text in ["", "-", "1", "a-1", "1-b"] {
            assert_eq!(ActivityCursor::parse(text), None, "{text}");
        }
    }
}
