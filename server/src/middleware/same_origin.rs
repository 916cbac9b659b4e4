//! Requests that change something and are known by a cookie come from pages of Portal only.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, HeaderName, header::ORIGIN};
use portal_core::identity::RequestOrigin;
use portal_model::ErrorCode;

use crate::{http::notice, state::AppState};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Lets safe methods pass, and others when the browser says that the page is ours: by `Sec-Fetch-Site`, or where a
/// browser does not send that, by `Origin`. With neither header nothing is known, so the request is refused.
pub(crate) async fn same_origin(State(state): State<AppState>, request: Request, next: Next) -> Response {
    if request.method().is_safe() || is_own(request.headers(), |origin| state.public_url.is_origin(origin)) {
        return next.run(request).await;
    }
    tracing::warn!(path = request.uri().path(), "refused a request that did not come from a page of Portal");
    let request_id = request.extensions().get::<RequestOrigin>().and_then(|origin| origin.request_id.clone());
    notice::error(request.headers(), ErrorCode::CrossSite, request_id.as_deref())
}

fn is_own(headers: &HeaderMap, is_origin: impl Fn(&str) -> bool) -> bool {
    let text = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    match (text(&SEC_FETCH_SITE), text(&ORIGIN)) {
        (Some(site), _) => site == "same-origin",
        (None, Some(origin)) => is_origin(origin),
        (None, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(site: Option<&str>, origin: Option<&str>) -> bool {
        let mut headers = HeaderMap::new();
        if let Some(site) = site {
            headers.insert(SEC_FETCH_SITE, site.parse().unwrap());
        }
        if let Some(origin) = origin {
            headers.insert(ORIGIN, origin.parse().unwrap());
        }
        is_own(&headers, |origin| origin == "https://portal.example.com")
    }

    /// Attack: 1.7: forms from other sites, with every server function
    #[test]
    fn only_pages_of_portal_may_post() {
        assert!(own(Some("same-origin"), None));
        assert!(own(None, Some("https://portal.example.com")));
        assert!(!own(None, None));
        for site in ["cross-site", "same-site", "none", ""] {
            assert!(!own(Some(site), Some("https://portal.example.com")), "{site}");
        }
        for origin in ["null", "https://portal.example.com.evil.test", "http://portal.example.com"] {
            assert!(!own(None, Some(origin)), "{origin}");
        }
    }
}
