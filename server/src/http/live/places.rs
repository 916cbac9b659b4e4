//! How many streams there may be.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use portal_core::ids::UserId;
use tokio_util::sync::CancellationToken;

/// Most streams of all people together.
const STREAMS_MAX: usize = 1_024;
/// Most streams of one person: a tab each.
const STREAMS_PER_PERSON_MAX: usize = 8;

/// The places that streams take, and the word that ends them all.
#[derive(Clone, Default)]
pub(crate) struct LivePlaces {
    taken: Arc<Mutex<HashMap<UserId, usize>>>,
    stop: CancellationToken,
}

/// One stream's place; given back when it is dropped.
pub(super) struct Place {
    places: LivePlaces,
    person: UserId,
}

impl LivePlaces {
    /// Ends every stream: the server stops.
    pub(crate) fn end(&self) {
        self.stop.cancel();
    }

    /// When the server stops.
    pub(super) async fn ended(&self) {
        self.stop.cancelled().await;
    }

    /// A place for one more stream of this person; `None` when there is none.
    pub(super) fn take(&self, person: &UserId) -> Option<Place> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = taken.values().sum();
        let own = taken.get(person).copied().unwrap_or_default();
        if all >= STREAMS_MAX || own >= STREAMS_PER_PERSON_MAX {
            return None;
        }
        taken.insert(person.clone(), own + 1);
        Some(Place { places: self.clone(), person: person.clone() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        match taken.get_mut(&self.person) {
            Some(own) if *own > 1 => *own -= 1,
            _ => {
                taken.remove(&self.person);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_has_few_places_and_gets_them_back() {
        let places = LivePlaces::default();
        let ada = UserId("ada".to_owned());
        let mut taken: Vec<_> = std::iter::from_fn(|| places.take(&ada)).collect();
        assert_eq!(taken.len(), STREAMS_PER_PERSON_MAX);
        assert!(places.take(&UserId("bob".to_owned())).is_some(), "others have theirs");
        taken.pop();
        assert!(places.take(&ada).is_some());
        drop(taken);
        assert!(places.taken.lock().expect("no thread failed").is_empty());
    }
}
