//! What is wrong with the configuration, and where.

use std::{fmt, path::PathBuf};

/// Where a value stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In the configuration file, at a line counted from 1.
    File {
        /// The file.
        file: PathBuf,
        /// The line; `None` when the whole file is meant.
        line: Option<usize>,
    },
    /// In an environment variable.
    Environment(String),
    /// Nowhere: the value that holds while nobody has set one.
    Default,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file, line: Some(line) } => write!(formatter, "{}:{line}", file.display()),
            Self::File { file, line: None } => write!(formatter, "{}", file.display()),
            Self::Environment(name) => write!(formatter, "environment variable {name}"),
            Self::Default => formatter.write_str("default configuration"),
        }
    }
}

/// A configuration that Portal does not start with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {}{message}", key.as_ref().map(|key| format!("{key}: ")).unwrap_or_default())]
pub struct ConfigError {
    /// Where it stands.
    pub place: Place,
    /// The key, dotted; `None` when the fault has no key, such as broken TOML.
    pub key: Option<String>,
    /// What is wrong and what was expected.
    pub message: String,
}
