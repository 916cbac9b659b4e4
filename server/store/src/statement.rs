//! Statements: their text, how many values they take, and a log of those that ran.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

/// One SQL statement, written once for both engines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statement {
    /// The name of its constant, for error messages and the log.
    pub name: &'static str,
    /// The text.
    pub sql: &'static str,
    /// How many values it takes.
    pub arity: usize,
}

impl Statement {
    /// A statement. Evaluated at compile time, where wrong placeholders are an error.
    #[must_use]
    pub const fn new(name: &'static str, sql: &'static str) -> Self {
        Self { name, sql, arity: arity(sql) }
    }
}

/// Most placeholders of a statement constant.
const ARITY_MAX: usize = 64;

/// How many different `$N` a text has; they must be `$1` to `$N` without a gap.
const fn arity(sql: &str) -> usize {
    let bytes = sql.as_bytes();
    let mut seen = 0_u64;
    let mut index = 0;
    while let Some((byte, rest)) = bytes.split_at(index).1.split_first() {
        index += 1;
        if *byte != b'$' {
            continue;
        }
        let mut number = 0;
        let mut digits = rest;
        while let Some((digit, after)) = digits.split_first() {
            if !digit.is_ascii_digit() {
                break;
            }
            number = number * 10 + (*digit - b'0') as usize;
            digits = after;
        }
        assert!(number >= 1 && number <= ARITY_MAX, "a placeholder is $1 to $64");
        seen |= 1 << (number - 1);
    }
    assert!(seen.trailing_ones() == u64::BITS - seen.leading_zeros(), "placeholders have a gap");
    seen.count_ones() as usize
}

/// Defines statement constants and lists them in `STATEMENTS`, so that a test can demand that each one runs.
macro_rules! statements {
    ($($name:ident = $sql:expr;)*) => {
        $(const $name: $crate::statement::Statement = $crate::statement::Statement::new(stringify!($name), $sql);)*

        /// Every statement of this file.
        pub(crate) const STATEMENTS: &[$crate::statement::Statement] = &[$($name),*];
    };
}
pub(crate) use statements;

/// Every statement constant of this crate.
pub fn all_statements() -> impl Iterator<Item = Statement> {
    [
        crate::activity::STATEMENTS,
        crate::attempts::STATEMENTS,
        crate::audit::STATEMENTS,
        crate::audit_chain::STATEMENTS,
        crate::catalog::entities::STATEMENTS,
        crate::catalog::locations::STATEMENTS,
        crate::catalog::staging::STATEMENTS,
        crate::identities::conflicts::STATEMENTS,
        crate::identities::holdings::STATEMENTS,
        crate::identities::members::STATEMENTS,
        crate::identities::people::STATEMENTS,
        crate::oauth::authorizations::STATEMENTS,
        crate::oauth::clients::STATEMENTS,
        crate::oauth::logos::STATEMENTS,
        crate::oauth::many_sessions::STATEMENTS,
        crate::oauth::registered::STATEMENTS,
        crate::oauth::sessions::STATEMENTS,
        crate::oauth::tokens::STATEMENTS,
        crate::rollout::STATEMENTS,
        crate::personal::STATEMENTS,
        crate::settings::STATEMENTS,
        crate::static_tokens::STATEMENTS,
        crate::users::accounts::STATEMENTS,
        crate::users::browser_sessions::STATEMENTS,
        crate::users::links::STATEMENTS,
        crate::users::provider_sign_ins::STATEMENTS,
    ]
    .into_iter()
    .chain(crate::org::STATEMENTS)
    .flatten()
    .copied()
}

/// Remembers which statements ran, by name. For the conformance suite.
#[derive(Debug, Default)]
pub struct StatementLog(Mutex<BTreeSet<&'static str>>);

impl StatementLog {
    pub(crate) fn record(&self, name: &'static str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name);
    }

    /// The names of the statements that ran.
    #[must_use]
    pub fn names(&self) -> BTreeSet<&'static str> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_placeholder_used_twice_counts_once() {
        assert_eq!(arity("SELECT $2, $1, $2"), 2);
        assert_eq!(arity("SELECT 1"), 0);
    }

    #[test]
    #[should_panic(expected = "gap")]
    fn a_gap_is_refused() {
        let _ = arity("SELECT $1, $3");
    }

    #[test]
    fn names_are_unique() {
        let names: BTreeSet<_> = all_statements().map(|statement| statement.name).collect();
        assert_eq!(names.len(), all_statements().count());
    }
}
