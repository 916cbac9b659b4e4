//! Predicates and full text as SQL conditions on an entity `e`.

use portal_core::{
    catalog::{EntityQuery, FullText, Predicate},
    ports::StoreError,
};

use crate::sql_builder::{SqlBuilder, pattern_containing, prefix_end};

/// Keys that look at relations start with this; the type follows.
const RELATION_PREFIX: &str = "relations.";
/// Most conditions in a query: SQLite refuses expressions deeper than 1,000.
const CONDITIONS_MAX: usize = 500;
/// Deepest nesting of a predicate.
const DEPTH_MAX: usize = 32;
/// Most values in a query: SQLite refuses more than 32,766 parameters.
const VALUES_MAX: usize = 20_000;

/// What a key looks at.
pub(super) enum Key<'a> {
    /// Relations of a type, in lower case.
    Relation(&'a str),
    /// The flattened search keys.
    Search(&'a str),
}

impl<'a> Key<'a> {
    /// What this key looks at.
    pub(super) fn parse(key: &'a str) -> Self {
        key.strip_prefix(RELATION_PREFIX).map_or(Self::Search(key), Self::Relation)
    }
}

/// Where a condition stands. Where every entity of the answer fulfils it, the engine can start from the entities that
/// the condition's index names; further down it can only be asked of an entity at hand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// It is the only one.
    Alone,
    /// It must hold, beside others.
    Top,
    /// It may hold, or must not.
    Nested,
}

/// What is asked of a key's values.
enum Test<'a> {
    Exists,
    In(&'a [String]),
    HasPrefix(&'a str),
    Contains(&'a str),
}

/// Writes the condition that an entity fits predicate and full text of a query.
pub(super) fn write_condition<'a>(
    builder: &mut SqlBuilder<'a>,
    query: &'a EntityQuery,
) -> Result<(), StoreError> {
    let mut writer = Writer { builder, conditions: 0 };
    let place = if query.full_text.is_none() { Place::Alone } else { Place::Top };
    match &query.predicate {
        Some(predicate) => writer.predicate(predicate, place, 0)?,
        None => writer.text("TRUE"),
    }
    if let Some(full_text) = &query.full_text {
        writer.text(" AND ");
        writer.full_text(full_text)?;
    }
    if writer.builder.value_count() > VALUES_MAX {
        return Err(too_large());
    }
    Ok(())
}

fn too_large() -> StoreError {
    StoreError::Inconsistent("a catalog query has more conditions than the store takes".to_owned())
}

struct Writer<'b, 'a> {
    builder: &'b mut SqlBuilder<'a>,
    conditions: usize,
}

impl<'a> Writer<'_, 'a> {
    fn text(&mut self, text: &'static str) {
        self.builder.sql(text);
    }

    fn predicate(&mut self, predicate: &'a Predicate, place: Place, depth: usize) -> Result<(), StoreError> {
        self.conditions += 1;
        if self.conditions > CONDITIONS_MAX || depth > DEPTH_MAX {
            return Err(too_large());
        }
        match predicate {
            Predicate::Any(parts) if parts.len() != 1 => {
                self.group(parts, " OR ", "FALSE", Place::Nested, depth)
            }
            Predicate::All(parts) | Predicate::Any(parts) => self.group(parts, " AND ", "TRUE", place, depth),
            Predicate::Not(part) => {
                self.text("NOT (");
                self.predicate(part, Place::Nested, depth + 1)?;
                self.text(")");
                Ok(())
            }
            Predicate::Exists(key) => {
                self.key(key, &Test::Exists, place);
                Ok(())
            }
            Predicate::In(key, values) => {
                self.key(key, &Test::In(values), place);
                Ok(())
            }
            Predicate::HasPrefix(key, prefix) => {
                self.key(key, &Test::HasPrefix(prefix), place);
                Ok(())
            }
            Predicate::IsOneOf(refs) if refs.is_empty() => {
                self.text("FALSE");
                Ok(())
            }
            Predicate::IsOneOf(refs) => {
                self.builder.sql("(e.entity_ref IN (").list(refs.iter()).sql("))");
                Ok(())
            }
        }
    }

    fn group(
        &mut self,
        parts: &'a [Predicate],
        between: &'static str,
        empty: &'static str,
        place: Place,
        depth: usize,
    ) -> Result<(), StoreError> {
        if parts.is_empty() {
            self.text(empty);
            return Ok(());
        }
        let place = if parts.len() > 1 && place == Place::Alone { Place::Top } else { place };
        self.text("(");
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                self.text(between);
            }
            self.predicate(part, place, depth + 1)?;
        }
        self.text(")");
        Ok(())
    }

    fn full_text(&mut self, full_text: &'a FullText) -> Result<(), StoreError> {
        if full_text.keys.len() > CONDITIONS_MAX {
            return Err(too_large());
        }
        let test = Test::Contains(&full_text.term);
        if let [only] = full_text.keys.as_slice() {
            self.key(only, &test, Place::Top);
            return Ok(());
        }
        self.text("(FALSE");
        for key in &full_text.keys {
            self.text(" OR ");
            self.key(key, &test, Place::Nested);
        }
        self.text(")");
        Ok(())
    }

    fn key(&mut self, key: &'a str, test: &Test<'a>, place: Place) {
        let key = Key::parse(key);
        let head = match (&key, place) {
            (Key::Search(_), Place::Alone | Place::Top) => {
                "(e.id IN (SELECT s.entity_id FROM entity_search s WHERE s.key = "
            }
            (Key::Search(_), Place::Nested) => {
                "(EXISTS (SELECT 1 FROM entity_search s WHERE s.entity_id = e.id AND s.key = "
            }
            (Key::Relation(_), Place::Alone | Place::Top) => {
                "(e.entity_ref IN (SELECT r.source_ref FROM published_relations r WHERE r.type_key = "
            }
            (Key::Relation(_), Place::Nested) => {
                "(EXISTS (SELECT 1 FROM published_relations r WHERE r.source_ref = e.entity_ref AND r.type_key = "
            }
        };
        // SQLite 3.51 makes a join of an EXISTS that must hold, and then lets OFFSET skip matches instead of entities.
        // PostgreSQL makes joins of an IN, an EXISTS and a NOT EXISTS, expects too few rows of them, and compares each
        // with each. A comparison keeps both from it.
        let guarded = place == Place::Nested || (place == Place::Top && matches!(key, Key::Relation(_)));
        let (name, value) = match key {
            Key::Search(name) => (name, "s.value"),
            Key::Relation(name) => (name, "r.target_ref"),
        };
        self.builder.sql(head).value(name);
        self.test(test, value);
        self.text(if guarded { ")) = TRUE" } else { "))" });
    }

    fn test(&mut self, test: &Test<'a>, value: &'static str) {
        match test {
            Test::Exists => {}
            Test::In([]) => self.text(" AND FALSE"),
            Test::In([only]) => {
                self.builder.sql(" AND ").sql(value).sql(" = ").value(only);
            }
            Test::In(several) => {
                self.builder.sql(" AND ").sql(value).sql(" IN (").list(several.iter()).sql(")");
            }
            Test::HasPrefix(prefix) => {
                self.builder.sql(" AND ").sql(value).sql(" >= ").value(*prefix);
                if let Some(end) = prefix_end(prefix) {
                    self.builder.sql(" AND ").sql(value).sql(" < ").value(end);
                }
            }
            Test::Contains(term) => {
                let pattern = pattern_containing(term);
                self.builder.sql(" AND ").sql(value).sql(" LIKE ").value(pattern).sql(r" ESCAPE '\'");
            }
        }
    }
}
