//! The configuration of directories: what it may say, and how it is told that it is wrong.

use portal_core::org::{LinkRule, ProviderKind};
use portal_directory::{
    AdapterOptions,
    custom::CustomSource,
    entra::EntraCredential,
    file::FileTarget,
    github::GithubCredential,
    gitlab::GitlabScope,
    okta::{OktaCredential, OktaGroupType},
};
use portal_server::config::{Config, ProviderConfig};

const APP_KEY: &str = include_str!("../../testkit/keys/app.pem");
const APP_CERTIFICATE: &str = include_str!("../../testkit/keys/app-certificate.pem");

/// Loads this text as a file in a folder with a key, a certificate and a folder of people.
fn load(text: &str) -> Result<Config, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("a file");
    write("key.pem", APP_KEY);
    write("certificate.pem", APP_CERTIFICATE);
    write("secret.txt", "a-secret-of-some-length\n");
    write("portal.toml", text);
    std::fs::create_dir(folder.path().join("people")).expect("a folder");
    Config::load(Some(&folder.path().join("portal.toml")), &[])
        .map_err(|error| error.to_string().replace(&format!("{}/", folder.path().display()), ""))
}

fn provider(config: &Config, id: &str) -> ProviderConfig {
    let found = config.providers.iter().find(|provider| provider.options.id.as_str() == id);
    found.expect("it is configured").clone()
}

const EVERYTHING: &str = r#"
[server]
public_url = "https://portal.example.com"

[[org.providers]]
id = "github"
kind = "github"
title = "GitHub of Acme"
schedule_minutes = 30
namespace = "acme"
authoritative = false
admin_groups = ["portal-admins"]
link = { to = "entra", by = "verified-email" }
[org.providers.github]
organization = "acme"
app_id = 1234
private_key = { file = "key.pem" }
installation_id = 99
enterprise = { slug = "acme-inc", token = { file = "secret.txt" } }
groups = ["platform*"]
webhook_secret = { file = "secret.txt" }

[[org.providers]]
id = "gitlab"
kind = "gitlab"
link = { to = "entra", by = "annotation", key = "graph.microsoft.com/user-id" }
[org.providers.gitlab]
base_url = "https://git.example.com/gitlab"
token = { file = "secret.txt" }
instance = true
external_users = true
webhook_signing_token = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

[[org.providers]]
id = "entra"
kind = "entra"
delta_minutes = 2
[org.providers.entra]
tenant_id = "11111111-2222-4333-8444-555555555555"
client_id = "99999999-8888-4777-8666-555555555555"
certificate = { file = "certificate.pem" }
private_key = { file = "key.pem" }
cloud = "us-government"
guests = true
leave_dates = true
login = "whole"
notifications = true
webhook_secret = { file = "secret.txt" }
email_domains = ["Acme.example"]
verified_domains = ["acme.example"]

[[org.providers]]
id = "okta"
kind = "okta"
delta_minutes = 0
[org.providers.okta]
url = "https://acme.okta.com"
client_id = "0oa1"
key_id = "key-1"
private_key = { file = "key.pem" }
group_types = ["OKTA_GROUP"]
locked_out_is_active = false
webhook_secret = { file = "secret.txt" }
webhook_header = "X-Portal-Hook"

[[org.providers]]
id = "people"
kind = "file"
[org.providers.file]
target = "people"

[[org.providers]]
id = "hr"
kind = "custom"
[org.providers.custom]
url = "https://hr.example.com/people?office=1"
token = { file = "secret.txt" }
delta = true
webhook_secret = { file = "secret.txt" }

[[org.providers]]
id = "script"
kind = "custom"
[org.providers.custom]
command = ["/bin/sh", "people.sh"]
environment = { HR_TOKEN = { file = "secret.txt" } }
timeout_seconds = 10
"#;

#[test]
fn every_key_of_every_kind_is_read() {
    let config = load(EVERYTHING).expect("a configuration");
    assert!(!format!("{config:?}").contains("a-secret-of-some-length"), "a secret shows itself");
    let github = provider(&config, "github");
    assert_eq!(github.options.title, "GitHub of Acme");
    assert_eq!((github.options.schedule_minutes, github.options.delta_minutes), (30, None));
    assert_eq!(github.options.namespace, "acme");
    assert!(!github.options.authoritative);
    assert_eq!(github.options.admin_groups, ["portal-admins"]);
    assert!(matches!(&github.options.link, Some(LinkRule::VerifiedEmail { to }) if to.as_str() == "entra"));
    let AdapterOptions::Github(options) = github.adapter else { panic!("another kind") };
    assert_eq!((options.base_url.as_str(), options.organization.as_str()), ("https://github.com/", "acme"));
    assert!(
        matches!(options.credential, GithubCredential::App { app_id, installation_id: Some(99), .. } if app_id == "1234")
    );
    assert_eq!(options.enterprise.expect("an enterprise").slug, "acme-inc");
    assert_eq!(options.selection.groups, ["platform*"]);
    let gitlab = provider(&config, "gitlab");
    assert!(
        matches!(gitlab.options.link, Some(LinkRule::Annotation { key, .. }) if key == "graph.microsoft.com/user-id")
    );
    assert_eq!((gitlab.options.title.as_str(), gitlab.options.schedule_minutes), ("GitLab", 60));
    let AdapterOptions::Gitlab(options) = gitlab.adapter else { panic!("another kind") };
    assert!(options.scope == GitlabScope::Instance && options.external_users);
    assert!(options.webhook_secret.is_none() && options.webhook_signing_token.is_some());
    let entra = provider(&config, "entra");
    assert_eq!((entra.options.delta_minutes, entra.options.authoritative), (Some(2), true));
    let AdapterOptions::Entra(options) = entra.adapter else { panic!("another kind") };
    assert!(matches!(options.credential, EntraCredential::Certificate { .. }));
    assert_eq!(options.cloud.graph_url.as_str(), "https://graph.microsoft.us/");
    assert!(options.guests && options.leave_dates);
    assert_eq!(options.selection.email_domains, ["acme.example"]);
    assert_eq!(
        options.notification_url.expect("an address").as_str(),
        "https://portal.example.com/webhooks/entra"
    );
    let okta = provider(&config, "okta");
    assert_eq!(okta.options.delta_minutes, None);
    let AdapterOptions::Okta(options) = okta.adapter else { panic!("another kind") };
    assert!(matches!(options.credential, OktaCredential::PrivateKey { key_id: Some(_), .. }));
    assert_eq!(options.group_types, [OktaGroupType::Okta]);
    assert!(!options.locked_out_is_active);
    assert_eq!(options.webhook_header, "x-portal-hook");
    let people = provider(&config, "people");
    assert_eq!((people.options.kind, people.options.delta_minutes), (ProviderKind::File, None));
    let AdapterOptions::File(options) = people.adapter else { panic!("another kind") };
    assert!(
        matches!(options.target, FileTarget::Folder(path) if path.is_absolute() && path.ends_with("people"))
    );
    assert_eq!(provider(&config, "hr").options.delta_minutes, Some(5));
    let AdapterOptions::Custom(options) = provider(&config, "script").adapter else { panic!("another kind") };
    let CustomSource::Command { argv, environment, folder, timeout } = options.source else {
        panic!("an endpoint")
    };
    assert_eq!((argv.len(), timeout.as_secs(), folder.is_absolute()), (2, 10, true));
    assert_eq!(environment["HR_TOKEN"].expose(), "a-secret-of-some-length");
}

/// A provider of a kind with these keys in its table.
fn one(kind: &str, table: &str) -> String {
    format!("[[org.providers]]\nid = \"p\"\nkind = \"{kind}\"\n[org.providers.{kind}]\n{table}")
}

const ENTRA: &str = "tenant_id = \"t\"\nclient_id = \"c\"\n";
const OKTA: &str = "url = \"https://acme.okta.com\"\n";
const FILE: &str = "[org.providers.file]\ntarget = \"people\"\n";

fn faults(texts: &[String]) -> String {
    let fault = |text: &String| load(text).expect_err(text);
    texts.iter().map(fault).collect::<Vec<_>>().join("\n")
}

#[test]
fn faults_of_providers_name_the_line_the_key_and_what_was_expected() {
    let of = |lines: &str| format!("[[org.providers]]\nid = \"p\"\nkind = \"file\"\n{lines}\n{FILE}");
    let two = |id: &str, link: &str| {
        format!(
            "[[org.providers]]\nid = \"p\"\nkind = \"file\"\n{link}\n{FILE}[[org.providers]]\nid = \"{id}\"\nkind = \"file\"\nlink = {{ to = \"r\", by = \"verified-email\" }}\n{FILE}[[org.providers]]\nid = \"r\"\nkind = \"file\"\n{FILE}"
        )
    };
    let found = faults(&[
        "[[org.providers]]\nkind = \"file\"\n".to_owned(),
        "[[org.providers]]\nid = \"p\"\nkind = \"ldap\"\n".to_owned(),
        "[[org.providers]]\nid = \"local\"\nkind = \"file\"\n".to_owned(),
        "[[org.providers]]\nid = \"p\"\nkind = \"file\"\n".to_owned(),
        one("entra", ENTRA).replace("kind = \"entra\"", "kind = \"okta\""),
        of("scheduled = 5"),
        of("schedule_minutes = 4"),
        of("delta_minutes = 5"),
        of("namespace = \"Default\""),
        of("admin_groups = [\" \"]"),
        of("title = \"\""),
        of("link = { to = \"q\", by = \"verified-email\" }"),
        of("link = { to = \"p\", by = \"verified-email\" }"),
        of("link = { to = \"q\", by = \"login\" }"),
        of("link = { to = \"q\", by = \"annotation\" }"),
        of("link = { to = \"q\", by = \"verified-email\", key = \"a/b\" }"),
        two("q", "link = { to = \"q\", by = \"verified-email\" }"),
        two("p", ""),
        one("file", "target = \"nowhere\"\n"),
        one("file", "target = \"http://people.example.org/all.yaml\"\n"),
        one("file", "target = \"people\"\nemail_domains = [\"a@b.example\"]\n"),
        one("file", "target = \"people\"\ngroups = [\"a*b\"]\n"),
    ]);
    insta::assert_snapshot!("providers", found);
}

#[test]
fn faults_of_kinds_name_the_line_the_key_and_what_was_expected() {
    let secret = "client_secret = { file = \"secret.txt\" }\n";
    let found = faults(&[
        one("entra", ENTRA),
        one("entra", &format!("{ENTRA}{secret}private_key = {{ file = \"key.pem\" }}\n")),
        one("entra", &format!("{ENTRA}client_secret = \"\"\n")),
        one("entra", &format!("{ENTRA}client_secret = {{ file = \"gone.txt\" }}\n")),
        one("entra", &format!("{}{secret}", ENTRA.replace("\"t\"", "\"common\""))),
        one("entra", &format!("{ENTRA}{secret}cloud = \"mars\"\n")),
        one("entra", &format!("{ENTRA}{secret}graph_url = \"https://graph.example\"\n")),
        one("entra", &format!("{ENTRA}{secret}notifications = true\n")),
        one(
            "entra",
            &format!("{ENTRA}{secret}notifications = true\nwebhook_secret = {{ file = \"secret.txt\" }}\n"),
        ),
        one("entra", &format!("{ENTRA}{secret}webhook_secret = \"short\"\n")),
        one(
            "entra",
            &format!(
                "{ENTRA}certificate = {{ file = \"key.pem\" }}\nprivate_key = {{ file = \"key.pem\" }}\n"
            ),
        ),
        one(
            "entra",
            &format!(
                "{ENTRA}certificate = {{ file = \"certificate.pem\" }}\nprivate_key = \"-----BEGIN PRIVATE KEY-----\"\n"
            ),
        ),
        one("okta", OKTA),
        one("okta", &format!("{OKTA}token = \"t\"\nclient_id = \"c\"\n")),
        one("okta", &OKTA.replace(".com", ".com/admin")),
        one("okta", &format!("{OKTA}token = \"t\"\ngroup_types = [\"APP\"]\n")),
        one("okta", &format!("{OKTA}token = \"t\"\nwebhook_header = \"Cookie\"\n")),
        one("okta", &format!("{OKTA}client_id = \"c\"\nprivate_key = {{ file = \"certificate.pem\" }}\n")),
        one("custom", "delta = true\n"),
        one("custom", "url = \"https://hr.example.com\"\ncommand = [\"/bin/sh\"]\n"),
        one("custom", "url = \"http://hr.example.com\"\n"),
        one("custom", "url = \"https://hr.example.com\"\ntimeout_seconds = 5\n"),
        one("custom", "command = \"people.sh\"\n"),
        one("custom", "command = [\"people.sh\"]\n"),
        one("custom", "command = [\"/nonexistent/people\"]\n"),
        one("custom", "command = [\"/bin/sh\"]\ntimeout_seconds = 0\n"),
        one("custom", "command = [\"/bin/sh\"]\nenvironment = { \"A B\" = \"x\" }\n"),
        one("custom", "command = [\"/bin/sh\"]\ntoken = \"x\"\n"),
        one("github", "token = \"x\"\n"),
        one("github", "organization = \"acme\"\n"),
        one("github", "organization = \"a/b\"\ntoken = \"x\"\n"),
        one("github", "organization = \"acme\"\napp_id = \"1\"\nprivate_key = \"x\"\n"),
        one("gitlab", "token = \"x\"\n"),
        one("gitlab", "token = \"x\"\ninstance = true\n"),
        one("gitlab", "token = \"x\"\ngroup = \"acme\"\ninstance = true\n"),
        one("gitlab", "token = \"x\"\ngroup = \"acme\"\nwebhook_signing_token = \"whsec_MTIz\"\n"),
    ]);
    insta::assert_snapshot!("kinds", found);
}

#[test]
fn the_egress_proxy_is_taken_and_its_password_stays_hidden() {
    let config = load(
        "[fetch]\nproxy = \"http://user:pass-word@proxy.example:3128\"\nproxy_client_documents = true\n",
    );
    let config = config.expect("a configuration");
    assert!(config.fetch.proxy.is_some() && config.fetch.proxy_client_documents);
    assert!(!format!("{config:?}").contains("pass-word"));
}
