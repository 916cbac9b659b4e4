//! The lines `Rule: …` and `Attack: …` above tests, in Rust and in JavaScript.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::digest::files_below;

/// Folders that hold tests.
const FOLDERS: [&str; 3] = ["app", "server", "end2end/tests"];
/// What an annotation is about.
const KINDS: [&str; 2] = ["Rule", "Attack"];

/// What one test says that it shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    /// `Rule` or `Attack`.
    pub kind: &'static str,
    /// The statement, as on the list: `RFC 7009 section 2.2: …`.
    pub statement: String,
    /// How often it is tried; 1 where the annotation does not say.
    pub tries: u32,
    /// File of the test, from the root.
    pub file: String,
    /// Name of the test.
    pub test: String,
}

/// Every annotation in the workspace, by file and place.
///
/// # Errors
/// When a file cannot be read, or an annotation stands above no test.
pub fn below(root: &Path) -> Result<Vec<Annotation>> {
    let mut all = Vec::new();
    for folder in FOLDERS {
        for path in files_below(&root.join(folder))? {
            let is_source = path.extension().is_some_and(|extension| extension == "rs" || extension == "mjs");
            if !is_source {
                continue;
            }
            let text =
                fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
            let name = path.strip_prefix(root)?.to_string_lossy().replace('\\', "/");
            all.extend(in_source(&name, &text)?);
        }
    }
    Ok(all)
}

/// The annotations of one file.
fn in_source(file: &str, source: &str) -> Result<Vec<Annotation>> {
    let is_script = Path::new(file).extension().is_some_and(|extension| extension == "mjs");
    let (mut all, mut waiting, mut is_test) = (Vec::new(), Vec::new(), false);
    for (number, line) in source.lines().enumerate() {
        let line = line.trim();
        let comment = line.strip_prefix("///").or_else(|| line.strip_prefix("//")).map(str::trim);
        if let Some((kind, statement, tries)) = comment.and_then(annotation) {
            waiting.push((kind, statement, tries));
            continue;
        }
        if line.starts_with("#[") || comment.is_some() {
            is_test |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
            continue;
        }
        let name = if is_script { quoted(line) } else { function(line).filter(|_| is_test) };
        is_test = false;
        match name {
            _ if waiting.is_empty() => {}
            Some(name) => all.extend(waiting.drain(..).map(|(kind, statement, tries)| Annotation {
                kind,
                statement,
                tries,
                file: file.to_owned(),
                test: name.to_owned(),
            })),
            None => bail!("{file}:{}: a rule or attack stands above what is no test", number + 1),
        }
    }
    Ok(all)
}

/// Kind, statement and tries of a comment that is an annotation.
fn annotation(comment: &str) -> Option<(&'static str, String, u32)> {
    let (word, rest) = comment.split_once(": ")?;
    let kind = KINDS.into_iter().find(|kind| *kind == word)?;
    let counted = rest
        .strip_suffix(" tries")
        .and_then(|rest| rest.rsplit_once(", "))
        .and_then(|(statement, tries)| Some((statement, tries.replace(',', "").parse().ok()?)));
    let (statement, tries) = counted.unwrap_or((rest, 1));
    Some((kind, statement.to_owned(), tries))
}

/// The name of a Rust function that a line begins.
fn function(line: &str) -> Option<&str> {
    let name = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ")?;
    name.split('(').next()
}

/// The name of a test that a line of JavaScript begins.
fn quoted(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("await ").unwrap_or(line);
    let rest = ["test(", "story(", "t.test("].into_iter().find_map(|start| rest.strip_prefix(start))?;
    let mark = rest.chars().next().filter(|mark| ['"', '`', '\''].contains(mark))?;
    rest.get(1..)?.split(mark).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotations_belong_to_the_test_below_them() {
        let source = "/// What it shows.\n/// Rule: RFC 1 section 2: it holds\n/// Attack: 1.1: it is tried, 1,200 tries\n\
                      #[tokio::test(flavor = \"x\")]\nasync fn first() {\n}\n#[test]\nfn second() {}\n";
        let found = in_source("a.rs", source).unwrap();
        let told: Vec<_> = found.iter().map(|one| (one.kind, one.statement.as_str(), one.tries)).collect();
        assert_eq!(told, [("Rule", "RFC 1 section 2: it holds", 1), ("Attack", "1.1: it is tried", 1_200)]);
        assert!(found.iter().all(|one| one.test == "first"));
        let script = "  // Rule: RFC 1 section 2: it holds\n  test(`it holds: ${kind}`, async () => {\n";
        assert_eq!(in_source("a.mjs", script).unwrap()[0].test, "it holds: ${kind}");
    }

    #[test]
    fn an_annotation_above_no_test_is_a_fault() {
        for source in
            ["/// Rule: RFC 1 section 2: it holds\nfn helper() {}\n", "// Attack: 1.1: x\nlet a = 1;\n"]
        {
            in_source("a.rs", source).unwrap_err();
        }
    }
}
