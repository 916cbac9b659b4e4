//! The throw-away PostgreSQL of the tests.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use anyhow::{Context, Result, bail};

use crate::tools::TestNode;
use crate::workspace::Workspace;

/// Names the server that the store tests use.
pub const URL_VARIABLE: &str = "PORTAL_TEST_POSTGRES_URL";
/// Names the server on which tests run the application, which is on SQLite otherwise.
pub const APP_URL_VARIABLE: &str = "PORTAL_TEST_APP_POSTGRES_URL";
const READY: &str = "READY ";

/// A running cluster in a temporary folder; it ends with this value, or with this process however that ends.
pub struct Postgres {
    /// Address of a database whose user may create others.
    pub url: String,
    script: Option<Child>,
}

impl Postgres {
    /// Starts a cluster, or takes the server that the environment names.
    ///
    /// # Errors
    /// When there are no PostgreSQL programs; the text names the command that installs them.
    pub fn start(workspace: &Workspace, node: &TestNode) -> Result<Self> {
        if let Ok(url) = std::env::var(URL_VARIABLE) {
            return Ok(Self { url, script: None });
        }
        Self::start_with(workspace, node, &[])
    }

    /// Starts a cluster that waits for the disk at every commit.
    ///
    /// # Errors
    /// As [`Postgres::start`].
    pub fn start_durable(workspace: &Workspace, node: &TestNode) -> Result<Self> {
        Self::start_with(workspace, node, &["--durable"])
    }

    fn start_with(workspace: &Workspace, node: &TestNode, arguments: &[&str]) -> Result<Self> {
        let mut script = node
            .script(workspace, "harness/postgres.mjs")
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("Node cannot be started")?;
        let stdout = script.stdout.take().context("the script has no output")?;
        let mut first = String::new();
        BufReader::new(stdout).read_line(&mut first)?;
        let Some(url) = first.trim().strip_prefix(READY).map(str::to_owned) else {
            script.wait()?;
            bail!("PostgreSQL for the tests did not start");
        };
        Ok(Self { url, script: Some(script) })
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(script) = &mut self.script {
            // The end of its input tells the script to stop the cluster; waiting closes the input first.
            let _ = script.wait();
        }
    }
}
