//! The announcement that agents can be connected.

use leptos::prelude::*;
use portal_core::rollout::Banner;

use super::{Door, glyph};

/// The announcement.
pub(crate) fn banner(banner: &Banner) -> AnyView {
    let words = if banner.message.is_empty() {
        "Ask Claude Code, Codex or VS Code about our services, owners and APIs. It takes about a minute and asks for your sign-in, not for a token.".to_owned()
    } else {
        banner.message.clone()
    };
    view! {
        <section class="banner" aria-labelledby="banner-title">
            {glyph(Door::Open)}
            <div><h2 id="banner-title">"Connect your coding agent to Portal"</h2><p class="say"><bdi>{words}</bdi></p></div>
            <div class="acts"><a class="btn solid" href="/mcp/setup">"Set up MCP"</a></div>
        </section>
    }
    .into_any()
}
