//! What the commands need besides Rust: found, installed, or named with the command that installs it.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::cargo;
use crate::digest::Inputs;
use crate::workspace::Workspace;

/// The browser half's compile target.
pub const WASM_TARGET: &str = "wasm32-unknown-unknown";
/// The oldest Node that builds the site: major, minor.
const NODE_BUILD_MIN: (u32, u32) = (20, 0);
/// The oldest Node that runs the browser tests and the conformance suite: major, minor.
const NODE_TEST_MIN: (u32, u32) = (22, 17);
const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };
const NODE_HINT: &str = "install Node 22 from https://nodejs.org, or with `nvm install 22`";

/// Makes sure that the release binary can be built: C compiler, wasm target, Node and the style tools.
///
/// # Errors
/// When something is missing and cannot be installed into the project; the text names the command that does.
pub fn ready_to_build(workspace: &Workspace) -> Result<()> {
    c_compiler()?;
    wasm_target(workspace)?;
    let version = node_version("node")?;
    if version < NODE_BUILD_MIN {
        bail!("Node {} is too old, {} or newer is needed: {NODE_HINT}", version.0, NODE_BUILD_MIN.0);
    }
    npm_install(&workspace.style())
}

/// Makes sure that the tests can run and returns the Node that runs them.
///
/// # Errors
/// When something is missing and cannot be installed into the project; the text names the command that does.
pub fn ready_to_test(workspace: &Workspace) -> Result<TestNode> {
    let node = TestNode::find(workspace)?;
    npm_install(&workspace.end2end())?;
    Ok(node)
}

/// A Node that is new enough for the conformance suite.
pub struct TestNode {
    binary: PathBuf,
}

impl TestNode {
    fn find(workspace: &Workspace) -> Result<Self> {
        if node_version("node")? >= NODE_TEST_MIN {
            return Ok(Self { binary: "node".into() });
        }
        let folder = workspace.end2end().join("node22");
        npm_install(&folder)?;
        let architecture = match std::env::consts::ARCH {
            "x86_64" => "x64",
            "aarch64" => "arm64",
            other => other,
        };
        let system = if cfg!(target_os = "macos") { "darwin" } else { std::env::consts::OS };
        let binary = folder.join(format!("node_modules/node-{system}-{architecture}/bin/node"));
        if !binary.is_file() {
            bail!("the tests need Node {}.{} or newer: {NODE_HINT}", NODE_TEST_MIN.0, NODE_TEST_MIN.1);
        }
        Ok(Self { binary })
    }

    /// A call of a script in the end2end folder; programs that it starts find the same Node.
    pub fn script(&self, workspace: &Workspace, script: &str) -> Command {
        let mut command = Command::new(&self.binary);
        command.arg(script).current_dir(workspace.end2end());
        if let Some(folder) = self.binary.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            let mut path = OsString::from(folder);
            if let Some(rest) = std::env::var_os("PATH") {
                path.push(if cfg!(windows) { ";" } else { ":" });
                path.push(rest);
            }
            command.env("PATH", path);
        }
        command
    }
}

/// Installs a folder's npm packages as its lock file names them, unless that is done already.
///
/// # Errors
/// When npm is missing or cannot install.
pub fn npm_install(folder: &Path) -> Result<()> {
    let mut inputs = Inputs::default();
    inputs.path(&folder.join("package.json"))?.path(&folder.join("package-lock.json"))?;
    let wanted = inputs.finish();
    let stamp = folder.join("node_modules/.portal-stamp");
    if fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    println!("      installing the npm packages of {name}/");
    // Packages bring their programs as files; none needs a script at install time.
    let mut npm = Command::new(NPM);
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(folder);
    cargo::run(&mut npm)
        .with_context(|| format!("npm packages of {name}/; npm comes with Node: {NODE_HINT}"))?;
    fs::write(&stamp, wanted)?;
    Ok(())
}

fn node_version(node: &str) -> Result<(u32, u32)> {
    let found = Command::new(node).arg("--version").stderr(Stdio::null()).output();
    let text = match found {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).into_owned(),
        _ => bail!("Node is missing: {NODE_HINT}"),
    };
    parse_node_version(&text).with_context(|| format!("`node --version` answered {text:?}"))
}

fn parse_node_version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.trim().strip_prefix('v')?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn wasm_target(workspace: &Workspace) -> Result<()> {
    let installed = || -> Result<bool> {
        let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
        rustc.args(["--print", "target-libdir", "--target", WASM_TARGET]).current_dir(&workspace.root);
        let folder = cargo::output(&mut rustc)?;
        Ok(fs::read_dir(folder.trim()).is_ok_and(|mut files| files.next().is_some()))
    };
    if installed()? {
        return Ok(());
    }
    println!("      installing the Rust target {WASM_TARGET}");
    let mut rustup = Command::new("rustup");
    rustup.args(["target", "add", WASM_TARGET]).current_dir(&workspace.root);
    cargo::run(&mut rustup).with_context(|| {
        format!("the Rust target {WASM_TARGET} is missing: install it with `rustup target add {WASM_TARGET}`")
    })?;
    if !installed()? {
        bail!("rustup installed {WASM_TARGET} for another toolchain than the one in use; see `rustup show`");
    }
    Ok(())
}

fn c_compiler() -> Result<()> {
    let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
    let found = cfg!(windows)
        || Command::new(&compiler)
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
    if !found {
        bail!(
            "no C compiler ({}): install one with `apt-get install gcc`, `dnf install gcc` or `xcode-select --install`",
            compiler.to_string_lossy()
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node_versions_are_read_and_compared_by_number() {
        assert_eq!(parse_node_version("v22.17.1\n"), Some((22, 17)));
        assert!(parse_node_version("v9.0.0").unwrap() < NODE_BUILD_MIN);
        assert!(parse_node_version("v22.4.0").unwrap() < NODE_TEST_MIN);
        assert!(parse_node_version("v24.0.0").unwrap() >= NODE_TEST_MIN);
        assert_eq!(parse_node_version("nonsense"), None);
    }
}
