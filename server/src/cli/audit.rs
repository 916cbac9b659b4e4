//! `portal audit …`.

use clap::Subcommand;
use portal_core::{
    audit::{ChainReport, Seal},
    services::Services,
};
use serde_json::json;

use super::{CommandError, Output};

#[derive(Subcommand)]
pub(super) enum AuditCommand {
    /// Compute the chain of the audit log again; fails when a row was changed, added or taken away
    Verify {
        /// A head printed earlier and kept elsewhere, such as 17:9f86d0…: that row must still be there as it was
        #[arg(long, value_name = "HEAD")]
        head: Option<String>,
    },
}

pub(super) async fn run(
    command: AuditCommand,
    services: &Services,
    output: Output,
) -> Result<(), CommandError> {
    let AuditCommand::Verify { head } = command;
    let noted = match head {
        None => None,
        Some(text) => Some(Seal::parse(&text).ok_or_else(|| {
            CommandError::Usage("--head: expected a head as this command prints it, NUMBER:HASH".to_owned())
        })?),
    };
    let report = services.audit.verify(noted.as_ref()).await.map_err(CommandError::failed)?;
    let text = |seal: &Option<Seal>| seal.as_ref().map(ToString::to_string);
    output.show(
        &words(&report),
        &json!({
            "whole": report.broken_at.is_none(),
            "verified": report.verified,
            "head": text(&report.head),
            "anchor": text(&report.anchor),
            "unsealed": report.unsealed,
            "broken_at": report.broken_at,
        }),
    );
    match report.broken_at {
        None => Ok(()),
        Some(place) => Err(CommandError::Failed(format!(
            "the audit log was changed: row {place} of the chain is missing or not what was sealed"
        ))),
    }
}

fn words(report: &ChainReport) -> String {
    let mut lines = Vec::new();
    if report.broken_at.is_none() {
        lines.push(format!("The chain is whole: {} rows verified.", report.verified));
    }
    if let Some(anchor) = &report.anchor {
        lines.push(format!("It goes on from row {anchor}, the last that was deleted after its retention."));
    }
    if let Some(head) = &report.head {
        let what = if report.broken_at.is_none() { "Head, to be kept elsewhere" } else { "Right up to" };
        lines.push(format!("{what}: {head}"));
    }
    if report.unsealed > 0 {
        lines.push(format!("Not sealed yet, and not covered: {} rows.", report.unsealed));
    }
    lines.join("\n")
}
