//! `portal catalog …`.

use clap::Subcommand;
use portal_core::{
    ingestion::{Location, LocationOrigin, Rejection, Target},
    services::Services,
};
use serde_json::{Value, json};

use super::{
    CommandError, Output,
    output::{printable, table},
};

/// Most rejections shown of one location.
const REJECTIONS_MAX: u32 = 1_000;

#[derive(Subcommand)]
pub(super) enum CatalogCommand {
    /// List the locations with what their last run found
    Locations,
    /// List what the last runs could not take, with file, line and reason
    Rejected {
        /// Only of this location
        #[arg(long, value_name = "ID")]
        location: Option<String>,
    },
}

pub(super) async fn run(
    command: CatalogCommand,
    services: &Services,
    output: Output,
) -> Result<(), CommandError> {
    let locations = services.ingestion.location_list().await.map_err(CommandError::failed)?;
    match command {
        CatalogCommand::Locations => {
            let rows: Vec<Vec<String>> = locations.iter().map(location_row).collect();
            output.show(&table(&rows), &Value::Array(locations.iter().map(location_json).collect()));
            Ok(())
        }
        CatalogCommand::Rejected { location } => {
            rejected(services, &locations, location.as_deref(), output).await
        }
    }
}

async fn rejected(
    services: &Services,
    locations: &[Location],
    wanted: Option<&str>,
    output: Output,
) -> Result<(), CommandError> {
    let chosen: Vec<&Location> = locations
        .iter()
        .filter(|location| wanted.is_none_or(|wanted| location.id.as_str() == wanted))
        .collect();
    if let (Some(wanted), true) = (wanted, chosen.is_empty()) {
        return Err(CommandError::Failed(format!(
            "there is no location {}; `portal catalog locations` lists them",
            printable(wanted)
        )));
    }
    let (mut lines, mut json) = (Vec::new(), Vec::new());
    for location in chosen {
        let rejections = services
            .ingestion
            .rejection_list(&location.id, REJECTIONS_MAX)
            .await
            .map_err(CommandError::failed)?;
        lines.extend(rejections.iter().map(line));
        json.extend(rejections.iter().map(|rejection| {
            json!({
                "location": location.id,
                "file": rejection.file,
                "line": rejection.line,
                "path": rejection.path,
                "entity": rejection.entity,
                "reason": rejection.reason,
            })
        }));
    }
    if lines.is_empty() {
        lines.push("Nothing was rejected.".to_owned());
    }
    output.show(&lines.join("\n"), &Value::Array(json));
    Ok(())
}

/// `file:line: entity: path: reason`, as compilers write it, so that editors find the place.
fn line(rejection: &Rejection) -> String {
    let line = rejection.line.map(|line| format!(":{line}")).unwrap_or_default();
    let place = format!("{}{line}", printable(&rejection.file));
    let parts = [&rejection.entity, &rejection.path].into_iter().flatten().map(|part| printable(part));
    let texts = std::iter::once(place).chain(parts).chain([printable(&rejection.reason)]);
    texts.collect::<Vec<_>>().join(": ")
}

fn target(location: &Location) -> (&'static str, &str) {
    match &location.target {
        Target::File(path) => ("file", path),
        Target::Url(url) => ("url", url),
        Target::Provider(id) => ("provider", id),
    }
}

fn location_row(location: &Location) -> Vec<String> {
    let (kind, target) = target(location);
    let state = match (&location.last_failure, &location.last_outcome) {
        (Some((at, reason)), _) => format!("failed at {}: {}", at.rfc3339(), printable(reason)),
        (None, Some(outcome)) => {
            format!(
                "{} entities, {} with errors, {} rejected",
                outcome.entities, outcome.with_errors, outcome.rejected
            )
        }
        (None, None) => "not read yet".to_owned(),
    };
    vec![location.id.to_string(), kind.to_owned(), printable(target), state]
}

fn location_json(location: &Location) -> Value {
    let (kind, target) = target(location);
    json!({
        "id": location.id,
        "type": kind,
        "target": target,
        "allow": location.allow,
        "origin": match location.origin {
            LocationOrigin::Configuration => "configuration",
            LocationOrigin::Registered(_) => "registered",
            LocationOrigin::Provider => "provider",
        },
        "last_outcome": location.last_outcome,
        "last_failure": location.last_failure.as_ref().map(|(at, reason)| json!({ "at": at.rfc3339(), "reason": reason })),
    })
}
