//! Runs a self-check.

use std::sync::Arc;

use super::{SelfCheckFinding, SelfCheckReport, SelfCheckSubject, discovery::Discovery};
use crate::{identity::Admin, ports::StoreError, services::Dependencies, settings::SettingsService};

/// The self-check, for the settings page and for `portal doctor`.
pub struct SelfCheckService {
    dependencies: Dependencies,
    settings: Arc<SettingsService>,
}

impl SelfCheckService {
    /// The service.
    #[must_use]
    pub fn new(dependencies: Dependencies, settings: Arc<SettingsService>) -> Self {
        Self { dependencies, settings }
    }

    /// Looks at everything that an agent needs on its first connect. It changes nothing.
    ///
    /// # Errors
    /// The store failed. What is wrong outside is a line of the report.
    pub async fn run(&self, _admin: &Admin) -> Result<SelfCheckReport, StoreError> {
        let settings = self.settings.current().await?;
        let open = self.settings.agents_can_sign_in().await?;
        let configuration = &self.dependencies.configuration;
        let discovery =
            Discovery { probe: &*self.dependencies.self_probe, public_url: &configuration.public_url };
        let mut findings =
            vec![https(&configuration.public_url, configuration.public_url_is_loopback), sign_in(open)];
        findings.extend(discovery.findings().await);
        findings.push(auth_source(settings.source_enabled("auth")));
        Ok(SelfCheckReport { at: self.dependencies.clock.now(), findings })
    }
}

fn https(public_url: &str, loopback: bool) -> SelfCheckFinding {
    let subject = SelfCheckSubject::Https;
    if public_url.starts_with("https://") {
        return SelfCheckFinding::good(subject, format!("{public_url} uses https."));
    }
    if loopback {
        let found = format!("{public_url} is on this machine, where https is not needed.");
        return SelfCheckFinding::good(subject, found);
    }
    SelfCheckFinding::failed(
        subject,
        format!("{public_url} does not use https: tokens could be read on the way, and agents refuse it."),
        "Put a proxy with a certificate in front of Portal, and set server.public_url to its https address.",
    )
}

fn sign_in(open: bool) -> SelfCheckFinding {
    let subject = SelfCheckSubject::SignIn;
    if open {
        return SelfCheckFinding::good(subject, "Agents have a way to sign in.");
    }
    SelfCheckFinding::failed(
        subject,
        "Agents have no way to sign in.",
        "Turn on client ID metadata documents (`portal settings set mcp.cimd.enabled true`), dynamic registration, or register a client.",
    )
}

fn auth_source(on: bool) -> SelfCheckFinding {
    let subject = SelfCheckSubject::AuthSource;
    if on {
        return SelfCheckFinding::good(subject, "Agents can ask whom they act for.");
    }
    SelfCheckFinding::warning(
        subject,
        "The Auth source is off: agents cannot tell whom they act for.",
        "Turn on the Auth source under plugin sources.",
    )
}
