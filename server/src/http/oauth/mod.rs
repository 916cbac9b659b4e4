//! The authorization server's endpoints.

mod authorize;
mod client;
mod logo;
mod register;
mod revoke;
mod token;

use axum::{Router, routing::get};
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use portal_core::services::LOGO_PATH;
use tower_http::cors::{AllowHeaders, AllowMethods, AllowOrigin, CorsLayer};

pub(in crate::http) use self::client::header_values;
use crate::state::AppState;

/// Where browsers are sent to.
pub(crate) const AUTHORIZE_PATH: &str = "/oauth/authorize";
/// Where clients exchange codes and refresh tokens.
pub(crate) const TOKEN_PATH: &str = "/oauth/token";
/// Where clients give tokens back.
pub(crate) const REVOKE_PATH: &str = "/oauth/revoke";
/// Where clients register themselves, while that is on.
pub(crate) const REGISTER_PATH: &str = "/oauth/register";

/// The routes. Token, revoke and register answer any origin; authorize never does.
pub(crate) fn router() -> Router<AppState> {
    let clients = Router::new()
        .route(TOKEN_PATH, axum::routing::post(token::token).fallback(token::wrong_method))
        .route(REVOKE_PATH, axum::routing::post(revoke::revoke).fallback(token::wrong_method))
        .route(REGISTER_PATH, axum::routing::post(register::register).fallback(token::wrong_method))
        .layer(open_to_all_origins());
    Router::new()
        .route(AUTHORIZE_PATH, get(authorize::authorize))
        .route(&format!("{LOGO_PATH}/{{id}}"), get(logo::logo))
        .merge(clients)
}

/// Lets scripts of every origin read the answers; none of these routes looks at cookies.
pub(crate) fn open_to_all_origins() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AllowOrigin::any())
        .allow_methods(AllowMethods::list([http::Method::GET, http::Method::POST]))
        .allow_headers(AllowHeaders::any())
        .expose_headers([CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE])
}
