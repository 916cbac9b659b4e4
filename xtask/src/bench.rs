//! `cargo xtask bench`: Portal beside a bare server, measured in the same run with the same load generator.
//!
//! Only ratios are worth comparing between machines; the figures themselves say what this machine did today.

mod servers;

use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::Value;

use crate::cargo::{self, cargo};
use crate::run;
use crate::stage::Stages;
use crate::workspace::Workspace;
use servers::{Floor, Portal};

/// An authenticated who-am-i shall reach at least this part of a bare tool without authentication.
const WHO_AM_I_RATIO_MIN: f64 = 0.6;
const HEADERS: &[&str] = &["accept: application/json, text/event-stream", "mcp-protocol-version: 2025-11-25"];

/// Options of `bench`.
#[derive(Args)]
pub struct Options {
    /// Connections that send at the same time
    #[arg(long, default_value_t = 32)]
    connections: u32,
    /// Measured time of each round
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Rounds, floor and Portal in turn; the median counts
    #[arg(long, default_value_t = 3)]
    rounds: usize,
}

/// What is sent where.
struct Target {
    port: u16,
    /// Port of the Host header.
    public_port: u16,
    path: &'static str,
    tool: &'static str,
    token: Option<String>,
}

/// What the load generator saw in one round.
#[derive(Clone, Copy)]
struct Figures {
    per_second: u64,
    p50_us: u64,
    p99_us: u64,
}

/// `cargo xtask bench`.
///
/// # Errors
/// When something does not build or a server answers with errors.
pub fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    let mut stages = Stages::new(run::BUILD_STAGES + 3);
    let site = run::build(workspace, &mut stages)?;
    stages.run("Building the load generator and the floor", || tools(workspace))?;
    let (floor, portal) =
        stages.run("Starting both servers", || Ok((Floor::start(workspace)?, Portal::start(workspace)?)))?;
    let idle_kb = portal.resident_kb();
    let (floor_figures, portal_figures) = stages.run("Measuring who-am-i", || {
        let floor =
            Target { port: floor.port, public_port: floor.port, path: "/mcp", tool: "who_am_i", token: None };
        let portal = Target {
            port: portal.port,
            public_port: portal.port,
            path: "/api/mcp-actions/v1",
            tool: "auth_who_am_i",
            token: Some(portal.token.clone()),
        };
        in_turn(workspace, options, &floor, &portal)
    })?;
    println!("\n{:<34} {:>12} {:>10} {:>10}", "who-am-i", "per second", "p50", "p99");
    print_row("bare rmcp, no authentication", floor_figures);
    print_row("Portal, bearer token", portal_figures);
    #[expect(clippy::cast_precision_loss, reason = "requests per second stay far below 2^52")]
    let ratio = portal_figures.per_second as f64 / floor_figures.per_second as f64;
    let verdict = if ratio >= WHO_AM_I_RATIO_MIN { "reached" } else { "missed" };
    println!("ratio {ratio:.2}, goal {WHO_AM_I_RATIO_MIN} {verdict}");
    println!("\nstart to ready    {} ms", portal.ready_ms);
    println!("memory            {idle_kb} kB idle, {} kB after the load", portal.resident_kb());
    println!("binary            {} kB", std::fs::metadata(workspace.portal())?.len() / 1000);
    println!("wasm, brotli      {} kB", site.wasm_brotli_bytes / 1000);
    Ok(ExitCode::SUCCESS)
}

fn print_row(name: &str, figures: Figures) {
    println!("{name:<34} {:>12} {:>7} us {:>7} us", figures.per_second, figures.p50_us, figures.p99_us);
}

fn tools(workspace: &Workspace) -> Result<()> {
    let mut build = cargo(workspace);
    // Together with the server, so that both are compiled with the same features of what they share.
    build.args(["build", "--release", "--package", "xtask-bench", "--package", "portal-server", "--bins"]);
    cargo::run(build.arg("--target-dir").arg(&workspace.target))
}

/// Measures both in turn, so that a machine that slows down hurts both; returns the median rounds.
fn in_turn(
    workspace: &Workspace,
    options: &Options,
    floor: &Target,
    portal: &Target,
) -> Result<(Figures, Figures)> {
    let (mut floors, mut portals) = (Vec::new(), Vec::new());
    for round in 1..=options.rounds.max(1) {
        floors.push(measure(workspace, options, floor)?);
        portals.push(measure(workspace, options, portal)?);
        if let (Some(floor), Some(portal)) = (floors.last(), portals.last()) {
            println!("      round {round}: {} and {} per second", floor.per_second, portal.per_second);
        }
    }
    Ok((median(floors).context("no round")?, median(portals).context("no round")?))
}

fn median(mut rounds: Vec<Figures>) -> Option<Figures> {
    rounds.sort_unstable_by_key(|figures| figures.per_second);
    rounds.get(rounds.len() / 2).copied()
}

fn measure(workspace: &Workspace, options: &Options, target: &Target) -> Result<Figures> {
    let mut load = Command::new(servers::release(workspace, "load"));
    load.arg("--connect").arg(format!("127.0.0.1:{}", target.port));
    load.arg("--host").arg(format!("localhost:{}", target.public_port));
    load.args(["--path", target.path, "--connections", &options.connections.to_string()]);
    load.args(["--seconds", &options.seconds.to_string()]);
    for header in HEADERS {
        load.args(["--header", header]);
    }
    if let Some(token) = &target.token {
        load.arg("--header").arg(format!("authorization: Bearer {token}"));
    }
    let body = serde_json::json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": target.tool, "arguments": {} },
    });
    load.arg("--body").arg(body.to_string());
    let output = load.output().context("the load generator cannot be started")?;
    let seen: Value =
        serde_json::from_slice(&output.stdout).context("the load generator printed no figures")?;
    let number = |name: &str| seen.get(name).and_then(Value::as_u64).unwrap_or_default();
    if number("errors") > 0 || number("requests") == 0 {
        bail!("{} answered with errors: {}", target.path, seen.get("first_error").unwrap_or(&Value::Null));
    }
    Ok(Figures { per_second: number("per_second"), p50_us: number("p50_us"), p99_us: number("p99_us") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_round_counts() {
        let rounds = [30, 10, 20].map(|per_second| Figures { per_second, p50_us: 1, p99_us: 2 });
        assert_eq!(median(rounds.to_vec()).unwrap().per_second, 20);
        assert!(median(Vec::new()).is_none());
    }
}
