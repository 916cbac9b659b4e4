//! One step or failure of connecting an agent, as it is kept.

use crate::{
    ids::{AgentSessionId, StaticTokenId, UserId},
    time::{DAY_MS, UnixMillis},
};

use super::AttemptKind;

/// How long attempts are kept, in milliseconds.
pub const ATTEMPT_RETENTION_MS: i64 = 7 * DAY_MS;
/// Most attempts kept without a person: anybody can make those.
pub const ANONYMOUS_ATTEMPTS_MAX: u32 = 5_000;
/// Most attempts kept in all.
pub const ATTEMPTS_MAX: u32 = 50_000;

/// Characters of a client id or name that are kept.
const CLIENT_LENGTH_MAX: usize = 200;
/// Characters of a detail that are kept.
const DETAIL_LENGTH_MAX: usize = 300;

/// By what the attempt is somebody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptSource {
    /// It came through the person's browser session.
    Browser,
    /// It came with a code or token of the person.
    Token,
    /// It is nobody's that is known.
    Anonymous,
}

impl AttemptSource {
    /// The name in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Browser => "browser",
            Self::Token => "token",
            Self::Anonymous => "anonymous",
        }
    }

    /// The source with this name; `None` for any other word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Browser, Self::Token, Self::Anonymous].into_iter().find(|source| source.as_str() == word)
    }
}

/// One step or failure. Never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Identifier: of what can happen once, made of what it is about, so that it is kept once.
    pub id: String,
    /// When.
    pub at: UnixMillis,
    /// Whose it is; `None` when nobody known, or a service.
    pub user_id: Option<UserId>,
    /// The client id as it was sent, at most 200 characters; empty when none is known. Remote text.
    pub client_id: String,
    /// The name that the client gives itself, or that of the static token, at most 200 characters; may be empty. Remote
    /// text.
    pub client_name: String,
    /// What happened.
    pub kind: AttemptKind,
    /// More about it, at most 300 characters; may be empty. Remote text in part.
    pub detail: String,
    /// In which session.
    pub session_id: Option<AgentSessionId>,
    /// By which static token.
    pub token_id: Option<StaticTokenId>,
    /// By what it is somebody's.
    pub source: AttemptSource,
    /// Where it came from.
    pub address: Option<String>,
}

impl Attempt {
    /// Whether something went wrong.
    #[must_use]
    pub const fn is_failure(&self) -> bool {
        self.kind.is_failure()
    }
}

/// Which attempts are meant; an empty filter means all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AttemptFilter {
    /// Of this person.
    pub user_id: Option<UserId>,
    /// At this time or later.
    pub since: UnixMillis,
    /// Without the steps.
    pub failures_only: bool,
}

/// Remote text for a line of its own: without control and bidi characters, cut.
fn line(text: &str, length_max: usize) -> String {
    let shown = |character: char| {
        !character.is_control()
            && !matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().filter(|character| shown(*character)).take(length_max).collect()
}

/// A client id or name, to be kept.
pub(super) fn client_text(text: &str) -> String {
    line(text, CLIENT_LENGTH_MAX)
}

/// A detail, to be kept.
pub(super) fn detail_text(text: &str) -> String {
    line(text, DETAIL_LENGTH_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_and_cleaned() {
        assert_eq!(client_text("a\u{202e}b\nc"), "abc");
        assert_eq!(client_text(&"x".repeat(500)).len(), CLIENT_LENGTH_MAX);
        assert_eq!(detail_text(&"y".repeat(500)).len(), DETAIL_LENGTH_MAX);
    }
}
