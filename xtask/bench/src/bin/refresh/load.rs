//! Chains of refresh grants: each sends its newest token, waits for the answer and sends the next.

use std::time::{Duration, Instant};

use portal_testkit::app::form;
use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use xtask_bench::ReplyReader;

use crate::Failure;

const WARMUP: Duration = Duration::from_secs(1);

/// What was measured.
#[derive(Clone, Copy, Debug, Default)]
pub struct Figures {
    /// Grants a second.
    pub per_second: f64,
    /// Half of them took at most so long, in milliseconds.
    pub p50_ms: f64,
    /// All but one in a hundred.
    pub p99_ms: f64,
}

/// Where to and as whom.
#[derive(Clone)]
pub struct Target {
    /// The port of the server.
    pub port: u16,
    /// The client id of all chains.
    pub client_id: String,
}

/// Lets each of these tokens be refreshed over and over, and leaves the newest ones in their place.
pub async fn run(target: &Target, tokens: &mut [String], span: Duration) -> Result<Figures, Failure> {
    let start = Instant::now() + WARMUP;
    let end = start + span;
    let mut chains = JoinSet::new();
    for (index, token) in tokens.iter().enumerate() {
        let (target, token) = (target.clone(), token.clone());
        chains.spawn(async move {
            let chain = chain(&target, token, start, end).await;
            chain.map(|(token, latencies)| (index, token, latencies)).map_err(|failure| failure.to_string())
        });
    }
    let mut latencies = Vec::new();
    while let Some(ended) = chains.join_next().await {
        let (index, token, seen) = ended??;
        if let Some(kept) = tokens.get_mut(index) {
            *kept = token;
        }
        latencies.extend(seen);
    }
    latencies.sort_unstable();
    let at = |part: usize| {
        let latency: Option<&Duration> =
            latencies.get((latencies.len() * part / 100).min(latencies.len().saturating_sub(1)));
        latency.map_or(0.0, |latency| latency.as_secs_f64() * 1_000.0)
    };
    let count = u32::try_from(latencies.len())?;
    Ok(Figures { per_second: f64::from(count) / span.as_secs_f64(), p50_ms: at(50), p99_ms: at(99) })
}

/// One chain until the end; returns its newest token and how long each grant took that began and ended in time.
async fn chain(
    target: &Target,
    mut token: String,
    start: Instant,
    end: Instant,
) -> Result<(String, Vec<Duration>), Box<dyn std::error::Error + Send + Sync>> {
    let mut stream = TcpStream::connect(("127.0.0.1", target.port)).await?;
    stream.set_nodelay(true)?;
    let mut reader = ReplyReader::default();
    let mut latencies = Vec::new();
    loop {
        let begun = Instant::now();
        if begun >= end {
            return Ok((token, latencies));
        }
        stream.write_all(&request(target, &token)).await?;
        let reply = reader.read(&mut stream).await?;
        // Errors would be fast answers: a run with any of them is no measurement.
        if reply.status != 200 {
            return Err(format!("{}: {}", reply.status, String::from_utf8_lossy(reader.last_body())).into());
        }
        let answer: Value = serde_json::from_slice(reader.last_body())?;
        let next = answer.get("refresh_token").and_then(Value::as_str).ok_or("no refresh token")?;
        if next == token {
            return Err("the token was not replaced".into());
        }
        next.clone_into(&mut token);
        let ended = Instant::now();
        if begun >= start && ended <= end {
            latencies.push(ended - begun);
        }
    }
}

fn request(target: &Target, token: &str) -> Vec<u8> {
    let fields =
        [("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", target.client_id.as_str())];
    let body = form(&fields);
    let (port, length) = (target.port, body.len());
    format!(
        "POST /oauth/token HTTP/1.1\r\nhost: localhost:{port}\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}
