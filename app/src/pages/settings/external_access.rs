//! `/settings/external-access`: static tokens

use leptos::prelude::*;
use portal_core::{
    ids::StaticTokenId,
    time::{DAY_MS, UnixMillis},
    tokens::{StaticToken, StaticTokenEnd, StaticTokenFilter},
};

use super::{
    listing::{Listing, ROWS_READ, crumbs, pager},
    token_form::{form, made, scope_words, token_button},
};
use crate::{
    components::{
        Frame, Icon, SettingsSection, Switch, Tone, badge, empty, entity_link, form_error, icon, note, saved,
        switch, when, when_ago,
    },
    flash::FormId,
    page::{FormOutcome, PageRequest, PageResult},
    text,
};

/// A token that ends within this many days says so.
const ENDS_SOON_DAYS: i64 = 14;

/// Tokens for programs that cannot sign in.
pub(crate) async fn page(page: PageRequest) -> PageResult {
    let admin = page.admin()?;
    let frame = Frame::load(&page).await?;
    let (services, now) = (page.request.services(), page.request.now());
    let listing = Listing::of(&page, "/settings/external-access");
    let ended_too = page.request.query("ended").is_some();
    let filter = StaticTokenFilter {
        search: listing.search.clone(),
        open_at: (!ended_too).then_some(now),
        ..StaticTokenFilter::default()
    };
    let after = listing.after.clone().map(StaticTokenId);
    let mut tokens = services.static_tokens.list(&admin, &filter, after.as_ref(), ROWS_READ).await?;
    let kept: &[(&str, &str)] = if ended_too { &[("ended", "1")] } else { &[] };
    let next = listing.cut(&mut tokens, kept, |token| token.id.as_str());
    let total = services.static_tokens.count(&admin, &filter).await?;
    let settings = services.settings.current().await?;
    let outcome = page.outcome(FormId::Token);
    let content = view! {
        {crumbs("External access")}
        <div class="head">
            <div><h1>"External access"</h1><p class="lead">"Static tokens for CI and for agents that cannot sign in. Each one ends with its owner’s access."</p></div>
            <a class="btn" href="#new">{icon(Icon::Add)}"New token"</a>
        </div>
        {made(&made_now(&page, &tokens))}
        {ended_now(&page, &tokens)}
        {listing.search_form("Find a token", "Name or owner", Some(ended_choice(ended_too)))}
        <section class="panel" aria-label="Static tokens">{table(&tokens, now, total, next)}</section>
        <section class="panel" id="new" aria-labelledby="new-title">
            <header><h2 id="new-title">"New token"</h2></header>
            {form("/_ui/token_create", true, &outcome, services.actions.sources())}
        </section>
        {personal(&page.outcome(FormId::PersonalTokens), settings.personal_tokens_enabled)}
    };
    Ok(frame.settings("External access", SettingsSection::ExternalAccess, content.into_any()))
}

fn made_now(page: &PageRequest, tokens: &[StaticToken]) -> [(FormOutcome, Option<String>); 2] {
    let (made, rotated) = (page.outcome(FormId::Token), page.outcome(FormId::TokenRotation));
    let name = made.subject().map(str::to_owned);
    // The newest is the one that took the other's place.
    let new_name = rotated.link().and(tokens.first()).map(|token| token.name.clone());
    [(made, name), (rotated, new_name)]
}

fn ended_now(page: &PageRequest, tokens: &[StaticToken]) -> AnyView {
    let (ended, rotated) = (page.outcome(FormId::TokenEnd), page.outcome(FormId::TokenRotation));
    let done = ended.done_at().map(|at| {
        let named = tokens.iter().find(|token| Some(token.id.as_str()) == ended.subject());
        let name = named.map_or_else(|| "The token".to_owned(), |token| token.name.clone());
        let words = view! { <p><b><bdi>{name}</bdi>" is revoked."</b>" It stopped working at "{text::clock_time(at)}"."</p> };
        view! { <div class="mb-6" role="status">{note(Tone::Good, words)}</div> }
    });
    let errors = [ended, rotated].map(|outcome| form_error(&outcome)).into_iter().flatten().collect_view();
    view! { {done} {errors} }.into_any()
}

fn ended_choice(ended_too: bool) -> AnyView {
    view! {
        <label class="choice">
            <input class="check" type="checkbox" name="ended" value="1" checked=ended_too/>
            <span>"Show ended tokens"</span>
        </label>
    }
    .into_any()
}

fn table(tokens: &[StaticToken], now: UnixMillis, total: i64, next: Option<String>) -> AnyView {
    if tokens.is_empty() {
        return empty("No tokens", "Agents that can open a browser do not need one.", None);
    }
    let rows = tokens.iter().map(|token| row(token, now)).collect_view();
    view! {
        <table class="table">
            <caption class="sr">"Static tokens"</caption>
            <thead><tr>
                <th scope="col">"Token"</th>
                <th scope="col" class="wide">"Owner"</th>
                <th scope="col" class="wide">"Allowed"</th>
                <th scope="col" class="wide">"Last used"</th>
                <th scope="col" class="wide">"Ends"</th>
                <th scope="col"><span class="sr">"Actions"</span></th>
            </tr></thead>
            <tbody>{rows}</tbody>
        </table>
        {pager(text::count(total, "token", "tokens"), next)}
    }
    .into_any()
}

fn state(token: &StaticToken, now: UnixMillis) -> Option<AnyView> {
    let left_ms = token.expires_at.since(now);
    match token.ended {
        Some((at, StaticTokenEnd::Rotated)) if token.is_open(now) => {
            Some(badge(Tone::Warning, format!("Replaced, ends at {}", text::clock_time(at))))
        }
        Some((_, StaticTokenEnd::Revoked)) => Some(badge(Tone::Plain, "Revoked")),
        Some((_, StaticTokenEnd::Rotated)) => Some(badge(Tone::Plain, "Replaced")),
        Some((_, StaticTokenEnd::OwnerGone)) => Some(badge(Tone::Plain, "Owner has left")),
        None if left_ms <= 0 => Some(badge(Tone::Plain, "Ended")),
        None if token.owner_missing_since.is_some() => Some(badge(Tone::Bad, "Owner is missing")),
        None if left_ms < ENDS_SOON_DAYS * DAY_MS => {
            let days = text::count(left_ms / DAY_MS + 1, "day", "days");
            Some(badge(Tone::Warning, format!("Ends in {days}")))
        }
        None => None,
    }
}

fn row(token: &StaticToken, now: UnixMillis) -> AnyView {
    let used = token
        .used_at
        .map_or_else(|| view! { <span class="faint">"Never"</span> }.into_any(), |at| when_ago(now, at));
    let sources = token
        .sources
        .as_ref()
        .map_or_else(|| "all sources that are on".to_owned(), |sources| sources.join(", "));
    let bound = (!token.ranges.is_empty()).then(|| {
        let ranges: Vec<String> = token.ranges.iter().map(ToString::to_string).collect();
        view! { <span class="sub break">{format!("from {}", ranges.join(", "))}</span> }
    });
    let actions = token.is_open(now).then(|| {
        let rotate = token.ended.is_none().then(|| {
            token_button("/_ui/token_rotate", token.id.as_str(), format!("Rotate {}", token.name), "Rotate")
        });
        view! {
            <span class="cluster tight">
                {rotate}
                {token_button("/_ui/token_revoke", token.id.as_str(), format!("Revoke {}", token.name), "Revoke")}
            </span>
        }
    });
    view! {
        <tr>
            <td>
                <span class="cluster tight"><b class="break"><bdi>{token.name.clone()}</bdi></b>
                    {state(token, now)}{token.personal.then(|| badge(Tone::Plain, "Personal"))}</span>
                <code class="faint">{format!("ptls_…{}", token.ending)}</code>
                <span class="sub break">{format!("made by {}", token.created_by)}</span>
            </td>
            <td class="wide">{entity_link(&token.owner, Some(token.owner.to_string()))}</td>
            <td class="wide">{scope_words(token.scope)}<span class="sub">{sources}</span>{bound}</td>
            <td class="wide">{used}<span class="sub">{token.used_from.clone()}</span></td>
            <td class="wide nowrap">{when(token.ends_at(), text::day_month(token.ends_at()))}</td>
            <td class="num">{actions}</td>
        </tr>
    }
    .into_any()
}

fn personal(outcome: &FormOutcome, on: bool) -> AnyView {
    let control = Switch {
        id: "personal-tokens".to_owned(),
        action: "/_ui/settings_personal_tokens",
        label: "Personal tokens".to_owned(),
        described_by: Some("personal-why".to_owned()),
        on,
        confirm: None,
        sends: Vec::new(),
    };
    let words = view! {
        <span><span class="what">"Personal tokens"</span>
        <span class="why" id="personal-why">"Lets everyone make tokens for themselves under Portal MCP. Off, nobody can make new ones; those that are there work until they end or are revoked."</span></span>
    };
    let line = view! { <span class="state">{saved(outcome.done_at())}{form_error(outcome)}</span> };
    view! {
        <section class="panel" id="personal" aria-label="Personal tokens">
            {switch(control, "row", words.into_any(), Some(line.into_any()))}
        </section>
    }
    .into_any()
}
