//! A closed-loop load generator on one thread: each connection sends, waits for the answer and sends again.
//!
//! Prints one line of JSON; any answer but 200 is an error and makes the exit code 1.

#![expect(clippy::print_stdout, reason = "the figures go to the program that started this one")]

use std::rc::Rc;
use std::time::{Duration, Instant};

use clap::Parser;
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::task::LocalSet;
use xtask_bench::{ReplyReader, post};

/// Sends the same POST over and over.
#[derive(Parser)]
struct Options {
    /// Address of the server
    #[arg(long)]
    connect: String,
    /// The Host header
    #[arg(long)]
    host: String,
    #[arg(long)]
    path: String,
    /// More headers, `name: value`
    #[arg(long)]
    header: Vec<String>,
    #[arg(long)]
    body: String,
    #[arg(long, default_value_t = 32)]
    connections: u32,
    /// Measured time, in seconds
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Time before that is not measured, in seconds
    #[arg(long, default_value_t = 2)]
    warmup_seconds: u64,
}

/// What one connection saw in the measured time.
#[derive(Default)]
struct Seen {
    latencies_us: Vec<u32>,
    errors: u64,
    first_error: Option<String>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let seen = LocalSet::new().block_on(&runtime, measure(&options));
    let errors = seen.errors;
    println!("{}", report(&options, seen));
    if errors > 0 { Err("not every answer was 200".into()) } else { Ok(()) }
}

async fn measure(options: &Options) -> Seen {
    let request: Rc<[u8]> = post(&options.host, &options.path, &options.header, &options.body).into();
    let start = Instant::now() + Duration::from_secs(options.warmup_seconds);
    let end = start + Duration::from_secs(options.seconds);
    let connections: Vec<_> = (0..options.connections)
        .map(|_| {
            tokio::task::spawn_local(connection(options.connect.clone(), Rc::clone(&request), start, end))
        })
        .collect();
    let mut all = Seen::default();
    for connection in connections {
        match connection.await {
            Ok(seen) => {
                all.latencies_us.extend(seen.latencies_us);
                all.errors += seen.errors;
                all.first_error = all.first_error.or(seen.first_error);
            }
            Err(_) => all.errors += 1,
        }
    }
    all
}

/// Ends at the first error: what follows on a broken connection says nothing.
async fn connection(address: String, request: Rc<[u8]>, start: Instant, end: Instant) -> Seen {
    let mut seen = Seen::default();
    if let Err(error) = exchange(&address, &request, start, end, &mut seen).await {
        seen.errors += 1;
        seen.first_error = Some(error.to_string());
    }
    seen
}

async fn exchange(
    address: &str,
    request: &[u8],
    start: Instant,
    end: Instant,
    seen: &mut Seen,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut reader = ReplyReader::default();
    loop {
        let sent = Instant::now();
        if sent >= end {
            return Ok(());
        }
        stream.write_all(request).await?;
        let reply = reader.read(&mut stream).await?;
        if reply.status != 200 {
            let body = String::from_utf8_lossy(reader.last_body()).into_owned();
            return Err(format!("status {}: {body}", reply.status).into());
        }
        if sent >= start {
            seen.latencies_us.push(u32::try_from(sent.elapsed().as_micros()).unwrap_or(u32::MAX));
        }
    }
}

fn report(options: &Options, mut seen: Seen) -> serde_json::Value {
    seen.latencies_us.sort_unstable();
    let count = seen.latencies_us.len();
    let percentile = |percent: usize| {
        let index = (count * percent / 100).min(count.saturating_sub(1));
        seen.latencies_us.get(index).copied().unwrap_or_default()
    };
    json!({
        "requests": count,
        "per_second": count as u64 / options.seconds.max(1),
        "p50_us": percentile(50),
        "p99_us": percentile(99),
        "errors": seen.errors,
        "first_error": seen.first_error,
    })
}
