//! The long fuzzing: needs nightly, cargo-fuzz and a C++ compiler, which no other command needs.

use std::fs;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail};
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
    /// Add to the kept corpus what reaches code that it does not reach yet
    #[arg(long)]
    keep: bool,
}

/// `cargo xtask fuzz`. What is found on the way stays below `fuzz/target/found`, so that the kept corpus stays small.
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
        fuzz_one(workspace, target, options)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs one target; new inputs go to the first folder, the kept corpus is only read.
fn fuzz_one(workspace: &Workspace, target: &str, options: &Options) -> Result<()> {
    let found = format!("fuzz/target/found/{target}");
    let kept = format!("fuzz/corpus/{target}");
    fs::create_dir_all(workspace.root.join(&found)).with_context(|| format!("{found} cannot be made"))?;
    let mut run = fuzz(workspace);
    run.args(["run", target, &found, &kept, "--", "-print_final_stats=1"]);
    run.arg(format!("-max_total_time={}", options.seconds));
    let dictionary = format!("fuzz/dictionaries/{target}.dict");
    if workspace.root.join(&dictionary).is_file() {
        run.arg(format!("-dict={dictionary}"));
    }
    cargo::run(&mut run)?;
    if options.keep {
        // By the code that is reached alone: how often it is would keep hundreds of inputs that differ in nothing else.
        cargo::run(fuzz(workspace).args([
            "run",
            target,
            &kept,
            &found,
            "--",
            "-merge=1",
            "-use_counters=0",
        ]))?;
    }
    Ok(())
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
