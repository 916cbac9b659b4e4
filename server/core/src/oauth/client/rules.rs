//! The rules that a client document is judged by, and what became of each.

/// One rule that `portal cimd check` reports on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DocumentRule {
    /// What must hold, in words.
    pub name: &'static str,
    /// Where it comes from, such as `CIMD section 4`.
    pub source: &'static str,
}

/// What became of one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleReport {
    /// The rule.
    pub rule: DocumentRule,
    /// `Ok` when it holds, else what is wrong; `None` when an earlier fault left it unjudged.
    pub verdict: Option<Result<(), String>>,
}

const fn rule(name: &'static str, source: &'static str) -> DocumentRule {
    DocumentRule { name, source }
}

pub(super) const ID_FORM: DocumentRule = rule(
    "The client id is an https address with a path, and without user, query, fragment and dot segments",
    "CIMD section 3",
);
pub(super) const ANSWER: DocumentRule = rule(
    "The address answers with status 200 and JSON of at most 5,120 bytes within 5 seconds, and is on the public internet",
    "CIMD sections 5 and 8",
);
pub(super) const OBJECT: DocumentRule = rule(
    "The document is one JSON object without repeated members, at most 16 levels deep",
    "CIMD section 4",
);
pub(super) const CLIENT_ID: DocumentRule =
    rule("client_id is the document's own address, byte for byte", "CIMD section 4");
pub(super) const CLIENT_NAME: DocumentRule =
    rule("client_name says what the client is called", "MCP authorization");
pub(super) const REDIRECT_URIS: DocumentRule = rule(
    "redirect_uris lists 1 to 64 addresses, each https, or http on 127.0.0.1, [::1] or localhost",
    "CIMD section 4.2, OAuth 2.1 section 2.3",
);
pub(super) const NO_SECRET: DocumentRule = rule("There is no client secret", "CIMD section 4");
pub(super) const KEYS: DocumentRule =
    rule("Keys are public, in jwks or at jwks_uri but not both", "CIMD section 4, RFC 7591 section 2");
pub(super) const AUTH_METHOD: DocumentRule = rule(
    "The client can sign in without a shared secret (none, or private_key_jwt with keys)",
    "CIMD section 4",
);
pub(super) const GRANTS: DocumentRule =
    rule("grant_types and response_types, where given, have the authorization code", "RFC 7591 section 2");

/// Every rule, in the order of judging.
pub(super) const RULES: [DocumentRule; 10] =
    [ID_FORM, ANSWER, OBJECT, CLIENT_ID, CLIENT_NAME, REDIRECT_URIS, NO_SECRET, KEYS, AUTH_METHOD, GRANTS];

/// Writes down what became of each rule.
#[derive(Default)]
pub(super) struct Recorder {
    reports: Vec<RuleReport>,
}

impl Recorder {
    /// Notes a verdict, and hands on what was found.
    pub(super) fn note<T>(&mut self, rule: DocumentRule, found: Result<T, String>) -> Option<T> {
        let (found, verdict) = match found {
            Ok(found) => (Some(found), Ok(())),
            Err(fault) => (None, Err(fault)),
        };
        self.reports.push(RuleReport { rule, verdict: Some(verdict) });
        found
    }

    /// What is wrong by the first rule that is broken.
    pub(super) fn first_fault(&self) -> Option<String> {
        self.reports.iter().find_map(|report| match &report.verdict {
            Some(Err(fault)) => Some(fault.clone()),
            _ => None,
        })
    }

    /// One report for each rule; those not reached are unjudged.
    pub(super) fn finish(self) -> Vec<RuleReport> {
        let judged = |rule: &DocumentRule| self.reports.iter().find(|report| report.rule == *rule).cloned();
        RULES.iter().map(|rule| judged(rule).unwrap_or(RuleReport { rule: *rule, verdict: None })).collect()
    }
}
