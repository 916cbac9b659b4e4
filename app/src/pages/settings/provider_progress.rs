//! The run under way, renewed in place while it goes on.

use leptos::prelude::*;
use portal_core::{
    org::{DirectoryRun, ProviderId, RunState},
    time::UnixMillis,
};

use super::{
    provider_runs::{kind_words, trigger_words},
    providers::number,
};
use crate::{
    components::{Door, Icon, glyph, icon, when, when_ago},
    islands::LivePart,
    text,
};

/// Id of the part of the page that says where the directory stands.
const PART: &str = "directory";

/// What of the page changes with runs, renewed when there is another version of it.
pub(super) fn live(id: &ProviderId, version: Option<String>, content: AnyView) -> AnyView {
    let part = view! { <div id=PART>{content}</div> };
    match version {
        Some(version) => view! {
            <LivePart source=format!("/_live/org-data/{id}") part=PART.to_owned() version=version>{part}</LivePart>
        }
        .into_any(),
        None => part.into_any(),
    }
}

/// How far the run under way is.
pub(super) fn progress(run: Option<&DirectoryRun>, now: UnixMillis) -> Option<AnyView> {
    let run = run?;
    let waiting = run.waiting_until.filter(|until| *until > now);
    let (door, doing) = match waiting {
        Some(_) => (Door::Empty, "Waiting to go on"),
        None => (Door::Open, phase_words(run.state)),
    };
    let until = waiting.map(|until| {
        view! { <dt>"Goes on"</dt><dd>{when(until, text::full(until))}</dd> }
    });
    let error = run.error.clone().filter(|_| waiting.is_some()).map(|error| {
        view! { <dt>"Because"</dt><dd><bdi class="break">{error}</bdi></dd> }
    });
    let counts = &run.counts;
    let entities = (counts.entities > 0)
        .then(|| view! { <dt>"Entities ready"</dt><dd class="num">{number(counts.entities)}</dd> });
    let view = view! {
        <section class="panel mb-6" aria-labelledby="run-title">
            <div class="live" role="status">
                {glyph(door)}
                <div><h2 id="run-title">{doing}</h2>
                    <p>{format!("{} people and {} groups read so far", number(counts.people), number(counts.groups))}</p></div>
                <a class="btn" href="">{icon(Icon::Refresh)}"Refresh"</a>
            </div>
            <dl class="facts lined">
                {until}{error}
                <dt>"Pages"</dt><dd class="num">{number(counts.pages)}</dd>
                <dt>"Memberships"</dt><dd class="num">{number(counts.memberships)}</dd>
                {entities}
                <dt>"Started"</dt><dd>{when_ago(now, run.started_at)}</dd>
                <dt>"Reads"</dt><dd>{kind_words(run.kind)}", "<bdi>{trigger_words(&run.trigger)}</bdi></dd>
            </dl>
        </section>
    };
    Some(view.into_any())
}

const fn phase_words(state: RunState) -> &'static str {
    match state {
        RunState::Reading => "Reading",
        RunState::Comparing => "Comparing with what is published",
        RunState::Composing => "Bringing entities into the catalog",
        _ => "Applying changes",
    }
}
