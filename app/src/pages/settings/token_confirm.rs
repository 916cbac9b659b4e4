//! `/settings/external-access/confirm`

use leptos::prelude::*;
use portal_core::ids::StaticTokenId;
use portal_model::ErrorCode;

use crate::{
    components::{hidden, sheet},
    page::{Page, PageRequest, PageResult},
};

/// What shall become of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// A new one takes its place.
    Rotate,
    /// It ends.
    Revoke,
}

impl Change {
    const fn word(self) -> &'static str {
        match self {
            Self::Rotate => "rotate",
            Self::Revoke => "revoke",
        }
    }
}

/// The page that asks before a change to a token.
pub(crate) fn confirm_path(token: &StaticTokenId, change: Change) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("token", token.as_str()).append_pair("change", change.word());
    format!("/settings/external-access/confirm?{}", query.finish())
}

/// Asks, naming the token and what follows.
pub(crate) async fn page(page: PageRequest) -> PageResult {
    let admin = page.admin()?;
    let word = page.request.query("change").unwrap_or_default();
    let change = [Change::Rotate, Change::Revoke].into_iter().find(|change| change.word() == word);
    let change = change.ok_or(ErrorCode::NotFound)?;
    let id = StaticTokenId(page.request.query("token").unwrap_or_default());
    let found = page.request.services().static_tokens.find(&admin, &id).await?;
    let token = found.filter(|token| token.is_open(page.request.now())).ok_or(ErrorCode::NotFound)?;
    if change == Change::Rotate && token.ended.is_some() {
        return Err(ErrorCode::NotFound.into());
    }
    let (action, heading, consequence, go_on) = match change {
        Change::Rotate => (
            "/_ui/token_rotate",
            "Rotate this token?",
            "You get a new token with the same name, owner and limits, good for as long as this one was. Whatever uses this one must get the new one.",
            "Rotate token",
        ),
        Change::Revoke => (
            "/_ui/token_revoke",
            "Revoke this token?",
            "It stops working at once and cannot be brought back.",
            "Revoke token",
        ),
    };
    let used = token.used_from.clone().map(|address| format!("Last used from {address}."));
    let content = view! {
        <form method="post" action=action class="form">
            {hidden("token", token.id.as_str())}{hidden("confirmed", "1")}
            <header><h1>{heading}</h1></header>
            <p><b class="break"><bdi>{token.name.clone()}</bdi></b>" of "<code class="break">{token.owner.to_string()}</code></p>
            <p>{consequence}</p>
            {(change == Change::Rotate).then(old_ends)}
            <p class="muted">{used}</p>
            <div class="pair-buttons">
                <a class="btn" href="/settings/external-access">"Cancel"</a>
                <button class="btn bad-solid" type="submit">{go_on}</button>
            </div>
        </form>
    };
    Ok(Page { title: "Confirm a change to a token".into(), body: sheet(content.into_any(), None) })
}

/// When the token that is replaced ends.
fn old_ends() -> AnyView {
    let choice = |value: &'static str, title: &'static str, why: &'static str, checked: bool| {
        let id = format!("old-{value}");
        let described = id.clone();
        view! {
            <label>
                <input class="radio" type="radio" name="old_ends" value=value checked=checked
                    aria-label=title aria-describedby=described/>
                <span><span class="t">{title}</span><span class="d" id=id>{why}</span></span>
            </label>
        }
    };
    view! {
        <fieldset>
            <legend>"The old token stops working"</legend>
            <div class="scopes">
                {choice("in-one-hour", "In one hour", "Time to put the new one in its place.", true)}
                {choice("at-once", "At once", "When someone may have it who should not.", false)}
            </div>
        </fieldset>
    }
    .into_any()
}
