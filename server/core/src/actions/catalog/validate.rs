//! `catalog.validate-entity`.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde_json::{Map, Value, json};

use super::{LOOKS, input::Input, input::wrong, schema::definition};
use crate::{
    actions::{Action, ActionDefinition, ActionError, ActionOutput, CallContext},
    ingestion::{ValidatedEntity, descriptor::Fault, validate_text},
};

/// Longest name of a location that is repeated in errors, in characters.
const LOCATION_CHARS_MAX: usize = 500;
/// Most errors answered.
const ERRORS_MAX: usize = 200;

/// Checks a descriptor.
pub(super) struct ValidateEntity {
    definition: ActionDefinition,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "describes the input, which is read by hand for better messages")]
struct ValidateInput {
    /// The descriptor as YAML (or JSON) text. Several documents, separated by `---`, are all checked.
    entity: String,
    /// The file or address where the descriptor is or will be; errors repeat it.
    location: Option<String>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the output")]
struct ValidateOutput {
    /// Whether the catalog would take every document.
    is_valid: bool,
    /// Whether the text could be read as YAML at all.
    is_valid_yaml: bool,
    /// Everything that is wrong; empty when valid.
    errors: Vec<ErrorOutput>,
    /// The entity as it was read, when exactly one document was given and it is valid.
    entity: Option<Map<String, Value>>,
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "describes the output")]
struct ErrorOutput {
    /// What is wrong and what was expected, with its path.
    message: String,
    /// The line of the text, from 1.
    line: u32,
    /// Where in the entity, such as `metadata.tags.1`; left out when the whole document is meant.
    path: Option<String>,
    /// The entity meant, such as `component:default/pay`, as far as it can be told.
    entity: Option<String>,
    /// The location that was given.
    location: Option<String>,
}

impl ValidateEntity {
    pub(super) fn new() -> Self {
        let definition = definition::<ValidateInput, ValidateOutput>(
            "validate-entity",
            "Check a catalog descriptor",
            "Checks a catalog descriptor (such as catalog-info.yaml) by the rules the catalog applies and returns every \
             fault with line and path. Nothing is stored, and files that placeholders name are not read. Use it before \
             you commit a descriptor or register one.",
            LOOKS,
        );
        Self { definition }
    }
}

#[async_trait]
impl Action for ValidateEntity {
    fn definition(&self) -> &ActionDefinition {
        &self.definition
    }

    async fn call(&self, _: CallContext<'_>, input: Map<String, Value>) -> Result<ActionOutput, ActionError> {
        let mut input = Input::new(input, &["entity", "location"])?;
        let text = match input.value("entity") {
            Some(Value::String(text)) => text,
            // JSON is YAML.
            Some(object @ Value::Object(_)) => object.to_string(),
            _ => return Err(wrong("entity", "expected the descriptor as YAML text")),
        };
        let location: Option<String> =
            input.text("location")?.map(|location| location.chars().take(LOCATION_CHARS_MAX).collect());
        Ok(judge(&text, location.as_deref()))
    }
}

fn judge(text: &str, location: Option<&str>) -> Value {
    let validated = match validate_text(text) {
        Ok(validated) => validated,
        Err(fault) => {
            let fault = Fault { line: fault.line, path: fault.path, reason: fault.reason };
            return json!({"isValid": false, "isValidYaml": false, "errors": [error(&fault, None, location)]});
        }
    };
    if validated.is_empty() {
        let fault = Fault {
            line: 1,
            path: String::new(),
            reason: "there is no document; expected apiVersion, kind, metadata and spec of an entity"
                .to_owned(),
        };
        return json!({"isValid": false, "isValidYaml": true, "errors": [error(&fault, None, location)]});
    }
    let errors: Vec<Value> = validated
        .iter()
        .filter_map(|entity| Some((entity, entity.outcome.as_ref().err()?)))
        .flat_map(|(entity, faults)| {
            faults.iter().map(|fault| error(fault, entity.meant.as_deref(), location))
        })
        .take(ERRORS_MAX)
        .collect();
    let is_valid_yaml = validated.iter().all(|entity| entity.is_yaml);
    let mut answer = json!({"isValid": errors.is_empty(), "isValidYaml": is_valid_yaml, "errors": errors});
    if let [ValidatedEntity { outcome: Ok(entity), .. }] = validated.as_slice()
        && let Some(answer) = answer.as_object_mut()
    {
        answer.insert("entity".to_owned(), entity.clone());
    }
    answer
}

fn error(fault: &Fault, entity: Option<&str>, location: Option<&str>) -> Value {
    let message =
        if fault.path.is_empty() { fault.reason.clone() } else { format!("{} {}", fault.path, fault.reason) };
    let mut error = json!({"message": message, "line": fault.line});
    let path = Some(fault.path.as_str()).filter(|path| !path.is_empty());
    if let Some(fields) = error.as_object_mut() {
        for (name, value) in [("path", path), ("entity", entity), ("location", location)] {
            if let Some(value) = value {
                fields.insert(name.to_owned(), Value::String(value.to_owned()));
            }
        }
    }
    error
}
