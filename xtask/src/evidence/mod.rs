//! `cargo xtask conformance-table`: which test shows which rule and refuses which attack, read from the tests themselves.
//!
//! A test says so in its comment, one line for each: `Rule: RFC 7009 section 2.2: an unknown token is answered with 200`, or
//! `Attack: 1.2: a code is presented twice, 2 tries`. The statements are those of `rules.txt` and `attacks.txt` beside this
//! file, word for word.

mod annotations;
mod lists;
mod tables;

use std::fs;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use self::annotations::Annotation;
use self::lists::List;
use crate::workspace::Workspace;

const RULES: &str = include_str!("rules.txt");
const ATTACKS: &str = include_str!("attacks.txt");
/// Generated as a whole.
const CONFORMANCE: &str = "docs/conformance.md";
/// Generated between its two marks.
const RELIABILITY: &str = "docs/reliability.md";

/// Writes both tables.
///
/// # Errors
/// When an annotation names what is on no list, or something on a list has no test.
pub fn write(workspace: &Workspace) -> Result<ExitCode> {
    for (path, text) in generated(workspace)? {
        let path = workspace.root.join(path);
        fs::write(&path, text).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether both tables are what the tests say now, and everything on the lists has a test.
///
/// # Errors
/// When they are not.
pub fn check(workspace: &Workspace) -> Result<()> {
    for (name, text) in generated(workspace)? {
        let path = workspace.root.join(name);
        if fs::read_to_string(&path).unwrap_or_default() != text {
            bail!("{name} is not what the tests say now: run `cargo xtask conformance-table`");
        }
    }
    Ok(())
}

/// Both files as they have to be.
fn generated(workspace: &Workspace) -> Result<[(&'static str, String); 2]> {
    let annotations = annotations::below(&workspace.root)?;
    let (rules, attacks) = (List::parse(RULES)?, List::parse(ATTACKS)?);
    let of = |kind: &str| annotations.iter().filter(|one| one.kind == kind).collect::<Vec<&Annotation>>();
    let (for_rules, for_attacks) = (of("Rule"), of("Attack"));
    let mut faults = rules.faults(&for_rules);
    faults.extend(attacks.faults(&for_attacks));
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    let path = workspace.root.join(RELIABILITY);
    let reliability =
        fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    Ok([
        (CONFORMANCE, tables::conformance(&rules, &for_rules)),
        (RELIABILITY, tables::with_attacks(&reliability, &attacks, &for_attacks)?),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_can_be_read_and_say_nothing_twice() {
        for text in [RULES, ATTACKS] {
            assert!(List::parse(text).unwrap().entries().count() > 20);
        }
    }

    #[test]
    fn the_tables_are_what_the_tests_say() {
        check(&Workspace::find()).unwrap();
    }
}
