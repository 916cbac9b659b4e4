//! Probes.

use axum::{Router, extract::State, routing::get};
use http::StatusCode;

use crate::state::AppState;

/// `/healthz`: the process answers. `/readyz`: it can do its work.
pub(crate) fn router() -> Router<AppState> {
    Router::new().route("/healthz", get(async || "ok\n")).route("/readyz", get(ready))
}

async fn ready(State(state): State<AppState>) -> (StatusCode, &'static str) {
    let answer = async { state.services.dependencies.store.read().await?.changes().await };
    match answer.await {
        Ok(_) => (StatusCode::OK, "ready\n"),
        Err(error) => {
            tracing::error!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the store is unavailable\n")
        }
    }
}
