//! Where one document of a file ends and the next begins.

/// A document's text, and how many lines of the file stand before it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Chunk<'text> {
    /// The text, with its `---` line if it has one.
    pub(super) text: &'text str,
    /// Lines of the file before it.
    pub(super) lines_before: u32,
}

/// Cuts a file at its document markers. `---` or `...` at the start of a line is a marker wherever it stands
/// (YAML 1.2.2 section 9.1.2, `c-forbidden`), so this needs no parser, and a fault in one document
/// cannot hide the next.
pub(super) fn split(text: &str) -> impl Iterator<Item = Chunk<'_>> {
    let mut chunks = Chunks { rest: text, line: 0 };
    std::iter::from_fn(move || chunks.next_chunk())
}

struct Chunks<'text> {
    rest: &'text str,
    line: u32,
}

impl<'text> Chunks<'text> {
    fn next_chunk(&mut self) -> Option<Chunk<'text>> {
        if self.rest.is_empty() {
            return None;
        }
        let lines_before = self.line;
        let mut length = 0;
        let mut started = false;
        for line in self.rest.split_inclusive('\n') {
            let opens = is_marker(line, "---");
            if opens && started {
                break;
            }
            length += line.len();
            self.line = self.line.saturating_add(1);
            if is_marker(line, "...") {
                break;
            }
            started = started || opens || !is_prelude(line);
        }
        let (chunk, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(Chunk { text: chunk, lines_before })
    }
}

fn is_marker(line: &str, marker: &str) -> bool {
    line.trim_start_matches('\u{FEFF}')
        .strip_prefix(marker)
        .is_some_and(|after| after.is_empty() || after.starts_with([' ', '\t', '\n', '\r']))
}

/// Blank lines, comments and directives may stand before `---` and belong to the document it opens.
fn is_prelude(line: &str) -> bool {
    let line = line.trim_start_matches('\u{FEFF}');
    line.trim().is_empty() || line.trim_start().starts_with('#') || line.starts_with('%')
}
