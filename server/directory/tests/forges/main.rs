//! GitHub and GitLab, read through the port from fakes that behave as they do.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it cannot go on"
)]

mod chaos;
mod github;
mod github_person;
mod gitlab;
mod gitlab_person;
mod reads;
