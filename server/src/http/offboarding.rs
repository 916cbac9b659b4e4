//! What somebody's leaving touches, or what it ended, as JSON, for admins.

use std::collections::HashMap;

use axum::{
    Extension, Json, Router,
    extract::{Query, State},
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::{HeaderMap, header};
use portal_core::{
    identity::{Admin, Identity},
    org::drill::DrillError,
};
use portal_model::{EntityRef, ErrorCode};
use serde_json::{Value, json};

use super::notice;
use crate::state::AppState;

const PATH: &str = "/settings/offboarding.json";

/// The one route; it stands behind the middleware that knows who asks.
pub(crate) fn router(state: &AppState) -> Router {
    Router::new().route(PATH, get(offboarding)).with_state(state.clone())
}

async fn offboarding(
    State(state): State<AppState>,
    Extension(identity): Extension<Identity>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let person = query.get("person").and_then(|person| person.parse::<EntityRef>().ok());
    let answer = match (identity.admin(), person) {
        (Err(code), _) => Err(code),
        (Ok(_), None) => Err(ErrorCode::EntityRefInvalid),
        (Ok(admin), Some(person)) => told(&state, &admin, &person).await,
    };
    match answer {
        Ok(told) => {
            let headers = [
                (header::CONTENT_DISPOSITION, "attachment; filename=\"offboarding.json\""),
                (header::CACHE_CONTROL, "no-store"),
            ];
            (headers, Json(told)).into_response()
        }
        Err(code) => notice::error(&headers, code, identity.origin().request_id.as_deref()),
    }
}

/// What there is now, and the report of the last time that this person was cut off.
async fn told(state: &AppState, admin: &Admin, person: &EntityRef) -> Result<Value, ErrorCode> {
    let offboarding = &state.services.offboarding;
    let plan = offboarding.plan(admin, person).await.map_err(code)?;
    let report = offboarding.last_report(admin, person).await.map_err(code)?;
    Ok(json!({ "plan": plan.json(), "report": report.map(|report| report.report) }))
}

fn code(error: DrillError) -> ErrorCode {
    match error {
        DrillError::Refused(code) => code,
        DrillError::Store(error) => {
            tracing::error!(%error, "an offboarding could not be read");
            ErrorCode::Unavailable
        }
    }
}
