//! Collects faults, and the checks that fields share.

use portal_model::EntityRef;

use super::{FAULTS_MAX, Fault};
use crate::ingestion::yaml::{Entry, Node, NodeValue};

/// Collects the faults of one entity.
#[derive(Default)]
pub(super) struct Checker {
    faults: Vec<Fault>,
}

/// How a reference in a field is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct RefForm<'entity> {
    /// The kind it has when it names none; `None` when it must.
    pub(super) default_kind: Option<&'static str>,
    /// The namespace it has when it names none.
    pub(super) namespace: &'entity str,
}

impl Checker {
    /// Notes a fault.
    pub(super) fn fault(&mut self, line: u32, path: impl Into<String>, reason: impl Into<String>) {
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(Fault { line, path: path.into(), reason: reason.into() });
        }
    }

    /// Every fault noted.
    pub(super) fn into_faults(self) -> Vec<Fault> {
        self.faults
    }

    /// The field of an object, which must be there.
    pub(super) fn required<'node>(
        &mut self,
        parent: &'node Node,
        path: &str,
        key: &str,
        expected: &str,
    ) -> Option<&'node Node> {
        let found = parent.get(key).filter(|node| node.value != NodeValue::Null);
        if found.is_none() {
            self.fault(parent.line, join(path, key), format!("is missing; expected {expected}"));
        }
        found
    }

    /// The field of an object, if it is there. A field without a value is not.
    pub(super) fn optional<'node>(parent: &'node Node, key: &str) -> Option<&'node Node> {
        parent.get(key).filter(|node| node.value != NodeValue::Null)
    }

    /// The text of a node. Nothing when it is none, noted, or when its placeholder could not be read.
    pub(super) fn text<'node>(
        &mut self,
        node: &'node Node,
        path: &str,
        expected: &str,
    ) -> Option<&'node str> {
        match &node.value {
            NodeValue::Text(text) => Some(text),
            NodeValue::Unresolved(..) => None,
            NodeValue::Number(_) | NodeValue::Bool(_) => {
                let reason = format!("is {}; expected {expected}: put it in quotes", node.describe());
                self.fault(node.line, path, reason);
                None
            }
            _ => {
                self.fault(node.line, path, format!("is {}; expected {expected}", node.describe()));
                None
            }
        }
    }

    /// A text that is not blank.
    pub(super) fn words(&mut self, node: &Node, path: &str) {
        if let Some(text) = self.text(node, path, "a text")
            && text.trim().is_empty()
        {
            self.fault(node.line, path, "is empty; expected a text");
        }
    }

    /// A text that a rule accepts.
    pub(super) fn text_where(&mut self, node: &Node, path: &str, rule: fn(&str) -> bool, expected: &str) {
        if let Some(text) = self.text(node, path, expected)
            && !rule(text)
        {
            self.fault(node.line, path, format!("{} is not allowed; expected {expected}", quoted(text)));
        }
    }

    /// The entries of an object.
    pub(super) fn object<'node>(&mut self, node: &'node Node, path: &str) -> &'node [Entry] {
        match &node.value {
            NodeValue::Mapping(entries) => entries,
            NodeValue::Unresolved(..) => &[],
            _ => {
                self.fault(node.line, path, format!("is {}; expected an object", node.describe()));
                &[]
            }
        }
    }

    /// The items of a list, each with its path.
    pub(super) fn items<'node>(
        &mut self,
        node: &'node Node,
        path: &str,
    ) -> impl Iterator<Item = (String, &'node Node)> + use<'node> {
        let items: &[Node] = match &node.value {
            NodeValue::Sequence(items) => items,
            NodeValue::Unresolved(..) => &[],
            _ => {
                self.fault(node.line, path, format!("is {}; expected a list", node.describe()));
                &[]
            }
        };
        let path = path.to_owned();
        items.iter().enumerate().map(move |(index, item)| (format!("{path}.{index}"), item))
    }

    /// A well-formed entity reference.
    pub(super) fn reference(&mut self, node: &Node, path: &str, form: RefForm<'_>) {
        let expected = form.default_kind.map_or_else(
            || "a reference with its kind, as in component:default/name".to_owned(),
            |kind| format!("a reference, as in name, or {}:default/name", kind.to_lowercase()),
        );
        let Some(text) = self.text(node, path, &expected) else { return };
        if let Err(error) = EntityRef::parse_with(text, form.default_kind, form.namespace) {
            self.fault(
                node.line,
                path,
                format!("{} is not a reference: {error}; expected {expected}", quoted(text)),
            );
        }
    }
}

/// A path one step longer.
pub(super) fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// A remote text for a message: in quotes, escaped, cut.
pub(super) fn quoted(text: &str) -> String {
    const LENGTH_MAX: usize = 80;
    let cut: String = text.chars().take(LENGTH_MAX).collect();
    let more = if cut.len() < text.len() { "…" } else { "" };
    format!("{cut:?}{more}")
}
