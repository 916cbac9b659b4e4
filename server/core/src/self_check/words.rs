//! What is wrong, and what to do about it.

use crate::ports::FetchError;

/// Longest text from outside that is quoted, in characters.
const QUOTED_LENGTH_MAX: usize = 200;

/// A text from outside, without control characters and cut to a length.
pub(super) fn quoted(text: &str) -> String {
    let plain = text.chars().filter(|character| !character.is_control());
    let mut cut: String = plain.take(QUOTED_LENGTH_MAX + 1).collect();
    if cut.chars().count() > QUOTED_LENGTH_MAX {
        cut = cut.chars().take(QUOTED_LENGTH_MAX).chain(['…']).collect();
    }
    cut
}

/// Why nothing came back from an address, and what to do.
pub(super) fn unreachable(url: &str, error: &FetchError) -> (String, &'static str) {
    let advice = match error {
        FetchError::Dns => {
            "Enter the name in the name server that this machine asks, or correct server.public_url."
        }
        FetchError::Tls => {
            "Install a certificate for this name at the proxy; one of a private authority needs [fetch] extra_ca_file."
        }
        FetchError::Timeout | FetchError::Connect => {
            "See that Portal is running, that the proxy passes this address on to it, and that this machine may connect there."
        }
        FetchError::Refused(_) => "Correct server.public_url: agents must be able to reach it.",
        FetchError::Overloaded => "Another self-check is running. Run it again in a moment.",
        _ => "See what the proxy in front of Portal makes of the answer.",
    };
    (format!("{} could not be asked: {error}.", quoted(url)), advice)
}

/// What a status says that is not the expected one.
pub(super) fn status(url: &str, expected: u16, found: u16, location: Option<&str>) -> (String, String) {
    let url = quoted(url);
    match (found, location) {
        (300..=399, Some(location)) => (
            format!("{url} redirects to {}.", quoted(location)),
            "Agents do not follow. Set server.public_url to the address that answers, or take the redirect out of the proxy.".to_owned(),
        ),
        (421, _) => (
            format!("{url} reaches a Portal that has another public URL."),
            "Let the proxy pass on the header Host, and set server.public_url to the address in use.".to_owned(),
        ),
        (502..=504, _) => (
            format!("{url} answers {found}: the proxy cannot reach Portal."),
            "See that Portal is running, and that the proxy passes requests on to the address it listens on.".to_owned(),
        ),
        _ => (
            format!("{url} answers {found}, expected {expected}."),
            "Something else answers at this address, or the proxy keeps this path to itself. Let it pass every path on.".to_owned(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quoted_is_short_and_plain() {
        assert_eq!(quoted("a\u{1b}[31m\nb"), "a[31mb");
        assert_eq!(quoted(&"x".repeat(500)).chars().count(), QUOTED_LENGTH_MAX + 1);
    }
}
