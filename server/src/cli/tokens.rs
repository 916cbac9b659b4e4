//! `portal token …`.

use clap::{Args, Subcommand};
use portal_core::{
    form_error::FormError,
    identity::Admin,
    ids::StaticTokenId,
    services::Services,
    time::UnixMillis,
    tokens::{OldTokenEnds, StaticToken, StaticTokenFilter, StaticTokenRequest},
};
use portal_model::Field;
use serde_json::{Value, json};

use super::{
    CommandError, Output,
    output::{printable, table},
};

/// Tokens read at once.
const PAGE_LENGTH: u32 = 200;

#[derive(Subcommand)]
pub(super) enum TokenCommand {
    /// Make a token and print it; it is not shown again
    Create(Create),
    /// List tokens
    List {
        /// Only tokens whose name or owner contains this
        #[arg(long, default_value = "")]
        search: String,
        /// Also those that have ended or expired
        #[arg(long)]
        all: bool,
    },
    /// End a token; its next use is refused
    Revoke {
        /// Its id, as in the list
        id: String,
    },
    /// Make a new token in place of one, which ends an hour later, and print it
    Rotate {
        /// Its id, as in the list
        id: String,
        /// Let the old token end at once
        #[arg(long)]
        at_once: bool,
    },
}

#[derive(Args)]
pub(super) struct Create {
    /// What people call it
    #[arg(long)]
    name: String,
    /// User or group, such as user:default/ada or group:default/team-a, or the e-mail address of an account
    #[arg(long, value_name = "REF|EMAIL")]
    owner: String,
    /// What it may do: mcp:read, mcp:write or mcp:destructive
    #[arg(long)]
    scope: String,
    /// Days until it ends, 1 to 365; 90 when left out
    #[arg(long, default_value = "", value_name = "D")]
    expires_days: String,
    /// A plugin source whose tools it may call, once for each; all that are on when left out
    #[arg(long = "source", value_name = "S")]
    sources: Vec<String>,
    /// An address or range it may be used from, such as 192.0.2.0/24, once for each; everywhere when left out
    #[arg(long = "address", value_name = "RANGE")]
    addresses: Vec<String>,
}

pub(super) async fn run(
    command: TokenCommand,
    services: &Services,
    output: Output,
) -> Result<(), CommandError> {
    let admin = Admin::command_line();
    let tokens = &services.static_tokens;
    match command {
        TokenCommand::Create(create) => {
            let request = StaticTokenRequest {
                name: create.name,
                owner: create.owner,
                scope: create.scope,
                expires_days: create.expires_days,
                sources: create.sources,
                ranges: create.addresses.join("\n"),
            };
            let made = tokens.create(&admin, &request).await.map_err(refused)?;
            show_secret(made.secret.expose(), &made.token, output);
        }
        TokenCommand::List { search, all } => {
            let now = services.dependencies.clock.now();
            let open_at = (!all).then_some(now);
            list(services, &StaticTokenFilter { search, open_at, ..StaticTokenFilter::default() }, output)
                .await?;
        }
        TokenCommand::Revoke { id } => {
            let id = StaticTokenId(id);
            tokens.revoke(&admin, &id).await.map_err(refused)?;
            let text = format!("The token {} is revoked.", printable(id.as_str()));
            output.show(&text, &json!({ "id": id, "ended": true }));
        }
        TokenCommand::Rotate { id, at_once } => {
            let old_ends = if at_once { OldTokenEnds::AtOnce } else { OldTokenEnds::InOneHour };
            let made = tokens.rotate(&admin, &StaticTokenId(id), old_ends).await.map_err(refused)?;
            show_secret(made.secret.expose(), &made.token, output);
        }
    }
    Ok(())
}

/// The token alone, so that a script can take it.
fn show_secret(secret: &str, token: &StaticToken, output: Output) {
    let mut json = described(token);
    if let Some(members) = json.as_object_mut() {
        members.insert("token".to_owned(), secret.into());
    }
    output.show(secret, &json);
}

async fn list(services: &Services, filter: &StaticTokenFilter, output: Output) -> Result<(), CommandError> {
    let (admin, now) = (Admin::command_line(), services.dependencies.clock.now());
    let mut tokens: Vec<StaticToken> = Vec::new();
    loop {
        let after = tokens.last().map(|token| token.id.clone());
        let page = services.static_tokens.list(&admin, filter, after.as_ref(), PAGE_LENGTH).await;
        let page = page.map_err(CommandError::failed)?;
        let last = page.len() < PAGE_LENGTH as usize;
        tokens.extend(page);
        if last {
            break;
        }
    }
    let row = |token: &StaticToken| {
        let state = match token.ended {
            _ if token.is_open(now) => "open",
            Some((_, reason)) => reason.as_str(),
            None => "expired",
        };
        vec![
            token.id.to_string(),
            printable(&token.name),
            token.owner.to_string(),
            token.scope.to_string(),
            token.ends_at().rfc3339(),
            state.to_owned(),
        ]
    };
    let rows: Vec<Vec<String>> = tokens.iter().map(row).collect();
    output.show(&table(&rows), &Value::Array(tokens.iter().map(described).collect()));
    Ok(())
}

fn described(token: &StaticToken) -> Value {
    json!({
        "id": token.id,
        "name": token.name,
        "owner": token.owner,
        "scope": token.scope,
        "sources": token.sources,
        "address_ranges": token.ranges.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "personal": token.personal,
        "ending": token.ending,
        "created_by": token.created_by,
        "created_at": token.created_at.rfc3339(),
        "expires_at": token.expires_at.rfc3339(),
        "last_used_at": token.used_at.map(UnixMillis::rfc3339),
        "last_used_from": token.used_from,
        "ended": token.ended.map(|(at, reason)| json!({ "at": at.rfc3339(), "reason": reason.as_str() })),
    })
}

/// What was refused, each fault beside the option it belongs to.
fn refused(error: FormError) -> CommandError {
    let FormError::Refused(faults) = error else { return CommandError::failed(error) };
    let words: Vec<String> = faults
        .iter()
        .map(|fault| match fault.field.and_then(option_of) {
            Some(option) => format!("{option}: {}", fault.code.message()),
            None => fault.code.message().to_owned(),
        })
        .collect();
    CommandError::Failed(words.join(" "))
}

const fn option_of(field: Field) -> Option<&'static str> {
    match field {
        Field::TokenName => Some("--name"),
        Field::Owner => Some("--owner"),
        Field::Scope => Some("--scope"),
        Field::ExpiresDays => Some("--expires-days"),
        Field::Sources => Some("--source"),
        Field::AddressRanges => Some("--address"),
        _ => None,
    }
}
