//! Portal's domain: services, and the ports through which they meet the world.
//!
//! No web framework, no SQL and no HTTP client here: those are adapters in the crates around this one.
//! `Services` (in `services`) is the one value that pages, server functions, OAuth handlers, MCP actions,
//! webhooks and the command line are given.

pub mod actions;
pub mod activity;
pub mod attempts;
pub mod audit;
pub mod branding;
pub mod catalog;
pub mod changes;
pub mod form_error;
pub mod identity;
pub mod ids;
pub mod ingestion;
pub mod oauth;
pub mod org;
pub mod personal;
pub mod ports;
pub mod rollout;
pub mod secret;
pub mod self_check;
pub mod services;
pub mod settings;
pub mod setup;
pub mod time;
pub mod tokens;
