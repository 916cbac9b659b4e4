//! `portal org …`.

use std::time::Duration;

use clap::Subcommand;
use portal_core::{
    identity::Admin,
    org::{
        DirectoryRun, DryRun, OrgError, ProviderId, RunCounts, RunNumber, RunState, Standing,
        rows::{DifferenceKind, GroupDifference, PersonDifference, standing_word},
    },
    services::Services,
};
use serde_json::{Value, json};

use super::{CommandError, Output, output::printable};

/// How often a run under way is looked at.
const LOOK_PERIOD: Duration = Duration::from_millis(200);
/// Differences shown of a run that waits for an admin.
const SHOWN_MAX: u32 = 500;

#[derive(Subcommand)]
pub(super) enum OrgCommand {
    /// Read people and groups from a provider, or from all, and show what changed
    Sync {
        /// Only from this provider
        #[arg(long, value_name = "ID")]
        provider: Option<String>,
        /// Read and compare, and change nothing
        #[arg(long)]
        dry_run: bool,
    },
}

pub(super) async fn run(
    command: OrgCommand,
    services: &Services,
    output: Output,
) -> Result<(), CommandError> {
    let OrgCommand::Sync { provider, dry_run } = command;
    let providers = providers(services, provider.as_deref())?;
    services.org.configure().await.map_err(CommandError::failed)?;
    let (mut texts, mut results, mut failed) = (Vec::new(), Vec::new(), false);
    for provider in &providers {
        let outcome = if dry_run {
            services.org.dry_run(&Admin::command_line(), provider).await.map(|dry| shown_dry(provider, &dry))
        } else {
            sync(services, provider).await
        };
        let (text, json, ok) = outcome.unwrap_or_else(|error| refused(provider, &error));
        texts.push(text);
        results.push(json);
        failed |= !ok;
    }
    output.show(&texts.join("\n"), &Value::Array(results));
    if failed {
        return Err(CommandError::Failed("not every provider was read and published".to_owned()));
    }
    Ok(())
}

fn providers(services: &Services, wanted: Option<&str>) -> Result<Vec<ProviderId>, CommandError> {
    let known = services.org.provider_ids();
    let Some(wanted) = wanted else {
        if known.is_empty() {
            let words = "the configuration names no provider; add one under [[org.providers]]";
            return Err(CommandError::Usage(words.to_owned()));
        }
        return Ok(known);
    };
    known.into_iter().find(|id| id.as_str() == wanted).map(|id| vec![id]).ok_or_else(|| {
        CommandError::Usage(format!("the configuration names no provider {}", printable(wanted)))
    })
}

type Shown = (String, Value, bool);

fn refused(provider: &ProviderId, error: &OrgError) -> Shown {
    let text = format!("{provider}: {}", printable(&error.to_string()));
    (text, json!({ "provider": provider, "error": error.to_string() }), false)
}

/// Asks for a run and works on it, unless a server that runs beside does; waits for its end.
async fn sync(services: &Services, provider: &ProviderId) -> Result<Shown, OrgError> {
    let admin = Admin::command_line();
    let last = services.org.run_list(&admin, provider, None, 1).await?;
    let after = last.first().map_or(RunNumber(0), |run| run.number);
    services.org.run_now(&admin, provider).await?;
    loop {
        services.org.tick(provider).await?;
        let runs = services.org.run_list(&admin, provider, None, 10).await?;
        let asked = runs.into_iter().rfind(|run| run.number > after);
        if let Some(run) = asked.filter(|run| !run.state.is_under_way()) {
            return shown_run(services, provider, &run).await;
        }
        tokio::time::sleep(LOOK_PERIOD).await;
    }
}

async fn shown_run(
    services: &Services,
    provider: &ProviderId,
    run: &DirectoryRun,
) -> Result<Shown, OrgError> {
    let mut lines = vec![format!("{provider}: {}", run.state.as_str())];
    let mut json =
        json!({ "provider": provider, "run": run.number, "outcome": run.state, "counts": run.counts });
    if let Some(error) = &run.error {
        lines.push(format!("  {}", printable(error)));
        insert(&mut json, "error", json!(error));
    }
    lines.push(counted(&run.counts));
    if run.state == RunState::Held {
        let admin = Admin::command_line();
        let people = services.org.held_people(&admin, provider, None, SHOWN_MAX).await?;
        let groups = services.org.held_groups(&admin, provider, None, SHOWN_MAX).await?;
        lines.extend(people.iter().filter_map(person_line));
        lines.extend(groups.iter().filter_map(group_line));
        insert(&mut json, "people", people.iter().map(person_json).collect());
        insert(&mut json, "groups", groups.iter().map(group_json).collect());
    } else {
        for change in &run.counts.sample {
            lines.push(format!("  {} {}", sign(change.kind), printable(&change.entity)));
        }
    }
    Ok((lines.join("\n"), json, run.state == RunState::Published))
}

fn shown_dry(provider: &ProviderId, dry: &DryRun) -> Shown {
    let mut lines = vec![format!("{provider}: nothing was changed"), counted(&dry.counts)];
    if dry.would_be_held {
        lines.push("  so many people would leave that an admin would be asked".to_owned());
    }
    lines.extend(dry.people.iter().filter_map(person_line));
    lines.extend(dry.groups.iter().filter_map(group_line));
    for (entity, reason) in &dry.rejected {
        lines.push(format!("  ! {entity}: {}", printable(reason)));
    }
    let rejected: Vec<Value> = dry
        .rejected
        .iter()
        .map(|(entity, reason)| json!({ "entity": entity.to_string(), "reason": reason }))
        .collect();
    let json = json!({
        "provider": provider,
        "outcome": "compared",
        "counts": dry.counts,
        "would_be_held": dry.would_be_held,
        "people": dry.people.iter().map(person_json).collect::<Vec<_>>(),
        "groups": dry.groups.iter().map(group_json).collect::<Vec<_>>(),
        "rejected": rejected,
    });
    (lines.join("\n"), json, true)
}

fn insert(json: &mut Value, key: &str, value: Value) {
    if let Some(fields) = json.as_object_mut() {
        fields.insert(key.to_owned(), value);
    }
}

fn counted(counts: &RunCounts) -> String {
    let excluded: Vec<String> =
        counts.excluded.iter().map(|(reason, count)| format!("{count} {}", reason.as_str())).collect();
    let left_out = if excluded.is_empty() { "nobody".to_owned() } else { excluded.join(", ") };
    format!(
        "  {} people (left out: {left_out}), {} groups, {} memberships\n  people: {} added, {} changed, {} removed; \
        groups: {} added, {} changed, {} removed",
        counts.people,
        counts.groups,
        counts.memberships,
        counts.added,
        counts.changed,
        counts.removed,
        counts.groups_added,
        counts.groups_changed,
        counts.groups_removed
    )
}

const fn sign(kind: DifferenceKind) -> char {
    match kind {
        DifferenceKind::Added => '+',
        DifferenceKind::Changed => '~',
        DifferenceKind::Removed => '-',
    }
}

fn person_line(difference: &PersonDifference) -> Option<String> {
    let kind = difference.kind()?;
    let state = difference.after.as_ref().or(difference.before.as_ref())?;
    let why = match (&difference.after, kind) {
        (None, _) => " (not known any more)".to_owned(),
        (Some(after), DifferenceKind::Removed) => match &after.standing {
            Standing::Excluded(exclusion) => format!(" ({})", exclusion.reason.as_str()),
            Standing::Active => String::new(),
        },
        _ => String::new(),
    };
    Some(format!("  {} {}{why}", sign(kind), state.entity_ref))
}

fn person_json(difference: &PersonDifference) -> Value {
    let state = |state: &Option<portal_core::org::PersonState>| {
        state.as_ref().map(|state| {
            json!({ "entity": state.entity_ref.to_string(), "standing": standing_word(&state.standing) })
        })
    };
    json!({
        "subject": difference.subject,
        "change": difference.kind(),
        "before": state(&difference.before),
        "after": state(&difference.after),
    })
}

fn group_line(difference: &GroupDifference) -> Option<String> {
    let entity = difference.after.as_ref().or(difference.before.as_ref())?;
    Some(format!("  {} {entity}", sign(difference.kind()?)))
}

fn group_json(difference: &GroupDifference) -> Value {
    let text = |entity: &Option<portal_model::EntityRef>| entity.as_ref().map(ToString::to_string);
    json!({
        "id": difference.id,
        "change": difference.kind(),
        "before": text(&difference.before),
        "after": text(&difference.after),
    })
}
