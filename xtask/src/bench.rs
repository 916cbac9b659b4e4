//! `cargo xtask bench`.

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;

use crate::workspace::Workspace;

/// Options of `bench`.
#[derive(Args)]
pub struct Options {}

/// `cargo xtask bench`.
///
/// # Errors
/// When something does not build or a server answers with errors.
pub fn run(_workspace: &Workspace, _options: &Options) -> Result<ExitCode> {
    bail!("there are no benchmarks")
}
