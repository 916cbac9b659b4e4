//! `cargo xtask run` and `build`.

use std::process::{Command, ExitCode};

use anyhow::Result;
use clap::Args;

use crate::cargo::{self, cargo};
use crate::site;
use crate::stage::{Stages, short};
use crate::tools;
use crate::workspace::Workspace;

/// Steps that [`build`] announces.
pub const BUILD_STAGES: usize = site::STAGES + 2;
/// Used when the clone's top folder has no `portal.toml`.
const DEMO_CONFIG: &str = "examples/demo/portal.toml";

/// Options of `run` and `dev`.
#[derive(Args)]
pub struct Options {
    /// Given to `portal serve` as they are
    #[arg(last = true)]
    pub serve: Vec<String>,
}

/// `cargo xtask run`.
///
/// # Errors
/// When something is missing, does not build or cannot be started.
pub fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    let mut stages = Stages::new(BUILD_STAGES);
    build(workspace, &mut stages)?;
    println!("ready in {}, starting Portal; stop it with Ctrl-C\n", short(stages.elapsed()));
    become_process(&mut serve(workspace, &workspace.portal(), options))
}

/// `cargo xtask build`.
///
/// # Errors
/// When something is missing or does not build.
pub fn build_command(workspace: &Workspace) -> Result<ExitCode> {
    let mut stages = Stages::new(BUILD_STAGES);
    build(workspace, &mut stages)?;
    let bytes = std::fs::metadata(workspace.portal())?.len();
    println!(
        "{} ({} MB), built in {}",
        workspace.portal().display(),
        bytes / 1_000_000,
        short(stages.elapsed())
    );
    Ok(ExitCode::SUCCESS)
}

/// Builds the release binary with its site.
///
/// # Errors
/// When something is missing or does not build.
pub fn build(workspace: &Workspace, stages: &mut Stages) -> Result<site::Site> {
    stages.run("Tools", || tools::ready_to_build(workspace))?;
    let site = site::build(workspace, stages)?;
    stages.run("Building the server (minutes, the first time)", || server(workspace, true))?;
    Ok(site)
}

/// Builds the `portal` binary with what lies in the site folder.
///
/// # Errors
/// When it does not build.
pub fn server(workspace: &Workspace, release: bool) -> Result<()> {
    let mut build = cargo(workspace);
    build.args(["build", "--package", "portal-server", "--bin", "portal"]);
    build.arg("--target-dir").arg(&workspace.target);
    if release {
        build.arg("--release");
    }
    // Where it is anyway, a variable would only make a plain `cargo build` compile everything again.
    if workspace.target != workspace.root.join("target") {
        build.env("PORTAL_SITE_DIR", workspace.site());
    }
    cargo::run(&mut build)
}

/// The call that starts a server: with the clone's own configuration, or else with the example's.
pub fn serve(workspace: &Workspace, binary: &std::path::Path, options: &Options) -> Command {
    let mut serve = Command::new(binary);
    serve.arg("serve").current_dir(&workspace.root);
    if !workspace.root.join("portal.toml").is_file()
        && !options.serve.iter().any(|arg| arg.starts_with("--config"))
    {
        serve.args(["--config", DEMO_CONFIG]);
    }
    serve.args(&options.serve);
    serve
}

/// Puts the program in the place of this one, so that signals reach it and nothing is left behind.
#[cfg(unix)]
fn become_process(command: &mut Command) -> Result<ExitCode> {
    use std::os::unix::process::CommandExt as _;
    Err(command.exec().into())
}

#[cfg(not(unix))]
fn become_process(command: &mut Command) -> Result<ExitCode> {
    cargo::run(command)?;
    Ok(ExitCode::SUCCESS)
}
