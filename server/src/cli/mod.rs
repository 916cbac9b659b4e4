//! The command line.

mod audit;
mod catalog;
mod cimd;
mod doctor;
mod org;
mod output;
mod settings;
mod tokens;
mod users;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use portal_core::services::Services;
use serde_json::json;

pub use output::Output;

use crate::{
    config::Config,
    logging,
    serve::serve,
    startup::{self, StartError},
};

#[derive(Parser)]
#[command(
    name = "portal",
    version,
    about = "Connects coding agents to your organisation",
    max_term_width = 100
)]
struct Cli {
    /// Configuration file; portal.toml in the working directory when it is there
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Show results as JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server
    Serve,
    /// Check the configuration and nothing else
    CheckConfig,
    /// Look at the running Portal as an agent and as an admin would meet it
    Doctor,
    /// Admins
    #[command(subcommand)]
    Admin(users::AdminCommand),
    /// Local accounts
    #[command(subcommand)]
    User(users::UserCommand),
    /// The settings that the UI shows
    #[command(subcommand)]
    Settings(settings::SettingsCommand),
    /// Static tokens
    #[command(subcommand)]
    Token(tokens::TokenCommand),
    /// The audit log
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Locations of the catalog and what they hold
    #[command(subcommand)]
    Catalog(catalog::CatalogCommand),
    /// People and groups of providers
    #[command(subcommand)]
    Org(org::OrgCommand),
    /// Client ID metadata documents
    #[command(subcommand)]
    Cimd(cimd::CimdCommand),
}

/// Why a command did not do it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    /// Wrong usage or configuration: exit code 2.
    #[error("{0}")]
    Usage(String),
    /// Anything else: exit code 1.
    #[error("{0}")]
    Failed(String),
}

impl CommandError {
    #[expect(clippy::needless_pass_by_value, reason = "errors come by value from map_err")]
    fn failed(error: impl ToString) -> Self {
        Self::Failed(error.to_string())
    }
}

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version come this way too, for standard output and with code 0.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let output = Output { json: cli.json };
    match run(cli, output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output.complain(&error);
            ExitCode::from(match error {
                CommandError::Usage(_) => 2,
                CommandError::Failed(_) => 1,
            })
        }
    }
}

fn run(cli: Cli, output: Output) -> Result<(), CommandError> {
    let config = Config::load(cli.config.as_deref(), &Config::environment())
        .map_err(|error| CommandError::Usage(error.to_string()))?;
    let _logging = logging::start(config.log_format).map_err(CommandError::Usage)?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(CommandError::failed)?;
    runtime.block_on(dispatch(cli.command, &config, output))
}

async fn dispatch(command: Command, config: &Config, output: Output) -> Result<(), CommandError> {
    match command {
        Command::Serve => serve(config, &output).await.map_err(CommandError::failed),
        Command::CheckConfig => {
            let providers: Vec<_> = config.providers.iter().map(|found| found.options.id.as_str()).collect();
            let read = match providers.len() {
                0 => String::new(),
                _ => format!(" It would read people and groups from {}.", providers.join(", ")),
            };
            let text =
                format!("The configuration is valid. Portal would run at {}.{read}", config.public_url);
            let public_url = config.public_url.as_str();
            output.show(&text, &json!({ "valid": true, "public_url": public_url, "providers": providers }));
            Ok(())
        }
        Command::Doctor => doctor::run(config, output).await,
        Command::Admin(command) => users::admin(command, &open(config).await?, output).await,
        Command::User(command) => users::user(command, &open(config).await?, config, output).await,
        Command::Settings(command) => settings::run(command, &open(config).await?, output).await,
        Command::Token(command) => tokens::run(command, &open(config).await?, output).await,
        Command::Audit(command) => audit::run(command, &open(config).await?, output).await,
        Command::Catalog(command) => catalog::run(command, &open(config).await?, output).await,
        Command::Org(command) => org::run(command, &open(config).await?, output).await,
        Command::Cimd(command) => cimd::run(command, &open(config).await?, output).await,
    }
}

/// The services, on the database that `serve` would use.
async fn open(config: &Config) -> Result<Services, CommandError> {
    let started: Result<_, StartError> = startup::open(config).await;
    started.map(|started| started.services).map_err(CommandError::failed)
}
