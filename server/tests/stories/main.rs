//! Stories told over HTTP, to the real router on a real database.

mod browser_connect;
mod coverage;
mod edge;
mod first_connect;
mod mcp;
mod metadata;
mod secrets;
mod settings;
mod shell;
mod start;
mod token_endpoint;
