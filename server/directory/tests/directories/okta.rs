//! Okta, read through the port from a fake org whose answers are held against Okta's own description.

use std::sync::Arc;

use super::deltas::{read_changes, read_changes_patiently, read_full, visible};
use super::reads::{event, pages, read_all, read_from, read_patiently, transport};
use portal_core::{
    org::{DirectoryEmail, GroupId, Subject},
    ports::{
        Clock, DirectoryClient, DirectoryError, DirectoryEvent, DirectoryEventError, DirectoryEventRequest,
        DirectoryNext, DirectoryRead, PersonKey, PersonNow,
    },
    secret::Secret,
    time::{DAY_MS, HOUR_MS, MINUTE_MS},
};
use portal_directory::{
    LoginForm, Selection,
    okta::{OktaCredential, OktaDirectory, OktaGroupType, OktaOptions},
};
use portal_testkit::{
    MockClock, SeededRng,
    directories::{
        APP_KEY, FakeAnswer, FakeServer, Fault, Schemas,
        okta::{API_TOKEN, CLIENT_ID, OktaOrg, too_many_at_once},
    },
};
use proptest::prelude::*;
use serde_json::{Value, json};

const SECRET: &str = "the-secret-of-the-hook";
const VENDOR: &str = include_str!("../../../testkit/specs/okta/schemas.json");

struct World {
    org: Arc<OktaOrg>,
    server: FakeServer,
    clock: Arc<MockClock>,
}

impl World {
    async fn new() -> Self {
        let clock = Arc::new(MockClock::default());
        let org = OktaOrg::new(Arc::clone(&clock));
        let server = FakeServer::start(Arc::clone(&org) as _).await;
        Self { org, server, clock }
    }

    fn options(&self) -> OktaOptions {
        OktaOptions {
            url: self.server.base.clone(),
            credential: OktaCredential::Token(Secret::new(API_TOKEN)),
            group_types: vec![OktaGroupType::Okta, OktaGroupType::App],
            locked_out_is_active: true,
            login: LoginForm::LocalPart,
            selection: Selection::default(),
            webhook_secret: Some(Secret::new(SECRET)),
            webhook_header: "authorization".to_owned(),
        }
    }

    fn service_app(&self) -> OktaOptions {
        let credential = OktaCredential::PrivateKey {
            client_id: CLIENT_ID.to_owned(),
            key_id: Some("key-1".to_owned()),
            private_key: Secret::new(APP_KEY),
        };
        OktaOptions { credential, ..self.options() }
    }

    fn client(&self) -> OktaDirectory {
        self.client_of(self.options())
    }

    fn client_of(&self, options: OktaOptions) -> OktaDirectory {
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        OktaDirectory::new(options, transport(), clock, Arc::new(SeededRng::default())).unwrap()
    }

    /// Ada and Bob in `all`, Cyd in `sub`. Answers the ids: people, then groups.
    fn people(&self) -> [String; 5] {
        let [ada, bob, cyd] =
            [(1, "ada"), (2, "bob"), (3, "cyd")].map(|(number, name)| self.org.add_user(number, name));
        let [all, sub] =
            [(100, "all"), (101, "sub")].map(|(number, name)| self.org.add_group(number, name, "OKTA_GROUP"));
        self.org.add_member(&all, &ada);
        self.org.add_member(&all, &bob);
        self.org.add_member(&sub, &cyd);
        [ada, bob, cyd, all, sub]
    }

    /// Every answer so far, against Okta's description. Statuses outside of its list are Okta's own exception.
    fn demand_valid(&self) {
        let schemas = Schemas::new(&serde_json::from_str(VENDOR).unwrap());
        let mut judged = 0;
        for exchange in self.server.exchanges() {
            let body: Value = serde_json::from_slice(&exchange.answer.body).unwrap_or_default();
            let path = exchange.request.path.trim_start_matches("/api/v1/");
            let steps: Vec<_> = path.split('/').collect();
            let kind = match steps.as_slice() {
                _ if exchange.answer.status >= 400 && !path.contains("oauth2") => "Error",
                ["users", _, "groups"] | ["groups"] | ["groups", _] => "Group",
                ["users", ..] | ["groups", _, "users"] => "User",
                ["logs"] => "LogEvent",
                _ => continue,
            };
            let items = body.as_array().cloned().unwrap_or_else(|| vec![body]);
            for item in items.iter().filter(|item| !item.is_null()) {
                schemas.demand(kind, item);
                judged += 1;
            }
        }
        assert!(judged > 0, "nothing was judged");
    }
}

fn names(taken: &super::reads::Taken) -> Vec<String> {
    taken.active().into_iter().collect()
}

#[tokio::test]
async fn people_groups_and_members_are_read() {
    let world = World::new().await;
    let [ada, _, _, all, _] = world.people();
    world.org.add_group(102, "Everyone", "BUILT_IN");
    world.org.add_group(103, "domain users", "APP_GROUP");
    let taken = read_all(&world.client()).await.unwrap();
    assert_eq!(names(&taken), ["ada", "bob", "cyd"]);
    assert_eq!(taken.people[&ada].annotations["okta.com/user-id"], ada);
    assert_eq!(taken.people[&ada].display_name.as_deref(), Some("ada Acme"));
    let unverified = DirectoryEmail { address: "ada@acme.example".to_owned(), verified: false };
    assert_eq!(taken.people[&ada].email, Some(unverified));
    assert_eq!(taken.groups[&all].annotations["okta.com/group-id"], all);
    let groups: Vec<_> = taken.groups.values().map(|group| group.name.as_str()).collect();
    assert_eq!(groups, ["all", "sub", "domain users"]);
    assert_eq!(taken.members("all").into_iter().collect::<Vec<_>>(), ["ada", "bob"]);
    world.demand_valid();
}

#[tokio::test]
async fn every_status_is_judged_and_the_deprovisioned_are_seen() {
    let world = World::new().await;
    let statuses = [
        "ACTIVE",
        "PASSWORD_EXPIRED",
        "RECOVERY",
        "LOCKED_OUT",
        "SUSPENDED",
        "DEPROVISIONED",
        "STAGED",
        "PROVISIONED",
    ];
    for (number, status) in (1..).zip(statuses) {
        let id = world.org.add_user(number, &status.to_lowercase());
        world.org.set_status(&id, status);
    }
    let client = world.client();
    read_all(&client).await.unwrap();
    world.demand_valid();
    // Words that Okta's description does not have.
    for (number, status) in (20..).zip(["ACTIVATING", "ARCHIVED", "active"]) {
        let id = world.org.add_user(number, &format!("x-{number}"));
        world.org.set_status(&id, status);
    }
    let leaving = world.org.add_user(30, "leaving");
    world.org.change(&leaving, |user| user["transitioningToStatus"] = json!("DEPROVISIONED"));
    let without = world.org.add_user(31, "without");
    world.org.change(&without, |user| drop(user.as_object_mut().unwrap().remove("status")));
    let taken = read_all(&client).await.unwrap();
    assert_eq!(names(&taken), ["active", "locked_out", "password_expired", "recovery"]);
    insta::assert_json_snapshot!(taken.excluded(), @r###"
    {
      "deprovisioned": "disabled: DEPROVISIONED",
      "leaving": "disabled: DEPROVISIONED (under way)",
      "provisioned": "not-yet-active: PROVISIONED",
      "staged": "not-yet-active: STAGED",
      "suspended": "suspended: SUSPENDED",
      "without": "unknown-status: status: missing",
      "x-20": "not-yet-active: ACTIVATING",
      "x-21": "unknown-status: ARCHIVED",
      "x-22": "unknown-status: active"
    }
    "###);
    let strict = world.client_of(OktaOptions { locked_out_is_active: false, ..world.options() });
    assert_eq!(read_all(&strict).await.unwrap().excluded()["locked_out"], "suspended: LOCKED_OUT");
}

#[tokio::test]
async fn what_is_true_now_is_read_and_not_the_index_of_search() {
    let world = World::new().await;
    let [ada, ..] = world.people();
    world.org.index();
    world.org.set_status(&ada, "SUSPENDED");
    let taken = read_all(&world.client()).await.unwrap();
    assert_eq!(names(&taken), ["bob", "cyd"]);
    assert!(world.server.exchanges().iter().all(|exchange| exchange.request.parameter("search").is_none()));
}

#[tokio::test]
async fn addresses_count_as_verified_where_okta_says_so() {
    let world = World::new().await;
    let [ada, bob, cyd, ..] = world.people();
    let emails = |value: &str, status: &str| json!([{ "value": value, "status": status, "type": "PRIMARY" }]);
    world.org.change(&ada, |user| user["credentials"]["emails"] = emails("Ada@acme.example", "VERIFIED"));
    world.org.change(&bob, |user| user["credentials"]["emails"] = emails("bob@acme.example", "UNVERIFIED"));
    world.org.change(&cyd, |user| user["credentials"]["emails"] = emails("other@acme.example", "VERIFIED"));
    let taken = read_all(&world.client()).await.unwrap();
    let verified = |id: &String| taken.people[id].email.as_ref().unwrap().verified;
    assert_eq!([&ada, &bob, &cyd].map(verified), [true, false, false]);
}

#[tokio::test]
async fn every_cursor_resumes_on_another_node() {
    let world = World::new().await;
    let [_, _, _, all, _] = world.people();
    for number in 10..17 {
        let id = world.org.add_user(number, &format!("user{number}"));
        world.org.add_member(&all, &id);
    }
    world.org.set_status("00u00000000000000016", "DEPROVISIONED");
    world.org.behave(|behaviour| behaviour.page_max = 3);
    let client = world.client();
    let all_pages = pages(&client).await.unwrap();
    let whole = read_all(&client).await.unwrap();
    assert_eq!((whole.active().len(), whole.members("all").len()), (9, 9));
    let mut before = super::reads::Taken::default();
    for (_, page) in &all_pages {
        before.add(page);
        let DirectoryNext::More(cursor) = &page.next else { continue };
        let mut taken = read_from(&world.client(), cursor).await;
        taken.people.extend(before.people.clone());
        taken.groups.extend(before.groups.clone());
        taken.memberships.extend(before.memberships.clone());
        assert_eq!(taken, whole);
    }
    world.demand_valid();
}

#[tokio::test]
async fn a_delta_brings_what_a_full_read_would() {
    let world = World::new().await;
    let [ada, bob, cyd, all, sub] = world.people();
    let client = world.client();
    world.clock.advance(HOUR_MS);
    let (mut taken, since) = read_full(&client).await;
    world.clock.advance(HOUR_MS);
    world.org.set_status(&ada, "DEPROVISIONED");
    world.org.delete(&bob);
    world.org.delete(&sub);
    let dan = world.org.add_user(4, "dan");
    world.org.add_member(&all, &dan);
    world.org.change(&cyd, |user| user["profile"]["displayName"] = json!("Cyd the Second"));
    world.clock.advance(MINUTE_MS);
    let since = read_changes(&client, &since.unwrap(), &mut taken).await.unwrap();
    assert_eq!(names(&taken), ["cyd", "dan"]);
    assert_eq!(taken.excluded()["ada"], "disabled: DEPROVISIONED");
    assert!(!taken.people.contains_key(&bob) && !taken.groups.contains_key(&sub));
    assert_eq!(visible(&taken), visible(&read_all(&client).await.unwrap()));
    // Within the overlap everything comes again, and changes nothing.
    let before = taken.clone();
    read_changes(&client, &since, &mut taken).await.unwrap();
    assert_eq!(visible(&taken), visible(&before));
    world.demand_valid();
}

#[tokio::test]
async fn what_changes_while_everything_is_read_is_told_by_the_next_delta() {
    let world = World::new().await;
    let [ada, ..] = world.people();
    world.org.behave(|behaviour| behaviour.page_max = 1);
    let client = world.client();
    let first = client.read(DirectoryRead::Full).await.unwrap();
    let mut taken = super::reads::Taken::default();
    taken.add(&first);
    world.clock.advance(MINUTE_MS);
    // Read already; later the list of the deprovisioned would show them, were they only suspended it would not.
    world.org.set_status(&ada, "SUSPENDED");
    let DirectoryNext::More(mut cursor) = first.next else { panic!("one page") };
    let since = loop {
        let page = client.read(DirectoryRead::Page(cursor)).await.unwrap();
        taken.add(&page);
        match page.next {
            DirectoryNext::More(next) => cursor = next,
            DirectoryNext::End(since) => break since.unwrap(),
        }
    };
    assert!(taken.active().contains("ada"));
    world.clock.advance(MINUTE_MS);
    read_changes(&client, &since, &mut taken).await.unwrap();
    assert_eq!(names(&taken), ["bob", "cyd"]);
}

#[tokio::test]
async fn clocks_may_differ_by_some_minutes() {
    for skew in [-9 * MINUTE_MS, 9 * MINUTE_MS] {
        let world = World::new().await;
        let [ada, ..] = world.people();
        world.clock.advance(HOUR_MS);
        // Portal's clock is not Okta's.
        let portal = Arc::new(MockClock::default());
        portal.advance(HOUR_MS + skew);
        let clock = Arc::clone(&portal) as Arc<dyn Clock>;
        let client =
            OktaDirectory::new(world.options(), transport(), clock, Arc::new(SeededRng::default())).unwrap();
        let (mut taken, since) = read_full(&client).await;
        world.clock.advance(1_000);
        portal.advance(1_000);
        world.org.set_status(&ada, "SUSPENDED");
        let since = read_changes(&client, &since.unwrap(), &mut taken).await.unwrap();
        assert_eq!(names(&taken), ["bob", "cyd"], "{skew}");
        read_changes(&client, &since, &mut taken).await.unwrap();
        assert_eq!(names(&taken), ["bob", "cyd"], "{skew}");
    }
}

#[tokio::test]
async fn a_delta_from_before_the_logs_memory_asks_for_a_full_read() {
    let world = World::new().await;
    world.people();
    let client = world.client();
    let (mut taken, since) = read_full(&client).await;
    let since = since.unwrap();
    world.clock.advance(79 * DAY_MS);
    assert!(read_changes(&client, &since, &mut taken).await.is_ok());
    world.clock.advance(2 * DAY_MS);
    assert_eq!(read_changes(&client, &since, &mut taken).await, Err(DirectoryError::DeltaExpired));
    let strange = portal_core::ports::DirectoryCursor("of an earlier version".to_owned());
    assert_eq!(read_changes(&client, &strange, &mut taken).await, Err(DirectoryError::DeltaExpired));
}

#[tokio::test]
async fn without_the_log_deletions_are_left_to_the_full_read() {
    let world = World::new().await;
    let [ada, bob, ..] = world.people();
    let client = world.client();
    let (mut taken, since) = read_full(&client).await;
    world.org.behave(|behaviour| behaviour.scopes = vec!["okta.users.read", "okta.groups.read"]);
    world.org.set_status(&ada, "SUSPENDED");
    world.org.delete(&bob);
    world.clock.advance(MINUTE_MS);
    read_changes(&client, &since.unwrap(), &mut taken).await.unwrap();
    assert_eq!(names(&taken), ["bob", "cyd"]);
    let report = client.check().await.unwrap();
    assert_eq!(report.permissions.iter().map(|found| found.granted).collect::<Vec<_>>(), [true, true, false]);
}

#[tokio::test]
async fn groups_that_are_not_taken_are_not_asked_for_and_leave_by_a_new_name() {
    let world = World::new().await;
    let [.., sub] = world.people();
    let selection = Selection { groups: vec!["su*".to_owned()], ..Selection::default() };
    let client = world.client_of(OktaOptions { selection, ..world.options() });
    let (mut taken, since) = read_full(&client).await;
    assert_eq!(taken.groups.len(), 1);
    let asked = world.server.exchanges();
    assert_eq!(asked.iter().filter(|exchange| exchange.request.path.ends_with("/users")).count(), 3);
    world.clock.advance(MINUTE_MS);
    world.org.rename_group(&sub, "other");
    read_changes(&client, &since.unwrap(), &mut taken).await.unwrap();
    assert!(taken.groups.is_empty() && taken.memberships.is_empty());
}

#[tokio::test]
async fn one_person_is_read_anew_with_their_groups() {
    let world = World::new().await;
    let [ada, bob, _, all, _] = world.people();
    world.org.add_group(102, "Everyone", "BUILT_IN");
    world.org.add_member("00g00000000000000102", &ada);
    let client = world.client();
    let now = async |key: PersonKey| client.person(&key).await.unwrap();
    let subject = |id: &str| PersonKey::Subject(Subject(id.to_owned()));
    let PersonNow::Known { person, groups } = now(subject(&ada)).await else { panic!("gone") };
    assert_eq!((person.login.as_str(), groups), ("ada", Some(vec![GroupId(all)])));
    let PersonNow::Known { person, .. } = now(PersonKey::Login("bob@acme.example".to_owned())).await else {
        panic!("gone")
    };
    assert_eq!(person.subject, Subject(bob));
    world.org.delete(&ada);
    assert_eq!(now(subject(&ada)).await, PersonNow::Gone);
    // By the id of someone gone, nobody else is found who has it for a login.
    let dan = world.org.add_user(4, "dan");
    world.org.change(&dan, |user| user["profile"]["login"] = json!(ada));
    assert_eq!(now(subject(&ada)).await, PersonNow::Gone);
    assert!(client.person(&subject("me")).await.is_err(), "it would be whoever asks");
}

#[tokio::test]
async fn a_service_app_proves_itself_with_its_key_and_renews_its_tokens() {
    let world = World::new().await;
    world.people();
    let client = world.client_of(world.service_app());
    let tokens = || {
        let asked = world.server.exchanges();
        asked.iter().filter(|exchange| exchange.request.path.contains("oauth2")).count()
    };
    assert_eq!(read_all(&client).await.unwrap().active().len(), 3);
    read_all(&client).await.unwrap();
    assert_eq!(tokens(), 1);
    world.clock.advance(2 * HOUR_MS);
    read_all(&client).await.unwrap();
    world.org.revoke_tokens();
    read_all(&client).await.unwrap();
    assert_eq!(tokens(), 3);
    world.org.behave(|behaviour| behaviour.demands_dpop = true);
    world.org.revoke_tokens();
    let error = read_all(&client).await.unwrap_err();
    insta::assert_snapshot!(error, @"the provider refused the credential: the service app demands proof of possession (DPoP), which Portal does not send; turn it off in the app's general settings");
    let wrong = world.client_of(OktaOptions {
        credential: OktaCredential::Token(Secret::new("wrong")),
        ..world.options()
    });
    let error = wrong.check().await.unwrap_err();
    insta::assert_snapshot!(error, @"the provider refused the credential: okta.users.read: to read people and their status (Invalid token provided)");
}

#[tokio::test]
async fn limits_say_how_long_and_an_unusable_reset_is_not_believed() {
    let world = World::new().await;
    world.people();
    world.clock.advance(20_000);
    world.org.behave(|behaviour| behaviour.requests_per_minute = 1);
    let client = world.client();
    client.read(DirectoryRead::Full).await.unwrap();
    let error = client.read(DirectoryRead::Full).await.unwrap_err();
    assert_eq!(error, DirectoryError::Throttled { retry_after_seconds: 40 });
    world.demand_valid();
    world.org.behave(|behaviour| behaviour.requests_per_minute = 600);
    world.server.faults.once("/api/v1/users", 0, Fault::Answer(too_many_at_once()));
    let error = client.read(DirectoryRead::Full).await.unwrap_err();
    assert_eq!(error, DirectoryError::Throttled { retry_after_seconds: 5 });
    // A read that waits gets to its end by the limits of a small plan.
    world.org.behave(|behaviour| {
        behaviour.requests_per_minute = 2;
        behaviour.page_max = 1;
    });
    let (taken, waits) = read_patiently(&client, &world.clock).await.unwrap();
    assert_eq!((taken.active().len(), taken.memberships.len()), (3, 3));
    assert!(waits.throttled > 0);
}

#[tokio::test]
async fn a_page_that_breaks_or_is_cut_stops_the_read() {
    let world = World::new().await;
    world.people();
    world.org.behave(|behaviour| behaviour.page_max = 1);
    let client = world.client();
    world.server.faults.once("/api/v1/users", 1, Fault::status(500));
    assert!(matches!(read_all(&client).await, Err(DirectoryError::Outage(_))));
    world.server.faults.once("/api/v1/users", 1, Fault::Cut(60));
    assert!(matches!(read_all(&client).await, Err(DirectoryError::Malformed(_))));
    let elsewhere =
        FakeAnswer::json(200, &json!([])).with("link", "<https://evil.example/api/v1/users>; rel=\"next\"");
    world.server.faults.once("/api/v1/users", 0, Fault::Answer(elsewhere));
    assert!(matches!(read_all(&client).await, Err(DirectoryError::Malformed(_))));
    world.server.faults.once("/api/v1/users", 0, Fault::Answer(FakeAnswer::json(200, &json!({}))));
    assert!(matches!(read_all(&client).await, Err(DirectoryError::Malformed(_))));
}

fn headers(secret: &str) -> Vec<(String, String)> {
    vec![("authorization".to_owned(), secret.to_owned())]
}

#[tokio::test]
async fn hooks_are_believed_by_their_secret_and_only_cause_reading() {
    let world = World::new().await;
    let client = world.client();
    let good = headers(SECRET);
    let users = [("User", "00u1"), ("AppUser", "0ua1")];
    let body = world.org.hook(&[
        ("user.lifecycle.suspend", &users),
        ("user.session.end", &[("User", "00u2")]),
        ("group.user_membership.remove", &[("User", "00u1"), ("UserGroup", "00g1")]),
    ]);
    let keys = ["00u1", "00u2"].map(|id| PersonKey::Subject(Subject(id.to_owned())));
    assert_eq!(client.event(event(&good, &body)), Ok(DirectoryEvent::Reread(keys.to_vec())));
    for bad in [headers("wrong"), headers(""), Vec::new(), [headers(SECRET), headers(SECRET)].concat()] {
        assert_eq!(client.event(event(&bad, &body)), Err(DirectoryEventError::NotAuthentic), "{bad:?}");
    }
    let group = world.org.hook(&[("group.lifecycle.delete", &[("UserGroup", "00g1")])]);
    assert_eq!(client.event(event(&good, &group)), Ok(DirectoryEvent::Run));
    let policy = world.org.hook(&[("policy.rule.update", &[("PolicyRule", "0pr1")])]);
    assert_eq!(client.event(event(&good, &policy)), Ok(DirectoryEvent::Nothing));
    let path = world.org.hook(&[("user.lifecycle.suspend", &[("User", "../logs")])]);
    assert_eq!(client.event(event(&good, &path)), Ok(DirectoryEvent::Run));
    for broken in [&b"{}"[..], b"", b"[]"] {
        assert!(matches!(client.event(event(&good, broken)), Err(DirectoryEventError::Malformed(_))));
    }
    let header = "x-portal-hook".to_owned();
    let own = world.client_of(OktaOptions { webhook_header: header.clone(), ..world.options() });
    assert_eq!(own.event(event(&good, &body)), Err(DirectoryEventError::NotAuthentic));
    assert!(own.event(event(&[(header, SECRET.to_owned())], &body)).is_ok());
    let none = world.client_of(OktaOptions { webhook_secret: None, ..world.options() });
    assert_eq!(none.event(event(&good, &body)), Err(DirectoryEventError::NotConfigured));
    let entries = serde_json::from_slice::<Value>(&body).unwrap()["data"]["events"].clone();
    let schemas = Schemas::new(&serde_json::from_str(VENDOR).unwrap());
    entries.as_array().unwrap().iter().for_each(|entry| schemas.demand("LogEvent", entry));
}

#[tokio::test]
async fn the_check_of_the_endpoint_is_answered_with_what_it_sent() {
    let client = World::new().await.client();
    let get = |value: &str| {
        let headers = vec![("x-okta-verification-challenge".to_owned(), value.to_owned())];
        client.event(DirectoryEventRequest { method: "GET", headers: &headers, query: "", body: b"" })
    };
    let body = r#"{"verification":"My0verification0\""}"#.to_owned();
    let answer = DirectoryEvent::Challenge { content_type: "application/json", body };
    assert_eq!(get("My0verification0\""), Ok(answer));
    assert!(get("").is_err() && get("a b").is_err() && get(&"x".repeat(1_025)).is_err());
    let bare = DirectoryEventRequest { method: "GET", headers: &[], query: "", body: b"" };
    assert_eq!(client.event(bare), Err(DirectoryEventError::NotAuthentic));
}

#[tokio::test]
async fn a_patient_read_through_a_storm_brings_the_same() {
    let world = World::new().await;
    let users: Vec<_> =
        (1..=400).map(|number| world.org.add_user(number, &format!("user{number}"))).collect();
    for group in 0..40_u32 {
        let id = world.org.add_group(1_000 + group, &format!("group{group}"), "OKTA_GROUP");
        for member in 0..25 {
            world.org.add_member(&id, &users[(group as usize * 7 + member) % 400]);
        }
    }
    world.org.behave(|behaviour| {
        behaviour.page_max = 10;
        behaviour.requests_per_minute = 60;
    });
    let client = world.client();
    let (quiet, calm) = read_patiently(&client, &world.clock).await.unwrap();
    world.server.forget();
    let storms = [(1, Fault::Answer(too_many_at_once())), (2, Fault::status(503)), (3, Fault::Break(40))];
    for (seed, fault) in storms.clone() {
        world.server.faults.storm(seed, 9, fault);
    }
    let (taken, waits) = read_patiently(&client, &world.clock).await.unwrap();
    assert_eq!(taken, quiet);
    println!(
        "okta: full read of 400 people and 40 groups, {} requests, {} faults, {} throttled ({} without the storm), {} outages",
        world.server.exchanges().len(),
        world.server.faults.count(),
        waits.throttled,
        calm.throttled,
        waits.outages
    );
    assert!(world.server.faults.count() > 20);
    world.server.faults.clear();
    world.org.behave(|behaviour| behaviour.requests_per_minute = 100_000);
    world.clock.advance(HOUR_MS);
    let (mut taken, since) = read_full(&client).await;
    world.clock.advance(HOUR_MS);
    users.iter().step_by(7).for_each(|id| world.org.set_status(id, "SUSPENDED"));
    users.iter().skip(3).step_by(11).for_each(|id| world.org.delete(id));
    world.clock.advance(MINUTE_MS);
    for (seed, fault) in storms {
        world.server.faults.storm(seed + 3, 9, fault);
    }
    let (_, waits) =
        read_changes_patiently(&client, &world.clock, &since.unwrap(), &mut taken).await.unwrap();
    println!("okta: delta of 95 changes, {waits} waits");
    world.server.faults.clear();
    assert_eq!(visible(&taken), visible(&read_all(&client).await.unwrap()));
}

#[derive(Debug, Clone)]
enum Step {
    Status(usize, &'static str),
    Delete(usize),
    Add,
    Member(usize, usize, bool),
}

fn step() -> impl Strategy<Value = Step> {
    let statuses = prop::sample::select(vec!["ACTIVE", "SUSPENDED", "DEPROVISIONED", "STAGED", "ARCHIVED"]);
    prop_oneof![
        (0..12_usize, statuses).prop_map(|(user, status)| Step::Status(user, status)),
        (0..12_usize).prop_map(Step::Delete),
        Just(Step::Add),
        (0..4_usize, 0..12_usize, any::<bool>())
            .prop_map(|(group, user, in_it)| Step::Member(group, user, in_it)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever happens in an org: deltas bring the same as reading everything.
    #[test]
    fn deltas_never_drift(steps in prop::collection::vec(step(), 1..40), page_max in 1_usize..5) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::new().await;
            world.org.behave(|behaviour| {
                behaviour.page_max = page_max;
                behaviour.requests_per_minute = 100_000;
            });
            let mut users: Vec<_> = (0..12).map(|number| Some(world.org.add_user(number, &format!("user{number}")))).collect();
            let groups: Vec<_> = (0..4).map(|number| world.org.add_group(number, &format!("group{number}"), "OKTA_GROUP")).collect();
            let client = world.client();
            let (mut taken, since) = read_full(&client).await;
            let mut since = since.unwrap();
            let mut next = 100;
            for steps in steps.chunks(5) {
                world.clock.advance(7 * MINUTE_MS);
                for step in steps {
                    match step {
                        Step::Status(user, status) => if let Some(id) = &users[*user] { world.org.set_status(id, status) },
                        Step::Delete(user) => if let Some(id) = users[*user].take() { world.org.delete(&id) },
                        Step::Add => { world.org.add_user(next, &format!("user{next}")); next += 1; }
                        Step::Member(group, user, true) => if let Some(id) = &users[*user] { world.org.add_member(&groups[*group], id) },
                        Step::Member(group, user, false) => if let Some(id) = &users[*user] { world.org.remove_member(&groups[*group], id) },
                    }
                }
                world.clock.advance(1_000);
                since = read_changes(&client, &since, &mut taken).await.unwrap();
                let full = read_all(&client).await.unwrap();
                assert_eq!(visible(&taken), visible(&full));
            }
        });
    }
}
