//! Directories: two loops for each, one that runs what is due, one that reads people again as soon as an event asks for it.

use std::time::Duration;

use portal_core::{identity::Admin, org::ProviderId, services::Services};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::background::until;
use crate::metrics;

/// How often each provider is looked at. What another node was told is found within this time.
const PERIOD: Duration = Duration::from_millis(500);
/// How often the gauges of people are set, in looks.
const GAUGE_LOOKS: u32 = 60;
/// How long a provider is left alone after the store failed.
const SETUP_PAUSE: Duration = Duration::from_secs(10);

/// Starts the loops; each ends soon after `stop`. A run that is cut off there goes on with the next start, or on another
/// node.
pub(super) fn start(tasks: &mut JoinSet<()>, services: &Services, stop: &CancellationToken) {
    let (services, stopped) = (services.clone(), stop.clone());
    tasks.spawn(until(stop.clone(), async move {
        // Also without any provider: what an earlier configuration named is taken out.
        while let Err(error) = services.org.configure().await {
            tracing::error!(%error, "the providers of people and groups could not be set up");
            tokio::time::sleep(SETUP_PAUSE).await;
        }
        let mut loops = JoinSet::new();
        for provider in services.org.provider_ids() {
            loops.spawn(until(stopped.clone(), run(services.clone(), provider.clone())));
            loops.spawn(until(stopped.clone(), read_again(services.clone(), provider)));
        }
        while loops.join_next().await.is_some() {}
    }));
}

async fn run(services: Services, provider: ProviderId) {
    let mut tick = tokio::time::interval(PERIOD);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut looks = 0_u32;
    loop {
        tick.tick().await;
        match services.org.tick(&provider).await {
            Ok(ended) => {
                ended.iter().for_each(metrics::org_run);
                if !ended.is_empty() || looks.is_multiple_of(GAUGE_LOOKS) {
                    gauge(&services, &provider).await;
                }
            }
            Err(error) => {
                tracing::error!(%provider, %error, "a directory run was interrupted; it goes on soon");
                tokio::time::sleep(SETUP_PAUSE).await;
            }
        }
        looks = looks.wrapping_add(1);
    }
}

async fn gauge(services: &Services, provider: &ProviderId) {
    match services.org.overview(&Admin::command_line(), provider).await {
        Ok(overview) => metrics::org_people(&overview),
        Err(error) => tracing::warn!(%provider, %error, "people could not be counted"),
    }
}

async fn read_again(services: Services, provider: ProviderId) {
    loop {
        match services.org.read_again(&provider).await {
            Ok(0) => {}
            Ok(people) => metrics::org_reread(provider.as_str(), people),
            Err(error) => tracing::error!(%provider, %error, "people could not be read again; they wait on"),
        }
        tokio::select! {
            () = services.org.woken() => {}
            () = tokio::time::sleep(PERIOD) => {}
        }
    }
}
