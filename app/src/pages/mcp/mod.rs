//! Agents, as the person they act for sees them.

pub(crate) mod agents;
pub(crate) mod disconnect;
pub(crate) mod setup;
