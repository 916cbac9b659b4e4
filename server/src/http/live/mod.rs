//! Server-sent events by which a page learns that a part of it is out of date.
//!
//! An event carries the version of the part and nothing else: what changed is fetched as the page itself, so that there is
//! one way to render it and one place that decides who may see it.

mod places;
mod watch;

use std::collections::HashMap;

use axum::{
    Extension, Router,
    extract::{Path, Query, State},
    response::{IntoResponse as _, Response, Sse},
    routing::get,
};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use portal_app::cookies;
use portal_core::{
    changes::Changes,
    identity::Identity,
    org::{OrgError, ProviderId},
    secret::Secret,
    setup::Agent,
};
use portal_model::ErrorCode;

pub(crate) use self::places::LivePlaces;
use self::watch::Watch;
use super::notice;
use crate::state::AppState;

/// Some proxies hold answers back until they are complete, unless they are told not to.
const UNBUFFERED: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));

/// The routes; they stand behind the middleware that knows who asks.
pub(crate) fn router(state: &AppState) -> Router {
    Router::new()
        .route("/_live/setup", get(setup))
        .route("/_live/org-data/{provider}", get(provider))
        .with_state(state.clone())
}

/// A part of a page that changes by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// How far the person is with connecting an agent.
    Setup(Option<Agent>),
    /// The runs of a directory; for admins.
    Provider(ProviderId),
}

impl Part {
    /// The counter that rises when the part changes.
    const fn counter(&self, changes: Changes) -> i64 {
        match self {
            Self::Setup(_) => changes.attempts,
            Self::Provider(_) => changes.runs,
        }
    }

    /// What its version is for whoever asks.
    async fn version(&self, state: &AppState, identity: &Identity) -> Result<String, ErrorCode> {
        let services = &state.services;
        match self {
            Self::Setup(agent) => {
                let signed_in = identity.signed_in()?;
                services.setup.progress_version(signed_in, *agent).await.map_err(|error| away(&error))
            }
            Self::Provider(id) => {
                let admin = identity.admin()?;
                services.org.progress_version(&admin, id).await.map_err(|error| match error {
                    OrgError::UnknownProvider => ErrorCode::NotFound,
                    error => away(&error),
                })
            }
        }
    }
}

fn away(error: &impl std::fmt::Display) -> ErrorCode {
    tracing::error!(%error, "the version of a part could not be told");
    ErrorCode::Unavailable
}

async fn setup(
    State(state): State<AppState>,
    Extension(identity): Extension<Identity>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let agent = query.get("agent").and_then(|slug| Agent::parse(slug));
    answer(state, identity, &headers, Ok(Part::Setup(agent))).await
}

async fn provider(
    State(state): State<AppState>,
    Extension(identity): Extension<Identity>,
    Path(provider): Path<String>,
    headers: HeaderMap,
) -> Response {
    let part = ProviderId::parse(&provider).map(Part::Provider).map_err(|_| ErrorCode::NotFound);
    answer(state, identity, &headers, part).await
}

async fn answer(
    state: AppState,
    identity: Identity,
    headers: &HeaderMap,
    part: Result<Part, ErrorCode>,
) -> Response {
    let request_id = identity.origin().request_id.clone();
    match begin(state, identity, headers, part).await {
        Ok(watch) => {
            let uncached = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            ([UNBUFFERED, uncached], Sse::new(watch.events())).into_response()
        }
        Err(code) => notice::error(headers, code, request_id.as_deref()),
    }
}

async fn begin(
    state: AppState,
    identity: Identity,
    headers: &HeaderMap,
    part: Result<Part, ErrorCode>,
) -> Result<Watch, ErrorCode> {
    let person = identity.signed_in()?.user().id.clone();
    if matches!(part, Err(_) | Ok(Part::Provider(_))) {
        identity.admin()?;
    }
    let part = part?;
    let version = part.version(&state, &identity).await?;
    let place = state.live.take(&person).ok_or(ErrorCode::Unavailable)?;
    let cookie = cookies::value(headers, cookies::SESSION, state.public_url.is_https()).map(Secret::new);
    Ok(Watch::new(state, identity, cookie, part, version, place))
}
