//! Brings the islands of the pages to life.

use portal_app as _;
use wasm_bindgen::prelude::wasm_bindgen;

/// Called once by the page, before its islands are started.
#[wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_islands();
}
