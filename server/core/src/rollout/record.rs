//! How far the announcement came.

use crate::time::UnixMillis;

/// A step that a person comes to once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RolloutStep {
    /// The banner was shown.
    Seen,
    /// The guided setup was opened.
    Opened,
    /// An agent, or a token in use.
    Connected,
    /// The banner was put away.
    Dismissed,
}

/// How far it came with one person: when each step was first taken, `None` for never.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RolloutPerson {
    /// The banner was shown.
    pub seen_at: Option<UnixMillis>,
    /// The guided setup was opened.
    pub opened_at: Option<UnixMillis>,
    /// An agent, or a token in use.
    pub connected_at: Option<UnixMillis>,
    /// The banner was put away.
    pub dismissed_at: Option<UnixMillis>,
}

/// How far it came with everyone it is for, in active accounts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RolloutNumbers {
    /// Whom it is for.
    pub audience: i64,
    /// Those who were shown the banner.
    pub seen: i64,
    /// Those who opened the guided setup.
    pub opened: i64,
    /// Those who have had an agent, or a token in use.
    pub connected: i64,
}

impl RolloutNumbers {
    /// A number as its share of the audience, 0 to 100, rounded; `None` of nobody.
    #[must_use]
    pub fn percent(&self, number: i64) -> Option<i64> {
        (self.audience > 0).then(|| (number.max(0) * 100 + self.audience / 2) / self.audience)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_rounded_and_of_somebody() {
        let of = |audience| RolloutNumbers { audience, ..RolloutNumbers::default() };
        assert_eq!(of(0).percent(0), None);
        assert_eq!(of(3).percent(1), Some(33));
        assert_eq!(of(3).percent(2), Some(67));
        assert_eq!(of(7).percent(7), Some(100));
    }
}
