//! Pictures of clients.

use axum::{
    extract::{Path, State},
    response::Response,
};
use portal_core::oauth::records::LogoId;

use crate::{http::picture, state::AppState};

/// A picture by its name.
pub(super) async fn logo(State(state): State<AppState>, Path(id): Path<String>) -> Response {
    match LogoId::parse(&id) {
        Some(id) => picture::answer(state.services.clients.logo(&id).await),
        None => picture::missing(),
    }
}
