//! A bounded memory of what the store said, good while the catalog's change counter stands.

use std::hash::Hash;

use moka::sync::Cache;

/// A value, and the counter read before it was looked up: the value is at least as new.
#[derive(Clone)]
struct Remembered<V> {
    counter: i64,
    value: V,
}

/// Remembers values by key, within a total weight. A value older than the counter asked with is never given.
pub(super) struct GenerationCache<K: Hash + Eq, V> {
    remembered: Cache<K, Remembered<V>>,
}

impl<K, V> GenerationCache<K, V>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// A memory of at most `weight_max`, as `weight` counts it.
    pub(super) fn new(weight_max: u64, weight: impl Fn(&K, &V) -> usize + Send + Sync + 'static) -> Self {
        let weigher = move |key: &K, remembered: &Remembered<V>| {
            u32::try_from(weight(key, &remembered.value)).unwrap_or(u32::MAX)
        };
        Self { remembered: Cache::builder().max_capacity(weight_max).weigher(weigher).build() }
    }

    /// The value under a key, if it was looked up at this counter.
    pub(super) fn get(&self, key: &K, counter: i64) -> Option<V> {
        self.remembered.get(key).filter(|remembered| remembered.counter == counter).map(|found| found.value)
    }

    /// Remembers what was looked up after the counter had this value.
    pub(super) fn put(&self, key: K, counter: i64, value: V) {
        self.remembered.insert(key, Remembered { counter, value });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_good_for_its_counter_only() {
        let cache = GenerationCache::new(1_000, |_: &u8, _: &u8| 1);
        cache.put(1, 7, 10);
        assert_eq!(
            (cache.get(&1, 7), cache.get(&1, 8), cache.get(&1, 6), cache.get(&2, 7)),
            (Some(10), None, None, None)
        );
        cache.put(1, 8, 11);
        assert_eq!((cache.get(&1, 7), cache.get(&1, 8)), (None, Some(11)));
    }

    #[test]
    fn what_is_too_heavy_is_not_kept() {
        let cache = GenerationCache::new(10, |_: &u8, value: &usize| *value);
        cache.put(1, 0, 11);
        cache.put(2, 0, 3);
        cache.remembered.run_pending_tasks();
        assert_eq!((cache.get(&1, 0), cache.get(&2, 0)), (None, Some(3)));
    }
}
