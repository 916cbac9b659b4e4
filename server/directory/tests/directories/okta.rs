//! Okta, read through the port from a fake org whose answers are held against Okta's own description.

mod chaos;
mod events;

use std::sync::Arc;

use super::deltas::{read_changes, read_full, visible};
use super::reads::{pages, read_all, read_from, read_patiently, transport};
use portal_core::{
    org::{DirectoryEmail, GroupId, Subject},
    ports::{Clock, DirectoryClient, DirectoryError, DirectoryNext, DirectoryRead, PersonKey, PersonNow},
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
    let wrong = world.client_of(OktaOptions {
        credential: OktaCredential::Token(Secret::new("wrong")),
        ..world.options()
    });
    let error = wrong.check().await.unwrap_err();
    insta::assert_snapshot!(error, @"the provider refused the credential: okta.users.read: to read people and their status (Invalid token provided)");
}

#[tokio::test]
async fn a_service_app_that_demands_proof_of_possession_gets_it() {
    let world = World::new().await;
    world.people();
    world.org.behave(|behaviour| behaviour.demands_dpop = true);
    let client = world.client_of(world.service_app());
    let asked = || {
        let all = world.server.exchanges();
        let tokens = all.iter().filter(|exchange| exchange.request.path.contains("oauth2")).count();
        (tokens, all.iter().filter(|exchange| exchange.request.header("dpop").is_some()).count(), all.len())
    };
    assert_eq!(read_all(&client).await.unwrap().active().len(), 3);
    let (tokens, proven, all) = asked();
    assert_eq!(tokens, 3, "without a proof, without the nonce, with both");
    assert_eq!(proven, all - 1, "every request but the first is proven");
    world.clock.advance(2 * HOUR_MS);
    world.org.revoke_tokens();
    assert_eq!(read_all(&client).await.unwrap().active().len(), 3);
    assert_eq!(asked().0, 4, "what the app demands is remembered");
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
