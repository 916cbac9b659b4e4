//! `portal doctor`: the running Portal, as an agent meets it on its first connect and as an admin would look at it.

use portal_core::{
    identity::Admin,
    self_check::{SelfCheckFinding, SelfCheckVerdict},
    services::Services,
};
use serde_json::{Value, json};

use super::{CommandError, Output};
use crate::{config::Config, startup};

/// What one look found.
struct Finding {
    what: &'static str,
    verdict: SelfCheckVerdict,
    /// What is right, or what is wrong and what to do.
    text: String,
}

impl Finding {
    fn new(what: &'static str, verdict: Result<String, String>) -> Self {
        match verdict {
            Ok(text) => Self { what, verdict: SelfCheckVerdict::Good, text },
            Err(text) => Self { what, verdict: SelfCheckVerdict::Failed, text },
        }
    }
}

pub(super) async fn run(config: &Config, output: Output) -> Result<(), CommandError> {
    let mut findings = Vec::new();
    match startup::open(config).await {
        Ok(started) => {
            let engine = started.store.engine_name();
            findings.push(Finding::new("database", Ok(format!("{engine}, up to date"))));
            findings.extend(domain(&started.services).await);
            findings.extend(agent(&started.services).await);
        }
        Err(error) => findings.push(Finding::new("database", Err(error.to_string()))),
    }
    let text = findings.iter().map(line).collect::<Vec<_>>().join("\n");
    output.show(&text, &Value::Array(findings.iter().map(finding_json).collect()));
    if findings.iter().all(|finding| finding.verdict != SelfCheckVerdict::Failed) {
        Ok(())
    } else {
        Err(CommandError::Failed("something is not as it should be".to_owned()))
    }
}

/// What the database says.
async fn domain(services: &Services) -> Vec<Finding> {
    let admins = async { services.dependencies.store.read().await?.user_count_active_admins().await };
    let admins = match admins.await {
        Ok(0) => {
            Err("there is no admin: open the link that `portal serve` prints, or use `portal admin create`"
                .into())
        }
        Ok(count) => Ok(format!("{count} can sign in")),
        Err(error) => Err(error.to_string()),
    };
    let catalog = match services.ingestion.location_list().await {
        Ok(locations) => {
            let failed = locations.iter().filter(|location| location.last_failure.is_some()).count();
            if failed == 0 {
                Ok(format!("{} locations", locations.len()))
            } else {
                Err(format!("{failed} locations could not be read: see `portal catalog locations`"))
            }
        }
        Err(error) => Err(error.to_string()),
    };
    vec![Finding::new("admins", admins), Finding::new("catalog", catalog)]
}

/// The first steps of an agent, over the network, as the settings page shows them.
async fn agent(services: &Services) -> Vec<Finding> {
    match services.self_check.run(&Admin::command_line()).await {
        Ok(report) => report.findings.into_iter().map(told).collect(),
        Err(error) => vec![Finding::new("self-check", Err(error.to_string()))],
    }
}

fn told(finding: SelfCheckFinding) -> Finding {
    let SelfCheckFinding { subject, verdict, found, advice } = finding;
    let text = if advice.is_empty() { found } else { format!("{found} {advice}") };
    Finding { what: subject.title(), verdict, text }
}

fn line(finding: &Finding) -> String {
    let sign = match finding.verdict {
        SelfCheckVerdict::Good => "ok   ",
        SelfCheckVerdict::Warning => "warn ",
        SelfCheckVerdict::Failed => "FAIL ",
        SelfCheckVerdict::Skipped => "-    ",
    };
    format!("{sign} {}: {}", finding.what, finding.text)
}

fn finding_json(finding: &Finding) -> Value {
    let ok = matches!(finding.verdict, SelfCheckVerdict::Good | SelfCheckVerdict::Warning);
    json!({ "what": finding.what, "ok": ok, "verdict": finding.verdict.as_str(), "text": finding.text })
}
