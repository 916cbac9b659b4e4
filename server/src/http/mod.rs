//! The doors: each parses, calls a service, and answers. Rules stand in the domain.

pub(crate) mod audit;
pub(crate) mod branding;
pub(crate) mod health;
pub(crate) mod live;
pub(crate) mod mcp;
pub(crate) mod notice;
pub(crate) mod oauth;
pub(crate) mod offboarding;
pub(crate) mod pages;
mod picture;
pub(crate) mod sign_in;
pub(crate) mod webhooks;
pub(crate) mod well_known;
