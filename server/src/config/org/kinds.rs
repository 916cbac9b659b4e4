//! The table of each kind.

use std::{collections::BTreeMap, time::Duration};

use portal_core::{org::ProviderId, secret::Secret};
use portal_directory::{
    AdapterOptions,
    custom::{COMMAND_TIMEOUT, CustomOptions, CustomSource},
    entra::{ENTRA_CLOUDS, EntraCloud, EntraCredential, EntraOptions},
    file::{FileOptions, FileTarget},
    okta::{OktaCredential, OktaGroupType, OktaOptions},
};
use url::Url;

use super::{
    forges,
    raw::{RawCustom, RawEntra, RawFile, RawGroupType, RawKind, RawOkta, RawProvider},
    scope::{Scope, login},
};
use crate::config::ConfigError;

const COMMAND_TIMEOUT_SECONDS: std::ops::RangeInclusive<u64> = 1..=600;
/// Headers that a secret of an event hook cannot stand in: proxies and HTTP itself use them.
const HEADERS_TAKEN: [&str; 6] =
    ["content-length", "content-type", "cookie", "host", "connection", "transfer-encoding"];

/// The adapter's part of a provider. Tables of other kinds are faults.
pub(super) fn adapter(
    raw: RawProvider,
    id: &ProviderId,
    namespace: &str,
    scope: &Scope<'_>,
) -> Result<AdapterOptions, ConfigError> {
    let word = super::kind(raw.kind).as_str();
    let tables = [
        (RawKind::Github, raw.github.is_some()),
        (RawKind::Gitlab, raw.gitlab.is_some()),
        (RawKind::Entra, raw.entra.is_some()),
        (RawKind::File, raw.file.is_some()),
        (RawKind::Custom, raw.custom.is_some()),
        (RawKind::Okta, raw.okta.is_some()),
    ];
    for (kind, there) in tables {
        if there && kind != raw.kind {
            let table = super::kind(kind).as_str();
            return Err(scope.error(table, format!("is for kind = {table:?}; this provider is {word:?}")));
        }
    }
    let missing =
        || scope.sources.error(&scope.key, format!("expected a table [org.providers.{word}] with its keys"));
    match raw.kind {
        RawKind::File => file(raw.file.ok_or_else(missing)?, namespace, scope).map(AdapterOptions::File),
        RawKind::Custom => custom(raw.custom.ok_or_else(missing)?, scope).map(AdapterOptions::Custom),
        RawKind::Entra => entra(raw.entra.ok_or_else(missing)?, id, scope).map(AdapterOptions::Entra),
        RawKind::Okta => okta(raw.okta.ok_or_else(missing)?, scope).map(AdapterOptions::Okta),
        RawKind::Github => forges::github(raw.github.ok_or_else(missing)?, scope).map(AdapterOptions::Github),
        RawKind::Gitlab => forges::gitlab(raw.gitlab.ok_or_else(missing)?, scope).map(AdapterOptions::Gitlab),
    }
}

fn file(raw: RawFile, namespace: &str, scope: &Scope<'_>) -> Result<FileOptions, ConfigError> {
    let selection = scope.selection("file", raw.email_domains, raw.verified_domains, raw.groups)?;
    let target = if raw.target.contains("://") {
        FileTarget::Url(scope.address("file.target", &raw.target)?)
    } else {
        let path = std::path::absolute(scope.folder.join(&raw.target))
            .map_err(|error| scope.error("file.target", error.to_string()))?;
        let metadata = std::fs::metadata(&path).map_err(|error| {
            let message =
                format!("expected a folder, a file or an https address: {}: {error}", path.display());
            scope.error("file.target", message)
        })?;
        if metadata.is_dir() { FileTarget::Folder(path) } else { FileTarget::File(path) }
    };
    Ok(FileOptions { target, namespace: namespace.to_owned(), selection })
}

fn custom(raw: RawCustom, scope: &Scope<'_>) -> Result<CustomOptions, ConfigError> {
    let selection = scope.selection("custom", raw.email_domains, raw.verified_domains, raw.groups)?;
    let source = match (&raw.url, raw.command) {
        (Some(url), None) => {
            for (key, written) in [
                ("environment", raw.environment.is_some()),
                ("timeout_seconds", raw.timeout_seconds.is_some()),
            ] {
                if written {
                    return Err(scope.error(&format!("custom.{key}"), "is for command only; leave it out"));
                }
            }
            let url = scope.address("custom.url", url)?;
            CustomSource::Endpoint { url, token: scope.secret("custom.token", raw.token)? }
        }
        (None, Some(argv)) => {
            if raw.token.is_some() {
                return Err(
                    scope.error("custom.token", "is for url only; give a command its secrets by environment")
                );
            }
            command(argv, raw.environment.unwrap_or_default(), raw.timeout_seconds, scope)?
        }
        _ => return Err(scope.error("custom", "expected exactly one of url and command")),
    };
    let webhook_secret = scope.secret("custom.webhook_secret", raw.webhook_secret)?;
    Ok(CustomOptions { source, delta: raw.delta, webhook_secret, selection })
}

fn command(
    argv: Vec<String>,
    environment: BTreeMap<String, crate::config::raw::RawSecret>,
    timeout_seconds: Option<u64>,
    scope: &Scope<'_>,
) -> Result<CustomSource, ConfigError> {
    let program = argv.first().map(std::path::Path::new);
    if !program.is_some_and(std::path::Path::is_absolute) {
        let message =
            "expected a list: the absolute path of a program, then its arguments (there is no shell)";
        return Err(scope.error("custom.command", message));
    }
    if program.is_some_and(|program| !program.is_file()) {
        return Err(scope.error("custom.command", "expected a program; there is no such file"));
    }
    let timeout = match timeout_seconds {
        None => COMMAND_TIMEOUT,
        Some(seconds) if COMMAND_TIMEOUT_SECONDS.contains(&seconds) => Duration::from_secs(seconds),
        Some(seconds) => {
            let (first, last) = (COMMAND_TIMEOUT_SECONDS.start(), COMMAND_TIMEOUT_SECONDS.end());
            let message = format!("expected {first} to {last} seconds, found {seconds}");
            return Err(scope.error("custom.timeout_seconds", message));
        }
    };
    let mut variables = BTreeMap::new();
    for (name, raw) in environment {
        let key = format!("custom.environment.{name}");
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if name.is_empty() || !name.bytes().all(legal) {
            return Err(scope.error(&key, "expected names of letters, digits and _"));
        }
        if let Some(secret) = scope.secret(&key, Some(raw))? {
            variables.insert(name, secret);
        }
    }
    let folder = std::path::absolute(scope.folder)
        .or_else(|_| std::env::current_dir())
        .map_err(|error| scope.error("custom.command", error.to_string()))?;
    Ok(CustomSource::Command { argv, environment: variables, folder, timeout })
}

fn entra(raw: RawEntra, id: &ProviderId, scope: &Scope<'_>) -> Result<EntraOptions, ConfigError> {
    let selection = scope.selection("entra", raw.email_domains, raw.verified_domains, raw.groups)?;
    let tenant_id = scope.words("entra.tenant_id", &raw.tenant_id)?;
    let in_path = |byte: u8| byte.is_ascii_alphanumeric() || b"-.".contains(&byte);
    if !tenant_id.bytes().all(in_path)
        || ["common", "organizations", "consumers"].contains(&tenant_id.as_str())
    {
        return Err(scope.error("entra.tenant_id", "expected the tenant's id, or one of its domains"));
    }
    let client_id = scope.words("entra.client_id", &raw.client_id)?;
    let secret = scope.secret("entra.client_secret", raw.client_secret)?;
    let certificate = scope.secret("entra.certificate", raw.certificate)?;
    let private_key = scope.private_key("entra.private_key", raw.private_key)?;
    let credential = match (secret, certificate, private_key) {
        (Some(secret), None, None) => EntraCredential::Secret(secret),
        (None, Some(certificate), Some(private_key)) => {
            if !certificate.expose().contains("-----BEGIN CERTIFICATE-----") {
                let message = "expected a certificate in PEM, as in { file = \"certificate.pem\" }";
                return Err(scope.error("entra.certificate", message));
            }
            EntraCredential::Certificate { certificate: certificate.expose().to_owned(), private_key }
        }
        _ => {
            let message = "expected either client_secret, or certificate and private_key";
            return Err(scope.error("entra", message));
        }
    };
    let cloud = cloud(raw.cloud, raw.login_url, raw.graph_url, scope)?;
    let webhook_secret = client_state(scope.secret("entra.webhook_secret", raw.webhook_secret)?, scope)?;
    let notification_url =
        raw.notifications.then(|| notification_url(id, webhook_secret.is_some(), scope)).transpose()?;
    Ok(EntraOptions {
        tenant_id,
        client_id,
        credential,
        cloud,
        guests: raw.guests,
        leave_dates: raw.leave_dates,
        login: login(raw.login),
        selection,
        webhook_secret,
        notification_url,
    })
}

/// Graph takes 128 characters at most for what its notifications bring along.
fn client_state(secret: Option<Secret>, scope: &Scope<'_>) -> Result<Option<Secret>, ConfigError> {
    if secret.as_ref().is_some_and(|secret| !(16..=128).contains(&secret.expose().len())) {
        return Err(scope.error("entra.webhook_secret", "expected 16 to 128 characters"));
    }
    Ok(secret)
}

fn cloud(
    word: Option<String>,
    login_url: Option<String>,
    graph_url: Option<String>,
    scope: &Scope<'_>,
) -> Result<EntraCloud, ConfigError> {
    match (word, login_url, graph_url) {
        (None, Some(login), Some(graph)) => Ok(EntraCloud {
            login_url: scope.origin("entra.login_url", &login)?,
            graph_url: scope.origin("entra.graph_url", &graph)?,
        }),
        (word, None, None) => {
            let word = word.unwrap_or_else(|| "global".to_owned());
            let Some((_, login, graph)) = ENTRA_CLOUDS.iter().find(|(name, ..)| *name == word) else {
                let names: Vec<_> = ENTRA_CLOUDS.iter().map(|(name, ..)| *name).collect();
                let message = format!("expected one of {}, found {word:?}", names.join(", "));
                return Err(scope.error("entra.cloud", message));
            };
            Ok(EntraCloud {
                login_url: scope.origin("entra.cloud", login)?,
                graph_url: scope.origin("entra.cloud", graph)?,
            })
        }
        _ => {
            Err(scope
                .error("entra", "expected either cloud, or both login_url and graph_url, or none of them"))
        }
    }
}

fn notification_url(id: &ProviderId, has_secret: bool, scope: &Scope<'_>) -> Result<Url, ConfigError> {
    let key = "entra.notifications";
    if !has_secret {
        return Err(scope.error(key, "expected webhook_secret beside it, so that notifications can be told"));
    }
    if !scope.public_url.is_https() {
        return Err(scope.error(key, "Graph sends notifications to https only; server.public_url is not"));
    }
    Url::parse(&format!("{}/webhooks/{id}", scope.public_url.as_str()))
        .map_err(|error| scope.error(key, error.to_string()))
}

fn okta(raw: RawOkta, scope: &Scope<'_>) -> Result<OktaOptions, ConfigError> {
    let selection = scope.selection("okta", raw.email_domains, raw.verified_domains, raw.groups)?;
    let url = scope.origin("okta.url", &raw.url)?;
    let token = scope.secret("okta.token", raw.token)?;
    let private_key = scope.private_key("okta.private_key", raw.private_key)?;
    let credential = match (token, raw.client_id, private_key) {
        (Some(token), None, None) if raw.key_id.is_none() => OktaCredential::Token(token),
        (None, Some(client_id), Some(private_key)) => OktaCredential::PrivateKey {
            client_id: scope.words("okta.client_id", &client_id)?,
            key_id: raw.key_id,
            private_key,
        },
        _ => return Err(scope.error("okta", "expected either token, or client_id and private_key")),
    };
    let webhook_header =
        raw.webhook_header.unwrap_or_else(|| "authorization".to_owned()).to_ascii_lowercase();
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if webhook_header.is_empty()
        || !webhook_header.bytes().all(legal)
        || HEADERS_TAKEN.contains(&webhook_header.as_str())
    {
        return Err(
            scope.error("okta.webhook_header", "expected the name of a header, such as authorization")
        );
    }
    let webhook_secret = scope.secret("okta.webhook_secret", raw.webhook_secret)?;
    let group_types = raw.group_types.map_or_else(
        || vec![OktaGroupType::Okta, OktaGroupType::App],
        |types| types.into_iter().map(group_type).collect(),
    );
    if group_types.is_empty() {
        return Err(
            scope.error("okta.group_types", "expected at least one of OKTA_GROUP, APP_GROUP, BUILT_IN")
        );
    }
    Ok(OktaOptions {
        url,
        credential,
        group_types,
        locked_out_is_active: raw.locked_out_is_active.unwrap_or(true),
        login: login(raw.login),
        selection,
        webhook_secret,
        webhook_header,
    })
}

const fn group_type(raw: RawGroupType) -> OktaGroupType {
    match raw {
        RawGroupType::Okta => OktaGroupType::Okta,
        RawGroupType::App => OktaGroupType::App,
        RawGroupType::BuiltIn => OktaGroupType::BuiltIn,
    }
}
