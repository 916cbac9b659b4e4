//! Stories told over HTTP, to the real router on a real database.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests: a fault ends the test, as it should"
)]

mod admin_agents;
mod assertions;
mod audit_log;
mod browser_connect;
mod client_pages;
mod clients;
mod coverage;
mod edge;
mod first_connect;
mod mcp;
mod metadata;
mod operations;
mod prompts;
mod providers_config;
mod secrets;
mod settings;
mod shell;
mod start;
mod static_tokens;
mod token_endpoint;
