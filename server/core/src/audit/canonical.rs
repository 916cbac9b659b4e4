//! One text for one JSON value, whatever order its maps are kept in.

use serde_json::Value;

/// The value as JSON without blanks, the members of objects ordered by their names, byte by byte. Nothing that another
/// crate can switch on in `serde_json` (such as keeping the order of insertion) changes it.
pub(super) fn canonical(value: &Value) -> String {
    let mut text = String::with_capacity(256);
    write(value, &mut text);
    text
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write(item, text);
            }
            text.push(']');
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by_key(|(name, _)| name.as_str());
            text.push('{');
            for (index, (name, member)) in members.into_iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                write(member, text);
            }
            text.push('}');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            text.push_str(&value.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_ordered_and_nothing_else() {
        let value: Value =
            serde_json::from_str(r#"{"b": [2, 1, {"z": null, "a\"": "x\ny"}], "a": {}, "B": true}"#).unwrap();
        assert_eq!(canonical(&value), r#"{"B":true,"a":{},"b":[2,1,{"a\"":"x\ny","z":null}]}"#);
    }
}
