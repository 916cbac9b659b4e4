//! The configuration: what it may say, and how it is told that it is wrong.

use std::path::PathBuf;

use portal_core::ingestion::Target;
use portal_server::config::{Config, LogFormat};
use tempfile::TempDir;

/// A folder with a `portal.toml` of this text.
fn folder(text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("portal.toml");
    std::fs::write(&file, text).expect("a file");
    (folder, file)
}

fn load(text: &str, variables: &[(&str, &str)]) -> Result<Config, String> {
    let (folder, file) = folder(text);
    let variables: Vec<_> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Config::load(Some(&file), &variables)
        .map_err(|error| error.to_string().replace(&format!("{}/", folder.path().display()), ""))
}

#[test]
fn everything_that_the_contract_names_is_read() {
    let text = r#"
        [server]
        listen = "127.0.0.1:8080"
        public_url = "https://portal.example.com"
        trusted_proxies = ["10.0.0.0/8", "::1"]
        [log]
        format = "json"
        [database]
        url = "postgres://portal@db/portal"
        [[catalog.locations]]
        type = "file"
        target = "examples/../all.yaml"
        allow = ["User", "Group"]
        [[catalog.locations]]
        type = "url"
        target = "https://raw.example.org/all.yaml"
        [catalog]
        allowed_hosts = ["raw.example.org"]
        [oauth]
        access_token_lifetime_minutes = 10
        [mcp]
        allowed_origins = ["https://inspector.example"]
        [metrics]
        listen = "off"
    "#;
    let config = load(text, &[]).expect("a configuration");
    assert_eq!(config.listen, ["127.0.0.1:8080".parse().expect("an address")]);
    assert!(config.public_url.is_https());
    assert_eq!(config.trusted_proxies.len(), 2);
    assert_eq!(config.log_format, LogFormat::Json);
    assert_eq!(config.database_url.expose(), "postgres://portal@db/portal");
    assert_eq!(config.access_token_lifetime_minutes, 10);
    assert_eq!(config.metrics_listen, None);
    let Some((Target::File(path), Some(kinds))) = config.locations.first() else {
        panic!("{:?}", config.locations)
    };
    assert!(path.ends_with("/all.yaml") && !path.contains(".."), "relative to the file's folder: {path}");
    assert_eq!(kinds, &["user", "group"]);
    assert_eq!(
        config.locations.get(1).map(|(target, _)| target),
        Some(&Target::Url("https://raw.example.org/all.yaml".into()))
    );
}

#[test]
fn without_a_file_the_contracts_defaults_hold() {
    let config = load("", &[]).expect("a configuration");
    assert_eq!(config.public_url.as_str(), "http://localhost:3000");
    assert_eq!(config.listen.len(), 2);
    assert!(!config.listen_written);
    assert_eq!(config.database_url.expose(), "sqlite://data/portal.db");
    assert_eq!(config.access_token_lifetime_minutes, 60);
    assert!(config.locations.is_empty());
}

#[test]
fn the_environment_wins_over_the_file() {
    let variables = [
        ("PORTAL_SERVER__PUBLIC_URL", "https://other.example.com"),
        ("PORTAL_SERVER__LISTEN", r#"["127.0.0.1:1", "127.0.0.1:2"]"#),
        ("PORTAL_OAUTH__ACCESS_TOKEN_LIFETIME_MINUTES", "120"),
        ("PORTAL_CATALOG__LOCATIONS", r#"[{ type = "file", target = "/srv/all.yaml" }]"#),
        ("PORTAL_LOG", "debug"),
    ];
    let text = "[server]\npublic_url = \"https://portal.example.com\"\nlisten = \"127.0.0.1:3\"\n";
    let config = load(text, &variables).expect("a configuration");
    assert_eq!(config.public_url.as_str(), "https://other.example.com");
    assert_eq!(config.listen.len(), 2);
    assert_eq!(config.access_token_lifetime_minutes, 120);
    assert_eq!(config.locations, [(Target::File("/srv/all.yaml".into()), None)]);
}

#[test]
fn secrets_can_stand_elsewhere() {
    let (folder, file) = folder("[database]\nurl = { file = \"url.txt\" }\n");
    std::fs::write(folder.path().join("url.txt"), "postgres://portal:pw@db/portal\n").expect("a file");
    let config = Config::load(Some(&file), &[]).expect("a configuration");
    assert_eq!(config.database_url.expose(), "postgres://portal:pw@db/portal");
    assert!(!format!("{config:?}").contains("pw"), "a secret shows itself");
    let missing =
        load("[database]\nurl = { env = \"PORTAL_TEST_NO_SUCH_VARIABLE\" }\n", &[]).expect_err("a fault");
    insta::assert_snapshot!(missing, @"portal.toml:2: database.url: the environment variable PORTAL_TEST_NO_SUCH_VARIABLE is not set (or not Unicode)");
}

#[test]
fn faults_name_the_place_the_key_and_what_was_expected() {
    let faults: Vec<String> = [
        ("[server]\nlisten = \"127.0.0.1:3000\"\nlisten_on = 1\n", ""),
        ("[oauth]\naccess_token_lifetime_minutes = \"60\"\n", ""),
        ("[oauth]\n\naccess_token_lifetime_minutes = 5\n", ""),
        ("[server]\npublic_url = \"https://portal.example.com/\"\n", ""),
        ("[server]\npublic_url = \"https://portal.example.com:443\"\n", ""),
        ("[server]\nlisten = []\n", ""),
        ("[server]\nlisten = \"3000\"\n", ""),
        ("[server]\ntrusted_proxies = [\"proxy\"]\n", ""),
        ("[log]\nformat = \"xml\"\n", ""),
        ("[database]\nurl = \"mysql://user:secret@db\"\n", ""),
        ("[database]\nurl = { env = \"A\", file = \"B\" }\n", ""),
        ("[[catalog.locations]]\ntype = \"file\"\n", ""),
        ("[[catalog.locations]]\ntype = \"url\"\ntarget = \"https://raw.example.org/a.yaml\"\n", ""),
        ("[fetch]\nproxy = \"user:secret@proxy.example\"\n", ""),
        ("[fetch]\nproxy_client_documents = true\n", ""),
        ("[metrics]\nlisten = \"127.0.0.1:3000\"\n", ""),
        ("[servers]\n", ""),
        ("[server\n", ""),
        ("", "PORTAL_SERVER__PUBLIC_URL=portal.example.com"),
        ("", "PORTAL_SERVER__PORT=3000"),
        ("", "PORTAL_OAUTH__ACCESS_TOKEN_LIFETIME_MINUTES=soon"),
    ]
    .into_iter()
    .map(|(text, variable)| {
        let variables: Vec<_> = variable.split_once('=').into_iter().collect();
        load(text, &variables).expect_err(&format!("{text}{variable}"))
    })
    .collect();
    assert!(!faults.iter().any(|fault| fault.contains("secret")));
    insta::assert_snapshot!("faults", faults.join("\n"));
}
