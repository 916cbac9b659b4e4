//! All routes together, with what stands before each of them.

use axum::{Router, middleware::from_fn, middleware::from_fn_with_state};

use crate::{
    assets,
    http::{audit, branding, health, live, mcp, oauth, offboarding, pages, sign_in, webhooks, well_known},
    middleware::{edge, identify, limit_body, same_origin},
    state::AppState,
};

/// The whole of Portal as one service.
pub fn router(state: AppState) -> Router {
    // Known by a cookie: pages and server functions. The last layer is met first.
    let browser = pages::router(&state)
        .merge(audit::router(&state))
        .merge(offboarding::router(&state))
        .merge(live::router(&state))
        .layer(from_fn_with_state(state.clone(), identify))
        .layer(from_fn_with_state(state.clone(), same_origin));
    let open: Router<()> = Router::new()
        .merge(well_known::router())
        .merge(oauth::router())
        .merge(sign_in::router())
        .merge(health::router())
        .merge(branding::router())
        .with_state(state.clone());
    let small = Router::new().merge(browser).merge(open).merge(assets::routes()).layer(from_fn(limit_body));
    let agents: Router<()> = mcp::router(&state).with_state(state.clone());
    let uploads: Router<()> = branding::upload_router(&state);
    // They read larger bodies themselves.
    let events: Router<()> = webhooks::router().with_state(state.clone());
    Router::new()
        .merge(small)
        .merge(agents)
        .merge(uploads)
        .merge(events)
        .layer(from_fn_with_state(state, edge))
}
