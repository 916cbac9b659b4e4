//! `portal admin …` and `portal user …`.

use std::io::Read as _;

use clap::{Args, Subcommand};
use portal_core::{
    identity::{Admin, IdentityError, InvitedUser, NewUser, User, UserChange},
    secret::Secret,
    services::Services,
};
use serde_json::{Value, json};

use super::{
    CommandError, Output,
    output::{printable, table},
};
use crate::config::Config;

/// Most accounts that are listed at once.
const LIST_LENGTH: u32 = 200;
/// Most that is read of a password, in bytes.
const PASSWORD_INPUT_BYTES_MAX: u64 = 4_096;

#[derive(Subcommand)]
pub(super) enum AdminCommand {
    /// Make a local admin without a browser
    Create {
        /// E-mail address
        #[arg(long)]
        email: String,
        /// Name shown; taken from the e-mail address when left out
        #[arg(long, default_value = "")]
        name: String,
        /// Read the password from standard input, one line
        #[arg(long, required = true)]
        password_stdin: bool,
    },
}

#[derive(Subcommand)]
pub(super) enum UserCommand {
    /// Make an account and print the link by which the person sets a password
    Create(Create),
    /// List accounts
    List {
        /// Only accounts whose e-mail, name or entity ref contains this
        #[arg(long, default_value = "")]
        search: String,
    },
    /// No sign-in any more; everything issued to the person ends at once
    Disable(Which),
    /// Sign-in again
    Enable(Which),
    /// Print a link by which the person sets a new password
    ResetPassword(Which),
    /// Make the person an admin
    GrantAdmin(Which),
    /// Make the person no admin any more
    RevokeAdmin(Which),
}

#[derive(Args)]
pub(super) struct Create {
    /// E-mail address
    #[arg(long)]
    email: String,
    /// Name shown; taken from the e-mail address when left out
    #[arg(long, default_value = "")]
    name: String,
    /// User entity of the catalog, such as user:default/ada; a new one when left out
    #[arg(long, default_value = "", value_name = "REF")]
    entity: String,
    /// Make the person an admin
    #[arg(long)]
    admin: bool,
}

#[derive(Args)]
pub(super) struct Which {
    /// E-mail address, entity ref or id of the account
    user: String,
}

pub(super) async fn admin(
    command: AdminCommand,
    services: &Services,
    output: Output,
) -> Result<(), CommandError> {
    let AdminCommand::Create { email, name, password_stdin: _ } = command;
    let password = password()?;
    let admin = Admin::command_line();
    let user = services.identity.admin_create(&admin, &email, &name, &password).await.map_err(refused)?;
    output.show(&format!("{} is an admin now.", user.entity_ref), &account(&user));
    Ok(())
}

pub(super) async fn user(
    command: UserCommand,
    services: &Services,
    config: &Config,
    output: Output,
) -> Result<(), CommandError> {
    let admin = Admin::command_line();
    let identity = &services.identity;
    match command {
        UserCommand::Create(Create { email, name, entity, admin: as_admin }) => {
            let new = NewUser { email, display_name: name, entity_ref: entity, admin: as_admin };
            let invited = identity.user_invite(&admin, new).await.map_err(refused)?;
            show_link(&invited, "can set a password", config, output);
        }
        UserCommand::List { search } => list(services, &search, output).await?,
        UserCommand::ResetPassword(which) => {
            let user = find(services, &admin, &which).await?;
            let invited = identity.user_reset_password(&admin, &user.id).await.map_err(refused)?;
            show_link(&invited, "can set a new password", config, output);
        }
        UserCommand::Disable(which) => change(services, &which, UserChange::Disable, output).await?,
        UserCommand::Enable(which) => change(services, &which, UserChange::Enable, output).await?,
        UserCommand::GrantAdmin(which) => change(services, &which, UserChange::GrantAdmin, output).await?,
        UserCommand::RevokeAdmin(which) => change(services, &which, UserChange::RevokeAdmin, output).await?,
    }
    Ok(())
}

/// The first line of standard input. A password on the command line could be read by everyone on the machine.
fn password() -> Result<Secret, CommandError> {
    let mut text = String::new();
    std::io::stdin().take(PASSWORD_INPUT_BYTES_MAX).read_to_string(&mut text).map_err(|error| {
        CommandError::Usage(format!("the password cannot be read from standard input: {error}"))
    })?;
    match text.lines().next() {
        Some(line) if !line.is_empty() => Ok(Secret::new(line)),
        _ => Err(CommandError::Usage("expected a password on standard input".to_owned())),
    }
}

async fn find(services: &Services, admin: &Admin, which: &Which) -> Result<User, CommandError> {
    let found = services.identity.user_find(admin, &which.user).await.map_err(refused)?;
    found.ok_or_else(|| CommandError::Failed(format!("there is no account {}", printable(&which.user))))
}

async fn change(
    services: &Services,
    which: &Which,
    change: UserChange,
    output: Output,
) -> Result<(), CommandError> {
    let admin = Admin::command_line();
    let user = find(services, &admin, which).await?;
    let user = services.identity.user_change(&admin, &user.id, change).await.map_err(refused)?;
    let now = match change {
        UserChange::Disable => "is disabled; sessions and tokens have ended",
        UserChange::Enable => "can sign in again",
        UserChange::GrantAdmin => "is an admin now",
        UserChange::RevokeAdmin => "is no admin any more",
    };
    output.show(&format!("{} {now}.", user.entity_ref), &account(&user));
    Ok(())
}

async fn list(services: &Services, search: &str, output: Output) -> Result<(), CommandError> {
    let admin = Admin::command_line();
    let mut users: Vec<User> = Vec::new();
    loop {
        let after = users.last().map(|user| user.id.clone());
        let page = services
            .identity
            .user_list(&admin, search, after.as_ref(), LIST_LENGTH)
            .await
            .map_err(refused)?;
        let last = page.len() < LIST_LENGTH as usize;
        users.extend(page);
        if last {
            break;
        }
    }
    let row = |user: &User| {
        vec![
            user.email.as_deref().map(printable).unwrap_or_default(),
            user.status.as_str().to_owned(),
            if user.admin { "admin".to_owned() } else { String::new() },
            user.entity_ref.to_string(),
            printable(&user.display_name),
        ]
    };
    let rows: Vec<Vec<String>> = users.iter().map(row).collect();
    output.show(&table(&rows), &Value::Array(users.iter().map(account).collect()));
    Ok(())
}

fn show_link(invited: &InvitedUser, what: &str, config: &Config, output: Output) {
    let link = format!("{}/sign-in/link?token={}", config.public_url, invited.link.expose());
    let text = format!("{} {what} here (works once, within 24 hours): {link}", invited.user.entity_ref);
    let mut json = account(&invited.user);
    if let Some(members) = json.as_object_mut() {
        members.insert("link".to_owned(), link.into());
    }
    output.show(&text, &json);
}

fn account(user: &User) -> Value {
    json!({
        "id": user.id,
        "provider": user.provider,
        "email": user.email,
        "name": user.display_name,
        "entity_ref": user.entity_ref,
        "status": user.status,
        "admin": user.admin,
        "created_at": user.created_at.rfc3339(),
        "last_sign_in_at": user.last_sign_in_at.map(portal_core::time::UnixMillis::rfc3339),
    })
}

fn refused(error: IdentityError) -> CommandError {
    match error {
        IdentityError::Refused(error) => CommandError::Failed(error.code.message().to_owned()),
        other => CommandError::failed(other),
    }
}
