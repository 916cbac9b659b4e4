//! What a self-check found.

use crate::time::UnixMillis;

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SelfCheckSubject {
    /// The form of the public URL.
    Https,
    /// Whether agents have a way to sign in.
    SignIn,
    /// The 401 of the MCP endpoint.
    Challenge,
    /// The metadata of the protected resource (RFC 9728).
    ResourceMetadata,
    /// The metadata of the authorization server (RFC 8414).
    ServerMetadata,
    /// Whether the header Authorization arrives.
    Authorization,
    /// Whether the headers of MCP arrive.
    McpHeaders,
    /// Whether agents can tell whom they act for.
    AuthSource,
}

impl SelfCheckSubject {
    /// Its name for people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Https => "Public URL",
            Self::SignIn => "Sign-in for agents",
            Self::Challenge => "MCP endpoint",
            Self::ResourceMetadata => "Resource metadata",
            Self::ServerMetadata => "Server metadata",
            Self::Authorization => "Authorization header",
            Self::McpHeaders => "MCP headers",
            Self::AuthSource => "Auth source",
        }
    }
}

/// How a line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SelfCheckVerdict {
    /// As it should be.
    Good,
    /// Agents work, but something is missing.
    Warning,
    /// Agents cannot connect.
    Failed,
    /// Could not be looked at, because of an earlier line.
    Skipped,
}

impl SelfCheckVerdict {
    /// Its word, in outputs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelfCheckFinding {
    /// What it is about.
    pub subject: SelfCheckSubject,
    /// How it stands.
    pub verdict: SelfCheckVerdict,
    /// What was found, in a sentence. It may quote what came from outside, cut to a length.
    pub found: String,
    /// What to do; empty for nothing.
    pub advice: String,
}

/// All lines of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelfCheckReport {
    /// When it ran.
    pub at: UnixMillis,
    /// Its lines, in the order in which an agent meets them.
    pub findings: Vec<SelfCheckFinding>,
}

impl SelfCheckReport {
    /// How many lines stand like this.
    #[must_use]
    pub fn count(&self, verdict: SelfCheckVerdict) -> usize {
        self.findings.iter().filter(|finding| finding.verdict == verdict).count()
    }
}

impl SelfCheckFinding {
    pub(super) fn good(subject: SelfCheckSubject, found: impl Into<String>) -> Self {
        Self { subject, verdict: SelfCheckVerdict::Good, found: found.into(), advice: String::new() }
    }

    pub(super) fn warning(
        subject: SelfCheckSubject,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self { subject, verdict: SelfCheckVerdict::Warning, found: found.into(), advice: advice.into() }
    }

    pub(super) fn failed(
        subject: SelfCheckSubject,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self { subject, verdict: SelfCheckVerdict::Failed, found: found.into(), advice: advice.into() }
    }

    pub(super) fn skipped(subject: SelfCheckSubject) -> Self {
        Self {
            subject,
            verdict: SelfCheckVerdict::Skipped,
            found: "Not looked at, because of what failed above.".to_owned(),
            advice: String::new(),
        }
    }
}
