//! `portal settings …`.

use clap::Subcommand;
use portal_core::{identity::Admin, services::Services, settings::SettingsError};
use serde_json::{Value, json};

use super::{CommandError, Output, output::table};

#[derive(Subcommand)]
pub(super) enum SettingsCommand {
    /// Show every setting
    List,
    /// Show one setting
    Get {
        /// Its key, such as mcp.cimd.enabled
        key: String,
    },
    /// Change settings together; all of them or none
    Set {
        /// Key and value, then the next key and value
        #[arg(required = true, num_args = 2.., value_names = ["KEY", "VALUE"])]
        pairs: Vec<String>,
    },
}

pub(super) async fn run(
    command: SettingsCommand,
    services: &Services,
    output: Output,
) -> Result<(), CommandError> {
    match command {
        SettingsCommand::List => {
            let settings = services.settings.list().await.map_err(refused)?;
            show(&settings, output);
        }
        SettingsCommand::Get { key } => {
            let settings = services.settings.list().await.map_err(refused)?;
            let found = settings.into_iter().find(|(known, _)| *known == key);
            let (key, value) = found.ok_or_else(|| refused(SettingsError::UnknownKey(key)))?;
            output.show(&value, &json!({ key: value }));
        }
        SettingsCommand::Set { pairs } => {
            let (pairs, []) = pairs.as_chunks::<2>() else {
                return Err(CommandError::Usage("expected a value for every key".to_owned()));
            };
            let pairs: Vec<(String, String)> =
                pairs.iter().cloned().map(|[key, value]| (key, value)).collect();
            services.settings.change_by_key(&Admin::command_line(), &pairs).await.map_err(refused)?;
            let settings = services.settings.list().await.map_err(refused)?;
            let changed: Vec<_> = settings
                .into_iter()
                .filter(|(key, _)| pairs.iter().any(|(changed, _)| changed == key))
                .collect();
            show(&changed, output);
        }
    }
    Ok(())
}

fn show(settings: &[(String, String)], output: Output) {
    let rows: Vec<Vec<String>> =
        settings.iter().map(|(key, value)| vec![key.clone(), value.clone()]).collect();
    let json: Value = settings.iter().map(|(key, value)| (key.clone(), Value::from(value.clone()))).collect();
    output.show(&table(&rows), &json);
}

fn refused(error: SettingsError) -> CommandError {
    match error {
        SettingsError::Store(error) => CommandError::failed(error),
        SettingsError::Refused(error) => CommandError::Failed(error.code.message().to_owned()),
        usage @ (SettingsError::UnknownKey(_) | SettingsError::InvalidValue { .. }) => {
            CommandError::Usage(usage.to_string())
        }
    }
}
