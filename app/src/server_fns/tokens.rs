//! Static tokens.

use leptos::prelude::*;
use portal_core::{
    ids::StaticTokenId,
    setup::Agent,
    tokens::{OldTokenEnds, StaticTokenRequest},
};
use portal_model::{ErrorCode, Field, settings::SettingChange};

use crate::{
    error::UiError,
    flash::FormId,
    form::{Done, Form},
    guard,
    pages::settings::token_confirm::{Change, confirm_path},
    web_request::WebRequest,
};

const PAGE: &str = "/settings/external-access";
const OWN_PAGE: &str = "/me/agents#tokens";

/// What was typed, so that it is there again beside its errors.
fn keep<'request>(form: Form<'request>, typed: &StaticTokenRequest) -> Form<'request> {
    form.subject(&typed.name)
        .keep(Field::TokenName, &typed.name)
        .keep(Field::Owner, &typed.owner)
        .keep(Field::Scope, &typed.scope)
        .keep(Field::ExpiresDays, &typed.expires_days)
        .keep(Field::Sources, &typed.sources.join(" "))
        .keep(Field::AddressRanges, &typed.ranges)
}

/// Makes a token; it is shown once.
#[server(prefix = "/_ui", endpoint = "token_create")]
pub(crate) async fn token_create(
    name: Option<String>,
    owner: Option<String>,
    scope: Option<String>,
    expires_days: Option<String>,
    sources: Option<Vec<String>>,
    ranges: Option<String>,
) -> Result<(), UiError> {
    let request = WebRequest::current()?;
    let typed = StaticTokenRequest {
        name: name.unwrap_or_default(),
        owner: owner.unwrap_or_default(),
        scope: scope.unwrap_or_default(),
        expires_days: expires_days.unwrap_or_default(),
        sources: sources.unwrap_or_default(),
        ranges: ranges.unwrap_or_default(),
    };
    let form = keep(Form::new(&request, FormId::Token, "/settings/external-access#new"), &typed);
    let work = async {
        let made = request.services().static_tokens.create(&guard::admin(&request)?, &typed).await?;
        Ok(Done::Link(made.secret))
    };
    form.answer(work).await
}

/// Replaces a token by a new one, which is shown once; asks first. `old_ends` is `in-one-hour` or `at-once`.
#[server(prefix = "/_ui", endpoint = "token_rotate")]
pub(crate) async fn token_rotate(
    token: Option<String>,
    old_ends: Option<String>,
    confirmed: Option<String>,
) -> Result<(), UiError> {
    let request = WebRequest::current()?;
    let id = StaticTokenId(token.unwrap_or_default());
    let work = async {
        let admin = guard::admin(&request)?;
        if confirmed.is_none() {
            return Ok(Done::Go(confirm_path(&id, Change::Rotate)));
        }
        let old_ends = match old_ends.as_deref() {
            Some("at-once") => OldTokenEnds::AtOnce,
            None | Some("in-one-hour") => OldTokenEnds::InOneHour,
            Some(_) => return Err(ErrorCode::Invalid.into()),
        };
        Ok(Done::Link(request.services().static_tokens.rotate(&admin, &id, old_ends).await?.secret))
    };
    Form::new(&request, FormId::TokenRotation, PAGE).subject(id.as_str()).answer(work).await
}

/// Ends a token; asks first.
#[server(prefix = "/_ui", endpoint = "token_revoke")]
pub(crate) async fn token_revoke(token: Option<String>, confirmed: Option<String>) -> Result<(), UiError> {
    let request = WebRequest::current()?;
    let id = StaticTokenId(token.unwrap_or_default());
    let work = async {
        let admin = guard::admin(&request)?;
        if confirmed.is_none() {
            return Ok(Done::Go(confirm_path(&id, Change::Revoke)));
        }
        request.services().static_tokens.revoke(&admin, &id).await?;
        Ok(Done::Saved)
    };
    Form::new(&request, FormId::TokenEnd, PAGE).subject(id.as_str()).answer(work).await
}

/// `tokens.personal.enabled`
#[server(prefix = "/_ui", endpoint = "settings_personal_tokens")]
pub(crate) async fn settings_personal_tokens(enabled: Option<String>) -> Result<(), UiError> {
    let request = WebRequest::current()?;
    let work = async {
        let admin = guard::admin(&request)?;
        let change = SettingChange::PersonalTokensEnabled(enabled.is_some());
        request.services().settings.change(&admin, &[change]).await?;
        Ok(Done::Saved)
    };
    Form::new(&request, FormId::PersonalTokens, "/settings/external-access#personal").answer(work).await
}

/// Makes a token by which the person's own program acts as them; it is shown once.
#[server(prefix = "/_ui", endpoint = "own_token_create")]
pub(crate) async fn own_token_create(
    name: Option<String>,
    scope: Option<String>,
    expires_days: Option<String>,
    sources: Option<Vec<String>>,
    ranges: Option<String>,
    agent: Option<String>,
) -> Result<(), UiError> {
    let request = WebRequest::current()?;
    let typed = StaticTokenRequest {
        name: name.unwrap_or_default(),
        owner: String::new(),
        scope: scope.unwrap_or_default(),
        expires_days: expires_days.unwrap_or_default(),
        sources: sources.unwrap_or_default(),
        ranges: ranges.unwrap_or_default(),
    };
    let page = agent
        .and_then(|slug| Agent::parse(&slug))
        .map_or_else(|| OWN_PAGE.to_owned(), |agent| format!("/mcp/setup?agent={}#connect", agent.slug()));
    let form = keep(Form::new(&request, FormId::OwnToken, page), &typed);
    let work = async {
        let person = guard::signed_in(&request)?;
        let made = request.services().static_tokens.create_personal(person, &typed).await?;
        Ok(Done::Link(made.secret))
    };
    form.answer(work).await
}

/// Ends one of the person's own tokens.
#[server(prefix = "/_ui", endpoint = "own_token_revoke")]
pub(crate) async fn own_token_revoke(token: Option<String>) -> Result<(), UiError> {
    let request = WebRequest::current()?;
    let id = StaticTokenId(token.unwrap_or_default());
    let work = async {
        let person = guard::signed_in(&request)?;
        if id.as_str().is_empty() {
            return Err(ErrorCode::NotFound.into());
        }
        request.services().static_tokens.revoke_own(person, &id).await?;
        Ok(Done::Saved)
    };
    Form::new(&request, FormId::OwnTokenEnd, OWN_PAGE).subject(id.as_str()).answer(work).await
}
