//! Progress of commands that take minutes: which step of how many, and how long each took.

use std::time::{Duration, Instant};

use anyhow::Result;

/// Numbers the steps of one command.
pub struct Stages {
    total: usize,
    current: usize,
    started: Instant,
}

impl Stages {
    /// A command of `total` steps that starts now.
    pub fn new(total: usize) -> Self {
        Self { total, current: 0, started: Instant::now() }
    }

    /// Announces the next step, runs it and says how long it took.
    ///
    /// # Errors
    /// The step's own.
    pub fn run<T>(&mut self, title: &str, step: impl FnOnce() -> Result<T>) -> Result<T> {
        self.run_judged(title, step, |_| true)
    }

    /// As [`Self::run`], for a step that may end well and still bring bad news.
    ///
    /// # Errors
    /// The step's own.
    pub fn run_judged<T>(
        &mut self,
        title: &str,
        step: impl FnOnce() -> Result<T>,
        is_good: impl FnOnce(&T) -> bool,
    ) -> Result<T> {
        self.current += 1;
        println!("[{}/{}] {title} …", self.current, self.total);
        let started = Instant::now();
        let outcome = step();
        let word = if outcome.as_ref().is_ok_and(is_good) { "done" } else { "failed" };
        println!("[{}/{}] {title}: {word} in {}", self.current, self.total, short(started.elapsed()));
        outcome
    }

    /// Time since the command began.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}

/// A duration for people: `0.3 s`, `12 s`, `4 min 05 s`.
pub fn short(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds < 10 {
        format!("{:.1} s", duration.as_secs_f64())
    } else if seconds < 60 {
        format!("{seconds} s")
    } else {
        format!("{} min {:02} s", seconds / 60, seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        assert_eq!(short(Duration::from_millis(340)), "0.3 s");
        assert_eq!(short(Duration::from_secs(59)), "59 s");
        assert_eq!(short(Duration::from_secs(245)), "4 min 05 s");
    }
}
