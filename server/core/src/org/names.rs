//! Names of entities, from what directories call people and groups.

use portal_model::{EntityRef, entity_ref::PART_LENGTH_MAX};
use sha2::{Digest as _, Sha256};

/// Characters of a digest that tell names apart.
const DIGEST_LENGTH: usize = 10;

/// A name that the catalog takes: letters, digits and single `-`, `_`, `.` between them. What cannot be kept becomes `-`;
/// what is too long is cut and told apart by a digest, and so is what has nothing that can be kept.
pub(super) fn entity_name(text: &str) -> String {
    let mut name = String::with_capacity(text.len());
    for character in text.trim().chars() {
        if character.is_ascii_alphanumeric() {
            name.push(character);
        } else if name.ends_with(|last: char| last.is_ascii_alphanumeric()) {
            name.push(if matches!(character, '.' | '_') { character } else { '-' });
        }
    }
    let length = name.trim_end_matches(['-', '_', '.']).len();
    name.truncate(length);
    if name.is_empty() {
        return format!("x-{}", digest(text));
    }
    if name.len() > PART_LENGTH_MAX {
        name.truncate(PART_LENGTH_MAX - DIGEST_LENGTH - 1);
        let length = name.trim_end_matches(['-', '_', '.']).len();
        name.truncate(length);
        return format!("{name}-{}", digest(text));
    }
    name
}

/// The entity of a name that [`entity_name`] made. The namespace was checked with the configuration; where it cannot be
/// one, the default one is taken.
pub(super) fn reference(kind: &str, namespace: &str, name: &str) -> Option<EntityRef> {
    EntityRef::new(kind, namespace, name).or_else(|_| EntityRef::new(kind, "default", name)).ok()
}

fn digest(text: &str) -> String {
    use std::fmt::Write as _;
    let hex = Sha256::digest(text).iter().fold(String::new(), |mut hex, byte| {
        // Writing to a String does not fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    hex.chars().take(DIGEST_LENGTH).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_the_catalog_takes() {
        for (text, name) in [
            ("ada", "ada"),
            ("Ada.Lovelace", "Ada.Lovelace"),
            ("ada+test@x", "ada-test-x"),
            ("_x__", "x"),
            ("  a  b  ", "a-b"),
        ] {
            assert_eq!(entity_name(text), name);
        }
    }

    #[test]
    fn names_that_must_be_cut_stay_apart() {
        let long = |end: &str| entity_name(&format!("{}{end}", "x".repeat(80)));
        assert_ne!(long("a"), long("b"));
        assert_ne!(entity_name("用户"), entity_name("用"));
        for name in
            [long("a"), entity_name("用户"), entity_name(&format!("{}.{}", "a".repeat(52), "b".repeat(40)))]
        {
            assert!(reference("user", "default", &name).is_some(), "{name}");
            assert!(name.len() <= PART_LENGTH_MAX && !name.contains(".-"), "{name}");
        }
    }
}
