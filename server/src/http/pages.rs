//! Pages and server functions.

use axum::{
    Router,
    body::Body,
    extract::Request,
    extract::State,
    middleware::{Next, from_fn_with_state, map_response},
    response::{IntoResponse as _, Response},
};
use http::{
    HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION},
};
use leptos::{
    config::LeptosOptions,
    nonce::use_nonce,
    prelude::{provide_context, use_context},
};
use leptos_axum::{LeptosRoutes as _, ResponseOptions, generate_route_list, render_app_async_with_context};
use portal_app::{
    context::{AssetPaths, WebContext},
    policy::content_security_policy,
    shell::document,
};

use crate::{assets, http::notice, state::AppState};

/// The routes of pages and server functions; any other address is a page that says so.
pub fn router(state: &AppState) -> Router {
    let web = web_context(state);
    let provide = move || {
        provide_context(web.clone());
        set_headers();
    };
    let missing = provide.clone();
    Router::new()
        .leptos_routes_with_context(&options(), generate_route_list(document), provide, document)
        .fallback(move |request| not_found(missing.clone(), request))
        .layer(map_response(see_other))
        .layer(from_fn_with_state(state.clone(), know_branding))
        .with_state(options())
}

/// What pages are given.
pub(crate) fn web_context(state: &AppState) -> WebContext {
    let assets::AssetPaths { css, js, wasm } = assets::manifest();
    WebContext {
        services: state.services.clone(),
        public_url: state.public_url.shared(),
        secure_cookies: state.public_url.is_https(),
        assets: AssetPaths { css, js, wasm },
        version: env!("CARGO_PKG_VERSION"),
    }
}

/// Leptos' options. The pages link their assets themselves, so nothing here names a file.
fn options() -> LeptosOptions {
    LeptosOptions::builder().output_name("portal").build()
}

/// Headers of every page, before the page itself, which may replace them.
fn set_headers() {
    let Some(response) = use_context::<ResponseOptions>() else { return };
    let nonce = use_nonce();
    let policy = content_security_policy(nonce.as_deref(), &[]);
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.insert_header(CONTENT_SECURITY_POLICY, policy);
    }
    // A page may come back from the browser's history, but is asked for again when it is loaded.
    response.insert_header(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
}

/// The name and the accent stand in the head of a page, which is written before the page asks for anything.
async fn know_branding(State(state): State<AppState>, request: Request, next: Next) -> Response {
    if let Err(error) = state.services.branding.refresh().await {
        tracing::warn!(%error, "pages are shown as they looked before");
    }
    next.run(request).await
}

async fn not_found(provide: impl Fn() + Clone + Send + Sync + 'static, request: Request) -> Response {
    if !notice::wants_html(request.headers()) {
        let plain = [(CONTENT_TYPE, "text/plain; charset=utf-8")];
        return (StatusCode::NOT_FOUND, plain, "There is nothing here.\n").into_response();
    }
    render_app_async_with_context(provide, document)(request).await
}

/// Leptos answers a form that does not fit its function with 302 and the error in the address. Nothing is ever shown
/// from an address here, and after a form the browser shall ask with GET (RFC 9110 section 15.4.4).
async fn see_other(mut response: Response<Body>) -> Response<Body> {
    if response.status() != StatusCode::FOUND {
        return response;
    }
    *response.status_mut() = StatusCode::SEE_OTHER;
    let location = response.headers().get(LOCATION).and_then(|location| location.to_str().ok());
    let path = location.map_or("/", |location| location.split(['?', '#']).next().unwrap_or("/"));
    let path = HeaderValue::from_str(path).unwrap_or(HeaderValue::from_static("/"));
    response.headers_mut().insert(LOCATION, path);
    response
}
