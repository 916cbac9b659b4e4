//! `/settings/org-data`

use leptos::prelude::*;
use portal_core::{
    ingestion::{Location, LocationOrigin, Rejection, Target},
    org::freshness::freshness_list,
    time::UnixMillis,
};

use super::providers;
use crate::{
    components::{
        Frame, Icon, SettingsSection, Tone, empty, form_error, hidden, icon, note, saved, status, when_ago,
    },
    flash::FormId,
    page::{FormOutcome, PageError, PageRequest, PageResult},
    text,
};

/// Most rejections shown of one location.
const REJECTIONS_MAX: u32 = 100;

/// Where the catalog comes from, and what could not be read.
pub(crate) async fn page(page: PageRequest) -> PageResult {
    page.admin()?;
    let frame = Frame::load(&page).await?;
    let locations = load(&page).await?;
    let directories = directories(&page).await?;
    let outcome = page.outcome(FormId::Location);
    let now = page.request.now();
    let panels = locations
        .iter()
        .map(|(location, rejections)| panel(location, rejections, now, &outcome))
        .collect_view();
    let none = locations.is_empty().then(|| {
        let sentence = "Name files or addresses of descriptors under [[catalog.locations]] in portal.toml.";
        view! { <div class="panel">{empty("No locations", sentence, None)}</div> }
    });
    let content = view! {
        <nav aria-label="Breadcrumb"><ol class="crumbs"><li>"App settings"</li><li aria-current="page">"Org data"</li></ol></nav>
        <div class="head">
            <div><h1>"Org data"</h1><p class="lead">"Where entities come from, when they were last read, and what could not be taken."</p></div>
            <div class="cluster"><a class="btn" href="/settings/offboarding">{icon(Icon::SignOut)}"Offboarding"</a></div>
        </div>
        {directories}
        <div class="head">
            <div><h2>"Locations"</h2><p class="muted">"Descriptor files of components, APIs and systems."</p></div>
            <form method="post" action="/_ui/location_refresh">
                <button class="btn" type="submit">{icon(Icon::Refresh)}"Read all again"</button>
            </form>
        </div>
        {totals(&locations)}
        {all_outcome(&outcome.about("all"))}
        <div class="stack-6">{panels}{none}</div>
    };
    Ok(frame.settings("Org data", SettingsSection::OrgData, content.into_any()))
}

/// Directories with their freshness, and conflicts; nothing while none is configured.
async fn directories(page: &PageRequest) -> Result<Option<AnyView>, PageError> {
    let admin = page.admin()?;
    let services = page.request.services();
    let overviews = services.org.overviews(&admin).await?;
    if overviews.is_empty() {
        return Ok(None);
    }
    let freshness = {
        let settings = services.settings.current().await?;
        freshness_list(&services.dependencies, &settings).await?
    };
    let conflicts = services.conflicts.list(&admin).await?;
    let providers: Vec<_> = overviews.into_iter().zip(freshness).collect();
    Ok(Some(providers::section(&providers, &conflicts, page.request.now())))
}

async fn load(page: &PageRequest) -> Result<Vec<(Location, Vec<Rejection>)>, PageError> {
    let ingestion = &page.request.services().ingestion;
    let mut loaded = Vec::new();
    for location in ingestion.location_list().await? {
        let rejections = ingestion.rejection_list(&location.id, REJECTIONS_MAX).await?;
        loaded.push((location, rejections));
    }
    Ok(loaded)
}

fn all_outcome(outcome: &FormOutcome) -> AnyView {
    view! { <div class="mb-4">{saved(outcome.done_at())}{form_error(outcome)}</div> }.into_any()
}

fn totals(locations: &[(Location, Vec<Rejection>)]) -> AnyView {
    let outcomes = || locations.iter().filter_map(|(location, _)| location.last_outcome.as_ref());
    let entities: i64 = outcomes().map(|outcome| outcome.entities).sum();
    let with_errors: i64 = outcomes().map(|outcome| outcome.with_errors).sum();
    let rejected: i64 = outcomes().map(|outcome| outcome.rejected).sum();
    view! {
        <dl class="strip">
            <div><dt>"Locations"</dt><dd>{locations.len()}</dd></div>
            <div><dt>"Entities"</dt><dd>{text::thousands(entities)}</dd></div>
            <div><dt>"With errors"</dt><dd>{text::thousands(with_errors)}</dd></div>
            <div><dt>"Rejected"</dt><dd>{text::thousands(rejected)}</dd></div>
        </dl>
    }
    .into_any()
}

fn panel(location: &Location, rejections: &[Rejection], now: UnixMillis, outcome: &FormOutcome) -> AnyView {
    let (kind, target) = match &location.target {
        Target::File(path) => ("File", path.clone()),
        Target::Url(url) => ("Address", url.clone()),
        Target::Provider(id) => ("Accounts kept by Portal", id.clone()),
    };
    let own = matches!(location.target, Target::Provider(_));
    let heading = format!("location-{}", location.id);
    let outcome = outcome.about(location.id.as_str());
    let labelled = heading.clone();
    view! {
        <section class="panel" aria-labelledby=labelled>
            <header>
                <div><h2 id=heading class="break"><code>{target}</code></h2><span class="sub">{kind}", "{origin_words(&location.origin)}</span></div>
                {(!own).then(|| refresh_form(location))}
            </header>
            {facts(location, now)}
            {saved(outcome.done_at()).map(|saved| view! { <p class="pad">{saved}</p> })}
            {form_error(&outcome).map(|error| view! { <div class="pad">{error}</div> })}
            {failure(location, now)}
            {rejection_table(rejections)}
        </section>
    }
    .into_any()
}

fn refresh_form(location: &Location) -> AnyView {
    view! {
        <form method="post" action="/_ui/location_refresh">
            {hidden("location", location.id.as_str())}
            <button class="btn small" type="submit">{icon(Icon::Refresh)}"Read again"</button>
        </form>
    }
    .into_any()
}

fn origin_words(origin: &LocationOrigin) -> String {
    match origin {
        LocationOrigin::Configuration => "from the configuration".to_owned(),
        LocationOrigin::Registered(who) => format!("registered by {who}"),
        LocationOrigin::Provider => "made by Portal".to_owned(),
    }
}

fn facts(location: &Location, now: UnixMillis) -> AnyView {
    let allowed = location
        .allow
        .as_ref()
        .map_or_else(|| "all kinds but User and Group".to_owned(), |kinds| kinds.join(", "));
    let run = location.last_outcome.as_ref().map(|run| {
        let tone = if run.rejected + run.with_errors > 0 { Tone::Warning } else { Tone::Good };
        let counts = format!(
            "{}, {} with errors, {} rejected",
            text::count(run.entities, "entity", "entities"),
            text::thousands(run.with_errors),
            text::thousands(run.rejected)
        );
        view! {
            <dt>"Last read"</dt>
            <dd>{when_ago(now, run.at)}<span class="faint">{format!(", took {} ms", text::thousands(run.duration_ms))}</span></dd>
            <dt>"Result"</dt><dd>{status(tone, counts)}</dd>
        }
    });
    view! { <dl class="facts lined">{run}<dt>"May define"</dt><dd>{allowed}</dd></dl> }.into_any()
}

fn failure(location: &Location, now: UnixMillis) -> Option<AnyView> {
    let (at, why) = location.last_failure.clone()?;
    let words = view! {
        <p><b>"The last try failed."</b>" What was read before stays. "{when_ago(now, at)}": "<bdi class="break">{why}</bdi></p>
    };
    Some(view! { <div class="pad">{note(Tone::Bad, words)}</div> }.into_any())
}

fn rejection_table(rejections: &[Rejection]) -> Option<AnyView> {
    let rows = rejections.iter().map(rejection_row).collect_view();
    (!rejections.is_empty()).then(|| {
        view! {
            <table class="table rejected">
                <caption>"Rejected"</caption>
                <thead><tr><th scope="col">"Where"</th><th scope="col">"Reason"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
        }
        .into_any()
    })
}

fn rejection_row(rejection: &Rejection) -> AnyView {
    let place = match rejection.line {
        Some(line) => format!("{}:{line}", rejection.file),
        None => rejection.file.clone(),
    };
    view! {
        <tr>
            <td>
                <code class="break"><bdi>{place}</bdi></code>
                <span class="sub break"><bdi>{rejection.entity.clone()}</bdi></span>
            </td>
            <td>
                {rejection.path.clone().map(|path| view! { <code class="break"><bdi>{path}</bdi></code>": " })}
                <bdi class="break">{rejection.reason.clone()}</bdi>
            </td>
        </tr>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use portal_core::{ids::LocationId, ingestion::RunOutcome};

    use super::*;
    use crate::hostile::{HOSTILE, assert_harmless, html};

    #[test]
    fn what_files_say_stays_text() {
        let now = UnixMillis(1_795_000_000_000);
        let rejection = Rejection {
            file: HOSTILE.to_owned(),
            line: Some(7),
            path: Some(HOSTILE.to_owned()),
            entity: Some(HOSTILE.to_owned()),
            reason: HOSTILE.to_owned(),
        };
        let location = Location {
            id: LocationId("l1".to_owned()),
            target: Target::Url(HOSTILE.to_owned()),
            allow: Some(vec![HOSTILE.to_owned()]),
            origin: LocationOrigin::Registered(HOSTILE.to_owned()),
            created_at: now,
            published_run: None,
            last_outcome: Some(RunOutcome {
                at: now,
                entities: 1,
                with_errors: 0,
                rejected: 1,
                duration_ms: 12,
            }),
            last_failure: Some((now, HOSTILE.to_owned())),
        };
        let page = html(|| panel(&location, &[rejection], now, &FormOutcome::default()));
        assert_harmless(&page);
        assert!(page.contains(":7"));
    }
}
