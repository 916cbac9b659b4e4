//! A run that waits for an admin: who would leave, and the decision.

use leptos::prelude::*;
use portal_core::{
    identity::Admin,
    org::{
        DirectoryRun, ProviderOverview, Standing, Subject,
        rows::{DifferenceKind, PersonDifference},
    },
};

use super::{provider::reason_words, providers::number};
use crate::{
    components::{Tone, badge, form_error, hidden},
    flash::FormId,
    page::{PageError, PageRequest},
};

/// People shown at once.
const ROWS: u32 = 100;

/// The held run with its difference; nothing when none is held.
pub(super) async fn section(
    page: &PageRequest,
    admin: &Admin,
    overview: &ProviderOverview,
) -> Result<Option<AnyView>, PageError> {
    let Some(run) = &overview.held else { return Ok(None) };
    let after = page.request.query("after").map(Subject);
    let org = &page.request.services().org;
    let people = org.held_people(admin, &overview.id, after.as_ref(), ROWS).await?;
    let next = (people.len() >= ROWS as usize).then(|| people.last()).flatten().map(|last| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("after", last.subject.as_str());
        format!("?{}#held", query.finish())
    });
    let rows = people.iter().map(row).collect_view();
    let outcome = page.outcome(FormId::OrgDecision);
    let view = view! {
        <section class="panel" id="held" aria-labelledby="held-title">
            <header><h2 id="held-title">"This run waits for you"</h2></header>
            <div class="pad stack-3">
                <p>{words(run)}</p>
                {form_error(&outcome)}
                <div class="cluster">{decision(overview, run, "discard", "Discard", "btn")}{decision(overview, run, "approve", "Approve", "btn bad-solid")}</div>
                <p class="small muted">"Discard keeps everybody; the next run looks again. Approve publishes the run: whoever is missing is cut off at once."</p>
            </div>
            <table class="table stacked">
                <caption class="sr">"Who would come, change and leave"</caption>
                <thead><tr><th scope="col">"Person"</th><th scope="col">"What happens"</th><th scope="col">"Stable id"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
            {next.map(|next| view! { <div class="pager"><span></span><a class="btn small" href=next>"Next page"</a></div> })}
        </section>
    };
    Ok(Some(view.into_any()))
}

fn words(run: &DirectoryRun) -> String {
    let counts = &run.counts;
    let limit = run.hold.as_ref().map(|hold| {
        format!(
            "{} of {} people would leave though the directory does not say why; the limit is {} %. ",
            number(hold.unexplained),
            number(hold.people_before),
            number(hold.limit_percent)
        )
    });
    format!(
        "{}In all it adds {}, changes {} and removes {} people. People whom the directory calls suspended, disabled or deleted are cut off already.",
        limit.unwrap_or_default(),
        number(counts.added),
        number(counts.changed),
        number(counts.removed)
    )
}

fn decision(
    overview: &ProviderOverview,
    run: &DirectoryRun,
    decision: &'static str,
    label: &'static str,
    class: &'static str,
) -> AnyView {
    view! {
        <form method="post" action="/_ui/org_decide">
            {hidden("provider", overview.id.as_str())}
            {hidden("run", run.number.0.to_string())}
            {hidden("decision", decision)}
            <button class=class type="submit">{label}</button>
        </form>
    }
    .into_any()
}

fn row(difference: &PersonDifference) -> AnyView {
    let state = difference.after.as_ref().or(difference.before.as_ref());
    let entity_ref = state.map(|state| state.entity_ref.to_string());
    let what = match difference.kind() {
        Some(DifferenceKind::Added) => badge(Tone::Good, "Comes"),
        Some(DifferenceKind::Changed) => badge(Tone::Plain, "Changes"),
        Some(DifferenceKind::Removed) | None => badge(Tone::Bad, "Leaves"),
    };
    let why = match difference.after.as_ref().map(|after| &after.standing) {
        Some(Standing::Excluded(exclusion)) => Some(reason_words(exclusion.reason).0),
        Some(Standing::Active) => None,
        None => Some("Not in the directory’s answer"),
    };
    view! {
        <tr>
            <td><code class="break"><bdi>{entity_ref}</bdi></code></td>
            <td>{what}<span class="sub">{why}</span></td>
            <td><code class="faint break"><bdi>{difference.subject.to_string()}</bdi></code></td>
        </tr>
    }
    .into_any()
}
