//! The loaded tree.

use serde_json::{Map, Number, Value};

/// A value with the line it starts on.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The line, from 1; 0 for what was not read from a file.
    pub line: u32,
    /// The value.
    pub value: NodeValue,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
pub enum NodeValue {
    /// Nothing.
    Null,
    /// A boolean.
    Bool(bool),
    /// A finite number.
    Number(Number),
    /// A text.
    Text(String),
    /// A sequence.
    Sequence(Vec<Node>),
    /// A mapping in the order written; no key twice.
    Mapping(Vec<Entry>),
    /// A placeholder whose file could not be had: its key, such as `$text`, and its target.
    Unresolved(String, String),
}

/// One entry of a mapping.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// The key's line.
    pub line: u32,
    /// The value.
    pub node: Node,
}

impl Node {
    /// The entry's value under a key, when this is a mapping that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.node)
    }

    /// The entries; none when this is not a mapping.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            NodeValue::Mapping(entries) => entries,
            _ => &[],
        }
    }

    /// The text, when this is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            NodeValue::Text(text) => Some(text),
            _ => None,
        }
    }

    /// What this is, in words for a message: "a text", "a number" …
    #[must_use]
    pub const fn describe(&self) -> &'static str {
        match self.value {
            NodeValue::Null => "nothing",
            NodeValue::Bool(_) => "a boolean",
            NodeValue::Number(_) => "a number",
            NodeValue::Text(_) => "a text",
            NodeValue::Sequence(_) => "a list",
            NodeValue::Mapping(_) => "an object",
            NodeValue::Unresolved(..) => "a placeholder",
        }
    }

    /// The same as JSON. Unresolved placeholders stay as they were written.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match &self.value {
            NodeValue::Null => Value::Null,
            NodeValue::Bool(value) => Value::Bool(*value),
            NodeValue::Number(number) => Value::Number(number.clone()),
            NodeValue::Text(text) => Value::String(text.clone()),
            NodeValue::Sequence(items) => Value::Array(items.iter().map(Self::to_json).collect()),
            NodeValue::Mapping(entries) => {
                Value::Object(entries.iter().map(|entry| (entry.key.clone(), entry.node.to_json())).collect())
            }
            NodeValue::Unresolved(key, target) => {
                Value::Object(Map::from_iter([(key.clone(), Value::String(target.clone()))]))
            }
        }
    }

    /// A tree from JSON, every node on the same line.
    #[must_use]
    pub fn from_json(value: &Value, line: u32) -> Self {
        let value = match value {
            Value::Null => NodeValue::Null,
            Value::Bool(value) => NodeValue::Bool(*value),
            Value::Number(number) => NodeValue::Number(number.clone()),
            Value::String(text) => NodeValue::Text(text.clone()),
            Value::Array(items) => {
                NodeValue::Sequence(items.iter().map(|item| Self::from_json(item, line)).collect())
            }
            Value::Object(fields) => NodeValue::Mapping(
                fields
                    .iter()
                    .map(|(key, value)| Entry { key: key.clone(), line, node: Self::from_json(value, line) })
                    .collect(),
            ),
        };
        Self { line, value }
    }

    /// Puts this node and all below it on one line.
    pub fn move_to(&mut self, line: u32) {
        self.line = line;
        match &mut self.value {
            NodeValue::Sequence(items) => items.iter_mut().for_each(|item| item.move_to(line)),
            NodeValue::Mapping(entries) => {
                for entry in entries {
                    entry.line = line;
                    entry.node.move_to(line);
                }
            }
            _ => {}
        }
    }
}
