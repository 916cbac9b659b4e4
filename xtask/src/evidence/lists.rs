//! The lists of rules and of attacks: groups, each with its entries.
//!
//! `# KEY | TITLE | NOTE` begins a group; `SECTION | LEVEL | STATEMENT` is an entry of it, for attacks `STATEMENT | ANSWER`.

use std::collections::HashSet;

use anyhow::{Context, Result, bail};

use super::annotations::Annotation;

/// One document, or one area of attacks.
pub struct Group {
    /// How annotations name it.
    pub key: &'static str,
    /// What it is called.
    pub title: &'static str,
    /// What to know about it; may be empty.
    pub note: &'static str,
    /// What is on the list.
    pub entries: Vec<Entry>,
}

/// One rule or attack.
pub struct Entry {
    /// As annotations write it.
    pub statement: String,
    /// What tables show: for rules section, level and text, for attacks text and answer.
    pub columns: Vec<&'static str>,
}

/// A list.
pub struct List(pub Vec<Group>);

impl List {
    /// Reads a list.
    ///
    /// # Errors
    /// When a line cannot be read, or something is there twice.
    pub fn parse(text: &'static str) -> Result<Self> {
        let mut groups: Vec<Group> = Vec::new();
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let (is_head, rest) = line.strip_prefix("# ").map_or((false, line), |rest| (true, rest));
            let columns: Vec<&'static str> = rest.split(" | ").map(str::trim).collect();
            if is_head {
                let [key, title, note] = columns[..] else { bail!("a group needs three parts: {line}") };
                groups.push(Group { key, title, note, entries: Vec::new() });
                continue;
            }
            let group = groups.last_mut().context("an entry stands before every group")?;
            let statement = match columns[..] {
                [section, _, text] => format!("{} section {section}: {text}", group.key),
                [text, _] => format!("{}: {text}", group.key),
                _ => bail!("an entry needs two or three parts: {line}"),
            };
            group.entries.push(Entry { statement, columns });
        }
        for group in &mut groups {
            group.entries.sort_by_key(|entry| order(entry.columns.first().copied().unwrap_or_default()));
        }
        let list = Self(groups);
        let mut seen = HashSet::new();
        if let Some(entry) = list.entries().find(|entry| !seen.insert(entry.statement.as_str())) {
            bail!("there twice: {}", entry.statement);
        }
        Ok(list)
    }

    /// Everything on the list.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.0.iter().flat_map(|group| &group.entries)
    }

    /// Annotations that name nothing on the list, and entries that no test names.
    pub fn faults(&self, annotations: &[&Annotation]) -> Vec<String> {
        let known: HashSet<&str> = self.entries().map(|entry| entry.statement.as_str()).collect();
        let named: HashSet<&str> = annotations.iter().map(|one| one.statement.as_str()).collect();
        let unknown = annotations.iter().filter(|one| !known.contains(one.statement.as_str()));
        let unknown =
            unknown.map(|one| format!("{}: {}: not on the list: {}", one.file, one.test, one.statement));
        let missing = self.entries().filter(|entry| !named.contains(entry.statement.as_str()));
        let missing = missing.map(|entry| format!("no test shows: {}", entry.statement));
        unknown.chain(missing).collect()
    }
}

/// Sections by their numbers; what is no number stays where it is written.
fn order(section: &str) -> Vec<u32> {
    section.split('.').map_while(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "# RFC 1 | One | \n10.1 | MUST | b\n2 | SHOULD | a\n";

    fn annotation(statement: &str) -> Annotation {
        let (file, test) = ("a.rs".to_owned(), "t".to_owned());
        Annotation { kind: "Rule", statement: statement.to_owned(), tries: 1, file, test }
    }

    #[test]
    fn entries_are_in_the_order_of_their_sections() {
        let list = List::parse(LIST).unwrap();
        let statements: Vec<_> = list.entries().map(|entry| entry.statement.as_str()).collect();
        assert_eq!(statements, ["RFC 1 section 2: a", "RFC 1 section 10.1: b"]);
        for broken in [
            "1 | MUST | x\n",
            "# RFC 1 | One\n",
            "# R | O | \n1 | M\n | x | y | z\n",
            "# R | O | \na | b\na | b\n",
        ] {
            assert!(List::parse(broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn what_has_no_test_and_what_is_not_listed_are_faults() {
        let list = List::parse(LIST).unwrap();
        let (good, bad) = (annotation("RFC 1 section 2: a"), annotation("RFC 1 section 2: c"));
        assert_eq!(
            list.faults(&[&good, &bad]),
            ["a.rs: t: not on the list: RFC 1 section 2: c", "no test shows: RFC 1 section 10.1: b"]
        );
    }
}
