//! The services of people, settings and logs, on a real SQLite database.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where it cannot go on")]

mod activity;
mod entities;
mod first_admin;
mod links;
mod passwords;
mod retention;
mod roles;
mod rollout;
mod sessions;
mod settings;
mod sign_in;
mod support;
