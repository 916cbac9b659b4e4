//! The alarm for directories that were not read for too long: in the metrics at any time, in the log when it begins, once
//! an hour while it lasts, and when it is over.

use std::{collections::HashMap, time::Duration};

use portal_core::{
    org::{ProviderFreshness, ProviderId, freshness::freshness_list, standing::relink},
    services::Services,
    time::{HOUR_MS, UnixMillis},
};

use crate::metrics;

const PERIOD: Duration = Duration::from_secs(30);

/// Brings links up to date with the configuration, then watches.
pub(super) async fn watch(services: Services) {
    match relink(&services.dependencies).await {
        Ok(0) => {}
        Ok(changed) => {
            tracing::info!(changed, "people of two providers were linked by the rules as they are now");
        }
        Err(error) => {
            tracing::error!(%error, "people of two providers could not be linked; the next start tries again");
        }
    }
    let mut alarm = Alarm::default();
    let mut tick = tokio::time::interval(PERIOD);
    loop {
        tick.tick().await;
        let found = match services.settings.current().await {
            Ok(settings) => freshness_list(&services.dependencies, &settings).await,
            Err(error) => Err(error),
        };
        match found {
            Ok(providers) => alarm.observe(&providers, services.dependencies.clock.now()),
            Err(error) => tracing::error!(%error, "how old the directories' word is could not be read"),
        }
    }
}

/// When each provider's alarm was last written to the log.
#[derive(Default)]
struct Alarm(HashMap<ProviderId, UnixMillis>);

impl Alarm {
    fn observe(&mut self, providers: &[ProviderFreshness], now: UnixMillis) {
        for provider in providers {
            metrics::org_freshness(provider.provider.as_str(), provider.age_ms(now), provider.stale);
            if provider.stale && self.due(&provider.provider, now) {
                tell(provider);
            } else if !provider.stale && self.0.remove(&provider.provider).is_some() {
                tracing::info!(provider = %provider.provider, "the directory has been read again");
            }
        }
    }

    fn due(&mut self, provider: &ProviderId, now: UnixMillis) -> bool {
        let due = self.0.get(provider).is_none_or(|told| now.since(*told) >= HOUR_MS);
        if due {
            self.0.insert(provider.clone(), now);
        }
        due
    }
}

fn tell(provider: &ProviderFreshness) {
    let watermark = provider.watermark.map_or_else(|| "never".to_owned(), UnixMillis::rfc3339);
    let consequence = if provider.refuses() {
        "its people get no new session and no new token"
    } else {
        "its people are let in nevertheless"
    };
    tracing::warn!(
        provider = %provider.provider,
        last_complete_run = watermark,
        limit_hours = provider.freshness_hours,
        consequence,
        "a directory was not read completely for too long; see its last runs for the reason"
    );
}

#[cfg(test)]
mod tests {
    use portal_model::provider_settings::WhenStale;

    use super::*;

    fn provider(stale: bool) -> ProviderFreshness {
        ProviderFreshness {
            provider: ProviderId::parse("acme").unwrap(),
            title: "Acme".to_owned(),
            watermark: None,
            freshness_hours: 48,
            when_stale: WhenStale::Warn,
            stale,
        }
    }

    #[test]
    fn the_log_is_told_at_the_beginning_and_once_an_hour() {
        let mut alarm = Alarm::default();
        let acme = provider(true).provider;
        assert!(alarm.due(&acme, UnixMillis(0)));
        assert!(!alarm.due(&acme, UnixMillis(HOUR_MS - 1)));
        assert!(alarm.due(&acme, UnixMillis(HOUR_MS)));
        alarm.observe(&[provider(false)], UnixMillis(HOUR_MS + 1));
        assert!(alarm.due(&acme, UnixMillis(HOUR_MS + 2)), "anew after it was over");
    }
}
