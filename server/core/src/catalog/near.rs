//! Names that someone may have meant.

use portal_model::EntityRef;

use super::{EntityQuery, FullText, Predicate, service::is};

/// Most names given.
const NEAR_MAX: usize = 5;
/// Candidates looked at for each query.
const CANDIDATES_MAX: u32 = 200;
/// Letters at a name's beginning that are taken as right, for names with a slip further on.
const PREFIX_CHARS: usize = 2;

/// Queries for candidates: names that contain the text, and names that begin alike.
pub(super) fn queries(kind: Option<&str>, name: &str) -> Vec<EntityQuery> {
    let term = name.to_lowercase();
    let prefix: String = term.chars().take(PREFIX_CHARS).collect();
    if prefix.is_empty() {
        return Vec::new();
    }
    let of_kind = kind.map(|kind| is("kind", kind));
    let containing = EntityQuery {
        predicate: of_kind.clone(),
        full_text: Some(FullText {
            term,
            keys: vec!["metadata.name".to_owned(), "metadata.title".to_owned()],
        }),
        ..EntityQuery::all(CANDIDATES_MAX)
    };
    let mut conditions = vec![Predicate::HasPrefix("metadata.name".to_owned(), prefix)];
    conditions.extend(of_kind);
    let beginning =
        EntityQuery { predicate: Some(Predicate::All(conditions)), ..EntityQuery::all(CANDIDATES_MAX) };
    vec![containing, beginning]
}

/// The nearest of the candidates, by how many letters differ; none that shares next to nothing.
pub(super) fn nearest(name: &str, mut candidates: Vec<EntityRef>) -> Vec<EntityRef> {
    let name = name.to_lowercase();
    candidates.sort();
    candidates.dedup();
    let mut scored: Vec<(usize, EntityRef)> = candidates
        .into_iter()
        .map(|candidate| {
            let score = if candidate.name().contains(&name) { 0 } else { distance(&name, candidate.name()) };
            (score, candidate)
        })
        .filter(|(score, candidate)| *score * 2 <= candidate.name().len())
        .collect();
    scored.sort();
    scored.into_iter().take(NEAR_MAX).map(|(_, candidate)| candidate).collect()
}

/// How many letters have to be put in, taken out or changed.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, letter) in left.chars().take(portal_model::entity_ref::PART_LENGTH_MAX).enumerate() {
        let mut diagonal = index;
        let mut left_cost = index + 1;
        let mut next = Vec::with_capacity(row.len());
        next.push(left_cost);
        for (other, above) in right.iter().zip(row.iter().skip(1)) {
            let changed = diagonal + usize::from(*other != letter);
            left_cost = changed.min(above + 1).min(left_cost + 1);
            diagonal = *above;
            next.push(left_cost);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_differ_are_counted() {
        for (left, right, expected) in
            [("", "abc", 3), ("pay", "pay", 0), ("paymnet", "payment", 2), ("a", "", 1)]
        {
            assert_eq!(distance(left, right), expected, "{left} {right}");
        }
    }

    #[test]
    fn the_nearest_come_first_and_strangers_not_at_all() {
        let refs =
            |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<EntityRef>>();
        let candidates =
            refs(&["component:pa-ledger", "component:payment", "api:payment-api", "component:payments"]);
        let near: Vec<_> = nearest("Paymnet", candidates).iter().map(ToString::to_string).collect();
        assert_eq!(near, ["component:default/payment", "component:default/payments"]);
    }
}
