//! Stories told over HTTP, to the real router on a real database.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests: a fault ends the test, as it should"
)]

mod admin_agents;
mod assertions;
mod attacks;
mod attempts;
mod audit_log;
mod branding;
mod browser_connect;
mod catalog_pages;
mod catalog_world;
mod client_pages;
mod clients;
mod coverage;
mod edge;
mod first_connect;
mod freshness;
mod leaving;
mod live;
mod local_sign_in;
mod logos;
mod mcp;
mod metadata;
mod offboarding;
mod one_person;
mod operations;
mod org_events;
mod org_large;
mod org_linked;
mod org_pages;
mod org_runs;
mod org_world;
mod prompts;
mod provider_refusals;
mod provider_sign_in;
mod providers_config;
mod remembered;
mod rollout;
mod rules;
mod secrets;
mod self_check;
mod settings;
mod setup_progress;
mod shares;
mod shell;
mod sign_in_config;
mod stars;
mod start;
mod static_tokens;
mod switch_off;
mod token_endpoint;
mod token_rules;
mod upkeep;
