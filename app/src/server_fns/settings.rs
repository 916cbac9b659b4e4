//! App settings, General.

use leptos::prelude::*;
use portal_model::{
    ErrorCode, Field, FieldError,
    lifetimes::{RefreshLifetimes, SessionLifetimeDays, TokenLifetimeDays},
    settings::{CLIENT_PATTERNS_MAX, CimdPolicy, ClientPattern, SettingChange},
};

use crate::{
    error::UiError,
    flash::FormId,
    form::{Done, Form},
    guard,
    pages::settings::confirm::Asking,
    web_request::WebRequest,
};

const CIMD: &str = "/settings/general#cimd";
const REFRESH: &str = "/settings/general#refresh";
const DCR: &str = "/settings/clients#dcr";
const ROLLOUT: &str = "/settings/general#rollout";

/// Most lines of prompts that are looked at, empty ones included.
const PROMPT_LINES_MAX: usize = 50;
/// Stands between lines that are shown again: the flash cookie takes one line.
pub(crate) const LINE_KEPT: &str = "\u{2028}";

async fn change(request: &WebRequest, changes: &[SettingChange]) -> Result<Done, UiError> {
    let admin = guard::admin(request)?;
    request.services().settings.change(&admin, changes).await?;
    Ok(Done::Saved)
}

/// What a switch that asks before it goes off is sent.
struct Wish {
    on: bool,
    confirmed: bool,
    end: bool,
}

/// Switches one of the settings that ask before they go off, and with it ends the sessions that it keeps alive, where that
/// is wished. The subject afterwards is how many those were.
async fn switch(form: Form<'_>, setting: SettingChange, asking: Asking, wish: Wish) -> Result<(), UiError> {
    let request = form.request();
    let switched = async {
        let admin = guard::admin(request)?;
        let settings = &request.services().settings;
        match (wish.on, wish.confirmed, wish.end) {
            (false, false, _) => Ok((Done::Go(asking.path()), None)),
            (false, true, true) => {
                let ended = settings.change_and_end(&admin, &[setting], &asking.sessions()).await?;
                Ok((Done::Saved, Some(ended)))
            }
            _ => {
                settings.change(&admin, &[setting]).await?;
                Ok((Done::Saved, None))
            }
        }
    };
    match switched.await {
        Ok((done, Some(ended))) => form.subject(&ended.to_string()).answer(async { Ok(done) }).await,
        Ok((done, None)) => form.answer(async { Ok(done) }).await,
        Err(error) => form.answer(async { Err(error) }).await,
    }
}

/// `mcp.cimd.enabled`; off only once confirmed.
#[server(prefix = "/_ui", endpoint = "settings_cimd")]
pub(crate) async fn settings_cimd(
    enabled: Option<String>,
    confirmed: Option<String>,
    end: Option<String>,
) -> Result<(), UiError> {
    let request = WebRequest::current()?;
    let wish = Wish { on: enabled.is_some(), confirmed: confirmed.is_some(), end: end.is_some() };
    let setting = SettingChange::CimdEnabled(wish.on);
    switch(Form::new(&request, FormId::Cimd, CIMD), setting, Asking::Cimd, wish).await
}

/// `mcp.refresh.enabled`; off only once confirmed.
#[server(prefix = "/_ui", endpoint = "settings_refresh")]
pub(crate) async fn settings_refresh(
    enabled: Option<String>,
    confirmed: Option<String>,
    end: Option<String>,
) -> Result<(), UiError> {
    let request = WebRequest::current()?;
    let wish = Wish { on: enabled.is_some(), confirmed: confirmed.is_some(), end: end.is_some() };
    let setting = SettingChange::RefreshEnabled(wish.on);
    switch(Form::new(&request, FormId::Refresh, REFRESH), setting, Asking::Refresh, wish).await
}

/// `mcp.dcr.enabled`; off only once confirmed.
#[server(prefix = "/_ui", endpoint = "settings_dcr")]
pub(crate) async fn settings_dcr(
    enabled: Option<String>,
    confirmed: Option<String>,
    end: Option<String>,
) -> Result<(), UiError> {
    let request = WebRequest::current()?;
    let wish = Wish { on: enabled.is_some(), confirmed: confirmed.is_some(), end: end.is_some() };
    let setting = SettingChange::DcrEnabled(wish.on);
    switch(Form::new(&request, FormId::Dcr, DCR), setting, Asking::Dcr, wish).await
}

/// `mcp.cimd.policy`: `well-known` or `any`.
#[server(prefix = "/_ui", endpoint = "settings_policy")]
pub(crate) async fn settings_policy(policy: Option<String>) -> Result<(), UiError> {
    let request = WebRequest::current()?;
    let work = async {
        guard::admin(&request)?;
        let policy = match policy.as_deref() {
            Some("well-known") => CimdPolicy::WellKnown,
            Some("any") => CimdPolicy::Any,
            _ => return Err(ErrorCode::Invalid.into()),
        };
        change(&request, &[SettingChange::CimdPolicy(policy)]).await
    };
    Form::new(&request, FormId::Policy, CIMD).answer(work).await
}

/// Adds a pattern to `mcp.cimd.allowed`.
#[server(prefix = "/_ui", endpoint = "settings_pattern_add")]
pub(crate) async fn settings_pattern_add(pattern: Option<String>) -> Result<(), UiError> {
    let request = WebRequest::current()?;
    let text = pattern.unwrap_or_default();
    let form = Form::new(&request, FormId::Patterns, CIMD).keep(Field::ClientPatterns, &text);
    let work = async {
        guard::admin(&request)?;
        let refused = |code| FieldError::on(Field::ClientPatterns, code);
        let pattern = ClientPattern::try_from(text.clone()).map_err(refused)?;
        let mut allowed = request.services().settings.current().await?.cimd_allowed.clone();
        if allowed.len() >= CLIENT_PATTERNS_MAX {
            return Err(refused(ErrorCode::TooLong).into());
        }
        if !allowed.contains(&pattern) {
            allowed.push(pattern);
        }
        change(&request, &[SettingChange::CimdAllowed(allowed)]).await
    };
    form.answer(work).await
}

/// Takes a pattern out of `mcp.cimd.allowed`.
#[server(prefix = "/_ui", endpoint = "settings_pattern_remove")]
pub(crate) async fn settings_pattern_remove(pattern: Option<String>) -> Result<(), UiError> {
    let request = WebRequest::current()?;
    let work = async {
        guard::admin(&request)?;
        let mut allowed = request.services().settings.current().await?.cimd_allowed.clone();
        allowed.retain(|kept| Some(String::from(kept.clone())) != pattern);
        change(&request, &[SettingChange::CimdAllowed(allowed)]).await
    };
    Form::new(&request, FormId::Patterns, CIMD).answer(work).await
}

/// Both lifetimes, in days.
#[server(prefix = "/_ui", endpoint = "settings_lifetimes")]
pub(crate) async fn settings_lifetimes(
    token: Option<String>,
    session: Option<String>,
) -> Result<(), UiError> {
    let request = WebRequest::current()?;
    let (token, session) = (token.unwrap_or_default(), session.unwrap_or_default());
    let form = Form::new(&request, FormId::Lifetimes, REFRESH)
        .keep(Field::TokenLifetimeDays, &token)
        .keep(Field::SessionLifetimeDays, &session);
    let work = async {
        guard::admin(&request)?;
        change(&request, &[SettingChange::RefreshLifetimes(parse_lifetimes(&token, &session)?)]).await
    };
    form.answer(work).await
}

fn parse_lifetimes(token: &str, session: &str) -> Result<RefreshLifetimes, UiError> {
    let on = |field| move |code| FieldError::on(field, code);
    let token = token.parse::<TokenLifetimeDays>().map_err(on(Field::TokenLifetimeDays));
    let session = session.parse::<SessionLifetimeDays>().map_err(on(Field::SessionLifetimeDays));
    match (token, session) {
        (Ok(token), Ok(session)) => {
            Ok(RefreshLifetimes::new(token, session).map_err(on(Field::SessionLifetimeDays))?)
        }
        (token, session) => {
            let errors: Vec<FieldError> = token.err().into_iter().chain(session.err()).collect();
            Err(UiError::of(errors).unwrap_or_else(|| ErrorCode::Invalid.into()))
        }
    }
}

/// `mcp.sources.<source>.enabled`
#[server(prefix = "/_ui", endpoint = "settings_source")]
pub(crate) async fn settings_source(source: Option<String>, enabled: Option<String>) -> Result<(), UiError> {
    let request = WebRequest::current()?;
    let source = source.unwrap_or_default();
    let form = Form::new(&request, FormId::Source, "/settings/general#sources").subject(&source);
    let work = async {
        guard::admin(&request)?;
        if !request.services().actions.sources().iter().any(|known| known.id == source) {
            return Err(ErrorCode::NotFound.into());
        }
        change(
            &request,
            &[SettingChange::SourceEnabled { source: source.clone(), enabled: enabled.is_some() }],
        )
        .await
    };
    form.answer(work).await
}

/// `mcp.rollout.announce`
#[server(prefix = "/_ui", endpoint = "settings_announce")]
pub(crate) async fn settings_announce(enabled: Option<String>) -> Result<(), UiError> {
    let request = WebRequest::current()?;
    let work = async { change(&request, &[SettingChange::RolloutAnnounce(enabled.is_some())]).await };
    Form::new(&request, FormId::Announce, ROLLOUT).answer(work).await
}

/// One group more to announce it to, by name or reference.
#[server(prefix = "/_ui", endpoint = "settings_audience_add")]
pub(crate) async fn settings_audience_add(group: Option<String>) -> Result<(), UiError> {
    let request = WebRequest::current()?;
    let group = group.unwrap_or_default();
    let form = Form::new(&request, FormId::Audience, ROLLOUT).keep(Field::Audience, &group);
    let work = async {
        request.services().rollout.audience_add(&guard::admin(&request)?, &group).await?;
        Ok(Done::Saved)
    };
    form.answer(work).await
}

/// One group less to announce it to.
#[server(prefix = "/_ui", endpoint = "settings_audience_remove")]
pub(crate) async fn settings_audience_remove(group: Option<String>) -> Result<(), UiError> {
    let request = WebRequest::current()?;
    let work = async {
        let admin = guard::admin(&request)?;
        let group = group.unwrap_or_default().parse().map_err(|_| ErrorCode::EntityRefInvalid)?;
        request.services().rollout.audience_remove(&admin, &group).await?;
        Ok(Done::Saved)
    };
    Form::new(&request, FormId::Audience, ROLLOUT).answer(work).await
}

/// Announces it to everyone.
#[server(prefix = "/_ui", endpoint = "settings_audience_everyone")]
pub(crate) async fn settings_audience_everyone() -> Result<(), UiError> {
    let request = WebRequest::current()?;
    let work = async {
        request.services().rollout.audience_everyone(&guard::admin(&request)?).await?;
        Ok(Done::Saved)
    };
    Form::new(&request, FormId::Audience, ROLLOUT).answer(work).await
}

/// `mcp.rollout.message` and `mcp.rollout.prompts`, one prompt a line
#[server(prefix = "/_ui", endpoint = "settings_message")]
pub(crate) async fn settings_message(
    message: Option<String>,
    prompts: Option<String>,
) -> Result<(), UiError> {
    let request = WebRequest::current()?;
    let message = message.unwrap_or_default();
    let typed = prompts.as_deref().unwrap_or_default();
    let lines: Vec<String> = typed.lines().take(PROMPT_LINES_MAX).map(str::to_owned).collect();
    let form = Form::new(&request, FormId::Message, ROLLOUT)
        .keep(Field::Message, &message)
        .keep(Field::Prompts, &lines.join(LINE_KEPT));
    let mut changes = vec![SettingChange::RolloutMessage(message.trim().to_owned())];
    changes.extend(prompts.is_some().then_some(SettingChange::RolloutPrompts(lines)));
    form.answer(async { change(&request, &changes).await }).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_lifetimes_are_judged_at_once() {
        let error = parse_lifetimes("15", "x").unwrap_err();
        let found: Vec<_> = error.errors().map(|error| (error.field, error.code)).collect();
        assert_eq!(
            found,
            [
                (Some(Field::TokenLifetimeDays), ErrorCode::TokenLifetimeOutOfRange),
                (Some(Field::SessionLifetimeDays), ErrorCode::SessionLifetimeOutOfRange),
            ]
        );
        let shorter = parse_lifetimes("10", "9").unwrap_err();
        assert_eq!(shorter.first.field, Some(Field::SessionLifetimeDays));
        assert!(parse_lifetimes(" 7 ", "30").is_ok());
    }
}
