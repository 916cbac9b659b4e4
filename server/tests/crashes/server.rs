//! A real `portal serve` that is killed and started again.

use std::{
    fs::{self, File},
    io,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{Instant, sleep},
};

/// The ports that servers of these tests get: the first, how many, and how far processes begin from each other.
const PORT_FIRST: u16 = 20_000;
const PORTS: u32 = 10_000;
const PORTS_OF_A_PROCESS: u32 = 7;
const READY_MAX: Duration = Duration::from_mins(1);
const READY_POLL: Duration = Duration::from_millis(10);

/// The process, its configuration and its port.
pub struct Server {
    /// Where it listens, always the same.
    pub port: u16,
    folder: TempDir,
    child: Option<Child>,
}

impl Server {
    /// A place for a server; nothing runs yet.
    pub fn new() -> Self {
        Self { port: free_port(), folder: tempfile::tempdir().expect("a folder"), child: None }
    }

    /// Its public address.
    pub fn url(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    /// Writes its configuration.
    pub fn configure(&self, database: &str) {
        let text = format!(
            "[server]\nlisten = \"127.0.0.1:{}\"\npublic_url = \"{}\"\n[database]\nurl = \"{database}\"\n\
             [metrics]\nlisten = \"127.0.0.1:{}\"\n",
            self.port,
            self.url(),
            free_port()
        );
        fs::write(self.configuration(), text).expect("a configuration file");
    }

    fn configuration(&self) -> PathBuf {
        self.folder.path().join("portal.toml")
    }

    /// The file with everything that it printed.
    pub fn log(&self) -> PathBuf {
        self.folder.path().join("portal.log")
    }

    /// Starts it and waits until it is ready.
    pub async fn start(&mut self) {
        let log = File::options().create(true).append(true).open(self.log()).expect("a log file");
        let child = Command::new(binary())
            .arg("serve")
            .arg("--config")
            .arg(self.configuration())
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log file"))
            .stderr(log)
            .spawn()
            .expect("the portal command");
        self.child = Some(child);
        let begun = Instant::now();
        while !self.is_ready().await.unwrap_or(false) {
            let ended = self.child.as_mut().and_then(|child| child.try_wait().ok().flatten());
            if ended.is_some() || begun.elapsed() > READY_MAX {
                let log = fs::read_to_string(self.log()).unwrap_or_default();
                panic!("the server does not start ({ended:?}):\n{log}");
            }
            sleep(READY_POLL).await;
        }
    }

    async fn is_ready(&self) -> io::Result<bool> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
        let request =
            format!("GET /readyz HTTP/1.1\r\nhost: localhost:{}\r\nconnection: close\r\n\r\n", self.port);
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok(answer.starts_with("HTTP/1.1 200"))
    }

    /// Ends it at once: SIGKILL, which it cannot prepare for.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("a process to kill");
            child.wait().expect("its end");
        }
    }

    /// Runs a command on its configuration.
    pub fn command(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(binary());
        command.args(arguments).arg("--config").arg(self.configuration()).current_dir(self.folder.path());
        command.output().expect("the portal command")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_portal"))
}

/// A port on which nobody listens, below those that systems give to outgoing connections: one of those could take the
/// server's port while it is down.
fn free_port() -> u16 {
    static TRIED: AtomicU32 = AtomicU32::new(0);
    loop {
        let tried = TRIED.fetch_add(1, Ordering::Relaxed);
        assert!(tried < PORTS, "a free port");
        let place = std::process::id().wrapping_mul(PORTS_OF_A_PROCESS).wrapping_add(tried) % PORTS;
        let port = PORT_FIRST + u16::try_from(place).expect("a small number");
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
