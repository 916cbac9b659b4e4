//! Agents, as the person they act for sees them.

pub(crate) mod agents;
pub(crate) mod disconnect;
mod personal_tokens;
pub(crate) mod setup;
mod setup_steps;
