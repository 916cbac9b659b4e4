//! How clients are found, judged and matched.

mod documents;
mod finding;
mod ids;
mod redirects;
