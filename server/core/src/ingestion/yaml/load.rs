//! From parser events to a tree, within the limits.

use std::collections::{HashMap, HashSet};

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};

use super::{
    DEPTH_MAX, DESCRIPTOR_BYTES_MAX, DOCUMENTS_MAX, Document, Entry, NODES_MAX, Node, NodeValue,
    PLACEHOLDER_BYTES_MAX, TEXT_BYTES_MAX, YamlFault, documents, scalar,
};

/// Reads every document of a descriptor file.
///
/// # Errors
/// The file as a whole is refused: larger than [`DESCRIPTOR_BYTES_MAX`], or with more documents than [`DOCUMENTS_MAX`].
/// Faults of single documents are in the [`Document`]s.
pub fn load(text: &str) -> Result<Vec<Document>, YamlFault> {
    within_size(text, DESCRIPTOR_BYTES_MAX)?;
    let mut budget = Budget::new();
    let mut loaded = Vec::new();
    for chunk in documents::split(text) {
        if loaded.len() == DOCUMENTS_MAX {
            let reason = format!("the file has more than {DOCUMENTS_MAX} documents; divide it");
            return Err(YamlFault {
                line: chunk.lines_before.saturating_add(1),
                path: String::new(),
                reason,
            });
        }
        let content = Loader::new(chunk.lines_before, &mut budget).document(chunk.text);
        let line = match &content {
            Ok(Some(node)) => node.line,
            Err(fault) => fault.line,
            Ok(None) => chunk.lines_before.saturating_add(1),
        };
        loaded.push(Document { line, content });
    }
    Ok(loaded)
}

/// Reads the one document of a file that a placeholder names; `None` when it is empty.
///
/// # Errors
/// The file is larger than [`PLACEHOLDER_BYTES_MAX`], has more than one document, or is not well-formed.
pub fn load_one(text: &str) -> Result<Option<Node>, YamlFault> {
    within_size(text, PLACEHOLDER_BYTES_MAX)?;
    let mut budget = Budget::new();
    let mut found = None;
    for chunk in documents::split(text) {
        let node = Loader::new(chunk.lines_before, &mut budget).document(chunk.text)?;
        match (node, &found) {
            (Some(node), None) => found = Some(node),
            (Some(node), Some(_)) => {
                let reason = "the file has a second document; expected one".to_owned();
                return Err(YamlFault { line: node.line, path: String::new(), reason });
            }
            (None, _) => {}
        }
    }
    Ok(found)
}

fn within_size(text: &str, limit: usize) -> Result<(), YamlFault> {
    if text.len() <= limit {
        return Ok(());
    }
    let reason = format!("the file has {} bytes; expected {limit} at most", text.len());
    Err(YamlFault { line: 1, path: String::new(), reason })
}

/// What is left of the file's limits.
struct Budget {
    nodes: usize,
    bytes: usize,
}

impl Budget {
    const fn new() -> Self {
        Self { nodes: NODES_MAX, bytes: TEXT_BYTES_MAX }
    }

    fn take(&mut self, cost: Cost) -> Result<(), String> {
        self.nodes = self
            .nodes
            .checked_sub(cost.nodes)
            .ok_or_else(|| format!("the file has more than {NODES_MAX} values, aliases followed"))?;
        self.bytes = self.bytes.checked_sub(cost.bytes).ok_or_else(|| {
            format!("the file has more than {TEXT_BYTES_MAX} bytes of text, aliases followed")
        })?;
        Ok(())
    }
}

/// What a tree takes.
#[derive(Debug, Clone, Copy, Default)]
struct Cost {
    nodes: usize,
    bytes: usize,
    depth: usize,
}

impl Cost {
    fn of(node: &Node) -> Self {
        let (children, keys): (Vec<Self>, usize) = match &node.value {
            NodeValue::Text(text) => return Self { nodes: 1, bytes: text.len(), depth: 0 },
            NodeValue::Sequence(items) => (items.iter().map(Self::of).collect(), 0),
            NodeValue::Mapping(entries) => (
                entries.iter().map(|entry| Self::of(&entry.node)).collect(),
                entries.iter().map(|entry| entry.key.len()).sum(),
            ),
            _ => return Self { nodes: 1, bytes: 0, depth: 0 },
        };
        Self {
            nodes: children.iter().map(|cost| cost.nodes).sum::<usize>() + 1,
            bytes: children.iter().map(|cost| cost.bytes).sum::<usize>() + keys,
            depth: children.iter().map(|cost| cost.depth).max().unwrap_or(0) + 1,
        }
    }
}

/// A sequence or mapping that is still open.
struct Frame {
    line: u32,
    anchor: usize,
    content: Open,
}

enum Open {
    Sequence(Vec<Node>),
    Mapping { entries: Vec<Entry>, keys: HashSet<String>, pending: Option<(String, u32)> },
}

struct Loader<'budget> {
    lines_before: u32,
    budget: &'budget mut Budget,
    frames: Vec<Frame>,
    anchors: HashMap<usize, (Node, Cost)>,
    root: Option<Node>,
    line: u32,
}

impl<'budget> Loader<'budget> {
    fn new(lines_before: u32, budget: &'budget mut Budget) -> Self {
        Self {
            lines_before,
            budget,
            frames: Vec::new(),
            anchors: HashMap::new(),
            root: None,
            line: lines_before,
        }
    }

    fn document(mut self, text: &str) -> Result<Option<Node>, YamlFault> {
        for event in Parser::new_from_str(text) {
            let (event, span) = event.map_err(|error| {
                self.line = self.line_of(error.marker().line());
                self.fault(format!("not well-formed YAML: {}", error.info()))
            })?;
            self.line = self.line_of(span.start.line());
            self.event(event).map_err(|reason| self.fault(reason))?;
        }
        Ok(self.root.filter(|root| root.value != NodeValue::Null))
    }

    fn line_of(&self, line_in_chunk: usize) -> u32 {
        self.lines_before.saturating_add(u32::try_from(line_in_chunk).unwrap_or(u32::MAX))
    }

    fn fault(&self, reason: String) -> YamlFault {
        YamlFault { line: self.line.max(1), path: self.path(), reason }
    }

    fn path(&self) -> String {
        let steps = self.frames.iter().filter_map(|frame| match &frame.content {
            Open::Sequence(items) => Some(items.len().to_string()),
            Open::Mapping { pending, .. } => pending.as_ref().map(|(key, _)| key.clone()),
        });
        steps.collect::<Vec<_>>().join(".")
    }

    fn event(&mut self, event: Event<'_>) -> Result<(), String> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.budget.take(Cost { nodes: 1, bytes: text.len(), depth: 0 })?;
                let node =
                    Node { line: self.line, value: scalar_value(text.as_ref(), style, tag.as_deref()) };
                // A key is a text, whatever it looks like.
                if let Some(Frame { content: Open::Mapping { pending: pending @ None, .. }, .. }) =
                    self.frames.last_mut()
                {
                    *pending = Some((text.into_owned(), self.line));
                    if anchor > 0 {
                        self.anchors.insert(anchor, (node, Cost { nodes: 1, bytes: 0, depth: 0 }));
                    }
                    return Ok(());
                }
                self.complete(node, anchor)
            }
            Event::SequenceStart(anchor, _) => self.open(anchor, Open::Sequence(Vec::new())),
            Event::MappingStart(anchor, _) => {
                self.open(anchor, Open::Mapping { entries: Vec::new(), keys: HashSet::new(), pending: None })
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(anchor) => self.alias(anchor),
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(()),
        }
    }

    fn open(&mut self, anchor: usize, content: Open) -> Result<(), String> {
        if matches!(self.frames.last(), Some(Frame { content: Open::Mapping { pending: None, .. }, .. })) {
            return Err("a key is a list or an object; expected a text".to_owned());
        }
        if self.frames.len() >= DEPTH_MAX {
            return Err(format!("nested deeper than {DEPTH_MAX} levels"));
        }
        self.budget.take(Cost { nodes: 1, bytes: 0, depth: 0 })?;
        self.frames.push(Frame { line: self.line, anchor, content });
        Ok(())
    }

    fn close(&mut self) -> Result<(), String> {
        let Some(frame) = self.frames.pop() else { return Ok(()) };
        let value = match frame.content {
            Open::Sequence(items) => NodeValue::Sequence(items),
            Open::Mapping { entries, .. } => NodeValue::Mapping(entries),
        };
        self.complete(Node { line: frame.line, value }, frame.anchor)
    }

    fn alias(&mut self, anchor: usize) -> Result<(), String> {
        let Some((node, cost)) = self.anchors.get(&anchor) else {
            return Err("an alias inside of what it stands for".to_owned());
        };
        if self.frames.len() + cost.depth > DEPTH_MAX {
            return Err(format!("nested deeper than {DEPTH_MAX} levels, aliases followed"));
        }
        self.budget.take(*cost)?;
        let mut node = node.clone();
        node.line = self.line;
        if let Some(Frame { content: Open::Mapping { pending: pending @ None, .. }, .. }) =
            self.frames.last_mut()
        {
            let key = node.text().ok_or("a key stands for something other than a text")?;
            *pending = Some((key.to_owned(), self.line));
            return Ok(());
        }
        self.complete(node, 0)
    }

    /// Puts a finished value where it belongs.
    fn complete(&mut self, node: Node, anchor: usize) -> Result<(), String> {
        if anchor > 0 {
            let cost = Cost::of(&node);
            // The copy kept for aliases is paid for as well.
            self.budget.take(cost)?;
            self.anchors.insert(anchor, (node.clone(), cost));
        }
        match self.frames.last_mut().map(|frame| &mut frame.content) {
            None => self.root = Some(node),
            Some(Open::Sequence(items)) => items.push(node),
            Some(Open::Mapping { entries, keys, pending }) => {
                // The parser gives a key before each value.
                let Some((key, line)) = pending.take() else { return Ok(()) };
                if !keys.insert(key.clone()) {
                    self.line = line;
                    *pending = Some((key, line));
                    return Err("the key stands here twice; expected once".to_owned());
                }
                entries.push(Entry { key, line, node });
            }
        }
        Ok(())
    }
}

fn scalar_value(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> NodeValue {
    let core = tag.filter(|tag| tag.is_yaml_core_schema()).map(|tag| tag.suffix.as_str());
    match (core, tag.is_some(), style) {
        (Some("int" | "float"), ..) => {
            scalar::number(text).map_or_else(|| NodeValue::Text(text.to_owned()), NodeValue::Number)
        }
        (Some("bool" | "null"), ..) | (None, false, ScalarStyle::Plain) => scalar::plain(text),
        // Tags of one's own, such as `!Ref`, mean nothing here: the text stays.
        _ => NodeValue::Text(text.to_owned()),
    }
}
