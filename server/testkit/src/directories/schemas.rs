//! Vendor descriptions as oracles: whether a fake answers as the vendor says that it does.

use std::{collections::HashMap, sync::Mutex};

use jsonschema::Validator;
use serde_json::{Map, Value, json};

/// The schemas of an `OpenAPI` document (3.0 or 3.1), by their names.
pub struct Schemas {
    components: Value,
    validators: Mutex<HashMap<String, std::sync::Arc<Validator>>>,
}

impl Schemas {
    /// Takes the schemas of a document: the value of `components.schemas`, or the whole document.
    pub fn new(document: &Value) -> Self {
        let schemas = document.pointer("/components/schemas").unwrap_or(document);
        Self { components: with_null(schemas), validators: Mutex::default() }
    }

    /// What of a value contradicts a schema: each fault with its place.
    pub fn faults(&self, name: &str, value: &Value) -> Vec<String> {
        let mut validators = self.validators.lock().unwrap();
        let validator = validators.entry(name.to_owned()).or_insert_with(|| {
            assert!(self.components.get(name).is_some(), "there is no schema {name}");
            let schema = json!({
                "$ref": format!("#/components/schemas/{name}"),
                "components": { "schemas": self.components },
            });
            std::sync::Arc::new(jsonschema::draft202012::new(&schema).unwrap())
        });
        validator
            .iter_errors(value)
            .map(|error| format!("{name}{}: {error}", error.instance_path()))
            .collect()
    }

    /// Stops unless the value is what the schema says.
    ///
    /// # Panics
    /// With every fault.
    pub fn demand(&self, name: &str, value: &Value) {
        let faults = self.faults(name, value);
        assert!(faults.is_empty(), "{}\n{value:#}", faults.join("\n"));
    }
}

/// `OpenAPI` 3.0 says `nullable` where JSON Schema has a type `null`, and knows formats and examples that it does not.
fn with_null(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(with_null).collect(),
        Value::Object(map) => {
            let mut out: Map<String, Value> = map
                .iter()
                // Properties may have such names too; then their values are schemas.
                .filter(|(key, value)| {
                    !matches!(key.as_str(), "example" | "nullable" | "discriminator") || value.is_object()
                })
                .map(|(key, value)| (key.clone(), with_null(value)))
                .collect();
            if map.get("nullable") == Some(&Value::Bool(true)) {
                return nullable(out);
            }
            if let Some(Value::Object(format)) = out.get("discriminator")
                && format.contains_key("propertyName")
            {
                out.remove("discriminator");
            }
            Value::Object(out)
        }
        other => other.clone(),
    }
}

fn nullable(mut schema: Map<String, Value>) -> Value {
    match schema.get_mut("type") {
        Some(kind) if !kind.is_array() => {
            *kind = json!([kind.clone(), "null"]);
            if let Some(Value::Array(values)) = schema.get_mut("enum") {
                values.push(Value::Null);
            }
            Value::Object(schema)
        }
        _ => json!({ "anyOf": [{ "type": "null" }, Value::Object(schema)] }),
    }
}
