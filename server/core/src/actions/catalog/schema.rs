//! Definitions whose schemas every client understands.

use std::sync::Arc;

use schemars::JsonSchema;
use serde_json::{Map, Value};

use super::SOURCE;
use crate::actions::{ActionAttributes, ActionDefinition};

/// A definition of this source.
pub(super) fn definition<Input: JsonSchema, Output: JsonSchema>(
    name: &'static str,
    title: &'static str,
    description: &'static str,
    attributes: ActionAttributes,
) -> ActionDefinition {
    let mut definition = ActionDefinition::of::<Input, Output>(SOURCE, name, title, description, attributes);
    for schema in [&mut definition.input_schema, &mut definition.output_schema] {
        let mut plain = (**schema).clone();
        tidy(&mut plain);
        *schema = Arc::new(plain);
    }
    definition
}

/// An optional field is left out, never null; some clients do not take a list of types, nor formats of Rust's numbers;
/// and comments are wrapped, descriptions are not.
fn tidy(schema: &mut Map<String, Value>) {
    if let Some(Value::String(description)) = schema.get_mut("description") {
        *description = description.replace('\n', " ");
    }
    if schema.get("format").and_then(Value::as_str).is_some_and(|format| format.starts_with("uint")) {
        schema.remove("format");
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(choices)) = schema.get_mut("anyOf") {
        choices.retain(|choice| choice != &serde_json::json!({"type": "null"}));
        if let [Value::Object(only)] = choices.as_slice() {
            let only = only.clone();
            schema.remove("anyOf");
            for (key, value) in only {
                schema.entry(key).or_insert(value);
            }
        }
    }
    for value in schema.values_mut() {
        match value {
            Value::Object(inner) => tidy(inner),
            Value::Array(items) => items.iter_mut().filter_map(Value::as_object_mut).for_each(tidy),
            _ => {}
        }
    }
}
