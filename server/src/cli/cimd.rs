//! `portal cimd …`.

use clap::Subcommand;
use portal_core::{oauth::RuleReport, services::Services};
use serde_json::{Value, json};

use super::{CommandError, Output, output::printable};

#[derive(Subcommand)]
pub(super) enum CimdCommand {
    /// Fetch a client document and judge it, rule by rule
    Check {
        /// The client id: the document's address
        url: String,
    },
}

pub(super) async fn run(
    command: CimdCommand,
    services: &Services,
    output: Output,
) -> Result<(), CommandError> {
    let CimdCommand::Check { url } = command;
    let reports = services.clients.check(&url).await;
    let text = reports.iter().map(line).collect::<Vec<_>>().join("\n");
    output.show(&text, &Value::Array(reports.iter().map(report_json).collect()));
    let holds = |report: &RuleReport| matches!(report.verdict, Some(Ok(())));
    if !reports.is_empty() && reports.iter().all(holds) {
        Ok(())
    } else {
        Err(CommandError::Failed("agents with this document cannot sign in".to_owned()))
    }
}

fn line(report: &RuleReport) -> String {
    let (mark, reason) = match &report.verdict {
        Some(Ok(())) => ("ok  ", String::new()),
        Some(Err(reason)) => ("FAIL", format!(": {}", printable(reason))),
        None => ("skip", String::new()),
    };
    format!("{mark}  {} ({}){reason}", report.rule.name, report.rule.source)
}

fn report_json(report: &RuleReport) -> Value {
    json!({
        "rule": report.rule.name,
        "source": report.rule.source,
        "holds": report.verdict.as_ref().map(Result::is_ok),
        "reason": report.verdict.as_ref().and_then(|verdict| verdict.as_ref().err()),
    })
}
