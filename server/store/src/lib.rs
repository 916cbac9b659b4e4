//! The Store port on SQLite and PostgreSQL.
//!
//! Every statement is written once, in the subset of SQL that both engines read alike, and runs through one small
//! dispatcher (`transaction`). What differs between the engines is in `sqlite` and `postgres`, and nowhere else.

mod activity;
mod attempts;
mod audit;
mod audit_chain;
mod catalog;
mod error;
mod identities;
mod migrations;
mod oauth;
mod org;
mod personal;
mod postgres;
mod rollout;
mod row;
mod settings;
mod sql_builder;
mod sqlite;
mod statement;
mod static_tokens;
mod store;
mod transaction;
mod users;
mod value;
mod writer;

pub use error::OpenError;
pub use sqlite::ServingLock;
pub use statement::{Statement, StatementLog, all_statements};
pub use store::{CommitCounts, Durability, OpenOptions, SqlStore};
