//! What every page and server function is given.

use std::sync::Arc;

use portal_core::services::Services;

/// Addresses of the page's own parts, with their content hashes; `None` in a binary that was built without a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AssetPaths {
    /// The stylesheet.
    pub css: Option<&'static str>,
    /// The JavaScript glue, a module whose default export takes the wasm file's address.
    pub js: Option<&'static str>,
    /// The wasm file.
    pub wasm: Option<&'static str>,
}

/// The way from a page or a server function to the services, provided to each request as a Leptos context.
#[derive(Clone)]
pub struct WebContext {
    /// The services.
    pub services: Services,
    /// The origin of every address shown; no trailing slash.
    pub public_url: Arc<str>,
    /// Whether cookies are `Secure` and carry the `__Host-` prefix: when `public_url` is https.
    pub secure_cookies: bool,
    /// The stylesheet and the browser half.
    pub assets: AssetPaths,
    /// Portal's version.
    pub version: &'static str,
}
