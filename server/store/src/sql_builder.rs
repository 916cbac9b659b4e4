//! The one place that puts SQL together at run time. Only texts of the source and placeholders get in; whatever
//! comes from outside travels as a value.

use std::fmt::Write as _;

use sqlx::{AssertSqlSafe, SqlSafeStr as _, SqlStr};

use crate::value::Value;

/// A statement under construction.
pub(crate) struct SqlBuilder<'a> {
    name: &'static str,
    sql: String,
    values: Vec<Value<'a>>,
}

/// A finished statement with its values.
pub(crate) struct Built<'a> {
    name: &'static str,
    sql: String,
    values: Vec<Value<'a>>,
    kept: bool,
}

impl<'a> SqlBuilder<'a> {
    /// An empty statement.
    pub(crate) const fn new(name: &'static str) -> Self {
        Self { name, sql: String::new(), values: Vec::new() }
    }

    /// Adds text of the source.
    pub(crate) fn sql(&mut self, text: &'static str) -> &mut Self {
        self.sql.push_str(text);
        self
    }

    /// Adds a placeholder for this value.
    pub(crate) fn value(&mut self, value: impl Into<Value<'a>>) -> &mut Self {
        self.values.push(value.into());
        // Writing to a String does not fail.
        let _ = write!(self.sql, "${}", self.values.len());
        self
    }

    /// Adds placeholders for these values, with commas between them.
    pub(crate) fn list<V: Into<Value<'a>>>(&mut self, values: impl IntoIterator<Item = V>) -> &mut Self {
        for (index, value) in values.into_iter().enumerate() {
            if index > 0 {
                self.sql.push_str(", ");
            }
            self.value(value);
        }
        self
    }

    /// How many values it has.
    pub(crate) fn value_count(&self) -> usize {
        self.values.len()
    }

    /// A statement of a few shapes, whose plan is worth keeping.
    pub(crate) fn kept(self) -> Built<'a> {
        Built { name: self.name, sql: self.sql, values: self.values, kept: true }
    }

    /// A statement of a shape that may never come again. PostgreSQL plans it for its very values.
    pub(crate) fn once(self) -> Built<'a> {
        Built { name: self.name, sql: self.sql, values: self.values, kept: false }
    }
}

impl<'a> Built<'a> {
    /// The same with placeholders that have no numbers. SQLite finds a numbered one by going through the names of all
    /// those before it, each time a value is bound: with hundreds of values that takes longer than the insertion.
    pub(crate) fn unnumbered(mut self) -> Self {
        let mut sql = String::with_capacity(self.sql.len());
        for (index, piece) in self.sql.split('$').enumerate() {
            if index > 0 {
                sql.push('?');
            }
            sql.push_str(if index > 0 {
                piece.trim_start_matches(|digit: char| digit.is_ascii_digit())
            } else {
                piece
            });
        }
        self.sql = sql;
        self
    }

    pub(crate) fn into_parts(self) -> (&'static str, SqlStr, Vec<Value<'a>>, bool) {
        (self.name, AssertSqlSafe(self.sql).into_sql_str(), self.values, self.kept)
    }
}

/// The conditions of a filter: `WHERE a AND b`, or nothing.
pub(crate) struct Conditions(bool);

impl Conditions {
    /// None yet.
    pub(crate) const fn new() -> Self {
        Self(false)
    }

    /// Writes `WHERE` before the first condition and `AND` before each other one.
    pub(crate) fn next(&mut self, builder: &mut SqlBuilder<'_>) {
        builder.sql(if self.0 { " AND " } else { " WHERE " });
        self.0 = true;
    }
}

/// An insertion of many rows, or another statement over a list of them, in pieces of a few sizes, so that only a few shapes of statement come to be.
pub(crate) struct Insertion {
    /// For error messages and the log.
    pub(crate) name: &'static str,
    /// `INSERT INTO table (columns) VALUES `, or whatever else comes before the rows.
    pub(crate) head: &'static str,
    /// What follows the rows, such as ` ON CONFLICT DO NOTHING`.
    pub(crate) tail: &'static str,
}

/// Sizes of the pieces, in rows, largest first.
const PIECE_ROWS: [usize; 4] = [64, 16, 4, 1];

impl Insertion {
    /// The statements that insert these rows.
    pub(crate) fn statements<'a, const COLUMNS: usize>(
        &self,
        rows: Vec<[Value<'a>; COLUMNS]>,
    ) -> Vec<Built<'a>> {
        let mut left = rows.len();
        let mut rows = rows.into_iter();
        let mut statements = Vec::new();
        for size in PIECE_ROWS {
            while left >= size {
                left -= size;
                statements.push(self.piece(rows.by_ref().take(size)));
            }
        }
        statements
    }

    fn piece<'a, const COLUMNS: usize>(&self, rows: impl Iterator<Item = [Value<'a>; COLUMNS]>) -> Built<'a> {
        let mut builder = SqlBuilder::new(self.name);
        builder.sql(self.head);
        for (index, row) in rows.enumerate() {
            builder.sql(if index == 0 { "(" } else { ", (" }).list(row).sql(")");
        }
        builder.sql(self.tail);
        builder.kept()
    }
}

/// A pattern for `LIKE … ESCAPE '\'` that finds the text anywhere, its wildcards taken literally.
pub(crate) fn pattern_containing(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

/// The first text, in binary order, after all those that start with the prefix; `None` when there is none.
pub(crate) fn prefix_end(prefix: &str) -> Option<String> {
    let mut characters: Vec<char> = prefix.chars().collect();
    while let Some(last) = characters.pop() {
        // The numbers between U+D7FF and U+E000 are no characters.
        let next = if last == '\u{d7ff}' { Some('\u{e000}') } else { char::from_u32(u32::from(last) + 1) };
        if let Some(next) = next {
            characters.push(next);
            return Some(characters.into_iter().collect());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_are_literal() {
        assert_eq!(pattern_containing(r"50%_\"), r"%50\%\_\\%");
    }

    #[test]
    fn a_prefix_ends_at_the_next_text() {
        assert_eq!(prefix_end("abc").as_deref(), Some("abd"));
        assert_eq!(prefix_end("a\u{d7ff}").as_deref(), Some("a\u{e000}"));
        assert_eq!(prefix_end("a\u{10ffff}").as_deref(), Some("b"));
        assert_eq!(prefix_end("\u{10ffff}"), None);
        assert_eq!(prefix_end(""), None);
    }

    #[test]
    fn rows_come_in_pieces_of_few_sizes() {
        let insertion = Insertion { name: "TEST", head: "INSERT INTO t (a, b) VALUES ", tail: "" };
        let rows = (0..22_i64).map(|number| [Value::from(number), Value::from("x")]).collect();
        let statements = insertion.statements(rows);
        let values: Vec<usize> = statements.iter().map(|statement| statement.values.len()).collect();
        assert_eq!(values, [32, 8, 2, 2]);
        assert_eq!(statements[2].sql, "INSERT INTO t (a, b) VALUES ($1, $2)");
        let unnumbered = statements.into_iter().nth(1).unwrap().unnumbered();
        assert_eq!(unnumbered.sql, "INSERT INTO t (a, b) VALUES (?, ?), (?, ?), (?, ?), (?, ?)");
    }
}
