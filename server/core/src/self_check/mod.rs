//! The self-check: discovery as an agent would do it, from the public URL, and what is wrong with it in plain words.

mod discovery;
mod report;
mod service;
mod words;

pub use report::{SelfCheckFinding, SelfCheckReport, SelfCheckSubject, SelfCheckVerdict};
pub use service::SelfCheckService;

/// The bearer token that a self-check sends: no token of anybody's, so that it opens nothing.
pub const PROBE_TOKEN: &str = "portal-self-check";

/// The header by which the MCP endpoint tells a self-check which of [`PROBE_HEADERS`] have arrived, separated by blanks.
pub const PROBE_ANSWER_HEADER: &str = "portal-self-check";

/// Headers of MCP requests whose arrival is checked.
pub const PROBE_HEADERS: [&str; 4] = ["mcp-protocol-version", "mcp-session-id", "mcp-method", "mcp-name"];

/// Which of [`PROBE_HEADERS`] have arrived, for the answer to a request that bears [`PROBE_TOKEN`]; `None` for every other
/// request.
#[must_use]
pub fn probe_answer<'value>(
    authorization: Option<&'value str>,
    has: impl Fn(&str) -> bool + 'value,
) -> Option<String> {
    let token = authorization?.strip_prefix("Bearer ")?;
    (token == PROBE_TOKEN)
        .then(|| PROBE_HEADERS.into_iter().filter(|header| has(header)).collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_self_check_is_told_what_arrived() {
        let sent = |authorization| probe_answer(authorization, |header| header == "mcp-name");
        assert_eq!(sent(Some("Bearer portal-self-check")).as_deref(), Some("mcp-name"));
        for other in [None, Some("Bearer ptla_x"), Some("portal-self-check"), Some("Basic portal-self-check")]
        {
            assert_eq!(sent(other), None, "{other:?}");
        }
    }
}
