//! GitLab: gitlab.com and self-managed.

mod options;

pub use options::{GitlabOptions, GitlabScope};
