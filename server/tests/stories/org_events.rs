//! Deltas, events and people read again: what changes between full runs, and how soon.

use http::{Request, StatusCode};
use portal_core::{
    identity::Admin,
    org::{ExclusionReason, RunKind, RunState, RunTrigger, Subject},
    ports::{DirectoryError, DirectoryRead, PersonKey},
    time::{MINUTE_MS, SECOND_MS},
};
use portal_testkit::app::{Answer, EVENT_SECRET, ScriptedDirectory, TestApp, excluded, group, person};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    org_runs::{acme, entity, names, overview},
    org_world::{self, Someone},
};

const ACME: &str = "acme";

async fn start(directory: &std::sync::Arc<ScriptedDirectory>) -> TestApp {
    let app = TestApp::start_with_directories(vec![directory.named(ACME)]).await;
    app.run_directories().await;
    app
}

async fn event(app: &TestApp, provider: &str, secret: &str, body: &Value) -> Answer {
    let request = Request::post(format!("/webhooks/{provider}")).header(EVENT_SECRET.0, secret);
    app.send(request.body(axum::body::Body::from(body.to_string())).expect("a request")).await
}

fn asked(subject: &str) -> PersonKey {
    PersonKey::Subject(Subject(subject.to_owned()))
}

#[tokio::test]
async fn an_event_reads_its_person_again_at_once() {
    let directory = ScriptedDirectory::of(3);
    directory.put_group(group("g", "team", None));
    let app = start(&directory).await;
    directory.set_standing("1", excluded(ExclusionReason::Suspended));
    directory.join("2", "g");
    let answer = event(&app, ACME, EVENT_SECRET.1, &json!({ "subjects": ["1", "2"] })).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    assert!(app.tick_directories().await.is_empty(), "no run is needed");
    assert_eq!(names(&app, "user").await, ["person-2", "person-3"]);
    let two = entity(&app, "user:default/person-2").await.expect("a user");
    assert_eq!(two["spec"]["memberOf"], json!(["group:default/team"]));
    assert_eq!(directory.asked(), [asked("1"), asked("2")]);
    assert_eq!(overview(&app).await.excluded[&ExclusionReason::Suspended], 1);
}

#[tokio::test]
async fn replayed_and_forged_events_cause_no_more_than_a_read() {
    let directory = ScriptedDirectory::of(3);
    let app = start(&directory).await;
    for _ in 0..5 {
        event(&app, ACME, EVENT_SECRET.1, &json!({ "subjects": ["1"] })).await;
    }
    app.tick_directories().await;
    assert_eq!(directory.asked(), [asked("1")], "five events are one read");
    assert_eq!(names(&app, "user").await.len(), 3, "and the person is as the directory says");
    let forged = event(&app, ACME, "guessed", &json!({ "subjects": ["2"] })).await;
    assert_eq!(forged.status, StatusCode::UNAUTHORIZED);
    app.tick_directories().await;
    assert_eq!(directory.asked().len(), 1);
    let unknown = event(&app, ACME, EVENT_SECRET.1, &json!({ "subjects": ["nobody"] })).await;
    assert_eq!(unknown.status, StatusCode::ACCEPTED);
    app.tick_directories().await;
    assert_eq!(names(&app, "user").await.len(), 3);
    assert_eq!(event(&app, "other", EVENT_SECRET.1, &json!({})).await.status, StatusCode::NOT_FOUND);
    let unreadable = Request::post("/webhooks/acme").header(EVENT_SECRET.0, EVENT_SECRET.1);
    let unreadable = app.send(unreadable.body(axum::body::Body::from("{")).expect("a request")).await;
    assert_eq!(unreadable.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn whoever_forges_much_is_not_listened_to() {
    let directory = ScriptedDirectory::of(1);
    let app = start(&directory).await;
    let mut last = StatusCode::OK;
    for _ in 0..40 {
        last = event(&app, ACME, "guessed", &json!({})).await.status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    app.pass(MINUTE_MS);
    assert_eq!(event(&app, ACME, EVENT_SECRET.1, &json!({})).await.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn the_endpoint_answers_a_challenge_and_bounds_what_it_reads() {
    let directory = ScriptedDirectory::of(1);
    let app = start(&directory).await;
    let answer = app.get("/webhooks/acme?validationToken=abc").await;
    assert_eq!((answer.status, answer.text().as_str()), (StatusCode::OK, "validationToken=abc"));
    let large = Request::post("/webhooks/acme").header(EVENT_SECRET.0, EVENT_SECRET.1);
    let large = app.send(large.body(axum::body::Body::from("x".repeat(1_048_577))).expect("a request")).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
    let put = Request::put("/webhooks/acme").body(axum::body::Body::empty()).expect("a request");
    assert_eq!(app.send(put).await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn the_queue_survives_a_restart_and_an_outage() {
    let directory = ScriptedDirectory::of(3);
    let app = start(&directory).await;
    directory.remove("1");
    event(&app, ACME, EVENT_SECRET.1, &json!({ "subjects": ["1"] })).await;
    let app = app.restart().await;
    directory.fail_after(0, DirectoryError::Outage("connection refused".to_owned()));
    app.tick_directories().await;
    assert_eq!(names(&app, "user").await.len(), 3);
    assert_eq!(overview(&app).await.rereads, 1);
    app.pass(10 * SECOND_MS);
    app.tick_directories().await;
    assert_eq!(names(&app, "user").await, ["person-2", "person-3"]);
    assert_eq!(overview(&app).await.rereads, 0);
}

#[tokio::test]
async fn a_login_is_looked_up_and_never_guessed() {
    let directory = ScriptedDirectory::of(2);
    let app = start(&directory).await;
    // The login has gone because the person has another one now.
    directory.rename("1", "prima");
    event(&app, ACME, EVENT_SECRET.1, &json!({ "logins": ["person-1"] })).await;
    app.tick_directories().await;
    assert_eq!(directory.asked(), [PersonKey::Login("person-1".to_owned()), asked("1")]);
    assert_eq!(names(&app, "user").await, ["person-2", "prima"]);
}

#[tokio::test]
async fn where_people_cannot_be_read_alone_everything_is_read() {
    let directory = ScriptedDirectory::of(2);
    let app = start(&directory).await;
    directory.set_standing("1", excluded(ExclusionReason::Deleted));
    directory.fail_after(0, DirectoryError::Unsupported("only lists".to_owned()));
    event(&app, ACME, EVENT_SECRET.1, &json!({ "subjects": ["1"] })).await;
    let runs = app.tick_directories().await;
    assert_eq!((runs[0].trigger.clone(), runs[0].state), (RunTrigger::Recovery, RunState::Published));
    assert_eq!(names(&app, "user").await, ["person-2"]);
    event(&app, ACME, EVENT_SECRET.1, &json!({ "run": true })).await;
    assert_eq!(app.tick_directories().await[0].trigger, RunTrigger::Event);
}

#[tokio::test]
async fn what_an_event_found_is_not_taken_back_by_a_run_that_read_earlier() {
    let directory = ScriptedDirectory::of(6);
    directory.put_group(group("g", "team", None));
    directory.set_page_size(6);
    let app = start(&directory).await;
    // The run has read everybody as active, and waits before the groups.
    directory.rename("6", "sexta");
    directory.throttle_after(1, 60);
    assert!(app.run_directories().await.is_empty());
    directory.set_standing("1", excluded(ExclusionReason::Suspended));
    directory.remove("2");
    event(&app, ACME, EVENT_SECRET.1, &json!({ "subjects": ["1", "2"] })).await;
    app.tick_directories().await;
    assert_eq!(names(&app, "user").await.len(), 4, "while the run waits");
    app.pass(60 * SECOND_MS);
    let runs = app.tick_directories().await;
    assert_eq!(runs[0].state, RunState::Published);
    assert_eq!(names(&app, "user").await, ["person-3", "person-4", "person-5", "sexta"]);
    let again: Vec<PersonKey> = directory.asked().split_off(2);
    assert_eq!(again, [asked("1"), asked("2")], "they are read once more, for what the run knew better");
}

#[tokio::test]
async fn what_an_event_found_is_not_taken_back_by_approving_a_held_run() {
    let directory = ScriptedDirectory::of(20);
    let app = start(&directory).await;
    for number in 1..=8 {
        directory.remove(&number.to_string());
    }
    let held = app.run_directories().await.remove(0);
    directory.set_standing("20", excluded(ExclusionReason::Suspended));
    event(&app, ACME, EVENT_SECRET.1, &json!({ "subjects": ["20"] })).await;
    app.tick_directories().await;
    app.services.org.approve(&Admin::command_line(), &acme(), held.number).await.expect("an approval");
    assert_eq!(app.tick_directories().await[0].state, RunState::Published);
    let left = names(&app, "user").await;
    assert!(left.len() == 11 && !left.contains(&"person-20".to_owned()), "{left:?}");
}

#[tokio::test]
async fn a_delta_changes_what_changed() {
    let directory = ScriptedDirectory::of(4);
    directory.set_delta();
    directory.put_group(group("g", "team", None));
    directory.put_group(group("h", "other", None));
    directory.join("1", "g");
    directory.join("2", "g");
    let app = start(&directory).await;
    let before = overview(&app).await.watermark;
    directory.set_standing("1", excluded(ExclusionReason::Suspended));
    directory.remove("3");
    directory.rename("4", "quarta");
    directory.put(person("5", "quinta"));
    directory.put_group(group("g", "crew", Some("h")));
    directory.join("5", "g");
    app.pass(7 * MINUTE_MS);
    let runs = app.tick_directories().await;
    assert_eq!((runs[0].kind, runs[0].state), (RunKind::Delta, RunState::Published), "{runs:?}");
    assert_eq!((runs[0].counts.added, runs[0].counts.changed, runs[0].counts.removed), (1, 1, 2));
    assert_eq!(names(&app, "user").await, ["person-2", "quarta", "quinta"]);
    assert_eq!(names(&app, "group").await, ["crew", "other"]);
    for user in ["person-2", "quinta"] {
        let user = entity(&app, &format!("user:default/{user}")).await.expect("a user");
        assert_eq!(user["spec"]["memberOf"], json!(["group:default/crew"]));
    }
    let other = entity(&app, "group:default/other").await.expect("a group");
    assert_eq!(other["spec"]["children"], json!(["group:default/crew"]));
    assert!(overview(&app).await.watermark > before, "a complete delta is as good as a run");
    directory.leave("2", "g");
    directory.remove_group("h");
    app.pass(7 * MINUTE_MS);
    app.tick_directories().await;
    let two = entity(&app, "user:default/person-2").await.expect("a user");
    assert_eq!(two["spec"]["memberOf"], json!([]));
    assert_eq!(names(&app, "group").await, ["crew"]);
    let fulls = directory.reads().iter().filter(|read| **read == DirectoryRead::Full).count();
    assert_eq!(fulls, 1);
}

#[tokio::test]
async fn a_delta_that_is_too_old_or_too_large_becomes_a_full_run() {
    let directory = ScriptedDirectory::of(20);
    directory.set_delta();
    let app = start(&directory).await;
    directory.forget_changes();
    directory.remove("1");
    app.pass(7 * MINUTE_MS);
    let runs = app.tick_directories().await;
    let kinds: Vec<_> = runs.iter().map(|run| (run.kind, run.state)).collect();
    assert_eq!(kinds, [(RunKind::Delta, RunState::Discarded), (RunKind::Full, RunState::Published)]);
    assert_eq!(names(&app, "user").await.len(), 19);
    for number in 2..=9 {
        directory.remove(&number.to_string());
    }
    app.pass(7 * MINUTE_MS);
    let runs = app.tick_directories().await;
    let kinds: Vec<_> = runs.iter().map(|run| (run.kind, run.state)).collect();
    assert_eq!(kinds, [(RunKind::Delta, RunState::Discarded), (RunKind::Full, RunState::Held)]);
    assert_eq!(names(&app, "user").await.len(), 19);
}

/// Somebody signed in, with an agent, in an organisation with this directory.
async fn organisation(directory: &std::sync::Arc<ScriptedDirectory>) -> TestApp {
    let app = org_world::start(vec![directory.named(ACME)]).await;
    app.services.org.configure().await.expect("providers");
    app.run_directories().await;
    app
}

#[tokio::test]
async fn leaving_takes_effect_with_the_event_and_with_the_run() {
    for by_event in [true, false] {
        let directory = ScriptedDirectory::of(3);
        let app = organisation(&directory).await;
        let mut browser = org_world::sign_in(&app, ACME, &Someone::new("1", "person-1")).await;
        let agent = org_world::agent(&app, &mut browser).await;
        let token = agent.token.clone();
        assert_eq!(org_world::call_status(&app, &token).await, StatusCode::OK);
        directory.set_standing("1", excluded(ExclusionReason::Suspended));
        if by_event {
            event(&app, ACME, EVENT_SECRET.1, &json!({ "subjects": ["1"] })).await;
            app.tick_directories().await;
        } else {
            app.run_directories().await;
        }
        assert_eq!(org_world::call_status(&app, &token).await, StatusCode::UNAUTHORIZED, "{by_event}");
        assert!(!org_world::is_signed_in(&mut browser).await);
    }
}

#[tokio::test]
async fn a_rename_keeps_the_session_and_a_new_person_inherits_nothing() {
    let directory = ScriptedDirectory::of(2);
    let app = organisation(&directory).await;
    let mut browser = org_world::sign_in(&app, ACME, &Someone::new("1", "person-1")).await;
    let agent = org_world::agent(&app, &mut browser).await;
    let token = agent.token.clone();
    directory.rename("1", "prima");
    directory.put(person("9", "person-1"));
    app.run_directories().await;
    assert_eq!(names(&app, "user").await, ["person-1", "person-2", "prima"]);
    assert_eq!(org_world::call_status(&app, &token).await, StatusCode::OK, "a rename ends nothing");
    let account = org_world::account(&app, ACME, "1").await.expect("an account");
    assert_eq!(account.entity_ref.to_string(), "user:default/prima");
    assert!(org_world::account(&app, ACME, "9").await.is_none());
}

/// What happens to a directory between two runs.
#[derive(Debug, Clone)]
enum Happening {
    Joins(u8, u8),
    Leaves(u8),
    Changes(u8, Option<ExclusionReason>),
    Renames(u8, u8),
    Enters(u8, u8),
    Exits(u8, u8),
    Founds(u8, u8),
    Dissolves(u8),
}

fn happening() -> impl Strategy<Value = Happening> {
    let who = || 0..12_u8;
    let group = || 0..3_u8;
    let reason = prop_oneof![
        Just(None),
        Just(Some(ExclusionReason::Suspended)),
        Just(Some(ExclusionReason::Guest)),
        Just(Some(ExclusionReason::UnknownStatus)),
    ];
    prop_oneof![
        (who(), who()).prop_map(|(subject, login)| Happening::Joins(subject, login)),
        who().prop_map(Happening::Leaves),
        (who(), reason).prop_map(|(subject, reason)| Happening::Changes(subject, reason)),
        (who(), who()).prop_map(|(subject, login)| Happening::Renames(subject, login)),
        (who(), group()).prop_map(|(subject, group)| Happening::Enters(subject, group)),
        (who(), group()).prop_map(|(subject, group)| Happening::Exits(subject, group)),
        (group(), 0..5_u8).prop_map(|(group, name)| Happening::Founds(group, name)),
        group().prop_map(Happening::Dissolves),
    ]
}

/// The directory as the test knows it.
#[derive(Default)]
struct Model {
    people: std::collections::BTreeMap<u8, (u8, Option<ExclusionReason>)>,
    groups: std::collections::BTreeMap<u8, u8>,
    members: std::collections::BTreeSet<(u8, u8)>,
}

impl Model {
    fn happen(&mut self, directory: &ScriptedDirectory, happening: &Happening) {
        match *happening {
            Happening::Joins(subject, login) => {
                self.people.insert(subject, (login, None));
            }
            Happening::Leaves(subject) => {
                if self.people.remove(&subject).is_some() {
                    directory.remove(&subject.to_string());
                    self.members.retain(|(member, _)| *member != subject);
                }
            }
            Happening::Changes(subject, reason) => {
                if let Some(known) = self.people.get_mut(&subject) {
                    known.1 = reason;
                }
            }
            Happening::Renames(subject, login) => {
                if let Some(known) = self.people.get_mut(&subject) {
                    known.0 = login;
                }
            }
            Happening::Enters(subject, group) => {
                if self.people.contains_key(&subject) && self.groups.contains_key(&group) {
                    self.members.insert((subject, group));
                    directory.join(&subject.to_string(), &group.to_string());
                }
            }
            Happening::Exits(subject, group) => {
                if self.members.remove(&(subject, group)) {
                    directory.leave(&subject.to_string(), &group.to_string());
                }
            }
            Happening::Founds(id, name) => {
                self.groups.insert(id, name);
                directory.put_group(group(&id.to_string(), &format!("team-{name}"), None));
            }
            Happening::Dissolves(id) => {
                if self.groups.remove(&id).is_some() {
                    self.members.retain(|(_, group)| *group != id);
                    directory.remove_group(&id.to_string());
                }
            }
        }
        for (subject, (login, reason)) in &self.people {
            let mut person = person(&subject.to_string(), &format!("login-{login}"));
            if let Some(reason) = reason {
                person.standing = excluded(*reason);
            }
            directory.put(person);
        }
    }

    /// Logins that somebody active has, and of whom it cannot be said otherwise.
    fn expected(&self) -> std::collections::BTreeSet<String> {
        self.people
            .values()
            .filter(|(_, reason)| reason.is_none())
            .map(|(login, _)| format!("login-{login}"))
            .collect()
    }
}

async fn random_changes(rounds: Vec<Vec<Happening>>) {
    let directory = ScriptedDirectory::new();
    directory.set_page_size(3);
    let app = TestApp::start_with_directories(vec![directory.named(ACME)]).await;
    app.set(&[("org.acme.removal_limit_percent", "100")]).await;
    let mut model = Model::default();
    for round in rounds {
        for happening in &round {
            model.happen(&directory, happening);
        }
        let runs = app.run_directories().await;
        if model.people.is_empty() {
            // An empty answer is not believed.
            continue;
        }
        assert_eq!(runs.last().expect("a run").state, RunState::Published, "{runs:?}");
        let published: std::collections::BTreeSet<String> = names(&app, "user").await.into_iter().collect();
        assert_eq!(published, model.expected());
        let mut store = app.services.dependencies.store.read().await.expect("a read");
        for name in &published {
            let user = entity(&app, &format!("user:default/{name}")).await.expect("a user");
            let login = user["metadata"]["annotations"]["scripted.example/login"].as_str().expect("a login");
            assert_eq!(login, name);
            let rows = store.directory_people_named(
                app.services
                    .dependencies
                    .store
                    .read()
                    .await
                    .expect("a read")
                    .directory_provider(&acme())
                    .await
                    .expect("a state")
                    .expect("a provider")
                    .published_run
                    .expect("a run"),
                name,
                9,
            );
            let rows = rows.await.expect("rows");
            assert_eq!(rows.len(), 1, "one person has a name");
            let subject: u8 = rows[0].person.subject.as_str().parse().expect("a number");
            let mut taken = std::collections::BTreeMap::new();
            for (id, name) in &model.groups {
                taken.entry(name).or_insert(id);
            }
            let groups = user["spec"]["memberOf"].as_array().expect("groups").len();
            let most = model.members.iter().filter(|(member, _)| *member == subject).count();
            assert!(groups <= most, "{user}");
            let unique = model.groups.values().collect::<std::collections::BTreeSet<_>>().len();
            if unique == model.groups.len() {
                assert_eq!(groups, most, "{user}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever changes, what is published is what the last complete read said, and nobody who is left out is in it.
    #[test]
    fn what_is_published_is_the_last_complete_read(
        rounds in prop::collection::vec(prop::collection::vec(happening(), 1..12), 1..5)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(random_changes(rounds));
    }
}
