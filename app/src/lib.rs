//! The pages: Leptos, rendered on the server, with a few islands that the browser brings to life.

#[cfg(feature = "ssr")]
pub mod context;
#[cfg(feature = "ssr")]
pub mod cookies;
#[cfg(feature = "ssr")]
pub mod return_to;
