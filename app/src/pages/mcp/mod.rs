//! Agents, as the person they act for sees them.

mod activity;
pub(crate) mod agents;
mod attempt;
pub(crate) mod disconnect;
mod personal_tokens;
pub(crate) mod setup;
mod setup_steps;
mod try_it;
mod who_am_i;
