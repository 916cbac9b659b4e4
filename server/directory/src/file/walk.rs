//! From a target to its entities: every file, and the files that Location entities name.

use std::{
    collections::{HashSet, VecDeque},
    path::Path,
};

use portal_core::{
    ingestion::{Target, ValidatedEntity, validate_text},
    ports::{DirectoryError, LocationReader, ReadError},
};
use serde_json::Value;

use super::{FileTarget, folder};

/// Most files of one read.
const FILES_MAX: usize = 20_000;
/// Most entities of one read.
const ENTITIES_MAX: usize = 200_000;

/// An entity, and where it stands.
pub(super) struct Found {
    pub(super) entity: Value,
    /// `people.yaml line 3`.
    pub(super) place: String,
}

/// Every entity of a target. Any fault fails the read.
pub(super) async fn entities(
    reader: &dyn LocationReader,
    target: &FileTarget,
) -> Result<Vec<Found>, DirectoryError> {
    let (root, mut visits) = visits(target).await?;
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    while let Some((base, target)) = visits.pop_front() {
        let file = reader.read(&root, base.as_deref(), &target).await.map_err(|error| unreadable(&error))?;
        if !seen.insert(file.name.clone()) {
            continue;
        }
        if seen.len() > FILES_MAX {
            return Err(DirectoryError::Malformed(format!("there are more than {FILES_MAX} files")));
        }
        let documents = validate_text(&file.text).map_err(|fault| {
            DirectoryError::Malformed(format!("{} line {}: {}", file.name, fault.line, fault.reason))
        })?;
        for document in documents {
            let found_here = accepted(document, &file.name)?;
            for target in location_targets(&found_here.entity) {
                visits.push_back((Some(file.name.clone()), target));
            }
            found.push(found_here);
        }
        if found.len() > ENTITIES_MAX || visits.len() > FILES_MAX {
            return Err(DirectoryError::Malformed(format!("there are more than {ENTITIES_MAX} entities")));
        }
    }
    Ok(found)
}

type Visits = VecDeque<(Option<String>, String)>;

async fn visits(target: &FileTarget) -> Result<(Target, Visits), DirectoryError> {
    match target {
        FileTarget::Url(url) => {
            let text = url.to_string();
            Ok((Target::Url(text.clone()), Visits::from([(None, text)])))
        }
        FileTarget::File(path) => {
            let text = unicode(path)?;
            Ok((Target::File(text.clone()), Visits::from([(None, text)])))
        }
        FileTarget::Folder(path) => {
            // Names are relative to the folder, as those of a file that stands in it.
            let root = unicode(&path.join("portal"))?;
            let folder = path.clone();
            let names = tokio::task::spawn_blocking(move || folder::file_names(&folder)).await;
            let names =
                names.map_err(|_| DirectoryError::Outage("the reading was interrupted".to_owned()))??;
            let base = Some("portal".to_owned());
            Ok((Target::File(root), names.into_iter().map(|name| (base.clone(), name)).collect()))
        }
    }
}

fn unicode(path: &Path) -> Result<String, DirectoryError> {
    let text = path.to_str().map(str::to_owned);
    text.ok_or_else(|| DirectoryError::NotFound(format!("{} is not Unicode", path.display())))
}

fn accepted(document: ValidatedEntity, file: &str) -> Result<Found, DirectoryError> {
    let place = format!("{file} line {}", document.line);
    match document.outcome {
        Ok(entity) => Ok(Found { entity, place }),
        Err(faults) => {
            let more = faults.len().saturating_sub(1);
            let more = if more > 0 { format!(" (and {more} more)") } else { String::new() };
            let first = faults.first().map_or_else(
                || format!("{place}: cannot be used"),
                |fault| {
                    let path = if document.is_yaml { format!("{} ", fault.path) } else { String::new() };
                    format!("{file} line {}: {path}{}", fault.line, fault.reason)
                },
            );
            Err(DirectoryError::Malformed(format!("{first}{more}")))
        }
    }
}

fn location_targets(entity: &Value) -> Vec<String> {
    let is_location =
        entity.get("kind").and_then(Value::as_str).is_some_and(|kind| kind.eq_ignore_ascii_case("location"));
    let Some(spec) = entity.get("spec").filter(|_| is_location) else { return Vec::new() };
    let one = spec.get("target").and_then(Value::as_str);
    let many = spec.get("targets").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    one.into_iter().chain(many).map(str::to_owned).collect()
}

fn unreadable(error: &ReadError) -> DirectoryError {
    let text = error.to_string();
    match error {
        ReadError::Outage { .. } => DirectoryError::Outage(text),
        ReadError::Unreachable { .. } => DirectoryError::NotFound(text),
        ReadError::Refused { .. } => DirectoryError::Forbidden(text),
        ReadError::Unusable { .. } => DirectoryError::Malformed(text),
    }
}
