//! The outcome of `cargo xtask test`: one row a check, and the sum.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::stage::{Stages, short};

/// Tests of one check by outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Tests that passed.
    pub passed: u64,
    /// Tests that failed.
    pub failed: u64,
}

impl Counts {
    /// A check that is one test by itself.
    pub const ONE: Self = Self { passed: 1, failed: 0 };

    /// Adds the counts of a line such as `test result: ok. 3 passed; 1 failed; …` or `3 passed, 1 failed`.
    pub fn add_line(&mut self, line: &str) {
        let line = line.trim();
        let is_sum =
            line.starts_with("test result:") || line.starts_with(|first: char| first.is_ascii_digit());
        if let (true, Some(passed), Some(failed)) =
            (is_sum, number_before(line, " passed"), number_before(line, " failed"))
        {
            self.passed += passed;
            self.failed += failed;
        }
    }

    /// The counts of a program that ended: a failure that no test explains counts as one.
    pub fn ended(mut self, succeeded: bool) -> Self {
        if !succeeded && self.failed == 0 {
            self.failed = 1;
        }
        self
    }
}

fn number_before(line: &str, word: &str) -> Option<u64> {
    let (before, _) = line.split_once(word)?;
    before.rsplit(|character: char| !character.is_ascii_digit()).next()?.parse().ok()
}

struct Row {
    title: String,
    counts: Counts,
    elapsed: Duration,
}

/// Runs checks one after the other, whatever becomes of each, and remembers the outcomes.
pub struct Report {
    stages: Stages,
    rows: Vec<Row>,
}

impl Report {
    /// A report on `total` checks.
    pub fn new(total: usize) -> Self {
        Self { stages: Stages::new(total), rows: Vec::new() }
    }

    /// Runs a check; returns whether it passed.
    pub fn check(&mut self, title: &str, check: impl FnOnce() -> Result<Counts>) -> bool {
        let started = Instant::now();
        let judged = || {
            let counts = check()?;
            if counts == Counts::default() {
                bail!("no test ran");
            }
            Ok(counts)
        };
        let outcome = self.stages.run_judged(title, judged, |counts| counts.failed == 0);
        let counts = outcome.unwrap_or_else(|failure| {
            eprintln!("error: {failure:#}");
            Counts { passed: 0, failed: 1 }
        });
        self.rows.push(Row { title: title.to_owned(), counts, elapsed: started.elapsed() });
        counts.failed == 0
    }

    /// The steps that a check may announce by itself.
    pub fn stages(&mut self) -> &mut Stages {
        &mut self.stages
    }

    /// Prints the table and the closing line; the code says whether everything passed.
    pub fn close(&self) -> ExitCode {
        println!("\n{:<42} {:>8} {:>8} {:>14}", "check", "passed", "failed", "time");
        for row in &self.rows {
            let time = short(row.elapsed);
            println!("{:<42} {:>8} {:>8} {time:>14}", row.title, row.counts.passed, row.counts.failed);
        }
        let sum = self.rows.iter().fold(Counts::default(), |sum, row| Counts {
            passed: sum.passed + row.counts.passed,
            failed: sum.failed + row.counts.failed,
        });
        println!("\nin {}", short(self.stages.elapsed()));
        println!("{} passed, {} failed", sum.passed, sum.failed);
        if sum.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_cargo_and_of_the_browser_tests_are_read() {
        let mut counts = Counts::default();
        counts.add_line(
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.02s",
        );
        counts.add_line("test result: FAILED. 3 passed; 2 failed; 0 ignored");
        counts.add_line("7 passed, 1 failed");
        counts.add_line("test says_4_passed_and_5_failed ... ok");
        assert_eq!(counts, Counts { passed: 22, failed: 3 });
    }

    #[test]
    fn a_program_that_dies_without_a_sum_counts_as_a_failure() {
        assert_eq!(Counts::default().ended(false), Counts { passed: 0, failed: 1 });
        assert_eq!(Counts::ONE.ended(true), Counts::ONE);
    }

    #[test]
    fn a_check_without_tests_is_a_failure_and_the_others_still_run() {
        let mut report = Report::new(3);
        assert!(!report.check("empty", || Ok(Counts::default())));
        assert!(!report.check("broken", || bail!("no")));
        assert!(report.check("good", || Ok(Counts::ONE)));
        assert_eq!(report.rows.len(), 3);
        assert_eq!(format!("{:?}", report.close()), format!("{:?}", ExitCode::FAILURE));
    }
}
