//! The services of people, settings and logs, on a real database: SQLite, and PostgreSQL too where several act at once.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where it cannot go on")]

mod activity;
mod entities;
mod first_admin;
mod links;
mod passwords;
mod races;
mod retention;
mod roles;
mod rollout;
mod sessions;
mod settings;
mod sign_in;
mod support;
