//! The long fuzzing: needs nightly and cargo-fuzz, which no other command needs.

use std::process::{Command, ExitCode, Stdio};

use anyhow::{Result, bail};
use clap::Args;

use crate::cargo;
use crate::workspace::Workspace;

/// Options of `fuzz`.
#[derive(Args)]
pub struct Options {
    /// Only this target
    target: Option<String>,
    /// Time for each target
    #[arg(long, default_value_t = 60)]
    seconds: u64,
}

/// `cargo xtask fuzz`.
///
/// # Errors
/// When a tool is missing, the text names the command that installs it; when a target finds a fault.
pub fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    if !workspace.root.join("fuzz/Cargo.toml").is_file() {
        bail!("there are no fuzz targets: fuzz/Cargo.toml is missing");
    }
    if !answers(Command::new("cargo").args(["+nightly", "--version"])) {
        bail!("fuzzing needs the nightly toolchain: `rustup toolchain install nightly --profile minimal`");
    }
    if !answers(Command::new("cargo").args(["fuzz", "--version"])) {
        bail!("cargo-fuzz is missing: `cargo install cargo-fuzz --locked`");
    }
    let listed = cargo::output(fuzz(workspace).arg("list"))?;
    let targets: Vec<&str> = listed
        .lines()
        .filter(|name| options.target.as_deref().is_none_or(|wanted| wanted == *name))
        .collect();
    if targets.is_empty() {
        bail!("no such fuzz target; there are: {}", listed.lines().collect::<Vec<_>>().join(", "));
    }
    for (index, target) in targets.iter().enumerate() {
        println!("[{}/{}] {target}, {} s", index + 1, targets.len(), options.seconds);
        let limit = format!("-max_total_time={}", options.seconds);
        cargo::run(fuzz(workspace).args(["run", target, "--", &limit]))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn fuzz(workspace: &Workspace) -> Command {
    let mut command = Command::new("cargo");
    command.args(["+nightly", "fuzz"]).current_dir(&workspace.root);
    // Set by the cargo that runs this program; it would overrule `+nightly`.
    command.env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO");
    command
}

fn answers(command: &mut Command) -> bool {
    let quiet = command.stdout(Stdio::null()).stderr(Stdio::null()).env_remove("RUSTUP_TOOLCHAIN");
    quiet.status().is_ok_and(|status| status.success())
}
