//! Metadata: of the protected resource (RFC 9728) and of the authorization server (RFC 8414).

use axum::{
    Json, Router,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::{StatusCode, header::RETRY_AFTER};
use portal_core::services::MCP_PATH;
use portal_model::{Scope, ScopeSet, scope::OFFLINE_ACCESS, settings::Settings};
use serde_json::{Value, json};

use super::{notice::RETRY_AFTER_SECONDS, oauth};
use crate::state::AppState;

/// Where the resource's metadata stand; the path of the resource may follow.
pub(crate) const PROTECTED_RESOURCE: &str = "/.well-known/oauth-protected-resource";
const AUTHORIZATION_SERVER: &str = "/.well-known/oauth-authorization-server";
const OPENID_CONFIGURATION: &str = "/.well-known/openid-configuration";

/// The metadata's routes, readable from every origin.
pub(crate) fn router() -> Router<AppState> {
    let mut router = Router::new();
    for suffix in [MCP_PATH, "", "/"] {
        router = router.route(&format!("{PROTECTED_RESOURCE}{suffix}"), get(protected_resource));
    }
    // Not at the path-inserted address: the issuer has no path, and clients must refuse a document whose issuer is not
    // the one they asked for, while a 404 makes them ask here.
    for path in [AUTHORIZATION_SERVER, OPENID_CONFIGURATION] {
        for suffix in ["", "/"] {
            router = router.route(&format!("{path}{suffix}"), get(authorization_server));
        }
    }
    router.layer(oauth::open_to_all_origins())
}

/// The address of the MCP endpoint's metadata, for challenges.
pub(crate) fn protected_resource_url(public_url: &str) -> String {
    format!("{public_url}{PROTECTED_RESOURCE}{MCP_PATH}")
}

async fn protected_resource(State(state): State<AppState>) -> Response {
    answer(&state, |settings| {
        settings.agents_can_sign_in().then(|| resource_document(state.public_url.as_str()))
    })
    .await
}

async fn authorization_server(State(state): State<AppState>) -> Response {
    answer(&state, |settings| Some(server_document(state.public_url.as_str(), settings))).await
}

async fn answer(state: &AppState, document: impl FnOnce(&Settings) -> Option<Value>) -> Response {
    match state.services.settings.current().await {
        Ok(settings) => match document(&settings) {
            Some(document) => Json(document).into_response(),
            None => (StatusCode::NOT_FOUND, "Agents cannot sign in here at present.\n").into_response(),
        },
        Err(error) => {
            tracing::error!(%error, "the settings could not be read");
            (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, RETRY_AFTER_SECONDS)]).into_response()
        }
    }
}

fn resource_document(issuer: &str) -> Value {
    json!({
        "resource": format!("{issuer}{MCP_PATH}"),
        "authorization_servers": [issuer],
        // What basic use needs: clients ask for all that is listed here. More comes by step-up.
        "scopes_supported": [Scope::Read.as_str()],
        "bearer_methods_supported": ["header"],
        "resource_name": "Portal",
    })
}

fn server_document(issuer: &str, settings: &Settings) -> Value {
    let all = ScopeSet { level: Scope::Destructive, offline_access: settings.refresh_enabled };
    let scopes: Vec<String> = all.to_string().split(' ').map(str::to_owned).collect();
    debug_assert_eq!(scopes.iter().any(|scope| scope == OFFLINE_ACCESS), settings.refresh_enabled);
    let mut document = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}{}", oauth::AUTHORIZE_PATH),
        "token_endpoint": format!("{issuer}{}", oauth::TOKEN_PATH),
        "revocation_endpoint": format!("{issuer}{}", oauth::REVOKE_PATH),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none"],
        "revocation_endpoint_auth_methods_supported": ["none"],
        "authorization_response_iss_parameter_supported": true,
        "scopes_supported": scopes,
    });
    if settings.cimd_enabled
        && let Some(members) = document.as_object_mut()
    {
        members.insert("client_id_metadata_document_supported".to_owned(), Value::Bool(true));
    }
    document
}
