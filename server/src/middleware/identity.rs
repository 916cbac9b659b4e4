//! Who sent a request from a browser, by the session cookie.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use portal_app::cookies;
use portal_core::{
    identity::{Identity, IdentityError, RequestOrigin},
    secret::Secret,
};
use portal_model::ErrorCode;

use crate::{http::notice, state::AppState};

/// Puts an [`Identity`] into the request. When the session cannot be looked up, nobody is taken for somebody: 503.
pub(crate) async fn identify(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let origin = request.extensions().get::<RequestOrigin>().cloned().unwrap_or_default();
    let request_id = origin.request_id.clone();
    let cookie =
        cookies::value(request.headers(), cookies::SESSION, state.public_url.is_https()).map(Secret::new);
    let identity = match cookie {
        None => Ok(Identity::Anonymous(origin)),
        Some(cookie) => state.services.identity.identify(Some(&cookie), origin).await,
    };
    match identity {
        Ok(identity) => {
            request.extensions_mut().insert(identity);
            next.run(request).await
        }
        Err(error) => {
            tracing::error!(%error, "a browser session could not be looked up");
            let code = match error {
                IdentityError::Store(_) => ErrorCode::Unavailable,
                _ => ErrorCode::Internal,
            };
            notice::error(request.headers(), code, request_id.as_deref())
        }
    }
}
