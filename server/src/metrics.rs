//! Numbers for operators, at `/metrics` on an address of its own. Labels come from closed sets only.

use std::{cell::RefCell, collections::HashMap, thread::LocalKey, time::Duration};

use axum::{Router, routing::get};
use http::{Method, StatusCode, header::CONTENT_TYPE};
use metrics::{Counter, Histogram, counter, gauge, histogram};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use portal_core::{
    activity::CallOutcome,
    org::{DirectoryRun, ExclusionReason, ProviderOverview},
};

/// Upper ends of the duration buckets, in seconds.
const DURATION_BUCKETS: [f64; 12] =
    [0.000_1, 0.000_3, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0];

/// Starts counting for the whole process.
///
/// # Errors
/// Someone else counts already.
pub fn install() -> Result<PrometheusHandle, String> {
    PrometheusBuilder::new()
        .set_buckets(&DURATION_BUCKETS)
        .map_err(|error| error.to_string())?
        .install_recorder()
        .map_err(|error| error.to_string())
}

/// The route that shows the numbers.
pub fn router(handle: PrometheusHandle) -> Router {
    let show = move || {
        let text = handle.render();
        async move { ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text) }
    };
    Router::new().route("/metrics", get(show))
}

/// Counters and the histogram of one route or tool. Looking them up in the registry of all metrics costs more than
/// counting, so that each thread keeps those it has used; there are as many as routes and tools.
struct Handles {
    duration: Histogram,
    counts: Vec<((&'static str, &'static str), Counter)>,
}

impl Handles {
    fn count(&mut self, labels: (&'static str, &'static str), make: impl FnOnce() -> Counter) {
        if let Some((_, counter)) = self.counts.iter().find(|(known, _)| *known == labels) {
            counter.increment(1);
            return;
        }
        let counter = make();
        counter.increment(1);
        self.counts.push((labels, counter));
    }
}

thread_local! {
    static ROUTES: RefCell<HashMap<String, Handles>> = RefCell::default();
    static TOOLS: RefCell<HashMap<String, Handles>> = RefCell::default();
}

fn with_handles(
    known: &'static LocalKey<RefCell<HashMap<String, Handles>>>,
    name: &str,
    histogram: impl FnOnce() -> Histogram,
    count: impl FnOnce(&mut Handles),
) {
    known.with_borrow_mut(|known| {
        if let Some(handles) = known.get_mut(name) {
            return count(handles);
        }
        let mut handles = Handles { duration: histogram(), counts: Vec::new() };
        count(&mut handles);
        known.insert(name.to_owned(), handles);
    });
}

/// One answered request. `route` is the route's template.
pub(crate) fn request(route: &str, method: &Method, status: StatusCode, duration: Duration) {
    let class = match status.as_u16() {
        100..=199 => "1xx",
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    };
    let method = match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    };
    let histogram = || histogram!("portal_http_request_duration_seconds", "route" => route.to_owned());
    with_handles(&ROUTES, route, histogram, |handles| {
        handles.duration.record(duration);
        handles.count((method, class), || {
            counter!("portal_http_requests_total", "route" => route.to_owned(), "method" => method, "status" => class)
        });
    });
}

/// One tool call; `tool` is the name of a registered tool.
pub(crate) fn tool_call(tool: &str, outcome: CallOutcome, duration: Duration) {
    let histogram = || histogram!("portal_tool_call_duration_seconds", "tool" => tool.to_owned());
    with_handles(&TOOLS, tool, histogram, |handles| {
        handles.duration.record(duration);
        handles.count(
            (outcome.as_str(), ""),
            || counter!("portal_tool_calls_total", "tool" => tool.to_owned(), "outcome" => outcome.as_str()),
        );
    });
}

/// One answer of the token endpoint: `issued`, an error word, or `unavailable`.
pub(crate) fn token_answer(outcome: &'static str) {
    counter!("portal_token_answers_total", "outcome" => outcome).increment(1);
}

/// One refused or accepted bearer token: `accepted`, `missing`, `invalid` or `unavailable`.
pub(crate) fn bearer(outcome: &'static str) {
    counter!("portal_bearer_checks_total", "outcome" => outcome).increment(1);
}

/// One flush of the activity log; `failed` flushes leave their calls queued.
pub(crate) fn activity_flush(written: Result<usize, ()>) {
    match written {
        Ok(calls) => counter!("portal_activity_calls_written_total").increment(calls as u64),
        Err(()) => counter!("portal_activity_flushes_failed_total").increment(1),
    }
}

/// Tool calls that the activity log has lost since the start, because its queue was full.
pub(crate) fn activity_lost(calls: u64) {
    counter!("portal_activity_calls_lost_total").absolute(calls);
}

/// Steps and failures of agents that connect that were lost since the start, to a full queue or a noisy network.
pub(crate) fn attempts_lost(attempts: u64) {
    counter!("portal_connection_attempts_lost_total").absolute(attempts);
}

/// What a run of a location found.
pub(crate) fn catalog_run(published: bool, entities: i64, rejected: i64) {
    counter!("portal_catalog_runs_total", "outcome" => if published { "published" } else { "failed" })
        .increment(1);
    if published {
        #[expect(clippy::cast_precision_loss, reason = "a gauge; counts stay far below 2^52")]
        {
            gauge!("portal_catalog_run_entities").set(entities as f64);
            gauge!("portal_catalog_run_rejected").set(rejected as f64);
        }
    }
}

/// How old a provider's word is, and whether that is too old. A provider is one of the configuration's.
pub(crate) fn org_freshness(provider: &str, age_ms: Option<i64>, stale: bool) {
    let provider = provider.to_owned();
    #[expect(clippy::cast_precision_loss, reason = "a gauge; ages stay far below 2^52")]
    if let Some(age_ms) = age_ms {
        gauge!("portal_org_watermark_age_seconds", "provider" => provider.clone())
            .set(age_ms as f64 / 1_000.0);
    }
    gauge!("portal_org_stale", "provider" => provider).set(f64::from(u8::from(stale)));
}

/// One event of a provider: `taken`, `challenge`, `refused`, `malformed`, `limited`, `unknown` or `unavailable`.
pub(crate) fn org_event(outcome: &'static str) {
    counter!("portal_org_events_total", "outcome" => outcome).increment(1);
}

/// A run of a directory that ended or waits for an admin.
pub(crate) fn org_run(run: &DirectoryRun) {
    let provider = run.provider.as_str().to_owned();
    let (kind, outcome) = (run.kind.as_str(), run.state.as_str());
    counter!("portal_org_runs_total", "provider" => provider.clone(), "kind" => kind, "outcome" => outcome)
        .increment(1);
    let duration_ms = run.updated_at.since(run.started_at).max(0);
    #[expect(clippy::cast_precision_loss, reason = "a duration; it stays far below 2^52")]
    histogram!("portal_org_run_duration_seconds", "provider" => provider)
        .record(duration_ms as f64 / 1_000.0);
}

/// People whom a provider brings, and those left out by reason.
pub(crate) fn org_people(overview: &ProviderOverview) {
    let provider = overview.id.as_str();
    #[expect(clippy::cast_precision_loss, reason = "gauges; counts stay far below 2^52")]
    let set = |state: &'static str, count: u64| {
        gauge!("portal_org_people", "provider" => provider.to_owned(), "state" => state).set(count as f64);
    };
    set("kept", overview.people);
    for reason in ExclusionReason::ALL {
        set(reason.as_str(), overview.excluded.get(&reason).copied().unwrap_or(0));
    }
}

/// People read again because of an event.
pub(crate) fn org_reread(provider: &str, people: u64) {
    counter!("portal_org_rereads_total", "provider" => provider.to_owned()).increment(people);
}
