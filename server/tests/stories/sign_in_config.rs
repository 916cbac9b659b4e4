//! `[org.providers.sign_in]`: what holds while it says little, and how it is told that it is wrong.

use portal_core::identity::SignInBy;
use portal_server::config::{Config, SignInConfig};

const TENANT: &str = "8f5a2c1e-0b7d-4d0e-9c55-6a1f0e2b3c4d";

/// Tables of the kinds, each good.
fn tables(kind: &str) -> String {
    match kind {
        "github" => "organization = \"acme\"\ntoken = \"t\"".to_owned(),
        "gitlab" => "group = \"acme\"\ntoken = \"t\"".to_owned(),
        "entra" => format!("tenant_id = \"{TENANT}\"\nclient_id = \"c\"\nclient_secret = \"s\""),
        "okta" => "url = \"https://acme.okta.com\"\ntoken = \"t\"".to_owned(),
        _ => "url = \"https://people.acme.example/directory\"\ntoken = \"t\"".to_owned(),
    }
}

fn load_with(kind: &str, table: &str, sign_in: &str) -> Result<SignInConfig, String> {
    let text = format!(
        "[[org.providers]]\nid = \"acme\"\nkind = \"{kind}\"\ntitle = \"Acme\"\n[org.providers.{kind}]\n{table}\n\
        [org.providers.sign_in]\n{sign_in}\n"
    );
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("portal.toml");
    std::fs::write(&file, text).expect("a file");
    let config = Config::load(Some(&file), &[])
        .map_err(|error| error.to_string().replace(&format!("{}/", folder.path().display()), ""))?;
    assert!(!format!("{config:?}").contains("hush"), "a secret shows itself");
    Ok(config.providers[0].sign_in.clone().expect("a way to sign in"))
}

fn load(kind: &str, sign_in: &str) -> Result<SignInConfig, String> {
    load_with(kind, &tables(kind), sign_in)
}

const CLIENT: &str = "client_id = \"portal\"\nclient_secret = \"hush\"";

#[test]
fn the_issuer_follows_from_the_directory() {
    let entra = format!("https://login.microsoftonline.com/{TENANT}/v2.0");
    for (kind, issuer) in [
        ("github", "https://github.com"),
        ("gitlab", "https://gitlab.com"),
        ("entra", entra.as_str()),
        ("okta", "https://acme.okta.com"),
    ] {
        let sign_in = load(kind, CLIENT).expect(kind);
        assert_eq!((sign_in.options.issuer.as_str(), sign_in.label.as_str()), (issuer, "Acme"), "{kind}");
        assert_eq!(sign_in.options.by, SignInBy::Subject);
    }
}

#[test]
fn what_is_written_holds_byte_for_byte() {
    let more =
        "issuer = \"https://Login.acme.example/realms/all/\"\nby = \"verified-email\"\nlabel = \" Acme ID \"";
    let sign_in = load("custom", &format!("{CLIENT}\n{more}")).expect("a way to sign in");
    assert_eq!(sign_in.options.issuer, "https://Login.acme.example/realms/all/");
    assert_eq!((sign_in.options.by, sign_in.label.as_str()), (SignInBy::VerifiedEmail, "Acme ID"));
    let public =
        load("okta", "client_id = \"portal\"\nissuer = \"http://localhost:4000\"").expect("a public client");
    assert!(public.options.client_secret.is_none());
}

#[test]
fn faults_name_the_key_and_what_was_expected() {
    let by_domain = "tenant_id = \"acme.onmicrosoft.com\"\nclient_id = \"c\"\nclient_secret = \"s\"";
    let issuer = |text: &str| format!("{CLIENT}\nissuer = \"{text}\"");
    let faults = [
        (load("github", "client_id = \"portal\""), "sign_in: expected client_secret too"),
        (load("github", &issuer("https://github.com")), "sign_in.issuer: GitHub has none"),
        (load("custom", CLIENT), "sign_in: expected issuer too"),
        (load("okta", &issuer("http://acme.okta.com")), "sign_in.issuer: expected an https address"),
        (load("okta", &issuer("https://user:pw@acme.okta.com")), "sign_in.issuer: expected an https address"),
        (load("okta", &issuer("https://acme.okta.com?x=1")), "sign_in.issuer: expected the issuer as"),
        (
            load("entra", &issuer("https://login.microsoftonline.com/common/v2.0")),
            "sign_in.issuer: expected one tenant",
        ),
        (load_with("entra", by_domain, CLIENT), "entra.tenant_id: expected the tenant's id"),
        (load("okta", "client_id = \" \""), "sign_in.client_id: expected a text"),
        (load("okta", "client_secret = \"hush\""), "missing field `client_id`"),
        (load("okta", &format!("{CLIENT}\nby = \"login\"")), "unknown variant `login`"),
        (load("okta", &format!("{CLIENT}\nscopes = []")), "unknown field `scopes`"),
        (
            load("okta", &format!("{CLIENT}\nlabel = \"{}\"", "a".repeat(61))),
            "sign_in.label: expected at most 60",
        ),
        (
            load("okta", "client_id = \"portal\"\nclient_secret = \"\""),
            "sign_in.client_secret: expected a secret",
        ),
    ];
    for (number, (loaded, expected)) in faults.into_iter().enumerate() {
        let fault = loaded.expect_err(&format!("case {number}"));
        assert!(fault.contains(expected), "case {number}: {fault}");
        assert!(fault.starts_with("portal.toml:"), "case {number} says where: {fault}");
        assert!(!fault.contains("hush"), "case {number}: {fault}");
    }
}
