//! A command that answers: one process for one question, a line of JSON in, lines of JSON out.

use std::{process::Stdio, sync::Arc};

use portal_core::ports::DirectoryError;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _},
    process::{Child, Command},
    sync::Semaphore,
    time::timeout,
};

use super::{
    CustomSource,
    contract::{CONTRACT_VERSION, Question},
};

/// Largest output of one answer, in bytes.
pub const COMMAND_BYTES_MAX: usize = 16 * 1_048_576;
/// Commands of one provider that run at once; further questions wait.
const COMMANDS_AT_ONCE_MAX: usize = 2;
/// What of standard error is read, in bytes, and shown, in characters.
const COMPLAINT_BYTES_MAX: usize = 4_096;
const COMPLAINT_LENGTH_MAX: usize = 200;
/// Where a command finds other programs.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// Runs the command.
pub(super) struct CommandRunner {
    room: Arc<Semaphore>,
}

impl Default for CommandRunner {
    fn default() -> Self {
        Self { room: Arc::new(Semaphore::new(COMMANDS_AT_ONCE_MAX)) }
    }
}

impl CommandRunner {
    /// The lines of the answer, in order, at least one.
    pub(super) async fn ask(
        &self,
        source: &CustomSource,
        question: &Question,
    ) -> Result<Vec<Value>, DirectoryError> {
        let CustomSource::Command { argv, environment, folder, timeout: limit } = source else {
            return Err(DirectoryError::Unsupported("there is no command".to_owned()));
        };
        let Some((program, arguments)) = argv.split_first() else {
            return Err(DirectoryError::NotFound("the command is empty".to_owned()));
        };
        let closed = |_| DirectoryError::Outage("Portal is shutting down".to_owned());
        let _place = self.room.acquire().await.map_err(closed)?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .env("PATH", PATH)
            .envs(environment.iter().map(|(name, secret)| (name, secret.expose())))
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let child = command
            .spawn()
            .map_err(|error| DirectoryError::NotFound(format!("the command {program}: {error}")))?;
        match timeout(*limit, output(child, question)).await {
            Ok(output) => lines(&output?),
            // The process ends with the future that held it.
            Err(_) => Err(DirectoryError::Outage(format!(
                "the command did not end within {} seconds",
                limit.as_secs()
            ))),
        }
    }
}

async fn output(mut child: Child, question: &Question) -> Result<Vec<u8>, DirectoryError> {
    let failed = |error: std::io::Error| DirectoryError::Outage(format!("the command: {error}"));
    let (Some(mut stdin), Some(stdout), Some(stderr)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(DirectoryError::Outage("the command has no standard streams".to_owned()));
    };
    let line = question_line(question);
    let write = async move {
        // A command that does not read its question is judged by its answer.
        let _ = stdin.write_all(line.as_bytes()).await;
        let _ = stdin.shutdown().await;
    };
    let ((), answer, complaint) =
        tokio::join!(write, read_up_to(stdout, COMMAND_BYTES_MAX), read_up_to(stderr, COMPLAINT_BYTES_MAX));
    let Read { bytes, more } = answer.map_err(failed)?;
    if more {
        return Err(DirectoryError::Malformed(format!(
            "the answer is larger than {COMMAND_BYTES_MAX} bytes"
        )));
    }
    let status = child.wait().await.map_err(failed)?;
    if !status.success() {
        let complaint = complaint.map(|read| shown(&read.bytes)).unwrap_or_default();
        return Err(DirectoryError::Outage(format!("the command ended with {status}{complaint}")));
    }
    Ok(bytes)
}

fn question_line(question: &Question) -> String {
    let mut value = json!(question);
    if let Some(object) = value.as_object_mut() {
        object.insert("version".to_owned(), json!(CONTRACT_VERSION));
    }
    format!("{value}\n")
}

struct Read {
    bytes: Vec<u8>,
    more: bool,
}

/// Reads to the end or to the limit. At the limit the stream is closed, so that its writer ends.
async fn read_up_to(stream: impl AsyncRead + Unpin, limit: usize) -> std::io::Result<Read> {
    let mut bytes = Vec::new();
    let bound = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    stream.take(bound).read_to_end(&mut bytes).await?;
    let more = bytes.len() > limit;
    bytes.truncate(limit);
    Ok(Read { bytes, more })
}

/// The first line of what the command complained about.
fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let short: String =
        line.chars().filter(|letter| !letter.is_control()).take(COMPLAINT_LENGTH_MAX).collect();
    if short.is_empty() { short } else { format!(": {short}") }
}

fn lines(output: &[u8]) -> Result<Vec<Value>, DirectoryError> {
    let text = std::str::from_utf8(output)
        .map_err(|_| DirectoryError::Malformed("the answer is not UTF-8".to_owned()))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let parsed: Result<Vec<Value>, _> = lines
        .map(|(index, line)| {
            serde_json::from_str(line).map_err(|error| {
                let kind = if error.is_eof() { "ends early" } else { "is not JSON" };
                DirectoryError::Malformed(format!("line {} of the answer {kind}", index + 1))
            })
        })
        .collect();
    match parsed {
        Ok(lines) if lines.is_empty() => {
            Err(DirectoryError::Malformed("the command answered nothing".to_owned()))
        }
        other => other,
    }
}
