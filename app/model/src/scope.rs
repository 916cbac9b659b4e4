//! OAuth scopes of Portal (RFC 6749 section 3.3).

use std::fmt;

use serde::{Deserialize, Serialize};

/// How much a token may do; each level contains the ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Scope {
    /// `mcp:read`: look things up.
    #[serde(rename = "mcp:read")]
    Read,
    /// `mcp:write`: also change things.
    #[serde(rename = "mcp:write")]
    Write,
    /// `mcp:destructive`: also delete things.
    #[serde(rename = "mcp:destructive")]
    Destructive,
}

impl Scope {
    /// Every level, smallest first.
    pub const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Destructive];

    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "mcp:read",
            Self::Write => "mcp:write",
            Self::Destructive => "mcp:destructive",
        }
    }

    /// The level with this wire name; `None` for any other word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The name of the scope that asks for a refresh token.
pub const OFFLINE_ACCESS: &str = "offline_access";

/// What a client asked for or was granted: one level, and whether it may stay signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ScopeSet {
    /// The highest level.
    pub level: Scope,
    /// Whether `offline_access` is in the set.
    pub offline_access: bool,
}

impl ScopeSet {
    /// The set a client gets that names no scope of ours.
    pub const DEFAULT: Self = Self { level: Scope::Read, offline_access: false };

    /// Reads a space-separated list. Unknown words (`openid` among them) are dropped; a list without a level
    /// of ours means [`Scope::Read`].
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let level = text.split(' ').filter_map(Scope::parse).max().unwrap_or(Scope::Read);
        Self { level, offline_access: text.split(' ').any(|word| word == OFFLINE_ACCESS) }
    }

    /// The part of this set that `other` contains too.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        Self {
            level: self.level.min(other.level),
            offline_access: self.offline_access && other.offline_access,
        }
    }

    /// Whether everything in `other` is in this set.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        other.level <= self.level && (self.offline_access || !other.offline_access)
    }
}

impl fmt::Display for ScopeSet {
    /// Writes every level that the set contains, so that a client that compares words finds each one.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut words: Vec<&str> =
            Scope::ALL.into_iter().filter(|scope| *scope <= self.level).map(Scope::as_str).collect();
        if self.offline_access {
            words.push(OFFLINE_ACCESS);
        }
        formatter.write_str(&words.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_words_are_dropped_and_the_highest_level_wins() {
        let set = ScopeSet::parse("openid mcp:write profile mcp:read offline_access");
        assert_eq!(set, ScopeSet { level: Scope::Write, offline_access: true });
        assert_eq!(set.to_string(), "mcp:read mcp:write offline_access");
    }

    #[test]
    fn an_empty_list_means_read() {
        assert_eq!(ScopeSet::parse(""), ScopeSet::DEFAULT);
    }

    #[test]
    fn intersection_never_widens() {
        let asked = ScopeSet::parse("mcp:destructive offline_access");
        assert_eq!(asked.intersection(ScopeSet::DEFAULT), ScopeSet::DEFAULT);
        assert!(asked.contains(ScopeSet::DEFAULT));
        assert!(!ScopeSet::DEFAULT.contains(asked));
    }
}
