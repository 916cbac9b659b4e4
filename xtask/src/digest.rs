//! Content digests: they name assets and tell whether a step's inputs changed.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest as _, Sha256};

/// Digits of an asset's hash in its file name.
const ASSET_DIGITS: usize = 16;

/// A running digest over named inputs.
#[derive(Default)]
pub struct Inputs(Sha256);

impl Inputs {
    /// Adds a value under a name.
    pub fn value(&mut self, name: &str, value: impl AsRef<[u8]>) -> &mut Self {
        let value = value.as_ref();
        for part in [name.as_bytes(), value] {
            self.0.update((part.len() as u64).to_le_bytes());
            self.0.update(part);
        }
        self
    }

    /// Adds a file, or every file below a folder, in the order of their names. A missing path counts as such.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn path(&mut self, path: &Path) -> Result<&mut Self> {
        for file in files_below(path)? {
            let bytes = fs::read(&file).with_context(|| format!("{} cannot be read", file.display()))?;
            self.value(&file.to_string_lossy(), bytes);
        }
        Ok(self)
    }

    /// The digest of everything added, in hexadecimal.
    pub fn finish(self) -> String {
        hex(&self.0.finalize())
    }
}

/// The hash that goes into an asset's file name.
pub fn asset_hash(bytes: &[u8]) -> String {
    let mut digits = hex(&Sha256::digest(bytes));
    digits.truncate(ASSET_DIGITS);
    digits
}

/// All files at or below a path, sorted; none when it does not exist.
///
/// # Errors
/// When a folder cannot be read.
pub fn files_below(path: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut waiting = vec![path.to_path_buf()];
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            let entries =
                fs::read_dir(&path).with_context(|| format!("{} cannot be listed", path.display()))?;
            for entry in entries {
                waiting.push(entry?.path());
            }
        } else if path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest_of(values: &[(&str, &str)]) -> String {
        let mut inputs = Inputs::default();
        for (name, value) in values {
            inputs.value(name, value);
        }
        inputs.finish()
    }

    #[test]
    fn names_and_values_do_not_run_together() {
        assert_ne!(digest_of(&[("a", "bc")]), digest_of(&[("ab", "c")]));
        assert_ne!(digest_of(&[("a", "b"), ("c", "d")]), digest_of(&[("a", "bcd")]));
    }

    #[test]
    fn a_changed_new_or_renamed_file_changes_the_digest() {
        let folder = tempfile::tempdir().unwrap();
        let digest = || {
            let mut inputs = Inputs::default();
            inputs.path(folder.path()).unwrap();
            inputs.finish()
        };
        let empty = digest();
        fs::write(folder.path().join("a"), "1").unwrap();
        let first = digest();
        fs::write(folder.path().join("a"), "2").unwrap();
        let changed = digest();
        fs::rename(folder.path().join("a"), folder.path().join("b")).unwrap();
        let renamed = digest();
        let all = [&empty, &first, &changed, &renamed];
        for (index, one) in all.iter().enumerate() {
            assert!(all.iter().skip(index + 1).all(|other| one != other));
        }
    }

    #[test]
    fn asset_hashes_are_short_and_follow_the_content() {
        assert_eq!(asset_hash(b"portal").len(), ASSET_DIGITS);
        assert_ne!(asset_hash(b"portal"), asset_hash(b"Portal"));
    }
}
