//! Microsoft's own description of the types (CSDL) as an oracle.

use std::collections::BTreeMap;

use serde_json::Value;

const DOCUMENT: &str = include_str!("../../../specs/graph/graph-user-group.csdl.xml");

#[derive(Debug, Default)]
struct Type {
    base: Option<String>,
    /// Name, Edm type, whether it may be null.
    properties: BTreeMap<String, (String, bool)>,
}

/// The types of the document.
pub struct Csdl {
    types: BTreeMap<String, Type>,
}

impl Default for Csdl {
    fn default() -> Self {
        let mut types: BTreeMap<String, Type> = BTreeMap::new();
        let mut current = String::new();
        for tag in DOCUMENT.split('<').skip(1) {
            let head = tag.split('>').next().unwrap();
            let name = head.split([' ', '/']).next().unwrap().rsplit(':').next().unwrap();
            match name {
                "EntityType" | "ComplexType" => {
                    current = attribute(head, "Name").unwrap();
                    let base = attribute(head, "BaseType").map(|base| local(&base));
                    types.insert(current.clone(), Type { base, ..Type::default() });
                }
                "Property" => {
                    let nullable = attribute(head, "Nullable").as_deref() != Some("false");
                    let property = (attribute(head, "Type").unwrap(), nullable);
                    types
                        .get_mut(&current)
                        .unwrap()
                        .properties
                        .insert(attribute(head, "Name").unwrap(), property);
                }
                _ => {}
            }
        }
        Self { types }
    }
}

impl Csdl {
    /// What of an object contradicts its type. Control information (`@odata…`, `@removed`, `members@delta`) is not part
    /// of the types.
    #[must_use]
    pub fn faults(&self, name: &str, value: &Value) -> Vec<String> {
        let Some(object) = value.as_object() else { return vec![format!("{name}: not an object")] };
        let stated = object.iter().filter(|(key, _)| !key.contains('@'));
        stated.filter_map(|(key, value)| self.property_fault(name, key, value)).collect()
    }

    fn property_fault(&self, name: &str, key: &str, value: &Value) -> Option<String> {
        let Some((kind, nullable)) = self.property(name, key) else {
            return Some(format!("{name}.{key}: there is no such property"));
        };
        let right = match (kind, value) {
            (_, Value::Null) => nullable,
            ("Edm.Boolean", value) => value.is_boolean(),
            ("Edm.String", value) => value.is_string(),
            ("Edm.Guid", Value::String(text)) => text.len() == 36 && text.split('-').count() == 5,
            ("Edm.DateTimeOffset", Value::String(text)) => text.contains('T') && text.ends_with('Z'),
            (kind, value) if kind.starts_with("Collection(") => value.is_array(),
            (kind, value) if kind.starts_with("graph.") => value.is_string() || value.is_object(),
            _ => false,
        };
        (!right).then(|| format!("{name}.{key}: {value} is no {kind}"))
    }

    fn property(&self, name: &str, key: &str) -> Option<(&str, bool)> {
        let mut name = name.to_owned();
        loop {
            let found = self.types.get(&name)?;
            if let Some((kind, nullable)) = found.properties.get(key) {
                return Some((kind, *nullable));
            }
            name = found.base.clone()?;
        }
    }
}

fn attribute(head: &str, name: &str) -> Option<String> {
    let (_, rest) = head.split_once(&format!(" {name}=\""))?;
    Some(rest.split('"').next()?.to_owned())
}

fn local(name: &str) -> String {
    name.rsplit('.').next().unwrap().to_owned()
}
