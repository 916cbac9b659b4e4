//! Metadata: of the protected resource (RFC 9728) and of the authorization server (RFC 8414).

use axum::{
    Json, Router,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::{StatusCode, header::RETRY_AFTER};
use portal_core::{oauth::ASSERTION_ALGORITHMS, ports::StoreError, services::MCP_PATH};
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
    let settings = &state.services.settings;
    let document = async {
        let open = settings.agents_can_sign_in().await?;
        Ok(open.then(|| resource_document(state.public_url.as_str())))
    };
    answer(document.await)
}

async fn authorization_server(State(state): State<AppState>) -> Response {
    let settings = &state.services.settings;
    let document = async {
        let (current, registered) = (settings.current().await?, settings.has_registered_clients().await?);
        Ok(Some(server_document(state.public_url.as_str(), &current, registered)))
    };
    answer(document.await)
}

fn answer(document: Result<Option<Value>, StoreError>) -> Response {
    match document {
        Ok(document) => match document {
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

/// `registered` says whether an admin has registered a client.
fn server_document(issuer: &str, settings: &Settings, registered: bool) -> Value {
    let all = ScopeSet { level: Scope::Destructive, offline_access: settings.refresh_enabled };
    let scopes: Vec<String> = all.to_string().split(' ').map(str::to_owned).collect();
    debug_assert_eq!(scopes.iter().any(|scope| scope == OFFLINE_ACCESS), settings.refresh_enabled);
    let methods = methods(settings, registered);
    let mut document = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}{}", oauth::AUTHORIZE_PATH),
        "token_endpoint": format!("{issuer}{}", oauth::TOKEN_PATH),
        "revocation_endpoint": format!("{issuer}{}", oauth::REVOKE_PATH),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_methods_supported": methods,
        "authorization_response_iss_parameter_supported": true,
        "scopes_supported": scopes,
    });
    let mut add = |name: &str, value: Value| {
        if let Some(members) = document.as_object_mut() {
            members.insert(name.to_owned(), value);
        }
    };
    if settings.cimd_enabled {
        add("client_id_metadata_document_supported", Value::Bool(true));
        add("token_endpoint_auth_signing_alg_values_supported", json!(ASSERTION_ALGORITHMS));
        add("revocation_endpoint_auth_signing_alg_values_supported", json!(ASSERTION_ALGORITHMS));
    }
    if settings.dcr_enabled {
        add("registration_endpoint", Value::from(format!("{issuer}{}", oauth::REGISTER_PATH)));
    }
    document
}

/// How clients can authenticate: those with a document by signing, those that are registered by a secret. `none` is
/// always there, because some agents take a server without it for one that wants registration.
fn methods(settings: &Settings, registered: bool) -> Vec<&'static str> {
    let mut methods = vec!["none"];
    if settings.cimd_enabled {
        methods.push("private_key_jwt");
    }
    if settings.dcr_enabled || registered {
        methods.extend(["client_secret_basic", "client_secret_post"]);
    }
    methods
}
