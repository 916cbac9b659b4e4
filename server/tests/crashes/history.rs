//! What all clients saw, checked as it happens.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// What happened, in numbers.
#[derive(Debug, Default, Clone, Copy)]
pub struct Counts {
    /// Refreshes that were answered with tokens.
    pub refreshes: u64,
    /// Of these, answers that repeated an earlier one.
    pub repeats: u64,
    /// Requests whose answer never came, because the server was killed.
    pub cut_off: u64,
    /// Requests whose answer the client did not wait for.
    pub abandoned: u64,
    /// Answers that asked the client to come again later.
    pub unavailable: u64,
    /// Tool calls that were answered.
    pub calls: u64,
    /// Sessions that their client ended.
    pub revoked: u64,
    /// Sessions that ended because an old token came again.
    pub replayed: u64,
    /// Requests with tokens of ended sessions, all refused.
    pub refused_after_end: u64,
}

/// The successor of each token that was exchanged, and the counts.
#[derive(Debug, Default)]
pub struct History(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    successors: HashMap<String, String>,
    predecessors: HashMap<String, String>,
    counts: Counts,
    violations: Vec<String>,
}

impl History {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a token was exchanged. Two successors of one token would be two branches of one session.
    pub fn refreshed(&self, presented: &str, successor: &str) {
        let mut seen = self.seen();
        seen.counts.refreshes += 1;
        match seen.successors.insert(presented.to_owned(), successor.to_owned()) {
            Some(earlier) if earlier == successor => seen.counts.repeats += 1,
            Some(_) => seen.violations.push("a token has two successors: two live branches".to_owned()),
            None => {}
        }
        let earlier = seen.predecessors.insert(successor.to_owned(), presented.to_owned());
        if earlier.is_some_and(|earlier| earlier != presented) {
            seen.violations.push("a token was issued twice".to_owned());
        }
    }

    /// Counts something.
    pub fn count(&self, add: impl FnOnce(&mut Counts)) {
        add(&mut self.seen().counts);
    }

    /// Notes that a rule was broken.
    pub fn violation(&self, what: String) {
        self.seen().violations.push(what);
    }

    /// The counts so far.
    pub fn counts(&self) -> Counts {
        self.seen().counts
    }

    /// The rules that were broken so far.
    pub fn violations(&self) -> Vec<String> {
        self.seen().violations.clone()
    }
}
