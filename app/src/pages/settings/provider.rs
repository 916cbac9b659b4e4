//! `/settings/org-data/{provider}`: one directory

use leptos::prelude::*;
use portal_core::{
    identity::Admin,
    org::{
        ConnectionTest, ExclusionReason, OrgError, ProviderFreshness, ProviderId, ProviderOverview,
        freshness::freshness_list,
    },
    time::UnixMillis,
};
use portal_model::ErrorCode;

use super::{
    provider_held, provider_progress, provider_rules,
    provider_runs::{self, RUNS_MAX},
    providers::{number, state},
};
use crate::{
    components::{Frame, Icon, SettingsSection, Tone, form_error, hidden, icon, note, saved, when, when_ago},
    flash::FormId,
    page::{PageError, PageRequest, PageResult},
    text,
};

/// Where one directory stands: people, who is left out and why, runs, what waits for a decision, its rules.
pub(crate) async fn page(page: PageRequest) -> PageResult {
    let admin = page.admin()?;
    let frame = Frame::load(&page).await?;
    let id = page.params.get("provider").and_then(|id| ProviderId::parse(&id).ok());
    let id = id.ok_or(ErrorCode::NotFound)?;
    let services = page.request.services();
    // Before anything that it speaks of is read. The answer to a test is not fetched again, with another test.
    let version = services.org.progress_version(&admin, &id).await?;
    let version = page.request.query("test").is_none().then_some(version);
    let overview = services.org.overview(&admin, &id).await?;
    let freshness = freshness_of(&page, &id).await?;
    let runs = services.org.run_list(&admin, &id, None, RUNS_MAX).await?;
    let rejected = services.org.rejected(&admin, &id).await?;
    let held = provider_held::section(&page, &admin, &overview).await?;
    let test = tested(&page, &admin, &id).await;
    let rules = services.settings.current().await?.provider(id.as_str());
    let now = page.request.now();
    let outcome = page.outcome(FormId::OrgRun);
    let standing = view! {
        {problem(&overview, &freshness)}
        {facts(&overview, &freshness, now)}
        {provider_progress::progress(overview.active.as_ref(), now)}
        <div class="stack-6 mb-6">
            {held}
            {left_out(&overview)}
            {provider_runs::history(&runs, now)}
            {provider_runs::rejections(&rejected)}
        </div>
    };
    let content = view! {
        <nav aria-label="Breadcrumb"><ol class="crumbs">
            <li>"App settings"</li><li><a href="/settings/org-data">"Org data"</a></li>
            <li aria-current="page"><bdi>{overview.title.clone()}</bdi></li>
        </ol></nav>
        <div class="head">
            <div><h1><bdi>{overview.title.clone()}</bdi></h1>
                <p class="lead"><code>{format!("{} · {}", overview.kind.as_str(), id)}</code></p></div>
            <div class="cluster">{test_button()}{run_button(&id)}</div>
        </div>
        <div class="mb-4">{saved(outcome.done_at())}{form_error(&outcome)}</div>
        {test}
        {provider_progress::live(&id, version, standing.into_any())}
        {provider_rules::section(&page, &id, &rules)}
    };
    Ok(frame.settings("Org data", SettingsSection::OrgData, content.into_any()))
}

async fn freshness_of(page: &PageRequest, id: &ProviderId) -> Result<ProviderFreshness, PageError> {
    let services = page.request.services();
    let settings = services.settings.current().await?;
    let all = freshness_list(&services.dependencies, &settings).await?;
    Ok(all.into_iter().find(|freshness| freshness.provider == *id).ok_or(ErrorCode::NotFound)?)
}

fn run_button(id: &ProviderId) -> AnyView {
    view! {
        <form method="post" action="/_ui/org_run">
            {hidden("provider", id.as_str())}
            <button class="btn solid" type="submit">{icon(Icon::Refresh)}"Run now"</button>
        </form>
    }
    .into_any()
}

fn test_button() -> AnyView {
    view! {
        <form method="get">
            {hidden("test", "1")}
            <button class="btn" type="submit">{icon(Icon::Plug)}"Test connection"</button>
        </form>
    }
    .into_any()
}

fn problem(overview: &ProviderOverview, freshness: &ProviderFreshness) -> Option<AnyView> {
    let stale = freshness.stale.then(|| note(Tone::Bad, view! { <p>{freshness.words()}"."</p> }));
    let problem = overview
        .problem
        .clone()
        .map(|problem| note(Tone::Warning, view! { <p><bdi class="break">{problem}</bdi></p> }));
    (stale.is_some() || problem.is_some())
        .then(|| view! { <div class="stack-3 mb-6">{stale}{problem}</div> }.into_any())
}

/// What the test of the connection found, when it was asked for.
async fn tested(page: &PageRequest, admin: &Admin, id: &ProviderId) -> Option<AnyView> {
    page.request.query("test")?;
    Some(match page.request.services().org.test_connection(admin, id).await {
        Ok(test) => test_result(&test),
        Err(error) => test_failure(&error),
    })
}

fn test_failure(error: &OrgError) -> AnyView {
    let words = view! { <p><b>"The connection does not work."</b>" "<bdi class="break">{error.to_string()}</bdi></p> };
    view! { <div class="mb-6" role="status">{note(Tone::Bad, words)}</div> }.into_any()
}

fn test_result(test: &ConnectionTest) -> AnyView {
    let permissions = test.report.permissions.iter().map(|check| {
        let (class, mark, said) =
            if check.granted { ("", Icon::Check, "Granted") } else { ("bad", Icon::Fault, "Missing") };
        view! {
            <li class=class>{icon(mark)}<span><bdi>{check.permission.clone()}</bdi>
                <span class="d said"><bdi class="break">{check.remedy.clone()}</bdi></span></span>
                <span class="r">{said}</span></li>
        }
    });
    let permissions = permissions.collect_view();
    let sample = &test.sample;
    let left_out: usize = sample.excluded.values().sum();
    let more = if sample.more { " There are more pages." } else { "" };
    let words = format!(
        "The first page would bring {}, {} and {}, and leave out {left_out}.{more}",
        text::count_of(sample.people, "person", "people"),
        text::count_of(sample.groups, "group", "groups"),
        text::count_of(sample.memberships, "membership", "memberships"),
    );
    let logins = (!sample.logins.is_empty()).then(|| sample.logins.join(", "));
    view! {
        <section class="panel mb-6" aria-labelledby="test-title" role="status">
            <header><h2 id="test-title">"Connection"</h2></header>
            <p class="pad">"Connected as "<b><bdi class="break">{test.report.connected_as.clone()}</bdi></b>"."</p>
            <ul class="log">{permissions}</ul>
            <p class="pad small muted">{words}{logins.map(|logins| view! { " "<bdi class="break">{logins}</bdi> })}</p>
        </section>
    }
    .into_any()
}

fn facts(overview: &ProviderOverview, freshness: &ProviderFreshness, now: UnixMillis) -> AnyView {
    let left_out: u64 = overview.excluded.values().sum();
    let complete = overview.watermark.map_or_else(|| "Never".into_any(), |at| when_ago(now, at));
    let next =
        overview.full_due_at.map(|at| view! { <dt>"Next run"</dt><dd>{when(at, text::full(at))}</dd> });
    let delta = overview
        .delta_due_at
        .map(|at| view! { <dt>"Changes are read"</dt><dd>{when(at, text::full(at))}</dd> });
    let waiting = (overview.rereads > 0).then(|| {
        view! { <dt>"Waiting to be read again"</dt><dd>{number(overview.rereads)}</dd> }
    });
    view! {
        <dl class="strip">
            <div><dt>"People"</dt><dd>{number(overview.people)}</dd></div>
            <div><dt>"Left out"</dt><dd>{number(left_out)}</dd></div>
            <div><dt>"Groups"</dt><dd>{number(overview.groups)}</dd></div>
            <div><dt>"Complete as of"</dt><dd>{complete}</dd></div>
        </dl>
        <div class="panel mb-6"><dl class="facts lined">
            <dt>"State"</dt><dd>{state(overview, freshness)}</dd>{next}{delta}{waiting}
        </dl></div>
    }
    .into_any()
}

fn left_out(overview: &ProviderOverview) -> Option<AnyView> {
    let rows = overview.excluded.iter().map(|(reason, count)| {
        let (word, why) = reason_words(*reason);
        view! {
            <tr><td><b>{word}</b><span class="sub">{why}</span></td><td class="num">{number(*count)}</td></tr>
        }
    });
    let rows = rows.collect_view();
    (!overview.excluded.is_empty()).then(|| {
        view! {
            <section class="panel" aria-labelledby="left-out-title">
                <header><h2 id="left-out-title">"Left out"</h2></header>
                <table class="table">
                    <caption class="sr">"People left out, by reason"</caption>
                    <thead><tr><th scope="col">"Reason"</th><th scope="col" class="num">"People"</th></tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </section>
        }
        .into_any()
    })
}

/// A reason in words, and what it means.
pub(super) const fn reason_words(reason: ExclusionReason) -> (&'static str, &'static str) {
    match reason {
        ExclusionReason::Suspended => {
            ("Suspended", "The directory says that they are suspended, blocked or banned.")
        }
        ExclusionReason::Disabled => {
            ("Disabled", "The directory says that they are disabled or deactivated.")
        }
        ExclusionReason::Deleted => ("Deleted", "The directory has deleted them."),
        ExclusionReason::NotYetActive => ("Not yet active", "Invited, staged, or waiting for approval."),
        ExclusionReason::Guest => ("Guest", "From another organization."),
        ExclusionReason::Bot => ("Not a person", "A bot or service account."),
        ExclusionReason::Filtered => ("Filtered", "The configuration’s filter leaves them out."),
        ExclusionReason::Rejected => ("Not taken", "The catalog could not take them; see Rejected below."),
        ExclusionReason::UnknownStatus => {
            ("Unknown status", "A status that Portal does not know is never taken for active.")
        }
    }
}
