//! The pages: Leptos, rendered on the server, with a few islands that the browser brings to life.
//!
//! Only [`islands`] is compiled for the browser. Everything else exists on the server alone, so that nothing of it can
//! reach the wasm file by accident.

pub mod islands;

#[cfg(feature = "ssr")]
mod components;
#[cfg(feature = "ssr")]
pub mod context;
#[cfg(feature = "ssr")]
pub mod cookies;
#[cfg(feature = "ssr")]
pub mod error;
#[cfg(feature = "ssr")]
pub mod flash;
#[cfg(feature = "ssr")]
mod form;
#[cfg(feature = "ssr")]
mod guard;
#[cfg(all(test, feature = "ssr"))]
mod hostile;
#[cfg(feature = "ssr")]
mod page;
#[cfg(feature = "ssr")]
mod pages;
#[cfg(feature = "ssr")]
pub mod policy;
#[cfg(feature = "ssr")]
pub mod return_to;
#[cfg(feature = "ssr")]
mod routes;
#[cfg(feature = "ssr")]
mod server_fns;
#[cfg(feature = "ssr")]
pub mod shell;
#[cfg(feature = "ssr")]
mod text;
#[cfg(feature = "ssr")]
mod web_request;

#[cfg(feature = "ssr")]
pub use pages::{
    authorize_error::authorize_error_page,
    sign_in_refused::{SignInRefused, sign_in_refused_page},
};
