//! Reading the input of a call: lenient where the meaning is clear, with the field's name where it is not.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use crate::actions::ActionError;

/// Longest text shown of a wrong value, in characters.
const SHOWN_CHARS_MAX: usize = 60;

/// The fields of a call.
pub(super) struct Input(Map<String, Value>);

impl Input {
    /// The fields, if all are known. Fields that are null count as left out.
    ///
    /// # Errors
    /// There is a field that the action does not have.
    pub(super) fn new(mut fields: Map<String, Value>, known: &[&str]) -> Result<Self, ActionError> {
        fields.retain(|_, value| !value.is_null());
        match fields.keys().find(|name| !known.contains(&name.as_str())) {
            None => Ok(Self(fields)),
            Some(unknown) => {
                let known = if known.is_empty() {
                    "this tool takes no input".to_owned()
                } else {
                    format!("known are {}", known.join(", "))
                };
                Err(wrong(unknown, &format!("there is no such field; {known}")))
            }
        }
    }

    /// A field as it came.
    pub(super) fn value(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }

    /// A text that is not blank; `None` when it is left out.
    ///
    /// # Errors
    /// It is something else.
    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>, ActionError> {
        self.value(name).map(|value| text(name, value)).transpose()
    }

    /// A text that must be there.
    ///
    /// # Errors
    /// It is left out or something else.
    pub(super) fn required_text(&mut self, name: &str, expected: &str) -> Result<String, ActionError> {
        self.text(name)?.ok_or_else(|| wrong(name, &format!("is missing; expected {expected}")))
    }

    /// A whole number, also as a text of digits; `None` when it is left out.
    ///
    /// # Errors
    /// It is something else, or out of range.
    pub(super) fn number(
        &mut self,
        name: &str,
        range: RangeInclusive<u32>,
    ) -> Result<Option<u32>, ActionError> {
        let Some(value) = self.value(name) else { return Ok(None) };
        let number = match &value {
            Value::Number(number) => number.as_u64().or_else(|| whole(number.as_f64()?)),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        let fits =
            number.and_then(|number| u32::try_from(number).ok()).filter(|number| range.contains(number));
        let (from, to) = (range.start(), range.end());
        fits.map(Some).ok_or_else(|| {
            wrong(name, &format!("{} does not fit; expected a number from {from} to {to}", shown(&value)))
        })
    }

    /// A list of texts; one text stands for a list of one. Empty when it is left out.
    ///
    /// # Errors
    /// It is something else, or has more than `limit` items.
    pub(super) fn texts(&mut self, name: &str, limit: usize) -> Result<Vec<String>, ActionError> {
        match self.value(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) if items.len() > limit => {
                Err(wrong(name, &format!("has {} items; expected {limit} at most", items.len())))
            }
            Some(Value::Array(items)) => {
                let item = |(index, item)| text(&format!("{name}.{index}"), item);
                items.into_iter().enumerate().map(item).collect()
            }
            Some(Value::String(single)) => Ok(vec![text(name, Value::String(single))?]),
            Some(other) => {
                Err(wrong(name, &format!("{} does not fit; expected a list of texts", shown(&other))))
            }
        }
    }

    /// A field that must be an object; `None` when it is left out. Models also write objects as text.
    ///
    /// # Errors
    /// It is something else.
    pub(super) fn object(&mut self, name: &str) -> Result<Option<Map<String, Value>>, ActionError> {
        let Some(value) = self.value(name) else { return Ok(None) };
        let parsed = match &value {
            Value::String(text) => serde_json::from_str(text).ok(),
            _ => None,
        };
        match parsed.unwrap_or(value) {
            Value::Object(fields) => Ok(Some(fields)),
            other => Err(wrong(name, &format!("{} does not fit; expected an object", shown(&other)))),
        }
    }
}

fn text(name: &str, value: Value) -> Result<String, ActionError> {
    match value {
        Value::String(text) if text.trim().is_empty() => Err(wrong(name, "is empty; expected a text")),
        Value::String(text) => Ok(text.trim().to_owned()),
        other => Err(wrong(name, &format!("{} does not fit; expected a text", shown(&other)))),
    }
}

/// `10.0` means 10.
fn whole(number: f64) -> Option<u64> {
    let text = number.to_string();
    text.parse().ok()
}

/// An input error that names its field.
pub(super) fn wrong(name: &str, reason: &str) -> ActionError {
    ActionError::Input(format!("{name}: {reason}"))
}

/// A value for a message, cut.
pub(super) fn shown(value: &Value) -> String {
    let text = value.to_string();
    let cut: String = text.chars().take(SHOWN_CHARS_MAX).collect();
    if cut.len() < text.len() { format!("{cut}…") } else { cut }
}
