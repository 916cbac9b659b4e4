//! The audit log as JSON lines, for admins.

use std::collections::HashMap;

use axum::{
    Extension, Router,
    body::{Body, Bytes},
    extract::{Query, State},
    response::{IntoResponse as _, Response},
    routing::get,
};
use futures::stream;
use http::{HeaderMap, header};
use portal_core::{
    audit::{AuditFilter, AuditFilterRequest},
    identity::{Admin, Identity},
    ids::AuditId,
    ports::StoreError,
    services::Services,
};
use portal_model::ErrorCode;

use super::notice;
use crate::state::AppState;

const PATH: &str = "/settings/audit/export";
/// Rows read at once.
const PAGE_LENGTH: u32 = 500;
/// Most rows of one export, newest first; a later `until` gets the rest.
const ROWS_MAX: usize = 1_000_000;

/// The one route; it stands behind the middleware that knows who asks.
pub(crate) fn router(state: &AppState) -> Router {
    Router::new().route(PATH, get(export)).with_state(state.clone())
}

/// Where an export stands.
struct Progress {
    services: Services,
    admin: Admin,
    filter: AuditFilter,
    after: Option<AuditId>,
    rows: usize,
}

async fn export(
    State(state): State<AppState>,
    Extension(identity): Extension<Identity>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let request_id = identity.origin().request_id.clone();
    let refused = |code| notice::error(&headers, code, request_id.as_deref());
    let admin = match identity.admin() {
        Ok(admin) => admin,
        Err(code) => return refused(code),
    };
    let asked = AuditFilterRequest::read(|name| query.get(name).cloned());
    if let Err(error) = state.services.audit.record_export(&admin, &asked).await {
        tracing::error!(%error, "an export of the audit log could not be written down");
        return refused(ErrorCode::Unavailable);
    }
    let progress =
        Progress { services: state.services.clone(), admin, filter: asked.filter(), after: None, rows: 0 };
    let body = Body::from_stream(stream::try_unfold(Some(progress), next_lines));
    let headers = [
        (header::CONTENT_TYPE, "application/x-ndjson; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"portal-audit.jsonl\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, body).into_response()
}

/// The next rows as lines, read when the client has taken the ones before.
async fn next_lines(progress: Option<Progress>) -> Result<Option<(Bytes, Option<Progress>)>, StoreError> {
    let Some(mut progress) = progress else { return Ok(None) };
    let Progress { services, admin, filter, after, .. } = &progress;
    let events = services.audit.list(admin, filter, after.as_ref(), PAGE_LENGTH).await?;
    let Some(last) = events.last() else { return Ok(None) };
    progress.after = Some(last.id.clone());
    progress.rows += events.len();
    let goes_on = events.len() == PAGE_LENGTH as usize && progress.rows < ROWS_MAX;
    let lines = events.iter().fold(String::new(), |lines, event| lines + &event.json().to_string() + "\n");
    Ok(Some((Bytes::from(lines), goes_on.then_some(progress))))
}
