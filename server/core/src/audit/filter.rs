//! A filter of the audit log, from the texts of a form or an address.

use serde_json::{Value, json};
use time::{Date, Month};

use super::AuditFilter;
use crate::time::{DAY_MS, UnixMillis};

/// Longest text of a filter that is looked for, in characters; the rest is cut.
const LENGTH_MAX: usize = 200;

/// Texts of a filter; an empty one filters nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditFilterRequest {
    /// Start of the action, such as `user.`.
    pub action: String,
    /// The target, whole.
    pub target: String,
    /// A part of the actor's id, name or client.
    pub actor: String,
    /// First day, `YYYY-MM-DD`, UTC.
    pub from: String,
    /// Last day, `YYYY-MM-DD`, UTC.
    pub until: String,
    /// `done` or `refused`; anything else is both.
    pub outcome: String,
}

impl AuditFilterRequest {
    /// The request that this function gives the texts of, by the names of its fields.
    pub fn read(text_of: impl Fn(&str) -> Option<String>) -> Self {
        let text = |name| -> String {
            let text = text_of(name).unwrap_or_default();
            text.trim().chars().filter(|character| !character.is_control()).take(LENGTH_MAX).collect()
        };
        Self {
            action: text("action"),
            target: text("target"),
            actor: text("actor"),
            from: text("from"),
            until: text("until"),
            outcome: text("outcome"),
        }
    }

    /// Names and texts of what filters something.
    #[must_use]
    pub fn pairs(&self) -> Vec<(&'static str, &str)> {
        let pairs = [
            ("action", &self.action),
            ("target", &self.target),
            ("actor", &self.actor),
            ("from", &self.from),
            ("until", &self.until),
            ("outcome", &self.outcome),
        ];
        pairs
            .into_iter()
            .filter(|(_, text)| !text.is_empty())
            .map(|(name, text)| (name, text.as_str()))
            .collect()
    }

    /// The filter. A day that does not exist filters nothing.
    #[must_use]
    pub fn filter(&self) -> AuditFilter {
        let given = |text: &String| (!text.is_empty()).then(|| text.clone());
        AuditFilter {
            action_prefix: given(&self.action),
            target: given(&self.target),
            actor: given(&self.actor),
            from: day(&self.from),
            until: day(&self.until).map(|last| last.plus(DAY_MS)),
            refused: match self.outcome.as_str() {
                "done" => Some(false),
                "refused" => Some(true),
                _ => None,
            },
        }
    }

    pub(super) fn json(&self) -> Value {
        self.pairs().into_iter().map(|(name, text)| (name.to_owned(), json!(text))).collect()
    }
}

/// The start of a day in UTC.
fn day(text: &str) -> Option<UnixMillis> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let month = Month::try_from(month.parse::<u8>().ok()?).ok()?;
    let date = Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok()?;
    Some(UnixMillis(date.midnight().assume_utc().unix_timestamp().saturating_mul(1_000)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_days_are_whole_and_what_is_empty_filters_nothing() {
        let texts = |name: &str| match name {
            "action" => Some(" user.\n".to_owned()),
            "from" | "until" => Some("2026-11-22".to_owned()),
            _ => None,
        };
        let request = AuditFilterRequest::read(texts);
        assert_eq!(request.pairs(), [("action", "user."), ("from", "2026-11-22"), ("until", "2026-11-22")]);
        let filter = request.filter();
        assert_eq!(filter.action_prefix.as_deref(), Some("user."));
        assert_eq!((filter.target, filter.actor), (None, None));
        let (from, until) = (filter.from.unwrap(), filter.until.unwrap());
        assert_eq!(from.rfc3339(), "2026-11-22T00:00:00Z");
        assert_eq!(until.since(from), DAY_MS);
        for text in ["", "2026", "2026-13-01", "2026-02-30", "22.11.2026", "2026-1-1-1", "99999999-01-01"] {
            assert_eq!(day(text), None, "{text}");
        }
    }
}
