//! The descriptor files of a folder.

use std::{fs, io, path::Path};

use portal_core::ports::DirectoryError;

/// Deepest folder that is looked into.
const DEPTH_MAX: usize = 16;
/// Most entries of all folders together.
const ENTRIES_MAX: usize = 100_000;

/// The names, relative to the folder, of every `.yaml` and `.yml` file in it and below, in order. Names that begin with a
/// dot are left out; links are followed to files only. Blocks.
pub(super) fn file_names(folder: &Path) -> Result<Vec<String>, DirectoryError> {
    let mut names = Vec::new();
    let mut entries_left = ENTRIES_MAX;
    list(folder, "", 0, &mut entries_left, &mut names)?;
    names.sort();
    Ok(names)
}

fn list(
    folder: &Path,
    prefix: &str,
    depth: usize,
    entries_left: &mut usize,
    names: &mut Vec<String>,
) -> Result<(), DirectoryError> {
    if depth > DEPTH_MAX {
        return Err(DirectoryError::Malformed(format!("{prefix} is deeper than {DEPTH_MAX} folders")));
    }
    let failed = |error: &io::Error| outage(folder, error);
    for entry in fs::read_dir(folder).map_err(|error| failed(&error))? {
        let entry = entry.map_err(|error| failed(&error))?;
        *entries_left = entries_left.checked_sub(1).ok_or_else(|| {
            DirectoryError::Malformed(format!("the folder has more than {ENTRIES_MAX} entries"))
        })?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if name.starts_with('.') {
            continue;
        }
        let kind = entry.file_type().map_err(|error| failed(&error))?;
        let path = format!("{prefix}{name}");
        if kind.is_dir() {
            list(&entry.path(), &format!("{path}/"), depth + 1, entries_left, names)?;
        } else if Path::new(&name).extension().is_some_and(|end| end == "yaml" || end == "yml") {
            names.push(path);
        }
    }
    Ok(())
}

fn outage(folder: &Path, error: &io::Error) -> DirectoryError {
    let text = format!("{}: {error}", folder.display());
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => DirectoryError::NotFound(text),
        io::ErrorKind::PermissionDenied => DirectoryError::Forbidden(text),
        _ => DirectoryError::Outage(text),
    }
}
