//! Formatting and lints.

use std::process::ExitCode;

use anyhow::Result;

use crate::cargo::{self, cargo};
use crate::edges;
use crate::stage::Stages;
use crate::tools::{self, WASM_TARGET};
use crate::workspace::Workspace;

/// `cargo xtask fmt`.
///
/// # Errors
/// When `check` is set and a file is not formatted.
pub fn format(workspace: &Workspace, check: bool) -> Result<ExitCode> {
    let mut fmt = cargo(workspace);
    fmt.args(["fmt", "--all"]);
    if check {
        fmt.args(["--", "--check"]);
    }
    cargo::run(&mut fmt)?;
    Ok(ExitCode::SUCCESS)
}

/// `cargo xtask lint`.
///
/// # Errors
/// When a lint fires or an edge is broken.
pub fn run(workspace: &Workspace) -> Result<ExitCode> {
    let mut stages = Stages::new(4);
    stages.run("Tools", || tools::ready_to_build(workspace))?;
    stages.run("Dependency edges", || edges::check(workspace))?;
    stages.run("Clippy, server half", || clippy_server(workspace))?;
    stages.run("Clippy, browser half", || clippy_browser(workspace))?;
    Ok(ExitCode::SUCCESS)
}

/// Clippy on everything that runs on the machine itself.
///
/// # Errors
/// When a lint fires.
pub fn clippy_server(workspace: &Workspace) -> Result<()> {
    let mut clippy = cargo(workspace);
    clippy.args(["clippy", "--workspace", "--exclude", "portal-frontend", "--all-targets", "--locked"]);
    cargo::run(clippy.args(["--", "-D", "warnings"]))
}

/// Clippy on everything that runs in the browser, with the browser's features.
///
/// # Errors
/// When a lint fires.
pub fn clippy_browser(workspace: &Workspace) -> Result<()> {
    let mut clippy = cargo(workspace);
    clippy.args(["clippy", "--package", "portal-frontend", "--target", WASM_TARGET, "--locked"]);
    cargo::run(clippy.args(["--", "-D", "warnings"]))
}
