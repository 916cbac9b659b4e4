//! `portal doctor`: the running Portal, as an agent meets it on its first connect and as an admin would look at it.

use std::time::Duration;

use http::{Request, StatusCode, header::WWW_AUTHENTICATE};
use http_body_util::{BodyExt as _, Empty, Limited};
use portal_core::services::{MCP_PATH, Services};
use serde_json::{Value, json};

use super::{CommandError, Output};
use crate::{config::Config, startup};

/// Longest wait for one answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Most that is read of an answer, in bytes.
const ANSWER_BYTES_MAX: usize = 65_536;

/// What one look found.
struct Finding {
    what: &'static str,
    /// What is right, or what is wrong and what to do.
    verdict: Result<String, String>,
}

pub(super) async fn run(config: &Config, output: Output) -> Result<(), CommandError> {
    let mut findings = Vec::new();
    match startup::open(config).await {
        Ok(started) => {
            let engine = started.store.engine_name();
            findings.push(Finding { what: "database", verdict: Ok(format!("{engine}, up to date")) });
            findings.extend(domain(&started.services).await);
        }
        Err(error) => findings.push(Finding { what: "database", verdict: Err(error.to_string()) }),
    }
    findings.extend(agent(config).await);
    let text = findings.iter().map(line).collect::<Vec<_>>().join("\n");
    output.show(&text, &Value::Array(findings.iter().map(finding_json).collect()));
    if findings.iter().all(|finding| finding.verdict.is_ok()) {
        Ok(())
    } else {
        Err(CommandError::Failed("something is not as it should be".to_owned()))
    }
}

/// What the database says.
async fn domain(services: &Services) -> Vec<Finding> {
    let admins = async { services.dependencies.store.read().await?.user_count_active_admins().await };
    let admins = match admins.await {
        Ok(0) => {
            Err("there is no admin: open the link that `portal serve` prints, or use `portal admin create`"
                .into())
        }
        Ok(count) => Ok(format!("{count} can sign in")),
        Err(error) => Err(error.to_string()),
    };
    let agents = match services.settings.agents_can_sign_in().await {
        Ok(true) => Ok("can sign in".to_owned()),
        Ok(false) => Err("cannot sign in: switch on client ID metadata documents (`portal settings set mcp.cimd.enabled true`)".into()),
        Err(error) => Err(error.to_string()),
    };
    let catalog = match services.ingestion.location_list().await {
        Ok(locations) => {
            let failed = locations.iter().filter(|location| location.last_failure.is_some()).count();
            if failed == 0 {
                Ok(format!("{} locations", locations.len()))
            } else {
                Err(format!("{failed} locations could not be read: see `portal catalog locations`"))
            }
        }
        Err(error) => Err(error.to_string()),
    };
    vec![
        Finding { what: "admins", verdict: admins },
        Finding { what: "agents", verdict: agents },
        Finding { what: "catalog", verdict: catalog },
    ]
}

/// The first steps of an agent, over the network.
async fn agent(config: &Config) -> Vec<Finding> {
    let challenge = get(config, MCP_PATH).await.and_then(|answer| {
        if answer.status != StatusCode::UNAUTHORIZED {
            return Err(format!("expected 401 for a request without a token, found {}", answer.status));
        }
        if answer.challenge.contains("resource_metadata=") {
            Ok("challenges, and names its metadata".to_owned())
        } else {
            Err(format!("the challenge names no metadata: {:?}", answer.challenge))
        }
    });
    let resource = document(config, "/.well-known/oauth-protected-resource", |document| {
        expect(document, "resource", &format!("{}{MCP_PATH}", config.public_url))
    });
    let server = document(config, "/.well-known/oauth-authorization-server", |document| {
        expect(document, "issuer", config.public_url.as_str())
    });
    vec![
        Finding { what: "MCP endpoint", verdict: challenge },
        Finding { what: "resource metadata", verdict: resource.await },
        Finding { what: "server metadata", verdict: server.await },
    ]
}

fn expect(document: &Value, member: &str, value: &str) -> Result<String, String> {
    match document.get(member).and_then(Value::as_str) {
        Some(found) if found == value => Ok(format!("{member} is {value}")),
        found => Err(format!(
            "{member} should be {value:?}, found {found:?}: set server.public_url to the address in use"
        )),
    }
}

async fn document(
    config: &Config,
    path: &str,
    judge: impl FnOnce(&Value) -> Result<String, String>,
) -> Result<String, String> {
    let answer = get(config, path).await?;
    if answer.status != StatusCode::OK {
        return Err(format!("{path} answers {}", answer.status));
    }
    let document =
        serde_json::from_slice(&answer.body).map_err(|error| format!("{path} is not JSON: {error}"))?;
    judge(&document)
}

struct Answer {
    status: StatusCode,
    challenge: String,
    body: Vec<u8>,
}

/// Asks the running server, at `public_url` when that is plain http, else at the first address it listens on: behind a
/// proxy that ends TLS this is what the proxy meets.
async fn get(config: &Config, path: &str) -> Result<Answer, String> {
    let authority =
        config.public_url.as_str().split_once("://").map(|(_, authority)| authority).unwrap_or_default();
    let listen = config.listen.first().map(ToString::to_string).unwrap_or_default();
    let target = if config.public_url.is_https() { listen.as_str() } else { authority };
    let target = if target.contains(':') { target.to_owned() } else { format!("{target}:80") };
    let unreachable =
        |error: &dyn std::fmt::Display| format!("{target} cannot be reached: {error}; is Portal running?");
    let ask = async {
        let stream = tokio::net::TcpStream::connect(&target).await.map_err(|error| unreachable(&error))?;
        let io = hyper_util::rt::TokioIo::new(stream);
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(io).await.map_err(|error| unreachable(&error))?;
        tokio::spawn(connection);
        let request = Request::get(path)
            .header(http::header::HOST, authority)
            .body(Empty::<bytes::Bytes>::new())
            .map_err(|error| error.to_string())?;
        let response = sender.send_request(request).await.map_err(|error| unreachable(&error))?;
        let (parts, body) = response.into_parts();
        let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await.map_err(|error| error.to_string())?;
        let challenge =
            parts.headers.get(WWW_AUTHENTICATE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Ok(Answer { status: parts.status, challenge: challenge.to_owned(), body: body.to_bytes().to_vec() })
    };
    tokio::time::timeout(TIMEOUT, ask).await.map_err(|_| unreachable(&"no answer in time"))?
}

fn line(finding: &Finding) -> String {
    match &finding.verdict {
        Ok(text) => format!("ok    {}: {text}", finding.what),
        Err(text) => format!("FAIL  {}: {text}", finding.what),
    }
}

fn finding_json(finding: &Finding) -> Value {
    let text = match &finding.verdict {
        Ok(text) | Err(text) => text,
    };
    json!({ "what": finding.what, "ok": finding.verdict.is_ok(), "text": text })
}
