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
        without_null(&mut plain);
        *schema = Arc::new(plain);
    }
    definition
}

/// An optional field is left out, never null; and some clients do not take a list of types.
fn without_null(schema: &mut Map<String, Value>) {
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
            Value::Object(inner) => without_null(inner),
            Value::Array(items) => items.iter_mut().filter_map(Value::as_object_mut).for_each(without_null),
            _ => {}
        }
    }
}
