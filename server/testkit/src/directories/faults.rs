//! What goes wrong between a fake and whoever asks it.

use std::sync::{
    Mutex,
    atomic::{AtomicU64, Ordering},
};

use super::server::{FakeAnswer, FakeRequest};

/// Something that goes wrong with one answer.
#[derive(Debug, Clone)]
pub enum Fault {
    /// This answer instead.
    Answer(FakeAnswer),
    /// The right answer, its body cut after so many bytes; a valid answer of HTTP.
    Cut(usize),
    /// The right answer, and the connection breaks after so many bytes of its body.
    Break(usize),
    /// No answer, ever.
    Silence,
}

impl Fault {
    /// A status with a short text, without headers that say more.
    pub fn status(status: u16) -> Self {
        Self::Answer(FakeAnswer::text(status, "it went wrong"))
    }
}

struct Rule {
    path: String,
    skip: usize,
    times: Option<usize>,
    fault: Fault,
}

/// One in so many requests fails, by this fault.
struct Storm {
    one_in: u64,
    fault: Fault,
}

/// The faults of one server.
#[derive(Default)]
pub struct Faults {
    rules: Mutex<Vec<Rule>>,
    storms: Mutex<Vec<Storm>>,
    seed: AtomicU64,
    count: AtomicU64,
}

impl Faults {
    /// Once, after `skip` right answers, for requests whose path and query contain `path`.
    pub fn once(&self, path: &str, skip: usize, fault: Fault) {
        self.add(path, skip, Some(1), fault);
    }

    /// From now on, for requests whose path and query contain `path`.
    pub fn always(&self, path: &str, fault: Fault) {
        self.add(path, 0, None, fault);
    }

    /// One in `one_in` requests, spread by the seed.
    pub fn storm(&self, seed: u64, one_in: u64, fault: Fault) {
        self.seed.store(seed | 1, Ordering::SeqCst);
        self.storms.lock().unwrap().push(Storm { one_in, fault });
    }

    /// Nothing goes wrong any more.
    pub fn clear(&self) {
        self.rules.lock().unwrap().clear();
        self.storms.lock().unwrap().clear();
    }

    /// How many answers went wrong.
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::SeqCst)
    }

    fn add(&self, path: &str, skip: usize, times: Option<usize>, fault: Fault) {
        self.rules.lock().unwrap().push(Rule { path: path.to_owned(), skip, times, fault });
    }

    /// What goes wrong with this request. The operation of a GraphQL request counts as part of its path.
    pub(super) fn of(&self, request: &FakeRequest) -> Option<Fault> {
        let fault = self.by_rule(request).or_else(|| self.by_storm());
        if fault.is_some() {
            self.count.fetch_add(1, Ordering::SeqCst);
        }
        fault
    }

    fn by_rule(&self, request: &FakeRequest) -> Option<Fault> {
        let place = request.place();
        let mut rules = self.rules.lock().unwrap();
        let index = rules.iter().position(|rule| place.contains(&rule.path))?;
        let rule = &mut rules[index];
        if rule.skip > 0 {
            rule.skip -= 1;
            return None;
        }
        let fault = rule.fault.clone();
        if let Some(times) = &mut rule.times {
            *times -= 1;
            if *times == 0 {
                rules.remove(index);
            }
        }
        Some(fault)
    }

    fn by_storm(&self) -> Option<Fault> {
        let storms = self.storms.lock().unwrap();
        storms.iter().find(|storm| self.draw().is_multiple_of(storm.one_in)).map(|storm| storm.fault.clone())
    }

    /// A number of a xorshift sequence.
    fn draw(&self) -> u64 {
        let mut number = self.seed.load(Ordering::SeqCst);
        number ^= number << 13;
        number ^= number >> 7;
        number ^= number << 17;
        self.seed.store(number, Ordering::SeqCst);
        number >> 16
    }
}
