//! Where values come from: one file, and environment variables over it.

use std::{
    collections::HashMap,
    ops::Range,
    path::{Path, PathBuf},
};

use serde::Deserialize as _;
use toml::{
    Table, Value,
    de::{DeTable, DeValue},
};

use super::{
    error::{ConfigError, Place},
    raw::RawConfig,
};

/// What environment variables of the configuration start with.
const PREFIX: &str = "PORTAL_";
/// What stands between section and key.
const SEPARATOR: &str = "__";
/// Largest configuration file, in bytes.
const FILE_BYTES_MAX: u64 = 1_048_576;

/// Knows where each key was written.
#[derive(Debug, Default)]
pub(super) struct Sources {
    file: Option<PathBuf>,
    lines: HashMap<String, usize>,
    variables: HashMap<String, String>,
}

impl Sources {
    /// An error about a key, with its place.
    pub fn error(&self, key: &str, message: impl Into<String>) -> ConfigError {
        ConfigError { place: self.place(key), key: Some(key.to_owned()), message: message.into() }
    }

    /// Whether anybody has written this key.
    pub fn wrote(&self, key: &str) -> bool {
        self.place(key) != Place::Default
    }

    fn place(&self, key: &str) -> Place {
        // A key inside a list stands where the list stands, when it came by the environment.
        let mut shorter = key;
        loop {
            if let Some(name) = self.variables.get(shorter) {
                return Place::Environment(name.clone());
            }
            if let (Some(line), Some(file)) = (self.lines.get(shorter), &self.file) {
                return Place::File { file: file.clone(), line: Some(*line) };
            }
            match shorter.rfind(['.', '[']) {
                // A section's own line says nothing about a key that it does not have.
                Some(end) if shorter.contains('[') => shorter = shorter.get(..end).unwrap_or_default(),
                _ => return Place::Default,
            }
        }
    }
}

/// Reads the file (if there is one) and lays the environment over it. Both are checked for themselves first, so that each
/// error names the place it comes from.
pub(super) fn read(
    file: Option<&Path>,
    variables: &[(String, String)],
) -> Result<(RawConfig, Sources), ConfigError> {
    let mut sources = Sources { file: file.map(Path::to_path_buf), ..Sources::default() };
    let mut table = match file {
        Some(file) => read_file(file, &mut sources)?,
        None => Table::new(),
    };
    for (name, text) in variables {
        let Some(path) = key_path(name) else { continue };
        let place = Place::Environment(name.clone());
        let value = variable_value(&path, text).map_err(|message| ConfigError {
            place,
            key: Some(path.join(".")),
            message,
        })?;
        sources.variables.insert(path.join("."), name.clone());
        put(&mut table, &path, value);
    }
    let place = file.map_or(Place::Default, |file| Place::File { file: file.to_path_buf(), line: None });
    let raw = RawConfig::deserialize(Value::Table(table)).map_err(|error| ConfigError {
        place,
        key: None,
        message: first_line(error.message()),
    })?;
    Ok((raw, sources))
}

fn read_file(file: &Path, sources: &mut Sources) -> Result<Table, ConfigError> {
    let at = |line| Place::File { file: file.to_path_buf(), line };
    let plain = |message: String| ConfigError { place: at(None), key: None, message };
    let size = std::fs::metadata(file).map_err(|error| plain(format!("cannot be read: {error}")))?.len();
    if size > FILE_BYTES_MAX {
        return Err(plain(format!("is larger than {FILE_BYTES_MAX} bytes")));
    }
    let text = std::fs::read_to_string(file).map_err(|error| plain(format!("cannot be read: {error}")))?;
    let spans = DeTable::parse(&text).map(|table| spans_of(table.get_ref())).unwrap_or_default();
    for (key, span) in &spans {
        sources.lines.entry(key.clone()).or_insert_with(|| line_of(&text, span.start));
    }
    if let Err(error) = toml::from_str::<RawConfig>(&text) {
        let start = error.span().map(|span| span.start);
        return Err(ConfigError {
            place: at(start.map(|start| line_of(&text, start))),
            key: start.and_then(|start| key_at(&spans, start)),
            message: first_line(error.message()),
        });
    }
    text.parse().map_err(|error: toml::de::Error| plain(first_line(error.message())))
}

/// `server.public_url` for `PORTAL_SERVER__PUBLIC_URL`; `None` for a variable that is not about the configuration.
fn key_path(name: &str) -> Option<Vec<String>> {
    let rest = name.strip_prefix(PREFIX)?;
    rest.contains(SEPARATOR).then(|| rest.split(SEPARATOR).map(str::to_ascii_lowercase).collect::<Vec<_>>())
}

/// The value as TOML when it is TOML of the right type (`60`, `true`, `["a", "b"]`), else as text.
fn variable_value(path: &[String], text: &str) -> Result<Value, String> {
    let try_value = |value: &Value| {
        let mut table = Table::new();
        put(&mut table, path, value.clone());
        RawConfig::deserialize(Value::Table(table)).map(drop).map_err(|error| first_line(error.message()))
    };
    let typed = format!("value = {text}").parse::<Table>().ok().and_then(|mut table| table.remove("value"));
    if let Some(typed) = typed.filter(|typed| try_value(typed).is_ok()) {
        return Ok(typed);
    }
    let plain = Value::String(text.to_owned());
    try_value(&plain).map(|()| plain)
}

fn put(table: &mut Table, path: &[String], value: Value) {
    let Some((first, rest)) = path.split_first() else { return };
    if rest.is_empty() {
        table.insert(first.clone(), value);
        return;
    }
    let inner = table.entry(first.clone()).or_insert_with(|| Value::Table(Table::new()));
    if !inner.is_table() {
        *inner = Value::Table(Table::new());
    }
    if let Some(inner) = inner.as_table_mut() {
        put(inner, rest, value);
    }
}

/// Every key with the span of key and value together, outer ones first.
fn spans_of(table: &DeTable<'_>) -> Vec<(String, Range<usize>)> {
    let mut spans = Vec::new();
    collect_table(table, "", &mut spans);
    spans
}

fn collect_table(table: &DeTable<'_>, prefix: &str, spans: &mut Vec<(String, Range<usize>)>) {
    for (key, value) in table {
        let name = match prefix {
            "" => key.get_ref().to_string(),
            prefix => format!("{prefix}.{}", key.get_ref()),
        };
        spans.push((name.clone(), key.span()));
        collect_value(value.get_ref(), value.span(), &name, spans);
    }
}

fn collect_value(
    value: &DeValue<'_>,
    span: Range<usize>,
    name: &str,
    spans: &mut Vec<(String, Range<usize>)>,
) {
    spans.push((name.to_owned(), span));
    match value {
        DeValue::Table(inner) => collect_table(inner, name, spans),
        DeValue::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                collect_value(item.get_ref(), item.span(), &format!("{name}[{index}]"), spans);
            }
        }
        _ => {}
    }
}

/// The innermost key at a position.
fn key_at(spans: &[(String, Range<usize>)], position: usize) -> Option<String> {
    spans
        .iter()
        .filter(|(_, span)| span.contains(&position))
        .min_by_key(|(name, span)| (span.len(), usize::MAX - name.len()))
        .map(|(name, _)| name.clone())
}

fn line_of(text: &str, position: usize) -> usize {
    text.bytes().take(position).filter(|byte| *byte == b'\n').count() + 1
}

fn first_line(message: &str) -> String {
    message.lines().next().unwrap_or_default().to_owned()
}
