//! What Portal sees of agents that connect: the steps, and why it failed where it did.
//!
//! Requests put what they saw into a bounded queue and go on; it is written within 200 ms, with whose it is looked up
//! then. What waits in memory when the process is killed is lost, at most [`QUEUE_LENGTH_MAX`] of them; what comes while
//! the queue is full is counted, not written. Anonymous ones are bounded by network and minute.
//!
//! An attempt is shown to a person only when it came through their own browser session or with a code or token of
//! theirs; every other one to admins alone.

mod draft;
mod kind;
mod record;
mod report;
mod resolve;
mod service;
mod words;

pub use kind::AttemptKind;
pub use record::{
    ANONYMOUS_ATTEMPTS_MAX, ATTEMPT_RETENTION_MS, ATTEMPTS_MAX, Attempt, AttemptFilter, AttemptSource,
};
pub use report::PresentedGrant;
pub use service::{AdminAttempt, AttemptService, QUEUE_LENGTH_MAX};
pub use words::AttemptWords;
