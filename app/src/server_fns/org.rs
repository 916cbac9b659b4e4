//! Org data: locations, directories, and people who leave.

use leptos::prelude::*;
use portal_core::{
    ids::LocationId,
    org::{ProviderId, RunNumber},
};
use portal_model::{EntityRef, ErrorCode, Field};

use crate::{
    error::UiError,
    flash::FormId,
    form::{Done, Form},
    guard,
    pages::settings::{offboarding::offboarding_path, providers::provider_path},
    web_request::WebRequest,
};

/// Reads one location again, or all when none is named.
#[server(prefix = "/_ui", endpoint = "location_refresh")]
pub(crate) async fn location_refresh(location: Option<String>) -> Result<(), UiError> {
    let request = WebRequest::current()?;
    let subject = location.clone().unwrap_or_else(|| "all".to_owned());
    let form = Form::new(&request, FormId::Location, "/settings/org-data").subject(&subject);
    let work = async {
        guard::admin(&request)?;
        let ingestion = &request.services().ingestion;
        match location {
            Some(id) => ingestion.refresh(&LocationId(id)).await.map(|_| ())?,
            None => ingestion.refresh_all().await.map(|_| ())?,
        }
        Ok(Done::Saved)
    };
    form.answer(work).await
}

/// Asks for a run of a directory.
#[server(prefix = "/_ui", endpoint = "org_run")]
pub(crate) async fn org_run(provider: Option<String>) -> Result<(), UiError> {
    let request = WebRequest::current()?;
    let id = provider.unwrap_or_default();
    let form = Form::new(&request, FormId::OrgRun, provider_path(&id));
    let work = async {
        let admin = guard::admin(&request)?;
        request.services().org.run_now(&admin, &known(&id)?).await?;
        Ok(Done::Saved)
    };
    form.answer(work).await
}

/// Approves or discards a held run.
#[server(prefix = "/_ui", endpoint = "org_decide")]
pub(crate) async fn org_decide(
    provider: Option<String>,
    run: Option<String>,
    decision: Option<String>,
) -> Result<(), UiError> {
    let request = WebRequest::current()?;
    let id = provider.unwrap_or_default();
    let form = Form::new(&request, FormId::OrgDecision, provider_path(&id));
    let work = async {
        let admin = guard::admin(&request)?;
        let run = run.and_then(|run| run.parse().ok()).map(RunNumber).ok_or(ErrorCode::NotFound)?;
        let (id, org) = (known(&id)?, &request.services().org);
        match decision.as_deref() {
            Some("approve") => org.approve(&admin, &id, run).await?,
            Some("discard") => org.discard(&admin, &id, run).await?,
            _ => return Err(ErrorCode::Invalid.into()),
        }
        Ok(Done::Saved)
    };
    form.answer(work).await
}

/// Sets the rules of a directory.
#[server(prefix = "/_ui", endpoint = "org_rules")]
pub(crate) async fn org_rules(
    provider: Option<String>,
    freshness_hours: Option<String>,
    when_stale: Option<String>,
    removal_limit_percent: Option<String>,
    admin_groups: Option<String>,
) -> Result<(), UiError> {
    let request = WebRequest::current()?;
    let id = provider.unwrap_or_default();
    let groups = admin_groups.unwrap_or_default();
    // What is kept for the form has no line breaks; commas part names as well.
    let groups = groups.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(", ");
    let (hours, percent) = (freshness_hours.unwrap_or_default(), removal_limit_percent.unwrap_or_default());
    let form = Form::new(&request, FormId::OrgRules, format!("{}#rules", provider_path(&id)))
        .keep(Field::FreshnessHours, &hours)
        .keep(Field::RemovalLimitPercent, &percent)
        .keep(Field::AdminGroups, &groups);
    let work = async {
        let admin = guard::admin(&request)?;
        let pair = |key: &str, value: String| (format!("org.{id}.{key}"), value);
        let pairs = [
            pair("freshness_hours", hours.clone()),
            pair("when_stale", when_stale.unwrap_or_default()),
            pair("removal_limit_percent", percent.clone()),
            pair("admin_groups", groups.clone()),
        ];
        request.services().settings.change_by_key(&admin, &pairs).await?;
        Ok(Done::Saved)
    };
    form.answer(work).await
}

/// Cuts somebody off.
#[server(prefix = "/_ui", endpoint = "offboard")]
pub(crate) async fn offboard(person: Option<String>, confirmed: Option<String>) -> Result<(), UiError> {
    let request = WebRequest::current()?;
    let person = person.unwrap_or_default();
    let form = Form::new(&request, FormId::Offboarding, offboarding_path(&person));
    let work = async {
        let admin = guard::admin(&request)?;
        let person = person.parse::<EntityRef>().map_err(|_| ErrorCode::EntityRefInvalid)?;
        if confirmed.is_none() {
            return Err(ErrorCode::ConfirmationRequired.into());
        }
        request.services().offboarding.carry_out(&admin, &person).await?;
        Ok(Done::Saved)
    };
    form.answer(work).await
}

fn known(id: &str) -> Result<ProviderId, UiError> {
    ProviderId::parse(id).map_err(|_| ErrorCode::NotFound.into())
}
