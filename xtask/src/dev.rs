//! `cargo xtask dev`: rebuild and restart when a source file changes.

use std::process::{Child, ExitCode};
use std::thread;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};

use crate::digest::files_below;
use crate::run::{self, Options};
use crate::site;
use crate::stage::Stages;
use crate::tools;
use crate::workspace::Workspace;

/// Folders whose files matter, below the clone's top folder.
const WATCHED: &[&str] = &["app", "frontend", "server", "migrations", "style", "public", "Cargo.lock"];
/// Folders below those that do not.
const IGNORED: &str = "node_modules";
const POLL: Duration = Duration::from_millis(500);

/// `cargo xtask dev`; ends with Ctrl-C.
///
/// # Errors
/// When a tool is missing or the sources cannot be read. A build that fails is shown, and the old server goes on.
pub fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    tools::ready_to_build(workspace)?;
    let mut server = Server(None);
    let mut seen = None;
    loop {
        let now = newest_change(workspace)?;
        if seen != Some(now) {
            seen = Some(now);
            match build(workspace) {
                Ok(()) => server.restart(workspace, options)?,
                Err(failure) => eprintln!("error: {failure:#}\nwaiting for the next change"),
            }
        }
        thread::sleep(POLL);
    }
}

fn build(workspace: &Workspace) -> Result<()> {
    let mut stages = Stages::new(site::STAGES + 1);
    site::build(workspace, &mut stages)?;
    stages.run("Building the server", || run::server(workspace, false))
}

/// The number of watched files and the time of the newest change: a deleted file counts as a change too.
fn newest_change(workspace: &Workspace) -> Result<(usize, Option<SystemTime>)> {
    let mut count = 0;
    let mut newest = None;
    for folder in WATCHED {
        for file in files_below(&workspace.root.join(folder))? {
            if file.components().any(|part| part.as_os_str() == IGNORED) {
                continue;
            }
            count += 1;
            newest = newest.max(file.metadata().and_then(|metadata| metadata.modified()).ok());
        }
    }
    Ok((count, newest))
}

/// The server that runs now; it ends with this value.
struct Server(Option<Child>);

impl Server {
    fn restart(&mut self, workspace: &Workspace, options: &Options) -> Result<()> {
        self.stop();
        let binary = workspace.target.join("debug").join(format!("portal{}", std::env::consts::EXE_SUFFIX));
        let child =
            run::serve(workspace, &binary, options).spawn().context("the server cannot be started")?;
        self.0 = Some(child);
        Ok(())
    }

    fn stop(&mut self) {
        if let Some(mut child) = self.0.take() {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}
