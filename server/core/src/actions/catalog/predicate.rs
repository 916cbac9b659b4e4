//! The query language: conditions as JSON.

use portal_model::{EntityRef, entity_ref::DEFAULT_NAMESPACE};
use serde_json::{Map, Value};

use super::input::shown;
use crate::{catalog::Predicate, ingestion::search_text};

/// Deepest nesting of conditions.
const DEPTH_MAX: usize = 10;
/// Most conditions in a query.
const CONDITIONS_MAX: usize = 100;
/// Most values in a query.
const VALUES_MAX: usize = 500;
/// Longest key, in characters.
const KEY_CHARS_MAX: usize = 256;

/// Reference fields of specs, in lower case: the relation each makes, and the kind of references that name none.
/// With them `spec.owner` finds `team-a` and `group:default/team-a` alike, however the descriptor wrote it.
const REFERENCE_FIELDS: [(&str, &str, Option<&str>); 11] = [
    ("spec.owner", "relations.ownedby", Some("group")),
    ("spec.system", "relations.partof", Some("system")),
    ("spec.domain", "relations.partof", Some("domain")),
    ("spec.subdomainof", "relations.partof", Some("domain")),
    ("spec.subcomponentof", "relations.partof", Some("component")),
    ("spec.providesapis", "relations.providesapi", Some("api")),
    ("spec.consumesapis", "relations.consumesapi", Some("api")),
    ("spec.dependson", "relations.dependson", None),
    ("spec.memberof", "relations.memberof", Some("group")),
    ("spec.parent", "relations.childof", Some("group")),
    ("spec.children", "relations.parentof", Some("group")),
];

/// Reads a query. What is wrong is said with the place: `query.$any.1.spec.type: …`.
pub(super) fn parse(query: &Map<String, Value>) -> Result<Predicate, String> {
    let mut parser = Parser { conditions: 0, values: 0 };
    parser.conditions(query, "query", 0)
}

struct Parser {
    conditions: usize,
    values: usize,
}

impl Parser {
    fn conditions(
        &mut self,
        query: &Map<String, Value>,
        place: &str,
        depth: usize,
    ) -> Result<Predicate, String> {
        if depth > DEPTH_MAX {
            return Err(format!("{place}: nested deeper than {DEPTH_MAX} levels"));
        }
        let mut all = Vec::with_capacity(query.len());
        for (key, value) in query {
            let place = format!("{place}.{key}");
            all.push(match key.as_str() {
                "$all" => Predicate::All(self.list(value, &place, depth)?),
                "$any" => Predicate::Any(self.list(value, &place, depth)?),
                "$not" => Predicate::Not(Box::new(self.nested(value, &place, depth)?)),
                operator if operator.starts_with('$') => {
                    return Err(format!(
                        "{place}: there is no such operator here; expected $all, $any, $not or a key"
                    ));
                }
                "relations" => self.relations(value, &place)?,
                key => self.field(&key.to_lowercase(), value, &place, depth)?,
            });
        }
        Ok(match all.len() {
            1 => all.remove(0),
            _ => Predicate::All(all),
        })
    }

    fn list(&mut self, value: &Value, place: &str, depth: usize) -> Result<Vec<Predicate>, String> {
        let Value::Array(items) = value else {
            return Err(format!("{place}: {} does not fit; expected a list of conditions", shown(value)));
        };
        let nested = |(index, item): (usize, &Value)| self.nested(item, &format!("{place}.{index}"), depth);
        items.iter().enumerate().map(nested).collect()
    }

    fn nested(&mut self, value: &Value, place: &str, depth: usize) -> Result<Predicate, String> {
        match value {
            Value::Object(query) => self.conditions(query, place, depth + 1),
            other => Err(format!("{place}: {} does not fit; expected an object of conditions", shown(other))),
        }
    }

    fn field(&mut self, key: &str, value: &Value, place: &str, depth: usize) -> Result<Predicate, String> {
        self.conditions += 1;
        if self.conditions > CONDITIONS_MAX {
            return Err(format!("query: it has more than {CONDITIONS_MAX} conditions"));
        }
        if depth > DEPTH_MAX || key.is_empty() || key.chars().nth(KEY_CHARS_MAX).is_some() {
            return Err(format!("{place}: expected a key such as spec.type"));
        }
        match value {
            Value::Null => Ok(Predicate::Not(Box::new(Predicate::Exists(key.to_owned())))),
            Value::Array(_) => self.one_of(key, value, place),
            Value::Object(inner) => match only_operator(inner) {
                Some(operator) => self.operator(key, operator, inner, place, depth),
                None if inner.is_empty() => {
                    Err(format!("{place}: is empty; expected a value or an operator"))
                }
                // `{"metadata": {"name": …}}` means the same as `{"metadata.name": …}`.
                None => {
                    let mut all = Vec::new();
                    for (name, value) in inner {
                        let below = format!("{key}.{}", name.to_lowercase());
                        all.push(self.field(&below, value, &format!("{place}.{name}"), depth + 1)?);
                    }
                    Ok(Predicate::All(all))
                }
            },
            value => Ok(equals(key, vec![scalar(value, place)?])),
        }
    }

    fn operator(
        &mut self,
        key: &str,
        operator: &str,
        inner: &Map<String, Value>,
        place: &str,
        depth: usize,
    ) -> Result<Predicate, String> {
        let place = format!("{place}.{operator}");
        let operand = inner.get(operator).unwrap_or(&Value::Null);
        match operator {
            "$exists" => match operand {
                Value::Bool(true) => Ok(Predicate::Exists(key.to_owned())),
                Value::Bool(false) => Ok(Predicate::Not(Box::new(Predicate::Exists(key.to_owned())))),
                other => Err(format!("{place}: {} does not fit; expected true or false", shown(other))),
            },
            "$in" => self.one_of(key, operand, &place),
            "$contains" => match operand {
                Value::Object(_) | Value::Array(_) => {
                    Err(format!("{place}: expected one value, such as \"java\"; objects only in relations"))
                }
                value => Ok(equals(key, vec![scalar(value, &place)?])),
            },
            "$hasPrefix" => Ok(Predicate::HasPrefix(key.to_owned(), scalar(operand, &place)?)),
            "$not" => Ok(Predicate::Not(Box::new(self.field(key, operand, &place, depth + 1)?))),
            _ => Err(format!(
                "{place}: there is no such operator; expected $exists, $in, $contains, $hasPrefix or $not"
            )),
        }
    }

    fn one_of(&mut self, key: &str, value: &Value, place: &str) -> Result<Predicate, String> {
        let Value::Array(items) = value else {
            return Err(format!("{place}: {} does not fit; expected a list of values", shown(value)));
        };
        let mut values = Vec::with_capacity(items.len().min(VALUES_MAX));
        for (index, item) in items.iter().enumerate() {
            values.push(scalar(item, &format!("{place}.{index}"))?);
            self.values += 1;
            if self.values > VALUES_MAX {
                return Err(format!("query: it has more than {VALUES_MAX} values"));
            }
        }
        Ok(equals(key, values))
    }

    /// `{"relations": {"$contains": {"type": "ownedBy", "targetRef": "group:default/a"}}}`, or the relation's type as key.
    fn relations(&mut self, value: &Value, place: &str) -> Result<Predicate, String> {
        let expected = || {
            format!("{place}: expected {{\"$contains\": {{\"type\": \"ownedBy\", \"targetRef\": \"…\"}}}}")
        };
        let Value::Object(inner) = value else { return Err(expected()) };
        let Some(Value::Object(wanted)) = inner.get("$contains").filter(|_| inner.len() == 1) else {
            return if only_operator(inner).is_none() && !inner.is_empty() {
                self.field("relations", value, place, 0)
            } else {
                Err(expected())
            };
        };
        let kind = wanted.get("type").and_then(Value::as_str).ok_or_else(expected)?.to_lowercase();
        match wanted.get("targetRef") {
            None => Ok(Predicate::Exists(format!("relations.{kind}"))),
            Some(target) => {
                self.field(&format!("relations.{kind}"), target, &format!("{place}.$contains.targetRef"), 0)
            }
        }
    }
}

fn scalar(value: &Value, place: &str) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(search_text(text)),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(value) => Ok(value.to_string()),
        other => Err(format!("{place}: {} does not fit; expected a text, number or boolean", shown(other))),
    }
}

fn equals(key: &str, values: Vec<String>) -> Predicate {
    let field = REFERENCE_FIELDS.iter().find(|(field, ..)| *field == key);
    let Some((_, relation, default_kind)) = field else { return Predicate::In(key.to_owned(), values) };
    let reference = |text: &String| EntityRef::parse_with(text, *default_kind, DEFAULT_NAMESPACE).ok();
    let references: Vec<String> =
        values.iter().filter_map(reference).map(|reference| reference.to_string()).collect();
    let written = Predicate::In(key.to_owned(), values);
    if references.is_empty() {
        return written;
    }
    Predicate::Any(vec![written, Predicate::In((*relation).to_owned(), references)])
}

/// The operator of an object that has operators; a second one stays unknown to the caller and is refused there.
fn only_operator(inner: &Map<String, Value>) -> Option<&str> {
    let mut operators = inner.keys().filter(|key| key.starts_with('$'));
    let first = operators.next()?;
    // Two operators on one key would need a meaning for "and": `$all` has it already.
    if inner.len() > 1 { Some("$several") } else { Some(first) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn parsed(query: Value) -> Result<Predicate, String> {
        let Value::Object(query) = query else { panic!("an object") };
        parse(&query)
    }

    fn within(key: &str, values: &[&str]) -> Predicate {
        Predicate::In(key.to_owned(), values.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn plain_values_lists_and_nested_keys_match() {
        assert_eq!(parsed(json!({"kind": "Component"})).unwrap(), within("kind", &["component"]));
        assert_eq!(
            parsed(json!({"spec.Type": ["Service", 3, true]})).unwrap(),
            within("spec.type", &["service", "3", "true"])
        );
        assert_eq!(
            parsed(json!({"kind": "API", "metadata": {"name": "X"}})).unwrap(),
            Predicate::All(vec![
                within("kind", &["api"]),
                Predicate::All(vec![within("metadata.name", &["x"])])
            ])
        );
        assert_eq!(
            parsed(json!({"spec.type": null})).unwrap(),
            Predicate::Not(Box::new(Predicate::Exists("spec.type".to_owned())))
        );
        assert_eq!(parsed(json!({})).unwrap(), Predicate::All(vec![]));
    }

    #[test]
    fn operators_are_understood() {
        let query = json!({"$any": [
            {"$not": {"metadata.tags": {"$contains": "Java"}}},
            {"metadata.name": {"$hasPrefix": "Pay"}},
            {"$all": [{"spec.x": {"$exists": true}}, {"spec.y": {"$exists": false}}, {"spec.z": {"$in": ["a", "b"]}}]},
            {"spec.w": {"$not": {"$in": ["c"]}}},
        ]});
        let exists = |key: &str| Predicate::Exists(key.to_owned());
        let not = |inner: Predicate| Predicate::Not(Box::new(inner));
        assert_eq!(
            parsed(query).unwrap(),
            Predicate::Any(vec![
                not(within("metadata.tags", &["java"])),
                Predicate::HasPrefix("metadata.name".to_owned(), "pay".to_owned()),
                Predicate::All(vec![exists("spec.x"), not(exists("spec.y")), within("spec.z", &["a", "b"])]),
                not(within("spec.w", &["c"])),
            ])
        );
    }

    #[test]
    fn references_are_found_however_they_are_written() {
        assert_eq!(
            parsed(json!({"spec.owner": "Team-A"})).unwrap(),
            Predicate::Any(vec![
                within("spec.owner", &["team-a"]),
                within("relations.ownedby", &["group:default/team-a"])
            ])
        );
        assert_eq!(parsed(json!({"spec.dependsOn": "db"})).unwrap(), within("spec.dependson", &["db"]));
        assert_eq!(
            parsed(json!({"relations": {"$contains": {"type": "ownedBy", "targetRef": "group:default/A"}}}))
                .unwrap(),
            within("relations.ownedby", &["group:default/a"])
        );
        assert_eq!(
            parsed(json!({"relations": {"$contains": {"type": "partOf"}}})).unwrap(),
            Predicate::Exists("relations.partof".to_owned())
        );
        assert_eq!(
            parsed(json!({"relations.ownedBy": "user:default/x"})).unwrap(),
            within("relations.ownedby", &["user:default/x"])
        );
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let cases = [
            (json!({"$and": []}), "query.$and: there is no such operator"),
            (json!({"$any": {"kind": "x"}}), "query.$any:"),
            (json!({"$any": [{"kind": "x"}, 3]}), "query.$any.1: 3 does not fit"),
            (json!({"spec.type": {"$regex": "a"}}), "query.spec.type.$regex: there is no such operator"),
            (json!({"spec.type": {"$in": "a"}}), "query.spec.type.$in:"),
            (json!({"spec.type": {"$exists": "yes"}}), "query.spec.type.$exists:"),
            (json!({"spec.type": {"$hasPrefix": ["a"]}}), "query.spec.type.$hasPrefix:"),
            (json!({"spec.type": {"$in": ["a"], "$exists": true}}), "query.spec.type.$several:"),
            (json!({"spec.type": {}}), "query.spec.type: is empty"),
            (json!({"relations": "x"}), "query.relations: expected"),
            (json!({"spec.type": vec!["a"; VALUES_MAX + 1]}), "query: it has more than"),
        ];
        for (query, expected) in cases {
            let error = parsed(query.clone()).unwrap_err();
            assert!(error.starts_with(expected), "{query}: {error}");
        }
        let mut deep = json!({"kind": "x"});
        for _ in 0..=DEPTH_MAX {
            deep = json!({"$not": deep});
        }
        assert!(parsed(deep).unwrap_err().contains("deeper"));
    }

    proptest! {
        #[test]
        fn no_query_makes_it_panic(keys in proptest::collection::vec("(\\$(all|any|not|in|exists|contains|hasPrefix)|kind|relations|a\\.b)", 1..8), leaf in 0..5) {
            let mut query = match leaf { 0 => json!("x"), 1 => json!(["x", {}]), 2 => json!(null), 3 => json!({}), _ => json!([[1]]) };
            for key in keys {
                query = json!({key: query});
            }
            let _ = parsed(query);
        }
    }
}
