//! The browser tests and the protocol conformance suite, against the release binary.

use std::process::{ExitCode, Stdio};

use anyhow::Result;
use clap::Args;

use crate::cargo;
use crate::report::{Counts, Report};
use crate::run;
use crate::tools::{self, TestNode};
use crate::workspace::Workspace;

/// Options of `e2e`.
#[derive(Args)]
pub struct Options {
    /// Use target/release/portal as it is
    #[arg(long)]
    pub no_build: bool,
    /// Only test files whose name contains this; the conformance suite is then left out
    pub filter: Option<String>,
}

/// `cargo xtask e2e`.
///
/// # Errors
/// When something is missing or does not build. Failed tests are told by the exit code.
pub fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    let build_stages = if options.no_build { 0 } else { run::BUILD_STAGES };
    let conformance_stages = usize::from(options.filter.is_none());
    let mut report = Report::new(build_stages + 2 + conformance_stages);
    if !options.no_build {
        run::build(workspace, report.stages())?;
    }
    let node = report.stages().run("Test tools", || tools::ready_to_test(workspace))?;
    report.check("Browser tests", || browser_tests(workspace, &node, options.filter.as_deref()));
    if options.filter.is_none() {
        report.check("Protocol conformance", || conformance(workspace, &node));
    }
    Ok(report.close())
}

/// Runs the browser tests.
///
/// # Errors
/// When Node cannot be started.
pub fn browser_tests(workspace: &Workspace, node: &TestNode, filter: Option<&str>) -> Result<Counts> {
    script(workspace, node, "run.mjs", filter)
}

/// Runs the conformance suite for both protocol revisions and for the authorization server.
///
/// # Errors
/// When Node cannot be started.
pub fn conformance(workspace: &Workspace, node: &TestNode) -> Result<Counts> {
    script(workspace, node, "conformance.mjs", None)
}

fn script(workspace: &Workspace, node: &TestNode, name: &str, filter: Option<&str>) -> Result<Counts> {
    let mut command = node.script(workspace, name);
    command
        .args(filter)
        // The script looks who its parent is, and ends with what it started when this process is gone.
        .env("PORTAL_BINARY", workspace.portal())
        .stdin(Stdio::null());
    let mut counts = Counts::default();
    let succeeded = cargo::watch(&mut command, |line| counts.add_line(line))?;
    Ok(counts.ended(succeeded))
}
