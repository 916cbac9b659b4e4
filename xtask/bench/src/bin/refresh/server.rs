//! Servers that run as long as they are measured.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::Failure;

const READY_MAX: Duration = Duration::from_secs(30);

/// How a database is served.
#[derive(Clone, Debug)]
pub enum Way {
    /// By the release server, as it is.
    Portal {
        /// What is added to the database's address.
        parameters: &'static str,
    },
    /// By the same router on a store that was opened with these options.
    Host(&'static [&'static str]),
}

/// Where a server stands.
pub struct Place<'a> {
    /// The release server.
    pub portal: &'a Path,
    /// A folder for its configuration and log.
    pub folder: &'a Path,
    /// The database's address.
    pub database: &'a str,
    /// The port.
    pub port: u16,
}

/// A running server; it ends with this value.
pub struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Place<'_> {
    /// The public address.
    pub fn url(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    /// Starts a server and waits until it answers.
    pub async fn start(&self, way: &Way) -> Result<Server, Failure> {
        let mut command = match way {
            Way::Portal { parameters } => self.portal(parameters)?,
            Way::Host(options) => self.host(options)?,
        };
        let log = File::create(self.folder.join("server.log"))?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let mut server = Server(command.spawn()?);
        let begun = Instant::now();
        while !self.answers().await.unwrap_or(false) {
            if let Some(status) = server.0.try_wait()? {
                let log = fs::read_to_string(self.folder.join("server.log"))?;
                return Err(format!("the server has ended ({status}):\n{log}").into());
            }
            if begun.elapsed() > READY_MAX {
                return Err("the server does not become ready".into());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(server)
    }

    fn portal(&self, parameters: &str) -> Result<Command, Failure> {
        let configuration = self.folder.join("portal.toml");
        let text = format!(
            "[server]\nlisten = \"127.0.0.1:{}\"\npublic_url = \"{}\"\n[database]\nurl = \"{}{parameters}\"\n\
             [metrics]\nlisten = \"127.0.0.1:{}\"\n",
            self.port,
            self.url(),
            self.database,
            free_port()?
        );
        fs::write(&configuration, text)?;
        let mut command = Command::new(self.portal);
        command.arg("serve").arg("--config").arg(configuration).current_dir(self.folder);
        Ok(command)
    }

    fn host(&self, options: &[&str]) -> Result<Command, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["host", "--database", self.database, "--public-url", &self.url()]);
        command.arg("--port").arg(self.port.to_string()).args(options);
        Ok(command)
    }

    async fn answers(&self) -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
        let host = format!("host: localhost:{}", self.port);
        let request = format!("GET /readyz HTTP/1.1\r\n{host}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok(answer.starts_with("HTTP/1.1 200"))
    }
}

/// A port of this machine that nobody listens on now.
pub fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
