//! From a checked entity to what the store keeps.

use portal_model::EntityRef;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::{
    descriptor::{self, Descriptor, Fault},
    flatten::flatten,
    yaml::Node,
};
use crate::catalog::StagedEntity;

/// Annotation: the file that defines the entity.
pub const MANAGED_BY_LOCATION: &str = "backstage.io/managed-by-location";
/// Annotation: the location from which that file was reached.
pub const MANAGED_BY_ORIGIN_LOCATION: &str = "backstage.io/managed-by-origin-location";
/// Largest document, in bytes of JSON.
pub const DOCUMENT_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Type of the status items that ingestion writes.
const STATUS_TYPE: &str = "backstage.io/catalog-processing";

/// Where an entity comes from, as its annotations say it.
#[derive(Debug, Clone, Copy)]
pub struct Provenance<'run> {
    /// The file, such as `file:teams/pay.yaml` or `url:https://…`; relative to the location's folder.
    pub managed_by: &'run str,
    /// The location, in the same form.
    pub origin: &'run str,
}

/// Makes a document that Portal wrote itself ready for the store, by the rules that files are held to.
///
/// # Errors
/// Every fault of the document, as for a file.
pub fn stage_document(document: &Value, provenance: Provenance<'_>) -> Result<StagedEntity, Vec<Fault>> {
    let descriptor = descriptor::check(Node::from_json(document, 1))?;
    stage(&descriptor, provenance, &[]).map_err(|fault| vec![fault])
}

/// Fills in defaults, annotations and identifiers, and computes search keys and relations. `errors` are what went
/// wrong around the entity without making it unusable.
///
/// # Errors
/// The document is larger than [`DOCUMENT_BYTES_MAX`].
pub(super) fn stage(
    descriptor: &Descriptor,
    provenance: Provenance<'_>,
    errors: &[String],
) -> Result<StagedEntity, Fault> {
    let mut document = match descriptor.root.to_json() {
        Value::Object(fields) => fields,
        // The check has seen to it that the root is an object.
        _ => Map::new(),
    };
    // Only Portal says these.
    document.remove("relations");
    document.remove("status");
    if !errors.is_empty() {
        let items: Vec<_> = errors
            .iter()
            .map(|message| json!({"type": STATUS_TYPE, "level": "error", "message": message}))
            .collect();
        document.insert("status".to_owned(), json!({"items": items}));
    }
    fill_metadata(&mut document, &descriptor.entity_ref, provenance);
    // Writing JSON values to memory does not fail.
    let etag = hex(&Sha256::digest(serde_json::to_vec(&document).unwrap_or_default()), 20);
    if let Some(Value::Object(metadata)) = document.get_mut("metadata") {
        metadata.insert("etag".to_owned(), Value::String(etag));
    }
    let document = Value::Object(document);
    let text = document.to_string();
    if text.len() > DOCUMENT_BYTES_MAX {
        let reason = format!("the entity has {} bytes; expected {DOCUMENT_BYTES_MAX} at most", text.len());
        return Err(Fault { line: descriptor.root.line, path: String::new(), reason });
    }
    Ok(StagedEntity {
        entity_ref: descriptor.entity_ref.clone(),
        search: flatten(&document),
        relations: descriptor::relations(descriptor),
        document: text,
    })
}

fn fill_metadata(document: &mut Map<String, Value>, entity_ref: &EntityRef, provenance: Provenance<'_>) {
    let Some(Value::Object(metadata)) = document.get_mut("metadata") else { return };
    metadata.remove("etag");
    metadata.retain(|key, value| key != "namespace" || !value.is_null());
    metadata.entry("namespace").or_insert_with(|| Value::String(entity_ref.namespace().to_owned()));
    metadata.insert("uid".to_owned(), Value::String(uid(entity_ref)));
    let annotations = metadata.entry("annotations").or_insert_with(|| Value::Object(Map::new()));
    if annotations.is_null() {
        *annotations = Value::Object(Map::new());
    }
    if let Value::Object(annotations) = annotations {
        annotations.insert(MANAGED_BY_LOCATION.to_owned(), Value::String(provenance.managed_by.to_owned()));
        annotations
            .insert(MANAGED_BY_ORIGIN_LOCATION.to_owned(), Value::String(provenance.origin.to_owned()));
    }
}

/// An identifier that stays with the reference, in the form of a version 8 UUID (RFC 9562 section 5.8).
fn uid(entity_ref: &EntityRef) -> String {
    let mut digest: [u8; 32] = Sha256::digest(entity_ref.to_string()).into();
    if let Some(byte) = digest.get_mut(6) {
        *byte = (*byte & 0x0f) | 0x80;
    }
    if let Some(byte) = digest.get_mut(8) {
        *byte = (*byte & 0x3f) | 0x80;
    }
    let text = hex(&digest, 16);
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}

/// The first `bytes` bytes in hexadecimal.
pub(super) fn hex(digest: &[u8], bytes: usize) -> String {
    use std::fmt::Write as _;
    digest.iter().take(bytes).fold(String::with_capacity(bytes * 2), |mut text, byte| {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROVENANCE: Provenance<'_> = Provenance { managed_by: "file:a/b.yaml", origin: "file:all.yaml" };

    #[test]
    fn defaults_annotations_and_identifiers_are_filled_in() {
        let staged = stage_document(
            &json!({
                "apiVersion": "backstage.io/v1alpha1", "kind": "User", "metadata": {"name": "Ann", "uid": "forged"},
                "spec": {"memberOf": ["a"]}, "relations": [{"type": "ownerOf"}], "status": {"items": []},
            }),
            PROVENANCE,
        )
        .unwrap();
        let document: Value = serde_json::from_str(&staged.document).unwrap();
        insta::assert_json_snapshot!(document);
        assert_eq!(staged.entity_ref.to_string(), "user:default/ann");
        assert!(staged.search.contains(&("spec.memberof".to_owned(), "a".to_owned())));
        assert_eq!(staged.relations.len(), 2);
    }

    #[test]
    fn the_etag_follows_the_content_and_the_uid_the_reference() {
        let of = |title: &str| {
            let document =
                json!({"apiVersion": "v1", "kind": "Gadget", "metadata": {"name": "x", "title": title}});
            let staged = stage_document(&document, PROVENANCE).unwrap();
            let document: Value = serde_json::from_str(&staged.document).unwrap();
            (document["metadata"]["etag"].clone(), document["metadata"]["uid"].clone())
        };
        assert_eq!(of("a"), of("a"));
        assert_ne!(of("a").0, of("b").0);
        assert_eq!(of("a").1, of("b").1);
    }
}
