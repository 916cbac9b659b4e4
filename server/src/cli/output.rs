//! The only place that writes to standard output and standard error.

use std::fmt::Display;

use serde_json::Value;

/// How results are shown.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    /// As JSON instead of text.
    pub json: bool,
}

impl Output {
    /// Shows a result: its text, or the same as JSON on one line. Nothing for an empty text.
    #[expect(clippy::print_stdout, reason = "results of commands belong there")]
    pub fn show(&self, text: &str, json: &Value) {
        if self.json {
            println!("{json}");
        } else if !text.is_empty() {
            println!("{text}");
        }
    }

    /// Shows why something did not work.
    #[expect(clippy::print_stderr, reason = "reasons belong there, also when nothing logs yet")]
    pub fn complain(&self, reason: &dyn Display) {
        eprintln!("portal: {reason}");
    }
}

/// Rows under each other, each column as wide as its widest cell.
pub(super) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width =
        |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or_default()).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Remote text for a terminal: control characters could move the cursor or hide lines.
pub(super) fn printable(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let row = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
        assert_eq!(table(&[row(["a", "x"]), row(["bcd", ""])]), "a    x\nbcd");
    }

    #[test]
    fn remote_text_cannot_steer_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\n"), "a\u{fffd}[2Jb\u{fffd}");
    }
}
