//! What every entity has: version, kind, metadata, and a spec that is an object.

use portal_model::{EntityRef, entity_ref::DEFAULT_NAMESPACE};

use super::{
    checker::{Checker, join, quoted},
    fields,
};
use crate::ingestion::yaml::{Node, NodeValue};

/// What an envelope says the entity is, when that much is right.
pub(super) struct Identity {
    pub(super) entity_ref: EntityRef,
    pub(super) kind: String,
    pub(super) api_version: String,
    pub(super) namespace: String,
}

pub(super) fn check(checker: &mut Checker, root: &Node) -> Option<Identity> {
    if !matches!(root.value, NodeValue::Mapping(_)) {
        let reason = format!(
            "the document is {}; expected an entity: apiVersion, kind, metadata, spec",
            root.describe()
        );
        checker.fault(root.line, "", reason);
        return None;
    }
    let api_version =
        name_like(checker, root, "", "apiVersion", fields::is_api_version, fields::API_VERSION_FORM);
    let kind = name_like(checker, root, "", "kind", fields::is_kind, fields::KIND_FORM);
    if let Some(spec) = Checker::optional(root, "spec") {
        checker.object(spec, "spec");
    }
    let metadata = checker.required(root, "", "metadata", "an object with a name")?;
    checker.object(metadata, "metadata");
    if !matches!(metadata.value, NodeValue::Mapping(_)) {
        return None;
    }
    let name = name_like(checker, metadata, "metadata", "name", fields::is_name, fields::NAME_FORM);
    let namespace = match Checker::optional(metadata, "namespace") {
        None => Some(DEFAULT_NAMESPACE.to_owned()),
        Some(_) => name_like(
            checker,
            metadata,
            "metadata",
            "namespace",
            fields::is_namespace,
            fields::NAMESPACE_FORM,
        ),
    };
    metadata_rest(checker, metadata);
    let (api_version, kind, name, namespace) = (api_version?, kind?, name?, namespace?);
    let entity_ref = EntityRef::new(&kind, &namespace, &name).ok()?;
    Some(Identity { entity_ref, kind, api_version, namespace })
}

/// A required text by a rule; `None` when it is missing or broken, which is noted.
fn name_like(
    checker: &mut Checker,
    parent: &Node,
    path: &str,
    key: &str,
    rule: fn(&str) -> bool,
    expected: &str,
) -> Option<String> {
    let node = checker.required(parent, path, key, expected)?;
    checker.text_where(node, &join(path, key), rule, expected);
    node.text().filter(|text| rule(text)).map(str::to_owned)
}

fn metadata_rest(checker: &mut Checker, metadata: &Node) {
    for key in ["title", "description"] {
        if let Some(node) = Checker::optional(metadata, key) {
            checker.text(node, &join("metadata", key), "a text");
        }
    }
    if let Some(labels) = Checker::optional(metadata, "labels") {
        for entry in checker.object(labels, "metadata.labels") {
            let path = format!("metadata.labels.{}", entry.key);
            key_rule(checker, entry.line, &path, &entry.key);
            if entry.node.value != NodeValue::Null {
                checker.text_where(&entry.node, &path, fields::is_label_value, fields::LABEL_VALUE_FORM);
            }
        }
    }
    if let Some(annotations) = Checker::optional(metadata, "annotations") {
        for entry in checker.object(annotations, "metadata.annotations") {
            let path = format!("metadata.annotations.{}", entry.key);
            key_rule(checker, entry.line, &path, &entry.key);
            if entry.node.value != NodeValue::Null {
                checker.text(&entry.node, &path, "a text");
            }
        }
    }
    if let Some(tags) = Checker::optional(metadata, "tags") {
        for (path, tag) in checker.items(tags, "metadata.tags") {
            checker.text_where(tag, &path, fields::is_tag, fields::TAG_FORM);
        }
    }
    if let Some(list) = Checker::optional(metadata, "links") {
        for (path, link) in checker.items(list, "metadata.links") {
            check_link(checker, link, &path);
        }
    }
}

fn key_rule(checker: &mut Checker, line: u32, path: &str, key: &str) {
    if !fields::is_key(key) {
        checker.fault(
            line,
            path,
            format!("the key {} is not allowed; expected {}", quoted(key), fields::KEY_FORM),
        );
    }
}

fn check_link(checker: &mut Checker, link: &Node, path: &str) {
    checker.object(link, path);
    if !matches!(link.value, NodeValue::Mapping(_)) {
        return;
    }
    let expected = format!("an address with one of the schemes {}", fields::LINK_SCHEMES.join(", "));
    if let Some(url) = checker.required(link, path, "url", &expected) {
        checker.text_where(url, &join(path, "url"), fields::is_link, &expected);
    }
    for key in ["title", "icon", "type"] {
        if let Some(node) = Checker::optional(link, key) {
            checker.words(node, &join(path, key));
        }
    }
}
