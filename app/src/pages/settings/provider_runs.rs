//! The history of a directory's runs, and what the catalog could not take.

use leptos::prelude::*;
use portal_core::{
    org::{DirectoryRun, RunKind, RunState, RunTrigger},
    time::UnixMillis,
};
use portal_model::EntityRef;

use super::providers::number;
use crate::{
    components::{Tone, empty, status, when_ago},
    text,
};

/// Runs shown.
pub(super) const RUNS_MAX: u32 = 20;

/// The last runs, newest first.
pub(super) fn history(runs: &[DirectoryRun], now: UnixMillis) -> AnyView {
    let body = if runs.is_empty() {
        empty("No run yet", "The first run begins when Portal starts, or when you run it.", None)
    } else {
        let rows = runs.iter().map(|run| row(run, now)).collect_view();
        view! {
            <table class="table stacked">
                <caption class="sr">"Runs"</caption>
                <thead><tr>
                    <th scope="col">"Started"</th><th scope="col">"Result"</th>
                    <th scope="col" class="num">"Added"</th><th scope="col" class="num">"Changed"</th>
                    <th scope="col" class="num">"Removed"</th><th scope="col" class="num">"Took"</th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table>
        }
        .into_any()
    };
    view! {
        <section class="panel" aria-labelledby="runs-title">
            <header><h2 id="runs-title">"Runs"</h2></header>
            {body}
        </section>
    }
    .into_any()
}

fn row(run: &DirectoryRun, now: UnixMillis) -> AnyView {
    let took = run.ended_at.map(|ended| took_words(ended.since(run.started_at)));
    let counts = &run.counts;
    view! {
        <tr>
            <td>{when_ago(now, run.started_at)}<span class="sub">{kind_words(run.kind)}", "<bdi>{trigger_words(&run.trigger)}</bdi></span></td>
            <td>{status(tone(run.state), state_words(run.state))}
                <span class="sub break"><bdi>{run.error.clone()}</bdi></span></td>
            <td class="num">{number(counts.added)}</td>
            <td class="num">{number(counts.changed)}</td>
            <td class="num">{number(counts.removed)}</td>
            <td class="num nowrap">{took}</td>
        </tr>
    }
    .into_any()
}

fn took_words(milliseconds: i64) -> String {
    match milliseconds {
        ..1_000 => format!("{} ms", milliseconds.max(0)),
        1_000..60_000 => format!("{} s", milliseconds / 1_000),
        _ => format!("{} min", milliseconds / 60_000),
    }
}

pub(super) const fn kind_words(kind: RunKind) -> &'static str {
    match kind {
        RunKind::Full => "Everything",
        RunKind::Delta => "Changes",
        RunKind::DryRun => "Dry run",
    }
}

pub(super) fn trigger_words(trigger: &RunTrigger) -> String {
    match trigger {
        RunTrigger::Schedule => "on schedule".to_owned(),
        RunTrigger::Admin(who) => format!("asked for by {who}"),
        RunTrigger::CommandLine => "asked for at the shell".to_owned(),
        RunTrigger::Event => "after an event".to_owned(),
        RunTrigger::Recovery => "to recover".to_owned(),
    }
}

const fn tone(state: RunState) -> Tone {
    match state {
        RunState::Published | RunState::Compared => Tone::Good,
        RunState::Held => Tone::Warning,
        RunState::Failed | RunState::Discarded => Tone::Bad,
        RunState::Reading | RunState::Comparing | RunState::Composing | RunState::Applying => Tone::Plain,
    }
}

const fn state_words(state: RunState) -> &'static str {
    match state {
        RunState::Reading => "Reading",
        RunState::Comparing => "Comparing",
        RunState::Composing | RunState::Applying => "Publishing",
        RunState::Held => "Waits for an admin",
        RunState::Published => "Published",
        RunState::Discarded => "Discarded",
        RunState::Failed => "Failed",
        RunState::Compared => "Compared",
    }
}

/// What the catalog could not take.
pub(super) fn rejections(rejected: &[(EntityRef, String)]) -> Option<AnyView> {
    let rows = rejected.iter().map(|(entity_ref, reason)| {
        view! {
            <tr><td><code class="break"><bdi>{entity_ref.to_string()}</bdi></code></td><td><bdi class="break">{reason.clone()}</bdi></td></tr>
        }
    });
    let rows = rows.collect_view();
    (!rejected.is_empty()).then(|| {
        view! {
            <section class="panel" aria-labelledby="rejected-title">
                <header><div><h2 id="rejected-title">"Rejected"</h2>
                    <span class="sub">{text::count_of(rejected.len(), "entry", "entries")}" could not be taken into the catalog"</span></div></header>
                <table class="table rejected">
                    <caption class="sr">"Rejected"</caption>
                    <thead><tr><th scope="col">"Entity"</th><th scope="col">"Reason"</th></tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </section>
        }
        .into_any()
    })
}
