//! Checking a descriptor without keeping it.

use serde_json::Value;

use super::{
    descriptor::{self, Fault},
    placeholder,
    yaml::{self, YamlFault},
};

/// What one document of a text came to.
#[derive(Debug, Clone, PartialEq)]
pub struct ValidatedEntity {
    /// Its first line, from 1.
    pub line: u32,
    /// The entity it seems to mean, such as `component:default/pay`, faulty or not.
    pub meant: Option<String>,
    /// Whether it could be read as YAML.
    pub is_yaml: bool,
    /// The entity when it keeps every rule, else every fault.
    pub outcome: Result<Value, Vec<Fault>>,
}

/// Checks every document of a text by the rules that ingestion applies. Placeholders are left unread.
///
/// # Errors
/// The text as a whole is refused: too large, or too many documents.
pub fn validate_text(text: &str) -> Result<Vec<ValidatedEntity>, YamlFault> {
    let documents = yaml::load(text)?;
    Ok(documents.into_iter().filter_map(validate_document).collect())
}

fn validate_document(document: yaml::Document) -> Option<ValidatedEntity> {
    let line = document.line;
    let mut root = match document.content {
        Ok(root) => root?,
        Err(fault) => {
            let fault = Fault { line: fault.line, path: fault.path, reason: fault.reason };
            return Some(ValidatedEntity { line, meant: None, is_yaml: false, outcome: Err(vec![fault]) });
        }
    };
    placeholder::leave(&mut root);
    let meant = descriptor::meant_ref(&root);
    let outcome = descriptor::check(root).map(|descriptor| descriptor.root.to_json());
    Some(ValidatedEntity { line, meant, is_yaml: true, outcome })
}
