//! What the custom adapter is told.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use portal_core::secret::Secret;
use url::Url;

use crate::selection::Selection;

/// Time that a command has for one answer, when the configuration does not say.
pub const COMMAND_TIMEOUT: Duration = Duration::from_mins(1);

/// How a directory of one's own is asked.
#[derive(Debug, Clone)]
pub struct CustomOptions {
    /// The endpoint or the command.
    pub source: CustomSource,
    /// Whether it tells what changed since an earlier read.
    pub delta: bool,
    /// The key under which its events are signed; `None` when it sends none.
    pub webhook_secret: Option<Secret>,
    /// Which people and groups are taken.
    pub selection: Selection,
}

/// Who answers.
#[derive(Debug, Clone)]
pub enum CustomSource {
    /// An https endpoint.
    Endpoint {
        /// Its address.
        url: Url,
        /// Sent as a bearer token.
        token: Option<Secret>,
    },
    /// A command, started once for each question, without a shell.
    Command {
        /// The program, by absolute path, and its arguments; never empty.
        argv: Vec<String>,
        /// All environment variables that it gets beside `PATH`.
        environment: BTreeMap<String, Secret>,
        /// The folder that it runs in.
        folder: PathBuf,
        /// Time for one answer.
        timeout: Duration,
    },
}
