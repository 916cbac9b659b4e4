//! Randomness that repeats: the same seed gives the same bytes.

use std::sync::{Mutex, PoisonError};

use portal_core::{ports::Rng, secret::SecretHash};

/// Random bytes made from a seed: SHA-256 over the seed and a counter. For tests only, since anyone can repeat them.
#[derive(Debug)]
pub struct SeededRng {
    seed: u64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    blocks: u64,
    left: Vec<u8>,
}

impl SeededRng {
    /// Bytes that follow from this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, state: Mutex::default() }
    }
}

impl Default for SeededRng {
    fn default() -> Self {
        Self::new(1)
    }
}

impl Rng for SeededRng {
    fn fill(&self, buffer: &mut [u8]) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        for byte in buffer {
            if state.left.is_empty() {
                state.blocks += 1;
                state.left = SecretHash::of(&format!("{}:{}", self.seed, state.blocks)).0.to_vec();
            }
            *byte = state.left.pop().unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(rng: &SeededRng) -> [u8; 40] {
        let mut buffer = [0; 40];
        rng.fill(&mut buffer);
        buffer
    }

    #[test]
    fn a_seed_repeats_and_another_differs() {
        let (first, again, other) = (SeededRng::new(1), SeededRng::new(1), SeededRng::new(2));
        let start = bytes(&first);
        assert_eq!(start, bytes(&again));
        assert_ne!(start, bytes(&other));
        assert_ne!(start, bytes(&first));
    }
}
