//! The announcement that agents can be connected.

use leptos::prelude::*;
use portal_core::rollout::Banner;

use super::{Door, Frame, Icon, Tone, form_error, glyph, icon, live, note};
use crate::{flash::FormId, page::PageRequest};

/// The announcement on the home page, noted as seen; or that it was just put away.
pub(crate) async fn announcement(page: &PageRequest, frame: &Frame) -> Option<AnyView> {
    page.request.services().rollout.shown(&frame.signed_in, &frame.rollout).await;
    let outcome = page.outcome(FormId::Banner);
    match &frame.rollout.banner {
        Some(shown) => Some(view! { {form_error(&outcome)}{banner(shown)} }.into_any()),
        None => outcome.done_at().map(|_| put_away()),
    }
}

/// The announcement, as people see it.
pub(crate) fn banner(banner: &Banner) -> AnyView {
    let words = if banner.message.is_empty() {
        "Ask Claude Code, Codex or VS Code about our services, owners and APIs. It takes about a minute and asks for your sign-in, not for a token.".to_owned()
    } else {
        banner.message.clone()
    };
    let away = view! {
        <form method="post" action="/_ui/rollout_dismiss">
            <button class="btn quiet" type="submit" aria-describedby="banner-title">"Not now"</button>
        </form>
    };
    view! {
        <section class="banner" aria-labelledby="banner-title">
            {glyph(Door::Open)}
            <div><h2 id="banner-title">"Connect your coding agent to Portal"</h2><p class="say"><bdi>{words}</bdi></p></div>
            <div class="acts"><a class="btn solid" href="/mcp/setup">"Set up MCP"</a>{live(false, "", away.into_any())}</div>
        </section>
    }
    .into_any()
}

fn put_away() -> AnyView {
    let words = view! {
        <p class="saved" role="status">{icon(Icon::Check)}<b>"The banner is put away."</b></p>
        <p>"You find it again in your profile menu, under "<a href="/me/agents">"Portal MCP"</a>"."</p>
    };
    view! { <div class="mb-6">{note(Tone::Plain, words.into_any())}</div> }.into_any()
}
