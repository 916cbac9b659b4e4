//! A directory of one's own, read through the port: an endpoint, and commands.

use std::{collections::BTreeMap, fs, path::Path, sync::Arc, time::Duration};

use super::deltas::{read_changes, read_full, visible};
use super::reads::{event, pages, read_all, read_from, read_patiently, transport};
use portal_core::{
    org::{DirectoryEmail, GroupId, Subject},
    ports::{
        Clock, DirectoryClient, DirectoryError, DirectoryEvent, DirectoryEventError, DirectoryNext,
        DirectoryRead, PersonKey, PersonNow,
    },
    secret::Secret,
};
use portal_directory::{
    STATUS_WORDS, Selection,
    custom::{CustomDirectory, CustomOptions, CustomSource, SIGNATURE_HEADER, contract},
};
use portal_testkit::{
    MockClock,
    directories::{
        FakeAnswer, FakeServer, Fault, Schemas,
        custom::{CustomEndpoint, TOKEN},
    },
};
use serde_json::{Value, json};
use tempfile::TempDir;

const SECRET: &str = "the-key-of-events";

struct World {
    endpoint: Arc<CustomEndpoint>,
    server: FakeServer,
    clock: Arc<MockClock>,
}

fn user(id: &str, status: &str) -> Value {
    json!({ "id": id, "login": format!("login-{id}"), "status": status })
}

fn options(source: CustomSource) -> CustomOptions {
    CustomOptions {
        source,
        delta: true,
        webhook_secret: Some(Secret::new(SECRET)),
        selection: Selection::default(),
    }
}

fn client_of(options: CustomOptions, clock: &Arc<MockClock>) -> CustomDirectory {
    CustomDirectory::new(options, transport(), Arc::clone(clock) as Arc<dyn Clock>).unwrap()
}

impl World {
    async fn new() -> Self {
        let endpoint = Arc::new(CustomEndpoint::new(2));
        let server = FakeServer::start(Arc::clone(&endpoint) as _).await;
        Self { endpoint, server, clock: Arc::default() }
    }

    fn client(&self) -> CustomDirectory {
        let url = self.server.base.join("people?office=1").unwrap();
        let source = CustomSource::Endpoint { url, token: Some(Secret::new(TOKEN)) };
        client_of(options(source), &self.clock)
    }

    fn people(&self) {
        for id in ["1", "2", "3", "4", "5"] {
            self.endpoint.add_user(user(id, "active"));
        }
        self.endpoint.add_group(json!({ "id": "g1", "name": "all", "type": "department" }));
        self.endpoint.add_group(json!({ "id": "g2", "name": "sub", "parent": "g1" }));
        self.endpoint.add_membership(json!({ "group": "g1", "user": "1" }));
        self.endpoint.add_membership(json!({ "group": "g1", "member_group": "g2" }));
        self.endpoint.add_membership(json!({ "group": "g2", "user": "2" }));
    }
}

#[tokio::test]
async fn an_endpoint_is_read_page_by_page_and_resumes_at_every_cursor() {
    let world = World::new().await;
    world.people();
    let full = json!({
        "id": "6", "login": "ada", "status": "active", "email": { "address": "ada@acme.example", "verified": true },
        "display_name": "Ada", "picture": "https://acme.example/ada.png", "annotations": { "acme.example/desk": "7" },
    });
    world.endpoint.add_user(full);
    let client = world.client();
    let whole = read_all(&client).await.unwrap();
    assert_eq!(whole.active().len(), 6);
    let ada = &whole.people["6"];
    assert_eq!(ada.email, Some(DirectoryEmail { address: "ada@acme.example".to_owned(), verified: true }));
    assert_eq!(
        (ada.display_name.as_deref(), ada.annotations["acme.example/desk"].as_str()),
        (Some("Ada"), "7")
    );
    assert_eq!(whole.groups["g2"].parent, Some(GroupId("g1".to_owned())));
    assert_eq!((whole.groups["g1"].kind.as_str(), whole.groups["g2"].kind.as_str()), ("department", "team"));
    assert_eq!(whole.members("all").into_iter().collect::<Vec<_>>(), ["group g2", "login-1"]);
    let mut before = super::reads::Taken::default();
    let all = pages(&client).await.unwrap();
    assert_eq!(all.len(), 3);
    for (_, page) in &all {
        before.add(page);
        let DirectoryNext::More(cursor) = &page.next else { continue };
        let mut taken = read_from(&world.client(), cursor).await;
        taken.people.extend(before.people.clone());
        taken.groups.extend(before.groups.clone());
        assert_eq!(taken, whole);
    }
    // The endpoint's own parameters stay, and its answers are what the published schema says.
    let mut answer = contract::answer_schema();
    let mut schemas = answer["$defs"].take();
    schemas["Answer"] = answer;
    let text = schemas.to_string().replace("#/$defs/", "#/components/schemas/");
    let schema = Schemas::new(&serde_json::from_str(&text).unwrap());
    for exchange in world.server.exchanges().iter().filter(|exchange| exchange.answer.status == 200) {
        assert_eq!(exchange.request.parameter("office"), Some("1"));
        let body: Value = serde_json::from_slice(&exchange.answer.body).unwrap();
        schema.demand("Answer", &body);
    }
}

#[tokio::test]
async fn changes_bring_what_a_full_read_would_and_what_is_forgotten_is_read_in_full() {
    let world = World::new().await;
    world.people();
    let client = world.client();
    let (mut taken, since) = read_full(&client).await;
    world.endpoint.add_user(user("2", "suspended"));
    world.endpoint.add_user(user("7", "active"));
    world.endpoint.remove_user("3");
    let since = read_changes(&client, &since.unwrap(), &mut taken).await.unwrap();
    assert_eq!(taken.excluded()["login-2"], "suspended: suspended");
    assert_eq!(visible(&taken), visible(&read_all(&client).await.unwrap()));
    world.endpoint.forget_changes();
    assert_eq!(read_changes(&client, &since, &mut taken).await, Err(DirectoryError::DeltaExpired));
    world.server.faults.once("ask=changes", 0, Fault::status(410));
    assert_eq!(read_changes(&client, &since, &mut taken).await, Err(DirectoryError::DeltaExpired));
}

#[tokio::test]
async fn every_status_is_judged_and_none_is_no_answer() {
    let world = World::new().await;
    for (word, _) in STATUS_WORDS {
        world.endpoint.add_user(user(word, word));
    }
    world.endpoint.add_user(user("odd", "ACTIVE"));
    let taken = read_all(&world.client()).await.unwrap();
    assert_eq!(taken.active().into_iter().collect::<Vec<_>>(), ["login-active"]);
    assert_eq!(taken.excluded()["login-odd"], "unknown-status: ACTIVE");
    assert_eq!(taken.excluded().len(), STATUS_WORDS.len());
    for (status, fault) in [
        (None, "is missing"),
        (Some(Value::Null), "is not a text"),
        (Some(json!(true)), "is not a text"),
        (Some(json!(["active"])), "is not a text"),
    ] {
        let mut careless = user("nine", "active");
        careless.as_object_mut().unwrap().remove("status");
        if let Some(status) = status {
            careless["status"] = status;
        }
        let answer = json!({ "version": 1, "users": [user("1", "active"), careless], "next": null });
        world.server.faults.once("ask=full", 0, Fault::Answer(FakeAnswer::json(200, &answer)));
        let error = read_all(&world.client()).await.unwrap_err().to_string();
        let words = "expected one of active, suspended, disabled, deleted, invited, guest, bot";
        let wanted =
            format!("the provider's answer cannot be used: users[1].status (id \"nine\"): {fault}; {words}");
        assert_eq!(error, wanted);
        let careless = json!({ "version": 1, "user": { "id": "1", "login": "a" } });
        world.server.faults.once("ask=user", 0, Fault::Answer(FakeAnswer::json(200, &careless)));
        let now = world.client().person(&PersonKey::Subject(Subject("1".to_owned()))).await;
        assert!(matches!(now, Err(DirectoryError::Malformed(_))), "{now:?}");
    }
    // The words of the adapter are those of the schema.
    let schema = contract::answer_schema();
    let words = schema.pointer("/$defs/Status").unwrap().to_string();
    assert!(STATUS_WORDS.iter().all(|(word, _)| words.contains(&format!("\"{word}\""))), "{words}");
    let required = schema.pointer("/$defs/User/required").unwrap();
    assert_eq!(required, &json!(["id", "login", "status"]));
}

#[tokio::test]
async fn answers_that_break_the_contract_are_named() {
    let world = World::new().await;
    let with = |more: Value| {
        let mut answer = json!({ "version": 1, "next": null });
        answer.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        answer
    };
    let answers = [
        json!([]),
        json!({ "users": [] }),
        json!({ "version": 2, "next": null }),
        json!({ "version": 1, "users": [] }),
        with(json!({ "next": "" })),
        with(json!({ "next": 5 })),
        with(json!({ "users": {} })),
        with(json!({ "users": [{ "login": "a", "status": "active" }] })),
        with(json!({ "users": [{ "id": " 1", "login": "a", "status": "active" }] })),
        with(json!({ "users": [{ "id": "1", "login": "a", "status": "active", "email": "a@b" }] })),
        with(json!({ "groups": [{ "id": "1" }] })),
        with(json!({ "memberships": [{ "group": "1" }] })),
        with(json!({ "removed": ["1"] })),
        json!({ "version": 1, "error": "sorry" }),
    ];
    let mut faults = Vec::new();
    for answer in answers {
        world.server.faults.once("ask=full", 0, Fault::Answer(FakeAnswer::json(200, &answer)));
        let error = read_all(&world.client()).await.unwrap_err();
        assert!(matches!(error, DirectoryError::Malformed(_)), "{answer}: {error}");
        faults.push(error.to_string().replace("the provider's answer cannot be used: ", ""));
    }
    insta::assert_snapshot!(faults.join("\n"));
    world.server.faults.once("ask=full", 0, Fault::Cut(20));
    assert!(matches!(read_all(&world.client()).await, Err(DirectoryError::Malformed(_))));
}

#[tokio::test]
async fn refusals_and_waits_are_understood() {
    let world = World::new().await;
    world.people();
    world.endpoint.limit(Some(1));
    let error = read_all(&world.client()).await.unwrap_err();
    assert_eq!(error, DirectoryError::Throttled { retry_after_seconds: 7 });
    world.endpoint.limit(None);
    world.server.faults.storm(7, 3, Fault::status(502));
    let (taken, waits) = read_patiently(&world.client(), &world.clock).await.unwrap();
    assert_eq!(taken.active().len(), 5);
    println!("custom: full read of 5 people, {} outages", waits.outages);
    world.server.faults.clear();
    let url = world.server.base.clone();
    let source = CustomSource::Endpoint { url, token: Some(Secret::new("wrong")) };
    let error = client_of(options(source), &world.clock).check().await.unwrap_err();
    assert!(matches!(error, DirectoryError::Unauthorized(_)), "{error}");
}

#[tokio::test]
async fn one_person_is_read_anew() {
    let world = World::new().await;
    world.people();
    let client = world.client();
    let subject = |id: &str| PersonKey::Subject(Subject(id.to_owned()));
    let PersonNow::Known { person, groups } = client.person(&subject("1")).await.unwrap() else {
        panic!("gone")
    };
    assert_eq!((person.login.as_str(), groups), ("login-1", Some(vec![GroupId("g1".to_owned())])));
    let by_login = client.person(&PersonKey::Login("login-2".to_owned())).await.unwrap();
    assert!(matches!(by_login, PersonNow::Known { person, .. } if person.subject.0 == "2"));
    assert_eq!(client.person(&subject("9")).await, Ok(PersonNow::Gone));
    let other = json!({ "version": 1, "user": user("2", "active") });
    world.server.faults.once("ask=user", 0, Fault::Answer(FakeAnswer::json(200, &other)));
    assert!(matches!(client.person(&subject("1")).await, Err(DirectoryError::Malformed(_))));
    world.server.faults.once("ask=user", 0, Fault::status(501));
    assert!(matches!(client.person(&subject("1")).await, Err(DirectoryError::Unsupported(_))));
    let report = client.check().await.unwrap();
    assert!(report.permissions.iter().all(|found| found.granted));
}

fn signed(body: &[u8], secret: &str) -> Vec<(String, String)> {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret.as_bytes());
    let tag = ring::hmac::sign(&key, body);
    let hex = tag.as_ref().iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    vec![(SIGNATURE_HEADER.to_owned(), format!("sha256={hex}"))]
}

#[tokio::test]
async fn events_are_believed_by_their_signature() {
    let world = World::new().await;
    let client = world.client();
    let body = br#"{"users":["1"],"logins":["ada"]}"#;
    let keys = vec![PersonKey::Subject(Subject("1".to_owned())), PersonKey::Login("ada".to_owned())];
    assert_eq!(client.event(event(&signed(body, SECRET), body)), Ok(DirectoryEvent::Reread(keys)));
    let run = br#"{"run":true}"#;
    assert_eq!(client.event(event(&signed(run, SECRET), run)), Ok(DirectoryEvent::Run));
    assert_eq!(client.event(event(&signed(b"{}", SECRET), b"{}")), Ok(DirectoryEvent::Nothing));
    let bad_header = |value: &str| vec![(SIGNATURE_HEADER.to_owned(), value.to_owned())];
    for bad in [
        signed(body, "another"),
        signed(run, SECRET),
        Vec::new(),
        bad_header("sha256="),
        bad_header(&format!("sha256={}", "é".repeat(32))),
        bad_header(&signed(body, SECRET)[0].1.replace("sha256=", "")),
    ] {
        assert_eq!(client.event(event(&bad, body)), Err(DirectoryEventError::NotAuthentic), "{bad:?}");
    }
    assert!(matches!(
        client.event(event(&signed(b"x", SECRET), b"x")),
        Err(DirectoryEventError::Malformed(_))
    ));
}

/// A command of this text, in a folder of its own.
fn command(folder: &TempDir, text: &str, timeout: Duration) -> CustomSource {
    let path = folder.path().join("people");
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    }
    CustomSource::Command {
        argv: vec![path.to_str().unwrap().to_owned(), "$HOME; ls".to_owned()],
        environment: BTreeMap::from([("HR_TOKEN".to_owned(), Secret::new("hr-secret"))]),
        folder: folder.path().to_owned(),
        timeout,
    }
}

async fn ask(text: &str) -> Result<super::reads::Taken, DirectoryError> {
    let folder = TempDir::new().unwrap();
    let source = command(&folder, text, Duration::from_secs(20));
    read_all(&client_of(options(source), &Arc::default())).await
}

#[cfg(unix)]
#[tokio::test]
async fn a_command_answers_lines_and_gets_its_question_and_nothing_else() {
    let folder = TempDir::new().unwrap();
    let script = r#"
read -r question
printf '%s\n' "$question" >> questions
printf '%s|%s|%s|%s\n' "$1" "$HR_TOKEN" "${CARGO_MANIFEST_DIR:-none}" "$PATH" > seen
case "$question" in
  *'"ask":"user"'*) echo '{"version":1,"user":null}' ;;
  *'"cursor":"two"'*) echo '{"version":1,"users":[{"id":"3","login":"cyd","status":"disabled"}],"next":null,"since":"now"}' ;;
  *'"ask":"full"'*)
    echo '{"version":1,"users":[{"id":"1","login":"ada","status":"active"}]}'
    echo
    echo '{"version":1,"users":[{"id":"2","login":"bob","status":"active"}],"groups":[{"id":"g","name":"all"}],"memberships":[{"group":"g","user":"1"}],"next":"two"}' ;;
  *'"ask":"changes"'*) echo '{"version":1,"error":"since-too-old"}' ;;
esac"#;
    let client = client_of(options(command(&folder, script, Duration::from_secs(20))), &Arc::default());
    let (mut taken, since) = read_full(&client).await;
    assert_eq!(taken.active().into_iter().collect::<Vec<_>>(), ["ada", "bob"]);
    assert_eq!(taken.excluded()["cyd"], "disabled: disabled");
    let read = |name: &str| fs::read_to_string(Path::new(folder.path()).join(name)).unwrap();
    assert_eq!(read("seen"), "$HOME; ls|hr-secret|none|/usr/local/bin:/usr/bin:/bin\n");
    assert_eq!(
        read("questions"),
        "{\"ask\":\"full\",\"version\":1}\n{\"ask\":\"page\",\"cursor\":\"two\",\"version\":1}\n"
    );
    assert_eq!(client.person(&PersonKey::Login("ada".to_owned())).await, Ok(PersonNow::Gone));
    let changes = read_changes(&client, &since.unwrap(), &mut taken).await;
    assert_eq!(changes, Err(DirectoryError::DeltaExpired));
}

#[cfg(unix)]
#[tokio::test]
async fn commands_that_fail_say_why_and_bring_nothing() {
    let line = r#"echo '{"version":1,"users":[{"id":"1","login":"a","status":"active"}]"#;
    let outcomes = [
        ask("echo 'the HR system is down' >&2; exit 3").await,
        ask("exit 0").await,
        ask(&format!("{line}}}'")).await,
        ask(&format!("{line},\"next\":null'")).await,
        ask(&format!("{line},\"next\":null}}'; exit 1")).await,
        ask(&format!("{line},\"next\":null}}'; {line},\"next\":null}}'")).await,
        ask("echo hello").await,
        ask("printf '\\377\\n'").await,
        ask(r#"echo '{"version":1,"users":[{"id":"1","login":"a"}],"next":null}'"#).await,
        ask("head -c 17000000 /dev/zero").await,
    ];
    let words: Vec<_> = outcomes.iter().map(|outcome| outcome.as_ref().unwrap_err().to_string()).collect();
    insta::assert_snapshot!(words.join("\n"));
    let gone = CustomSource::Command {
        argv: vec!["/nonexistent/people".to_owned()],
        environment: BTreeMap::new(),
        folder: std::env::temp_dir(),
        timeout: Duration::from_secs(5),
    };
    let error = client_of(options(gone), &Arc::default()).read(DirectoryRead::Full).await.unwrap_err();
    assert!(matches!(error, DirectoryError::NotFound(_)), "{error}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_command_that_does_not_end_is_ended() {
    let folder = TempDir::new().unwrap();
    let source = command(&folder, "echo $$ > pid; exec sleep 600", Duration::from_secs(1));
    let client = client_of(options(source), &Arc::default());
    let error = client.read(DirectoryRead::Full).await.unwrap_err();
    assert_eq!(error, DirectoryError::Outage("the command did not end within 1 seconds".to_owned()));
    let pid = fs::read_to_string(folder.path().join("pid")).unwrap();
    // Ended processes are collected soon after.
    for _ in 0..1_000 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
        if stat.is_empty() || stat.contains(" Z ") {
            return;
        }
        tokio::task::yield_now().await;
        std::thread::yield_now();
    }
    panic!("the process {pid} runs on");
}

#[test]
fn the_published_schema_is_that_of_the_types() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/custom-provider.schema.json");
    let schema = serde_json::to_string_pretty(&contract::answer_schema()).unwrap() + "\n";
    if std::env::var_os("PORTAL_WRITE_SCHEMA").is_some() {
        fs::write(&path, &schema).unwrap();
    }
    let published = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        published, schema,
        "PORTAL_WRITE_SCHEMA=1 cargo test -p portal-directory --test directories writes it anew"
    );
}
