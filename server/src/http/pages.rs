//! Pages and server functions.

use axum::Router;

use crate::state::AppState;

/// The routes of pages and server functions.
pub fn router(_state: &AppState) -> Router {
    Router::new()
}
