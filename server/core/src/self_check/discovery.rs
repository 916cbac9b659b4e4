//! The steps of an agent's first connect, each judged.

use serde_json::Value;

use super::{
    PROBE_ANSWER_HEADER, PROBE_HEADERS, PROBE_TOKEN, SelfCheckFinding, SelfCheckSubject,
    words::{quoted, status, unreachable},
};
use crate::{
    ports::{SelfProbe, SelfProbeAnswer, SelfProbeRequest},
    services::MCP_PATH,
};

/// Where the resource's metadata stand, before its path (RFC 9728 section 3.1).
const RESOURCE_METADATA: &str = "/.well-known/oauth-protected-resource";
/// Where the server's metadata stand (RFC 8414 section 3).
const SERVER_METADATA: &str = "/.well-known/oauth-authorization-server";
/// Addresses of the server's metadata that agents use next.
const ENDPOINTS: [&str; 2] = ["authorization_endpoint", "token_endpoint"];

/// Walks through discovery at this address.
pub(super) struct Discovery<'probe> {
    pub(super) probe: &'probe dyn SelfProbe,
    pub(super) public_url: &'probe str,
}

impl Discovery<'_> {
    /// The lines, in the order in which an agent meets them. When nothing can be reached, the rest is skipped.
    pub(super) async fn findings(&self) -> Vec<SelfCheckFinding> {
        let challenge = self.challenge().await;
        match challenge {
            Err(unreachable) => {
                let rest = [
                    SelfCheckSubject::ResourceMetadata,
                    SelfCheckSubject::ServerMetadata,
                    SelfCheckSubject::Authorization,
                    SelfCheckSubject::McpHeaders,
                ];
                std::iter::once(unreachable).chain(rest.map(SelfCheckFinding::skipped)).collect()
            }
            Ok(challenge) => {
                let resource = self.resource().await;
                let server = self.server().await;
                let [authorization, mcp] = self.headers().await;
                vec![challenge, resource, server, authorization, mcp]
            }
        }
    }

    /// `Err` when nothing came back at all.
    async fn challenge(&self) -> Result<SelfCheckFinding, SelfCheckFinding> {
        let subject = SelfCheckSubject::Challenge;
        let url = format!("{}{MCP_PATH}", self.public_url);
        let answer = match self.get(&url).await {
            Ok(answer) => answer,
            Err((found, advice)) => return Err(SelfCheckFinding::failed(subject, found, advice)),
        };
        if answer.status != 401 {
            let (found, advice) = status(&url, 401, answer.status, answer.header("location"));
            return Ok(SelfCheckFinding::failed(subject, found, advice));
        }
        let Some(challenge) = answer.header("www-authenticate") else {
            return Ok(SelfCheckFinding::failed(
                subject,
                "The header WWW-Authenticate is missing from the answer: a proxy drops it.",
                "Let the proxy pass on every header of an answer, also of one with status 401.",
            ));
        };
        let expected = format!("{}{RESOURCE_METADATA}{MCP_PATH}", self.public_url);
        Ok(match parameter(challenge, "resource_metadata") {
            Some(found) if found == expected => {
                SelfCheckFinding::good(subject, "It asks for a token and names its metadata.")
            }
            Some(found) => SelfCheckFinding::failed(
                subject,
                format!("It names metadata at {}, expected {expected}.", quoted(found)),
                "Set server.public_url of the Portal that answers here to exactly this address.",
            ),
            None => SelfCheckFinding::failed(
                subject,
                "It asks for a token, but does not say where agents get one.",
                "Turn on a way for agents to sign in; where one is on, see whether the proxy changes the header WWW-Authenticate.",
            ),
        })
    }

    async fn resource(&self) -> SelfCheckFinding {
        let subject = SelfCheckSubject::ResourceMetadata;
        let url = format!("{}{RESOURCE_METADATA}{MCP_PATH}", self.public_url);
        let document = match self.document(&url).await {
            Ok(document) => document,
            Err((found, advice)) => return SelfCheckFinding::failed(subject, found, advice),
        };
        let expected = format!("{}{MCP_PATH}", self.public_url);
        let resource = document.get("resource").and_then(Value::as_str);
        let servers = document.get("authorization_servers").and_then(Value::as_array);
        let named = servers.is_some_and(|all| all.iter().any(|one| one.as_str() == Some(self.public_url)));
        if resource != Some(expected.as_str()) {
            return mismatch(subject, "resource", &expected, resource);
        }
        if !named {
            let first = servers.and_then(|all| all.first()).and_then(Value::as_str);
            return mismatch(subject, "authorization_servers", self.public_url, first);
        }
        SelfCheckFinding::good(subject, "It names this endpoint and this authorization server.")
    }

    async fn server(&self) -> SelfCheckFinding {
        let subject = SelfCheckSubject::ServerMetadata;
        let url = format!("{}{SERVER_METADATA}", self.public_url);
        let document = match self.document(&url).await {
            Ok(document) => document,
            Err((found, advice)) => return SelfCheckFinding::failed(subject, found, advice),
        };
        let text = |member: &str| document.get(member).and_then(Value::as_str);
        // Byte for byte (RFC 8414 section 3.3): agents refuse everything else.
        if text("issuer") != Some(self.public_url) {
            return mismatch(subject, "issuer", self.public_url, text("issuer"));
        }
        for member in ENDPOINTS {
            let below = text(member).and_then(|found| found.strip_prefix(self.public_url));
            if !below.is_some_and(|path| path.starts_with('/')) {
                return mismatch(subject, member, &format!("{}/…", self.public_url), text(member));
            }
        }
        SelfCheckFinding::good(subject, format!("Its issuer is {}, byte for byte.", self.public_url))
    }

    /// Sends what an agent sends with a call, with a token that opens nothing, and looks at what arrived.
    async fn headers(&self) -> [SelfCheckFinding; 2] {
        let (first, second) = (SelfCheckSubject::Authorization, SelfCheckSubject::McpHeaders);
        let url = format!("{}{MCP_PATH}", self.public_url);
        let mut headers = vec![
            ("accept", "application/json, text/event-stream".to_owned()),
            ("content-type", "application/json".to_owned()),
            ("authorization", format!("Bearer {PROBE_TOKEN}")),
        ];
        headers.extend(PROBE_HEADERS.map(|header| (header, PROBE_TOKEN.to_owned())));
        let body = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#.to_owned();
        let request = SelfProbeRequest { url: url.clone(), headers, body: Some(body) };
        let answer = match self.probe.ask(&request).await {
            Ok(answer) => answer,
            Err(error) => {
                let (found, advice) = unreachable(&url, &error);
                return [SelfCheckFinding::failed(first, found, advice), SelfCheckFinding::skipped(second)];
            }
        };
        if answer.status != 401 {
            let (found, advice) = status(&url, 401, answer.status, answer.header("location"));
            return [SelfCheckFinding::failed(first, found, advice), SelfCheckFinding::skipped(second)];
        }
        let challenge = answer.header("www-authenticate").unwrap_or_default();
        if parameter(challenge, "error") != Some("invalid_token") {
            let failed = SelfCheckFinding::failed(
                first,
                "The header Authorization does not arrive: a proxy drops or replaces it.",
                "Let the proxy pass on Authorization unchanged, and take its own sign-in off the path of the MCP endpoint.",
            );
            return [failed, SelfCheckFinding::skipped(second)];
        }
        [SelfCheckFinding::good(first, "It arrives unchanged."), mcp_headers(&answer)]
    }

    async fn get(&self, url: &str) -> Result<SelfProbeAnswer, (String, String)> {
        let headers = vec![("accept", "application/json".to_owned())];
        let request = SelfProbeRequest { url: url.to_owned(), headers, body: None };
        self.probe.ask(&request).await.map_err(|error| {
            let (found, advice) = unreachable(url, &error);
            (found, advice.to_owned())
        })
    }

    async fn document(&self, url: &str) -> Result<Value, (String, String)> {
        let answer = self.get(url).await?;
        if answer.status != 200 {
            return Err(status(url, 200, answer.status, answer.header("location")));
        }
        serde_json::from_slice(&answer.body).map_err(|_| {
            let found = format!("{} does not answer with JSON.", quoted(url));
            (found, "Let the proxy pass every path below /.well-known on to Portal, and nothing else answer there.".to_owned())
        })
    }
}

fn mcp_headers(answer: &SelfProbeAnswer) -> SelfCheckFinding {
    let subject = SelfCheckSubject::McpHeaders;
    let Some(arrived) = answer.header(PROBE_ANSWER_HEADER) else {
        return SelfCheckFinding::warning(
            subject,
            "Portal’s answer came without a header of its own: a proxy drops headers that it does not know.",
            "Let the proxy pass on every header of an answer.",
        );
    };
    let missing: Vec<&str> = PROBE_HEADERS
        .into_iter()
        .filter(|header| !arrived.split(' ').any(|found| found == *header))
        .collect();
    if missing.is_empty() {
        return SelfCheckFinding::good(subject, "They arrive.");
    }
    SelfCheckFinding::failed(
        subject,
        format!("These do not arrive: {}. A proxy drops them.", missing.join(", ")),
        "Let the proxy pass on every header of a request, also those that it does not know.",
    )
}

fn mismatch(
    subject: SelfCheckSubject,
    member: &str,
    expected: &str,
    found: Option<&str>,
) -> SelfCheckFinding {
    let found = found.map_or_else(|| "nothing".to_owned(), quoted);
    SelfCheckFinding::failed(
        subject,
        format!("{member} is {found}, expected {expected}."),
        "Set server.public_url to the address that agents use, byte for byte: scheme, host and port, no slash at the end.",
    )
}

/// The value of a quoted parameter of a challenge.
fn parameter<'text>(challenge: &'text str, name: &str) -> Option<&'text str> {
    let mut parts = challenge.split([' ', ',']).filter(|part| !part.is_empty());
    let value = parts.find_map(|part| part.strip_prefix(name)?.strip_prefix('='))?;
    value.strip_prefix('"')?.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_of_a_challenge_is_found_by_its_whole_name() {
        let challenge =
            r#"Bearer error="invalid_token", resource_metadata="https://p.test/x", scope="mcp:read""#;
        assert_eq!(parameter(challenge, "resource_metadata"), Some("https://p.test/x"));
        assert_eq!(parameter(challenge, "error"), Some("invalid_token"));
        assert_eq!(parameter(challenge, "metadata"), None);
        assert_eq!(parameter("", "error"), None);
    }
}
