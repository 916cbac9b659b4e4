//! From what is written to what holds: every rule that one value or several must keep.

use std::{
    net::{IpAddr, SocketAddr},
    path::{Component, Path, PathBuf},
};

use ipnet::IpNet;
use portal_core::{ingestion::Target, oauth::PinnedDocument, secret::Secret};
use portal_fetch::ProviderProxy;
use url::Url;

use super::{
    Config, FetchConfig, PublicUrl,
    error::ConfigError,
    org,
    raw::{LocationKind, OneOrMany, RawConfig, RawFetch, RawLocation, RawPinnedClient, RawSecret},
    source::Sources,
};
use crate::environment::from_system_time;

const DEFAULT_LISTEN: [&str; 2] = ["127.0.0.1:3000", "[::1]:3000"];
const DEFAULT_PUBLIC_URL: &str = "http://localhost:3000";
const DEFAULT_DATABASE_URL: &str = "sqlite://data/portal.db";
const DEFAULT_METRICS_LISTEN: &str = "127.0.0.1:9464";
const DEFAULT_ACCESS_TOKEN_LIFETIME_MINUTES: u16 = 60;
const ACCESS_TOKEN_LIFETIME_MINUTES: std::ops::RangeInclusive<u16> = 10..=1440;
/// Largest pinned client document and largest secret in a file, in bytes.
const SMALL_FILE_BYTES_MAX: u64 = 65_536;

pub(super) fn resolve(raw: RawConfig, sources: &Sources, file: Option<&Path>) -> Result<Config, ConfigError> {
    let folder = file.and_then(Path::parent).unwrap_or_else(|| Path::new(""));
    let listen_written = raw.server.listen.is_some();
    let listen = listen(raw.server.listen, sources)?;
    let public_url = PublicUrl::parse(raw.server.public_url.as_deref().unwrap_or(DEFAULT_PUBLIC_URL))
        .map_err(|message| sources.error("server.public_url", message))?;
    let metrics_listen = metrics_listen(raw.metrics.listen.as_deref(), &listen, sources)?;
    let allowed_hosts = allowed_hosts(raw.catalog.allowed_hosts, sources)?;
    let locations = raw
        .catalog
        .locations
        .into_iter()
        .enumerate()
        .map(|(index, raw)| location(index, raw, folder, &allowed_hosts, sources))
        .collect::<Result<_, _>>()?;
    let providers = org::resolve(raw.org, folder, &public_url, sources)?;
    Ok(Config {
        providers,
        listen,
        listen_written,
        public_url,
        trusted_proxies: trusted_proxies(&raw.server.trusted_proxies, sources)?,
        log_format: raw.log.format.unwrap_or_default(),
        database_url: database_url(raw.database.url, folder, sources)?,
        locations,
        allowed_hosts,
        fetch: fetch(raw.fetch, folder, sources)?,
        access_token_lifetime_minutes: access_token_lifetime(
            raw.oauth.access_token_lifetime_minutes,
            sources,
        )?,
        pinned_clients: raw
            .oauth
            .pinned_clients
            .iter()
            .enumerate()
            .map(|(index, raw)| pinned_client(index, raw, folder, sources))
            .collect::<Result<_, _>>()?,
        mcp_allowed_origins: allowed_origins(raw.mcp.allowed_origins, sources)?,
        metrics_listen,
        metrics_written: sources.wrote("metrics.listen"),
    })
}

fn listen(raw: Option<OneOrMany>, sources: &Sources) -> Result<Vec<SocketAddr>, ConfigError> {
    let texts = raw.map_or_else(|| DEFAULT_LISTEN.map(str::to_owned).to_vec(), |raw| raw.0);
    if texts.is_empty() {
        return Err(sources.error("server.listen", "expected at least one address, such as 127.0.0.1:3000"));
    }
    texts.iter().map(|text| address("server.listen", text, sources)).collect()
}

fn address(key: &str, text: &str, sources: &Sources) -> Result<SocketAddr, ConfigError> {
    text.parse().map_err(|_| {
        sources.error(
            key,
            format!("expected an address with a port, such as 127.0.0.1:3000 or [::1]:3000, found {text:?}"),
        )
    })
}

fn metrics_listen(
    raw: Option<&str>,
    listen: &[SocketAddr],
    sources: &Sources,
) -> Result<Option<SocketAddr>, ConfigError> {
    if raw == Some("off") {
        return Ok(None);
    }
    let metrics = address("metrics.listen", raw.unwrap_or(DEFAULT_METRICS_LISTEN), sources)?;
    if metrics.port() != 0 && listen.contains(&metrics) {
        return Err(sources.error(
            "metrics.listen",
            format!("expected an address of its own (or \"off\"): {metrics} is in server.listen too"),
        ));
    }
    Ok(Some(metrics))
}

fn trusted_proxies(texts: &[String], sources: &Sources) -> Result<Vec<IpNet>, ConfigError> {
    let range = |text: &String| {
        text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).map_err(|_| {
            sources.error(
                "server.trusted_proxies",
                format!("expected address ranges such as 10.0.0.0/8 or ::1, found {text:?}"),
            )
        })
    };
    texts.iter().map(range).collect()
}

fn database_url(raw: Option<RawSecret>, folder: &Path, sources: &Sources) -> Result<Secret, ConfigError> {
    let url = match raw {
        Some(raw) => secret("database.url", raw, folder, sources)?,
        None => Secret::new(DEFAULT_DATABASE_URL),
    };
    // The text is not repeated: it may hold a password.
    let known = ["sqlite://", "postgres://", "postgresql://"];
    let rest = known.iter().find_map(|scheme| url.expose().strip_prefix(scheme));
    if rest.is_none_or(str::is_empty) {
        return Err(
            sources.error("database.url", "expected sqlite://path/to/file or postgres://user@host/database")
        );
    }
    Ok(url)
}

pub(super) fn secret(
    key: &str,
    raw: RawSecret,
    folder: &Path,
    sources: &Sources,
) -> Result<Secret, ConfigError> {
    match raw {
        RawSecret::Value(text) => Ok(Secret::new(text)),
        RawSecret::Environment(name) => std::env::var(&name).map(Secret::new).map_err(|_| {
            sources.error(key, format!("the environment variable {name} is not set (or not Unicode)"))
        }),
        RawSecret::File(path) => {
            let text = small_file(key, &folder.join(path), sources)?;
            Ok(Secret::new(text.trim_end_matches(['\r', '\n'])))
        }
    }
}

fn small_file(key: &str, path: &Path, sources: &Sources) -> Result<String, ConfigError> {
    let unreadable =
        |error: std::io::Error| sources.error(key, format!("{} cannot be read: {error}", path.display()));
    if std::fs::metadata(path).map_err(unreadable)?.len() > SMALL_FILE_BYTES_MAX {
        return Err(
            sources.error(key, format!("{} is larger than {SMALL_FILE_BYTES_MAX} bytes", path.display()))
        );
    }
    std::fs::read_to_string(path).map_err(unreadable)
}

fn allowed_hosts(hosts: Vec<String>, sources: &Sources) -> Result<Vec<String>, ConfigError> {
    let check = |host: String| {
        let host = host.to_ascii_lowercase();
        let (scheme, name) = host.split_once("://").unwrap_or(("https", &host));
        // An origin is written with its host and port only.
        let url = Url::parse(&format!("{scheme}://{name}")).ok();
        let same = url.is_some_and(|url| url.origin().ascii_serialization() == format!("{scheme}://{name}"));
        let plain_http = scheme == "http" && PublicUrl::parse(&host).is_ok_and(|url| url.is_loopback());
        if same && (plain_http || !host.contains("://")) {
            return Ok(host);
        }
        let message =
            format!("expected hosts such as raw.example.org or git.example.org:8443, found {host:?}");
        Err(sources.error("catalog.allowed_hosts", message))
    };
    hosts.into_iter().map(check).collect()
}

fn location(
    index: usize,
    raw: RawLocation,
    folder: &Path,
    allowed_hosts: &[String],
    sources: &Sources,
) -> Result<(Target, Option<Vec<String>>), ConfigError> {
    let key = |name: &str| format!("catalog.locations[{index}].{name}");
    let kind_is_word =
        |kind: &String| !kind.is_empty() && kind.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if let Some(kind) = raw.allow.iter().flatten().find(|kind| !kind_is_word(kind)) {
        return Err(
            sources.error(&key("allow"), format!("expected kinds such as Component or User, found {kind:?}"))
        );
    }
    let target = match raw.kind {
        LocationKind::File => {
            let path = absolute(&folder.join(&raw.target)).map_err(|error| {
                sources.error(&key("target"), format!("{:?} cannot be used: {error}", raw.target))
            })?;
            Target::File(path)
        }
        LocationKind::Url => url_target(&raw.target, allowed_hosts)
            .map_err(|message| sources.error(&key("target"), message))?,
    };
    let allow = raw.allow.map(|kinds| kinds.iter().map(|kind| kind.to_ascii_lowercase()).collect());
    Ok((target, allow))
}

fn url_target(text: &str, allowed_hosts: &[String]) -> Result<Target, String> {
    let url = Url::parse(text).map_err(|_| format!("expected an https address, found {text:?}"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("expected an address without user name and password".to_owned());
    }
    let origin = url.origin().ascii_serialization();
    // Files of github.com are read from its raw host.
    let host = if origin == "https://github.com" { "raw.githubusercontent.com" } else { origin.as_str() };
    let host = host.strip_prefix("https://").unwrap_or(host);
    if !allowed_hosts.iter().any(|allowed| allowed == host) {
        return Err(format!(
            "the host {host:?} is not in catalog.allowed_hosts, so this location could never be read"
        ));
    }
    Ok(Target::Url(text.to_owned()))
}

/// The path from the root, `.` and `..` taken out; the file need not exist.
fn absolute(path: &Path) -> Result<String, String> {
    let path = std::path::absolute(path).map_err(|error| error.to_string())?;
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                clean.pop();
            }
            Component::CurDir => {}
            other => clean.push(other),
        }
    }
    clean.into_os_string().into_string().map_err(|_| "it is not Unicode".to_owned())
}

fn fetch(raw: RawFetch, folder: &Path, sources: &Sources) -> Result<FetchConfig, ConfigError> {
    let extra_ca_file = raw.extra_ca_file.as_ref().map(|path| folder.join(path));
    if let Some(path) = &extra_ca_file {
        let text = std::fs::read_to_string(path).map_err(|error| {
            sources.error("fetch.extra_ca_file", format!("{} cannot be read: {error}", path.display()))
        })?;
        if !text.contains("-----BEGIN CERTIFICATE-----") {
            return Err(
                sources.error("fetch.extra_ca_file", "expected a PEM file with at least one certificate")
            );
        }
    }
    let proxy = match raw.proxy {
        None if raw.proxy_client_documents => {
            return Err(sources.error("fetch.proxy_client_documents", "expected fetch.proxy beside it"));
        }
        None => None,
        Some(raw) => {
            let address = secret("fetch.proxy", raw, folder, sources)?;
            let proxy = ProviderProxy::parse(address.expose());
            Some(proxy.map_err(|message| sources.error("fetch.proxy", message))?)
        }
    };
    Ok(FetchConfig { extra_ca_file, proxy, proxy_client_documents: raw.proxy_client_documents })
}

fn access_token_lifetime(raw: Option<u16>, sources: &Sources) -> Result<u16, ConfigError> {
    let minutes = raw.unwrap_or(DEFAULT_ACCESS_TOKEN_LIFETIME_MINUTES);
    if ACCESS_TOKEN_LIFETIME_MINUTES.contains(&minutes) {
        return Ok(minutes);
    }
    Err(sources.error(
        "oauth.access_token_lifetime_minutes",
        format!(
            "expected {} to {} minutes, found {minutes}",
            ACCESS_TOKEN_LIFETIME_MINUTES.start(),
            ACCESS_TOKEN_LIFETIME_MINUTES.end()
        ),
    ))
}

fn pinned_client(
    index: usize,
    raw: &RawPinnedClient,
    folder: &Path,
    sources: &Sources,
) -> Result<PinnedDocument, ConfigError> {
    let key = format!("oauth.pinned_clients[{index}].file");
    let path = folder.join(&raw.file);
    let body = small_file(&key, &path, sources)?;
    let document: serde_json::Value = serde_json::from_str(&body)
        .map_err(|error| sources.error(&key, format!("{} is not JSON: {error}", path.display())))?;
    let client_id = document.get("client_id").and_then(serde_json::Value::as_str).ok_or_else(|| {
        sources
            .error(&key, format!("{}: expected a client metadata document with a client_id", path.display()))
    })?;
    let modified = std::fs::metadata(&path).and_then(|metadata| metadata.modified());
    let as_of =
        modified.map(|at| from_system_time(at).rfc3339().chars().take(10).collect()).unwrap_or_default();
    Ok(PinnedDocument { client_id: client_id.to_owned(), body, as_of })
}

fn allowed_origins(origins: Vec<String>, sources: &Sources) -> Result<Vec<String>, ConfigError> {
    let check = |origin: String| match PublicUrl::parse(&origin) {
        Ok(_) => Ok(origin),
        Err(message) => Err(sources.error("mcp.allowed_origins", message)),
    };
    origins.into_iter().map(check).collect()
}
