//! The guided setup: how each agent is connected to this Portal, and what became of the attempt.

pub mod agent;
pub mod guide;
mod progress;
mod prompts;
mod recognise;
mod service;
pub mod steps;
mod wire;

pub use agent::{Abilities, Agent, Document, Runs};
pub use guide::{Guide, Introduction, Obstacle, Openings, Way};
pub use progress::{ConnectedAgent, SetupFailure, SetupProgress, SetupState};
pub use prompts::{EXAMPLE_PROMPTS_MAX, ExamplePrompt};
pub use service::{SetupNeeds, SetupService};
pub use steps::Step;
