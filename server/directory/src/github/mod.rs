//! GitHub: github.com, Enterprise Cloud with managed users, Enterprise Server.

mod options;

pub use options::{GithubCredential, GithubEnterprise, GithubOptions};
