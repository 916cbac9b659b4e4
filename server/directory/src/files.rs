//! Files inside a location's folder.

use std::{
    fs::File,
    io::{ErrorKind, Read as _},
    path::{Component, Path, PathBuf},
};

use portal_core::ports::{ReadError, ReadFile};

/// Files read at once; further calls wait.
pub const FILES_AT_ONCE_MAX: usize = 8;

/// Reads a file of a location. `root` is the path of the location's own file; `base` the name of the file that names
/// `target`, relative to the root's folder; `None` reads the root itself. Blocks.
///
/// # Errors
/// The target leaves the folder, is missing, or is not a text of at most `bytes_max` bytes.
pub(crate) fn read(
    root: &str,
    base: Option<&str>,
    target: &str,
    bytes_max: usize,
) -> Result<ReadFile, ReadError> {
    let root = Path::new(root);
    let asked = || target.to_owned();
    let refused = |reason: &str| ReadError::Refused { target: asked(), reason: reason.to_owned() };
    let parent = root.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = parent.canonicalize().map_err(|error| unreachable(target, &error))?;
    let inside = match base {
        None => PathBuf::from(root.file_name().ok_or_else(|| refused("expected a file, found a folder"))?),
        Some(base) => joined(base, target).map_err(refused)?,
    };
    // Links are followed first and judged by where they lead.
    let path = folder.join(&inside).canonicalize().map_err(|error| unreachable(target, &error))?;
    let Ok(name) = path.strip_prefix(&folder) else {
        return Err(refused("it lies outside of its location's folder"));
    };
    let name = name.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
    let text = text(&path, target, bytes_max)?;
    Ok(ReadFile { name, text })
}

/// The path of `target` as the file `base` names it, without a step out of the folder.
fn joined(base: &str, target: &str) -> Result<PathBuf, &'static str> {
    if target.is_empty() {
        return Err("the name is empty");
    }
    if target.contains(['\0', '\\']) {
        return Err("the name has a character that names of files do not have; folders are separated by /");
    }
    let mut path = Path::new(base).parent().map(Path::to_path_buf).unwrap_or_default();
    for part in Path::new(target).components() {
        match part {
            Component::Normal(part) => path.push(part),
            Component::CurDir => {}
            Component::ParentDir => {
                if !path.pop() {
                    return Err("it lies outside of its location's folder");
                }
            }
            Component::RootDir | Component::Prefix(_) => {
                return Err("it is an absolute path; expected one relative to the file that names it");
            }
        }
    }
    Ok(path)
}

fn text(path: &Path, target: &str, bytes_max: usize) -> Result<String, ReadError> {
    let unusable = |reason: String| ReadError::Unusable { target: target.to_owned(), reason };
    let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX);
    // Before opening: opening a pipe would wait for its writer.
    let found = path.metadata().map_err(|error| unreachable(target, &error))?;
    if !found.is_file() {
        return Err(unusable("it is not a regular file".to_owned()));
    }
    let too_large = || unusable(format!("it is larger than {bytes_max} bytes"));
    if found.len() > limit {
        return Err(too_large());
    }
    let file = File::open(path).map_err(|error| unreachable(target, &error))?;
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| unreachable(target, &error))?;
    if bytes.len() > bytes_max {
        return Err(too_large());
    }
    String::from_utf8(bytes).map_err(|_| unusable("it is not UTF-8 text".to_owned()))
}

fn unreachable(target: &str, error: &std::io::Error) -> ReadError {
    let target = target.to_owned();
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => {
            ReadError::Unreachable { target, reason: "there is no such file".to_owned() }
        }
        ErrorKind::PermissionDenied => {
            ReadError::Outage { target, reason: "Portal may not read it".to_owned() }
        }
        _ => ReadError::Outage { target, reason: error.to_string() },
    }
}
