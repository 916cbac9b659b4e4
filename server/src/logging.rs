//! Log lines: to standard error, written by a thread of its own so that no request waits for the terminal or the disk.

use std::io::IsTerminal as _;

use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _};

use crate::config::LogFormat;

/// What is logged while neither `PORTAL_LOG` nor `RUST_LOG` says otherwise.
const DEFAULT_FILTER: &str = "info,sqlx=warn,rmcp=warn,hyper=warn,hickory_resolver=warn";

/// Starts logging; what is queued is written when the guard is dropped.
///
/// # Errors
/// The filter cannot be read, or someone else logs already.
pub(crate) fn start(format: LogFormat) -> Result<WorkerGuard, String> {
    let wanted = ["PORTAL_LOG", "RUST_LOG"].into_iter().find_map(|name| std::env::var(name).ok());
    let filter = EnvFilter::try_new(wanted.as_deref().unwrap_or(DEFAULT_FILTER)).map_err(|error| {
        format!("PORTAL_LOG or RUST_LOG: {error}; expected a level such as info or debug")
    })?;
    // The thread that writes flushes whenever nothing more waits, so that many lines are one call of the system.
    let (writer, guard) = tracing_appender::non_blocking(std::io::BufWriter::new(std::io::stderr()));
    let registry = tracing_subscriber::registry().with(filter);
    let started = match format {
        LogFormat::Text => {
            let lines = fmt::layer().with_writer(writer).with_ansi(std::io::stderr().is_terminal());
            registry.with(lines).try_init()
        }
        LogFormat::Json => {
            let lines = fmt::layer().json().flatten_event(true).with_span_list(false).with_writer(writer);
            registry.with(lines).try_init()
        }
    };
    started.map_err(|error| error.to_string())?;
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        // The message may hold remote text, but no secret: secrets do not show themselves.
        tracing::error!(place, message = panic.payload_as_str(), "a part of Portal failed");
    }));
    Ok(guard)
}
