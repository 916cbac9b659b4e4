//! Personal tokens, a part of `/me/agents`.

use leptos::prelude::*;
use portal_core::{time::UnixMillis, tokens::StaticToken};

use crate::{
    components::{Tone, badge, form_error, note, when, when_ago},
    flash::FormId,
    page::{PageError, PageRequest},
    pages::settings::token_form::{form, made, scope_words, token_button},
    text,
};
use portal_core::identity::SignedIn;

/// Most tokens shown; more than one person can have.
const ROWS: u32 = 50;

/// The person's tokens, and the form for a new one where that is allowed. Nothing when there is neither.
pub(super) async fn section(page: &PageRequest, person: &SignedIn) -> Result<Option<AnyView>, PageError> {
    let services = page.request.services();
    let allowed = services.settings.current().await?.personal_tokens_enabled;
    let tokens = services.static_tokens.list_own(person, ROWS).await?;
    if !allowed && tokens.is_empty() {
        return Ok(None);
    }
    let (new, ended) = (page.outcome(FormId::OwnToken), page.outcome(FormId::OwnTokenEnd));
    let named = new.subject().map(str::to_owned);
    let now = page.request.now();
    let revoked = ended.done_at().map(|at| {
        let words =
            view! { <p><b>"The token is revoked."</b>" It stopped working at "{text::clock_time(at)}"."</p> };
        view! { <div class="mb-6" role="status">{note(Tone::Good, words)}</div> }
    });
    let form = allowed.then(|| form("/_ui/own_token_create", false, &new, services.actions.sources()));
    let content = view! {
        <section id="tokens" class="own-tokens" aria-labelledby="tokens-title">
            <h2 id="tokens-title">"Personal tokens"</h2>
            <p class="muted">"For programs of yours that cannot sign in. Whoever has one acts as you."</p>
            {made(&[(new.clone(), named)])}
            {revoked}{form_error(&ended)}
            {(!tokens.is_empty()).then(|| view! { <div class="panel">{table(&tokens, now)}</div> })}
            {form.map(|form| view! { <div class="panel" id="new-token">{form}</div> })}
        </section>
    };
    Ok(Some(content.into_any()))
}

fn table(tokens: &[StaticToken], now: UnixMillis) -> AnyView {
    let rows = tokens.iter().map(|token| row(token, now)).collect_view();
    view! {
        <table class="table">
            <caption class="sr">"Personal tokens"</caption>
            <thead><tr>
                <th scope="col">"Token"</th>
                <th scope="col" class="wide">"Allowed"</th>
                <th scope="col" class="wide">"Last used"</th>
                <th scope="col" class="wide">"Ends"</th>
                <th scope="col"><span class="sr">"Action"</span></th>
            </tr></thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

fn row(token: &StaticToken, now: UnixMillis) -> AnyView {
    let used = token
        .used_at
        .map_or_else(|| view! { <span class="faint">"Never"</span> }.into_any(), |at| when_ago(now, at));
    // One that an admin made is listed too: it acts as the person.
    let by_admin = (!token.personal).then(|| badge(Tone::Plain, "Made by an admin"));
    view! {
        <tr>
            <td>
                <span class="cluster tight"><b class="break"><bdi>{token.name.clone()}</bdi></b>{by_admin}</span>
                <code class="faint">{format!("ptls_…{}", token.ending)}</code>
            </td>
            <td class="wide">{scope_words(token.scope)}</td>
            <td class="wide">{used}<span class="sub">{token.used_from.clone()}</span></td>
            <td class="wide nowrap">{when(token.ends_at(), text::day_month(token.ends_at()))}</td>
            <td class="num">
                {token_button("/_ui/own_token_revoke", token.id.as_str(), format!("Revoke {}", token.name), "Revoke")}
            </td>
        </tr>
    }
    .into_any()
}
