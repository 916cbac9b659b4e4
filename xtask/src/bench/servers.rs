//! The servers that are measured; each ends with its value.

use std::fs;
use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::cargo;
use crate::workspace::Workspace;

const READY_TIMEOUT: Duration = Duration::from_secs(30);
const READY_POLL: Duration = Duration::from_millis(2);
const ADMIN: &str = "bench@example.org";

/// A program of the release profile.
pub fn release(workspace: &Workspace, name: &str) -> PathBuf {
    workspace.target.join("release").join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

struct Ending(Child);

impl Drop for Ending {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The bare server.
pub struct Floor {
    /// Where it listens.
    pub port: u16,
    _process: Ending,
}

impl Floor {
    /// Starts it and returns when it listens.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(workspace: &Workspace) -> Result<Self> {
        let mut child = Command::new(release(workspace, "floor")).stdout(Stdio::piped()).spawn()?;
        let stdout = child.stdout.take();
        let process = Ending(child);
        let mut line = String::new();
        BufReader::new(stdout.context("the floor has no output")?).read_line(&mut line)?;
        let port = line.trim().strip_prefix("READY ").context("the floor is not ready")?.parse()?;
        Ok(Self { port, _process: process })
    }
}

/// Portal on a new SQLite file with the example org, one admin and one token.
pub struct Portal {
    /// Where it listens.
    pub port: u16,
    /// A static token of the admin.
    pub token: String,
    /// Time from the start of the process to the first ready answer, on an existing database.
    pub ready_ms: u128,
    process: Ending,
}

impl Portal {
    /// Starts it and returns when it is ready.
    ///
    /// # Errors
    /// When a command fails or the server does not become ready.
    pub fn start(workspace: &Workspace) -> Result<Self> {
        let folder = workspace.target.join("bench");
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        let port = free_port()?;
        fs::write(folder.join("portal.toml"), config(workspace, port)?)?;
        let portal = || {
            let mut command = Command::new(workspace.portal());
            command.current_dir(&folder);
            command
        };
        make_admin(&mut portal())?;
        let token = cargo::output(
            portal().args(["token", "create", "--name", "bench", "--owner", ADMIN, "--scope", "mcp:read"]),
        )?;
        let started = Instant::now();
        let log = fs::File::create(folder.join("portal.log"))?;
        let process = Ending(portal().arg("serve").stdout(log.try_clone()?).stderr(log).spawn()?);
        while !is_ready(port) {
            if started.elapsed() > READY_TIMEOUT {
                bail!("Portal did not become ready, see {}", folder.join("portal.log").display());
            }
            thread::sleep(READY_POLL);
        }
        Ok(Self { port, token: token.trim().to_owned(), ready_ms: started.elapsed().as_millis(), process })
    }

    /// Memory that the process holds now, in kB; 0 where the system does not tell.
    pub fn resident_kb(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.0.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or_default()
    }
}

fn make_admin(portal: &mut Command) -> Result<()> {
    let mut child = portal
        .args(["admin", "create", "--email", ADMIN, "--password-stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .context("portal cannot be started")?;
    if let Some(stdin) = &mut child.stdin {
        stdin.write_all(b"correct horse battery staple\n")?;
    }
    if !child.wait()?.success() {
        bail!("`portal admin create` failed");
    }
    Ok(())
}

fn config(workspace: &Workspace, port: u16) -> Result<String> {
    let demo = |name: &str| -> Result<String> {
        let path: &Path = &workspace.root.join("examples/demo").join(name);
        Ok(serde_json::to_string(path.to_str().context("the clone's path is not UTF-8")?)?)
    };
    Ok(format!(
        "[server]\nlisten = \"127.0.0.1:{port}\"\npublic_url = \"http://localhost:{port}\"\n\
         [database]\nurl = \"sqlite://portal.db\"\n[metrics]\nlisten = \"127.0.0.1:{}\"\n\
         [[catalog.locations]]\ntype = \"file\"\ntarget = {}\n\
         [[catalog.locations]]\ntype = \"file\"\ntarget = {}\nallow = [\"User\", \"Group\"]\n",
        free_port()?,
        demo("all.yaml")?,
        demo("org.yaml")?,
    ))
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn is_ready(port: u16) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        write!(stream, "GET /readyz HTTP/1.1\r\nhost: localhost:{port}\r\nconnection: close\r\n\r\n")?;
        let mut start = [0; 12];
        stream.read_exact(&mut start)?;
        Ok(start.ends_with(b" 200"))
    };
    ask().unwrap_or(false)
}
