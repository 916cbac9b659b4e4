//! Dates, spans and counts in words.

use portal_core::time::{DAY_MS, HOUR_MS, MINUTE_MS, UnixMillis};
use time::{format_description::FormatItem, macros::format_description};

const DATE: &[FormatItem<'_>] = format_description!("[day padding:none] [month repr:long] [year]");
const DAY_MONTH: &[FormatItem<'_>] = format_description!("[day padding:none] [month repr:short]");
const TIME: &[FormatItem<'_>] = format_description!("[hour]:[minute]");
const SECONDS: &[FormatItem<'_>] = format_description!("[hour]:[minute]:[second]");
const FULL: &[FormatItem<'_>] =
    format_description!("[day padding:none] [month repr:long] [year], [hour]:[minute]:[second] UTC");

fn format(at: UnixMillis, description: &[FormatItem<'_>]) -> String {
    at.date_time().and_then(|at| at.format(description).ok()).unwrap_or_default()
}

/// Such as "22 December 2026".
pub(crate) fn date(at: UnixMillis) -> String {
    format(at, DATE)
}

/// Such as "22 Dec".
pub(crate) fn day_month(at: UnixMillis) -> String {
    format(at, DAY_MONTH)
}

/// Such as "14:32 UTC".
pub(crate) fn clock_time(at: UnixMillis) -> String {
    format!("{} UTC", format(at, TIME))
}

/// Such as "14:32:41", UTC; beside other words that say so.
pub(crate) fn clock_seconds(at: UnixMillis) -> String {
    format(at, SECONDS)
}

/// Such as "22 November 2026, 14:32:41 UTC".
pub(crate) fn full(at: UnixMillis) -> String {
    format(at, FULL)
}

/// How long ago, such as "4 minutes ago"; the date for what is older than a week or lies ahead.
pub(crate) fn ago(now: UnixMillis, at: UnixMillis) -> String {
    let age_ms = now.since(at);
    match age_ms {
        i64::MIN..0 => date(at),
        0..MINUTE_MS => "just now".to_owned(),
        MINUTE_MS..HOUR_MS => format!("{} ago", count(age_ms / MINUTE_MS, "minute", "minutes")),
        HOUR_MS..DAY_MS => format!("{} ago", count(age_ms / HOUR_MS, "hour", "hours")),
        _ if age_ms < 7 * DAY_MS => format!("{} ago", count(age_ms / DAY_MS, "day", "days")),
        _ => date(at),
    }
}

/// A number with its noun: "1 tool", "17 tools".
pub(crate) fn count(number: i64, one: &str, many: &str) -> String {
    format!("{} {}", thousands(number), if number == 1 { one } else { many })
}

/// A number with its noun.
pub(crate) fn count_of(number: usize, one: &str, many: &str) -> String {
    count(i64::try_from(number).unwrap_or(i64::MAX), one, many)
}

/// A count with groups of three.
pub(crate) fn thousands_of(number: usize) -> String {
    thousands(i64::try_from(number).unwrap_or(i64::MAX))
}

/// A number with groups of three: "18,406".
pub(crate) fn thousands(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if number < 0 {
        text.push('-');
    }
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Up to two capital letters that stand for a name: "AL" for "Ada Lindqvist", "AE" for "artist-engagement".
pub(crate) fn initials(name: &str) -> String {
    let mut words = name.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    let first = words.next().unwrap_or("?");
    let mut letters: Vec<char> = first.chars().take(1).collect();
    match words.next_back() {
        Some(last) => letters.extend(last.chars().take(1)),
        None => letters.extend(first.chars().nth(1)),
    }
    letters.into_iter().flat_map(char::to_uppercase).take(2).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_initials_read_well() {
        assert_eq!(count(1, "tool", "tools"), "1 tool");
        assert_eq!(count(18_406, "call", "calls"), "18,406 calls");
        assert_eq!(thousands(-1_000), "-1,000");
        assert_eq!(initials("Ada Lindqvist"), "AL");
        assert_eq!(initials("artist-engagement"), "AE");
        assert_eq!(initials("x"), "X");
        assert_eq!(initials("\u{202e}"), "?");
    }

    #[test]
    fn ages_are_whole_units() {
        let now = UnixMillis(1_795_000_000_000);
        assert_eq!(ago(now, now.plus(-59_999)), "just now");
        assert_eq!(ago(now, now.plus(-2 * HOUR_MS)), "2 hours ago");
        assert_eq!(ago(now, now.plus(-8 * DAY_MS)), "10 November 2026");
        assert_eq!(clock_time(now), "11:06 UTC");
    }
}
