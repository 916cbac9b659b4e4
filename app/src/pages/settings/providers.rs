//! Directories, a part of `/settings/org-data`: where each stands, and what an admin has to settle.

use leptos::prelude::*;
use portal_core::{
    org::{ProviderFreshness, ProviderOverview, RunState, conflicts::Conflict},
    time::UnixMillis,
};

use crate::{
    components::{Tone, note, status, when_ago},
    text,
};

/// Every provider with its state, and conflicts.
pub(super) fn section(
    providers: &[(ProviderOverview, ProviderFreshness)],
    conflicts: &[Conflict],
    now: UnixMillis,
) -> AnyView {
    let rows = providers.iter().map(|(overview, freshness)| row(overview, freshness, now)).collect_view();
    let problems = providers.iter().filter_map(|(overview, freshness)| problem(overview, freshness));
    let problems = problems.collect_view();
    view! {
        <section id="providers" aria-labelledby="providers-title" class="mb-6">
            <h2 id="providers-title">"Directories"</h2>
            <p class="muted">"Where people and groups come from. Whoever is suspended or gone there is cut off here."</p>
            <div class="stack-3 mb-4">{problems}{conflict_notes(conflicts)}</div>
            <div class="panel">
                <table class="table stacked">
                    <caption class="sr">"Directories"</caption>
                    <thead><tr>
                        <th scope="col">"Directory"</th>
                        <th scope="col">"State"</th>
                        <th scope="col" class="num">"People"</th>
                        <th scope="col" class="num">"Left out"</th>
                        <th scope="col" class="num">"Groups"</th>
                        <th scope="col">"Complete as of"</th>
                    </tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}

/// The address of a provider's page.
pub(crate) fn provider_path(id: &str) -> String {
    format!("/settings/org-data/{id}")
}

fn row(overview: &ProviderOverview, freshness: &ProviderFreshness, now: UnixMillis) -> AnyView {
    let left_out: u64 = overview.excluded.values().sum();
    let complete = overview
        .watermark
        .map_or_else(|| view! { <span class="faint">"Never"</span> }.into_any(), |at| when_ago(now, at));
    view! {
        <tr>
            <td>
                <a href=provider_path(overview.id.as_str())><bdi>{overview.title.clone()}</bdi></a>
                <span class="sub"><code>{overview.id.to_string()}</code></span>
            </td>
            <td>{state(overview, freshness)}</td>
            <td class="num">{number(overview.people)}</td>
            <td class="num">{number(left_out)}</td>
            <td class="num">{number(overview.groups)}</td>
            <td>{complete}</td>
        </tr>
    }
    .into_any()
}

/// What a provider does at the moment, in a word.
pub(super) fn state(overview: &ProviderOverview, freshness: &ProviderFreshness) -> AnyView {
    if overview.held.is_some() {
        return status(Tone::Warning, "Waits for an admin");
    }
    if freshness.stale {
        let words = if freshness.refuses() { "Out of date: sign-ins refused" } else { "Out of date" };
        return status(Tone::Bad, words);
    }
    match overview.active.as_ref().map(|run| run.state) {
        Some(RunState::Reading) => status(Tone::Plain, "Reading"),
        Some(_) => status(Tone::Plain, "Publishing"),
        None if overview.problem.is_some() => status(Tone::Warning, "Needs attention"),
        None => status(Tone::Good, "Up to date"),
    }
}

fn problem(overview: &ProviderOverview, freshness: &ProviderFreshness) -> Option<AnyView> {
    let problem = overview.problem.clone().or_else(|| freshness.stale.then(|| freshness.words()))?;
    let href = provider_path(overview.id.as_str());
    let tone = if freshness.stale { Tone::Bad } else { Tone::Warning };
    let words = view! {
        <p><b><bdi>{overview.title.clone()}</bdi>": "</b><bdi class="break">{problem}</bdi>" "<a href=href>"Open"</a></p>
    };
    Some(note(tone, words))
}

fn conflict_notes(conflicts: &[Conflict]) -> AnyView {
    conflicts.iter().map(|conflict| note(Tone::Warning, conflict_words(conflict))).collect_view().into_any()
}

fn conflict_words(conflict: &Conflict) -> AnyView {
    match conflict {
        Conflict::SharedReference { entity_ref, people } => {
            let people: Vec<String> =
                people.iter().map(|person| format!("{} ({})", person.provider, person.subject)).collect();
            view! {
                <p><b>"Several people have the reference "<code class="break">{entity_ref.to_string()}</code>"."</b>
                " The first keeps it; the others cannot sign in until they are linked or renamed: "
                <bdi class="break">{people.join(", ")}</bdi>"."</p>
            }
            .into_any()
        }
        Conflict::LocalAccount { entity_ref, person, .. } => view! {
            <p><b>"A local account is tied to "<code class="break">{entity_ref.to_string()}</code>"."</b>
            " The person of "<code>{person.provider.to_string()}</code>" with this reference cannot sign in. Disable the local account under "
            <a href="/settings/users">"Users"</a>", or rename one of them."</p>
        }
        .into_any(),
        Conflict::SeveralCandidates { from, to, value, .. } => view! {
            <p><b>"The link from "<code>{from.to_string()}</code>" to "<code>{to.to_string()}</code>" is not clear."</b>
            " Several people have "<bdi class="break">{value.clone()}</bdi>"; nobody is linked by it."</p>
        }
        .into_any(),
    }
}

/// A count, with separators.
pub(super) fn number(count: u64) -> String {
    text::thousands(i64::try_from(count).unwrap_or(i64::MAX))
}
