//! The form that makes a static token, and the token that came of it.

use leptos::prelude::*;
use portal_core::{
    actions::SourceInfo,
    tokens::{EXPIRY_DAYS_DEFAULT, EXPIRY_DAYS_MAX},
};
use portal_model::{Field, Scope};

use crate::{
    components::{Tone, UnitField, copy_line, field_error, form_error, hidden, note, text_field, unit_field},
    page::FormOutcome,
};

/// What a scope lets a token do, in the words of the pages.
pub(crate) const fn scope_words(scope: Scope) -> &'static str {
    match scope {
        Scope::Read => "Read",
        Scope::Write => "Read and change",
        Scope::Destructive => "Read, change and delete",
    }
}

/// The token that was just made, once. `named` is what it is called, when that is known.
pub(crate) fn made(outcomes: &[(FormOutcome, Option<String>)]) -> Option<AnyView> {
    let (outcome, named) = outcomes.iter().find(|(outcome, _)| outcome.link().is_some())?;
    let token = outcome.link()?.expose().to_owned();
    let named = named.clone().unwrap_or_default();
    let words = view! {
        <p><b>"Token “"<bdi>{named}</bdi>"” is ready."</b>
        " Copy it now: it is not shown again. Portal keeps only a fingerprint of it."</p>
    };
    let view = view! {
        <section class="panel once" aria-label="New token" role="status">
            <div class="pad stack-3">{note(Tone::Good, words)}{copy_line("new-token", "Token", token)}</div>
        </section>
    };
    Some(view.into_any())
}

/// The form. With `owner`, it asks whom the token shall belong to.
pub(crate) fn form(
    action: &'static str,
    owner: bool,
    outcome: &FormOutcome,
    sources: &[SourceInfo],
) -> AnyView {
    let was = |field| outcome.value(field).unwrap_or_default();
    let owner = owner.then(|| {
        text_field(
            ("token-owner", "owner", "Owner"),
            ("text", "off"),
            was(Field::Owner),
            "A user or group, such as user:default/ada or group:default/team-a, or the e-mail of an account.",
            outcome.error_of(Field::Owner),
        )
    });
    let days = outcome.value(Field::ExpiresDays).unwrap_or_else(|| EXPIRY_DAYS_DEFAULT.to_string());
    view! {
        <form method="post" action=action>
            <div class="pad stack-4">
                {form_error(outcome)}
                <div class="pair">
                    {text_field(
                        ("token-name", "name", "Name"), ("text", "off"), was(Field::TokenName),
                        "What it is for, such as catalog-sync-ci.", outcome.error_of(Field::TokenName),
                    )}
                    {owner}
                    {scope_field(outcome)}
                    {unit_field(UnitField {
                        id: "token-days", name: "expires_days", label: "Ends after", unit: "days",
                        limits: (1, EXPIRY_DAYS_MAX), value: days,
                        hint: format!("1 to {EXPIRY_DAYS_MAX} days."), error: outcome.error_of(Field::ExpiresDays),
                    })}
                </div>
                {sources_field(outcome, sources)}
                {ranges_field(outcome)}
            </div>
            <footer class="foot-bar"><span>"The token is shown once, right after this."</span>
                <button class="btn solid" type="submit">"Create token"</button></footer>
        </form>
    }
    .into_any()
}

fn scope_field(outcome: &FormOutcome) -> AnyView {
    let chosen = outcome.value(Field::Scope).as_deref().and_then(Scope::parse).unwrap_or(Scope::Read);
    let option = |scope: Scope| {
        view! { <option value=scope.as_str() selected=scope == chosen>{scope_words(scope)}</option> }
    };
    view! {
        <div class="field">
            <label for="token-scope">"Allowed"</label>
            <select class="input" id="token-scope" name="scope">{Scope::ALL.map(option).collect_view()}</select>
            {field_error("token-scope", outcome.error_of(Field::Scope))}
        </div>
    }
    .into_any()
}

fn sources_field(outcome: &FormOutcome, sources: &[SourceInfo]) -> AnyView {
    let was = outcome.value(Field::Sources).unwrap_or_default();
    let choices = sources
        .iter()
        .map(|source| {
            let checked = was.split(' ').any(|known| known == source.id);
            view! {
                <label class="choice">
                    <input class="check" type="checkbox" name="sources[]" value=source.id checked=checked/>
                    <span>{source.title}</span>
                </label>
            }
        })
        .collect_view();
    view! {
        <fieldset class="field">
            <legend>"Plugin sources"</legend>
            {choices}
            {field_error("token-sources", outcome.error_of(Field::Sources))}
            <p class="hint">"Tools of other sources do not exist for this token. None chosen means all that are on."</p>
        </fieldset>
    }
    .into_any()
}

fn ranges_field(outcome: &FormOutcome) -> AnyView {
    let error = outcome.error_of(Field::AddressRanges);
    let value = outcome.value(Field::AddressRanges).unwrap_or_default();
    view! {
        <div class="field">
            <label for="token-ranges">"Only from these addresses"</label>
            <input class="input" id="token-ranges" name="ranges" type="text" autocomplete="off" value=value
                aria-invalid=error.map(|_| "true") aria-describedby="token-ranges-hint"/>
            {field_error("token-ranges", error)}
            <p class="hint" id="token-ranges-hint">"Such as 192.0.2.0/24, 2001:db8::/32. Empty means from anywhere."</p>
        </div>
    }
    .into_any()
}

/// A form with one button about one token.
pub(crate) fn token_button(action: &'static str, id: &str, label: String, word: &'static str) -> AnyView {
    view! {
        <form method="post" action=action>
            {hidden("token", id)}
            <button class="btn small" type="submit" aria-label=label>{word}</button>
        </form>
    }
    .into_any()
}
