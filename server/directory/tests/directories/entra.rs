//! Entra ID, read through the port from a fake tenant whose answers are held against Microsoft's own description.

mod chaos;
mod events;

use std::sync::Arc;

use super::deltas::{read_changes, read_full, visible};
use super::reads::{pages, read_all, read_from, read_patiently, transport};
use portal_core::{
    org::{DirectoryEmail, GroupId, Subject},
    ports::{Clock, DirectoryClient, DirectoryError, DirectoryNext, DirectoryRead, PersonKey, PersonNow},
    secret::Secret,
    time::{DAY_MS, HOUR_MS},
};
use portal_directory::{
    LoginForm, Selection,
    entra::{EntraCloud, EntraCredential, EntraDirectory, EntraOptions},
};
use portal_testkit::{
    MockClock, SeededRng,
    directories::{
        APP_CERTIFICATE, APP_KEY, FakeAnswer, FakeServer, Fault,
        entra::{CLIENT_ID, CLIENT_SECRET, Csdl, EntraTenant, TENANT_ID, guid},
    },
};
use serde_json::{Value, json};

const STATE: &str = "the-secret-of-notifications";

struct World {
    tenant: Arc<EntraTenant>,
    server: FakeServer,
    clock: Arc<MockClock>,
}

impl World {
    async fn new() -> Self {
        let clock = Arc::new(MockClock::default());
        let tenant = EntraTenant::new(Arc::clone(&clock));
        let server = FakeServer::start(Arc::clone(&tenant) as _).await;
        Self { tenant, server, clock }
    }

    fn options(&self) -> EntraOptions {
        EntraOptions {
            tenant_id: TENANT_ID.to_owned(),
            client_id: CLIENT_ID.to_owned(),
            credential: EntraCredential::Secret(Secret::new(CLIENT_SECRET)),
            cloud: EntraCloud { login_url: self.server.base.clone(), graph_url: self.server.base.clone() },
            guests: false,
            leave_dates: false,
            login: LoginForm::LocalPart,
            selection: Selection::default(),
            webhook_secret: Some(Secret::new(STATE)),
            notification_url: None,
        }
    }

    fn client(&self) -> EntraDirectory {
        self.client_of(self.options())
    }

    fn client_of(&self, options: EntraOptions) -> EntraDirectory {
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        EntraDirectory::new(options, transport(), clock, Arc::new(SeededRng::default())).unwrap()
    }

    /// Ada, Bob and Cyd; Bob and the group `sub` in `all`, Cyd in `sub`.
    fn people(&self) {
        let [ada, bob, cyd] =
            [(1, "ada"), (2, "bob"), (3, "cyd")].map(|(number, name)| self.tenant.add_user(number, name));
        let (all, sub) = (self.tenant.add_group(100, "all"), self.tenant.add_group(101, "sub"));
        self.tenant.add_member(&all, "user", &ada);
        self.tenant.add_member(&all, "user", &bob);
        self.tenant.add_member(&all, "group", &sub);
        self.tenant.add_member(&sub, "user", &cyd);
    }

    /// Every answer so far, against Microsoft's description of the types.
    fn demand_valid(&self) {
        let csdl = Csdl::default();
        let mut judged = 0;
        for exchange in self.server.exchanges() {
            let body: Value = serde_json::from_slice(&exchange.answer.body).unwrap_or_default();
            let path = exchange.request.path.as_str();
            let kind = match path {
                _ if path.contains("/members") || path.contains("/memberOf") => "directoryObject",
                _ if path.contains("subscriptions") => "subscription",
                _ if path.contains("users") || path.contains("microsoft.graph.user") => "user",
                _ if path.contains("groups") => "group",
                _ => continue,
            };
            let items = match body.get("value").and_then(Value::as_array) {
                Some(items) => items.clone(),
                None if exchange.answer.status < 300 && body.get("id").is_some() => vec![body],
                None => continue,
            };
            for item in items {
                assert_eq!(csdl.faults(kind, &item), Vec::<String>::new(), "{path}");
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
async fn people_groups_and_direct_members_are_read() {
    let world = World::new().await;
    world.people();
    world.tenant.add_member(&guid(100), "device", &guid(500));
    world.tenant.add_member(&guid(100), "servicePrincipal", &guid(501));
    let taken = read_all(&world.client()).await.unwrap();
    assert_eq!(names(&taken), ["ada", "bob", "cyd"]);
    let ada = &taken.people[&guid(1)];
    assert_eq!(ada.email, Some(DirectoryEmail { address: "ada@acme.example".to_owned(), verified: true }));
    assert_eq!(ada.annotations["graph.microsoft.com/user-id"], guid(1));
    assert_eq!(ada.annotations["graph.microsoft.com/tenant-id"], TENANT_ID);
    assert_eq!(ada.annotations["microsoft.com/email"], "ada@acme.example");
    assert_eq!(taken.groups[&guid(100)].annotations["graph.microsoft.com/group-id"], guid(100));
    let members: Vec<_> = taken.members("all").into_iter().collect();
    assert_eq!(members, ["ada".to_owned(), "bob".to_owned(), format!("group {}", guid(101))]);
    assert_eq!(taken.members("sub").into_iter().collect::<Vec<_>>(), ["cyd"]);
    world.demand_valid();
}

#[tokio::test]
async fn nobody_is_taken_who_does_not_say_that_they_are_enabled() {
    let world = World::new().await;
    let user = |number, name: &str, fields: &[(&'static str, Value)]| {
        let id = world.tenant.add_user(number, name);
        for (field, value) in fields {
            world.tenant.set(&id, field, value.clone());
        }
    };
    let guest = json!("Guest");
    user(1, "ada", &[]);
    user(2, "off", &[("accountEnabled", json!(false))]);
    user(3, "unsaid", &[("accountEnabled", Value::Null)]);
    user(4, "guest", &[("userType", guest.clone()), ("externalUserState", json!("Accepted"))]);
    user(5, "invited", &[("userType", guest.clone()), ("externalUserState", json!("PendingAcceptance"))]);
    user(6, "odd", &[("userType", json!("Robot"))]);
    user(7, "old", &[("userType", Value::Null)]);
    user(
        8,
        "outside",
        &[("userType", Value::Null), ("userPrincipalName", json!("x_b.example#EXT#@acme.example"))],
    );
    user(9, "offguest", &[("userType", guest), ("accountEnabled", json!(false))]);
    user(10, "gone", &[]);
    world.tenant.delete(&guid(10));
    let taken = read_all(&world.client()).await.unwrap();
    assert_eq!(names(&taken), ["ada", "old"]);
    insta::assert_json_snapshot!(taken.excluded(), @r###"
    {
      "gone": "deleted: deleted",
      "guest": "guest: userType: Guest",
      "invited": "guest: userType: Guest",
      "odd": "unknown-status: userType: Robot",
      "off": "disabled: accountEnabled: false",
      "offguest": "disabled: accountEnabled: false",
      "unsaid": "unknown-status: accountEnabled: missing",
      "x_b.example#EXT#": "guest: userType: Guest"
    }
    "###);
    let with_guests = world.client_of(EntraOptions { guests: true, ..world.options() });
    let taken = read_all(&with_guests).await.unwrap();
    assert_eq!(names(&taken), ["ada", "guest", "old", "x_b.example#EXT#"]);
    assert_eq!(taken.excluded()["invited"], "not-yet-active: externalUserState: PendingAcceptance");
}

#[tokio::test]
async fn fields_that_decide_are_asked_for() {
    let world = World::new().await;
    world.people();
    read_all(&world.client()).await.unwrap();
    let asked = world.server.exchanges();
    let lists = asked.iter().filter(|exchange| {
        exchange.request.path == "/v1.0/users" && exchange.request.parameter("$select").is_some()
    });
    let selects: Vec<_> = lists.filter_map(|exchange| exchange.request.parameter("$select")).collect();
    assert_eq!(selects.len(), 1);
    for field in
        ["id", "accountEnabled", "userType", "userPrincipalName", "mail", "displayName", "externalUserState"]
    {
        assert!(selects[0].split(',').any(|asked| asked == field), "{field}");
    }
    assert!(!selects[0].contains("employeeLeaveDateTime"), "it needs a permission of its own");
}

#[tokio::test]
async fn people_leave_on_their_day_where_that_is_wanted() {
    let world = World::new().await;
    world.people();
    world.tenant.set(&guid(1), "employeeLeaveDateTime", json!("2025-12-31T23:59:59Z"));
    world.tenant.set(&guid(2), "employeeLeaveDateTime", json!("2026-06-01T00:00:00Z"));
    assert_eq!(names(&read_all(&world.client()).await.unwrap()), ["ada", "bob", "cyd"]);
    let client = world.client_of(EntraOptions { leave_dates: true, ..world.options() });
    assert_eq!(names(&read_all(&client).await.unwrap()), ["bob", "cyd"]);
    world.clock.advance(200 * DAY_MS);
    assert_eq!(names(&read_all(&client).await.unwrap()), ["cyd"]);
}

#[tokio::test]
async fn pages_may_be_empty_and_every_cursor_resumes_on_another_node() {
    let world = World::new().await;
    world.people();
    for number in 10..17 {
        world.tenant.add_user(number, &format!("user{number}"));
        world.tenant.add_member(&guid(100), "user", &guid(number));
    }
    world.tenant.behave(|behaviour| {
        behaviour.page_max = 3;
        behaviour.empty_pages = true;
    });
    let client = world.client();
    let all = pages(&client).await.unwrap();
    assert!(all.iter().any(|(_, page)| page.people.is_empty() && page.groups.is_empty()));
    let whole = read_all(&client).await.unwrap();
    assert_eq!(whole.active().len(), 10);
    assert_eq!(whole.members("all").len(), 10);
    let mut before = super::reads::Taken::default();
    for (_, page) in &all {
        before.add(page);
        let DirectoryNext::More(cursor) = &page.next else { continue };
        let mut taken = read_from(&world.client(), cursor).await;
        for person in before.people.values() {
            taken.people.insert(person.subject.0.clone(), person.clone());
        }
        taken.groups.extend(before.groups.clone());
        taken.memberships.extend(before.memberships.clone());
        assert_eq!(taken, whole);
    }
    world.demand_valid();
}

#[tokio::test]
async fn a_delta_brings_what_a_full_read_would() {
    let world = World::new().await;
    world.people();
    let client = world.client();
    let (mut taken, since) = read_full(&client).await;
    world.tenant.set(&guid(1), "accountEnabled", json!(false));
    world.tenant.delete(&guid(2));
    world.tenant.add_user(4, "dan");
    world.tenant.set(&guid(3), "displayName", json!("Cyd the Second"));
    world.tenant.add_member(&guid(101), "user", &guid(4));
    world.tenant.remove_member(&guid(100), "group", &guid(101));
    let since = read_changes(&client, &since.unwrap(), &mut taken).await.unwrap();
    assert_eq!(names(&taken), ["cyd", "dan"]);
    assert_eq!(visible(&taken), visible(&read_all(&client).await.unwrap()));
    // Nothing more happened.
    let before = taken.clone();
    read_changes(&client, &since, &mut taken).await.unwrap();
    assert_eq!(taken, before);
    world.demand_valid();
}

#[tokio::test]
async fn what_changes_while_everything_is_read_is_told_by_the_next_delta() {
    let world = World::new().await;
    world.people();
    world.tenant.behave(|behaviour| behaviour.page_max = 1);
    let client = world.client();
    let first = client.read(DirectoryRead::Full).await.unwrap();
    let mut taken = super::reads::Taken::default();
    taken.add(&first);
    // Ada was read already.
    world.tenant.set(&guid(1), "accountEnabled", json!(false));
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
    read_changes(&client, &since, &mut taken).await.unwrap();
    assert_eq!(names(&taken), ["bob", "cyd"]);
}

#[tokio::test]
async fn a_change_that_does_not_tell_all_is_read_again_and_never_taken_for_enabled() {
    let world = World::new().await;
    world.people();
    let client = world.client();
    let (mut taken, since) = read_full(&client).await;
    world.tenant.behave(|behaviour| behaviour.partial_changes = true);
    world.tenant.set(&guid(1), "accountEnabled", json!(false));
    // Of Bob nothing is told but that something changed, of Cyd the new name and not whether she is enabled.
    world.tenant.set(&guid(2), "jobTitle", json!("Chief"));
    world.tenant.set(&guid(3), "userPrincipalName", json!("cyd2@acme.example"));
    world.tenant.set(&guid(101), "description", json!("smaller"));
    read_changes(&client, &since.unwrap(), &mut taken).await.unwrap();
    assert_eq!(names(&taken), ["bob", "cyd2"]);
    assert_eq!(taken.people[&guid(2)].email.as_ref().unwrap().address, "bob@acme.example");
    assert_eq!(taken.groups[&guid(101)].description.as_deref(), Some("smaller"));
    assert_eq!(visible(&taken), visible(&read_all(&client).await.unwrap()));
}

#[tokio::test]
async fn an_expired_delta_asks_for_a_full_read() {
    let world = World::new().await;
    world.people();
    let client = world.client();
    let (mut taken, since) = read_full(&client).await;
    let since = since.unwrap();
    world.tenant.expire_deltas();
    assert_eq!(read_changes(&client, &since, &mut taken).await, Err(DirectoryError::DeltaExpired));
    let strange = portal_core::ports::DirectoryCursor("of an earlier version".to_owned());
    assert_eq!(read_changes(&client, &strange, &mut taken).await, Err(DirectoryError::DeltaExpired));
    let (_, since) = read_full(&client).await;
    assert!(read_changes(&client, &since.unwrap(), &mut taken).await.is_ok());
}

#[tokio::test]
async fn tenants_without_a_delta_are_read_in_full() {
    let world = World::new().await;
    world.people();
    world.tenant.behave(|behaviour| behaviour.has_delta = false);
    let (taken, since) = read_full(&world.client()).await;
    assert_eq!((taken.active().len(), since), (3, None));
}

#[tokio::test]
async fn groups_that_are_not_taken_are_not_asked_for_and_come_in_by_a_new_name() {
    let world = World::new().await;
    world.people();
    let selection = Selection { groups: vec!["team-*".to_owned()], ..Selection::default() };
    let client = world.client_of(EntraOptions { selection, ..world.options() });
    let (mut taken, since) = read_full(&client).await;
    assert!(taken.groups.is_empty() && taken.memberships.is_empty());
    assert!(!world.server.exchanges().iter().any(|exchange| exchange.request.path.contains("/members")));
    world.tenant.set(&guid(101), "displayName", json!("team-sub"));
    let since = read_changes(&client, &since.unwrap(), &mut taken).await.unwrap();
    assert_eq!(taken.members("team-sub").into_iter().collect::<Vec<_>>(), ["cyd"]);
    world.tenant.set(&guid(101), "displayName", json!("sub"));
    read_changes(&client, &since, &mut taken).await.unwrap();
    assert!(taken.groups.is_empty() && taken.memberships.is_empty());
}

#[tokio::test]
async fn addresses_of_other_domains_are_not_vouched_for() {
    let world = World::new().await;
    world.people();
    world.tenant.set(&guid(1), "mail", json!("ada@elsewhere.example"));
    world.tenant.set(&guid(2), "mail", Value::Null);
    let taken = read_all(&world.client()).await.unwrap();
    assert!(!taken.people[&guid(1)].email.as_ref().unwrap().verified);
    assert_eq!(taken.people[&guid(2)].email, None);
    let selection =
        Selection { verified_domains: vec!["elsewhere.example".to_owned()], ..Selection::default() };
    let client = world.client_of(EntraOptions { selection, ..world.options() });
    assert!(read_all(&client).await.unwrap().people[&guid(1)].email.as_ref().unwrap().verified);
}

#[tokio::test]
async fn one_person_is_read_anew_with_their_groups() {
    let world = World::new().await;
    world.people();
    let client = world.client();
    let now = async |key: PersonKey| client.person(&key).await.unwrap();
    let subject = |number| PersonKey::Subject(Subject(guid(number)));
    let PersonNow::Known { person, groups } = now(subject(1)).await else { panic!("gone") };
    assert_eq!((person.login.as_str(), groups), ("ada", Some(vec![GroupId(guid(100))])));
    let PersonNow::Known { person, .. } = now(PersonKey::Login("bob@acme.example".to_owned())).await else {
        panic!("gone")
    };
    assert_eq!(person.subject, Subject(guid(2)));
    world.tenant.delete(&guid(1));
    assert_eq!(now(subject(1)).await, PersonNow::Gone);
    assert_eq!(now(subject(99)).await, PersonNow::Gone);
    let by_login = client.person(&PersonKey::Login("ada".to_owned())).await;
    assert!(matches!(by_login, Err(DirectoryError::Unsupported(_))), "{by_login:?}");
}

#[tokio::test]
async fn tokens_are_renewed_before_and_after_their_end() {
    let world = World::new().await;
    world.people();
    let tokens = || {
        let asked = world.server.exchanges();
        asked.iter().filter(|exchange| exchange.request.path.contains("oauth2")).count()
    };
    let client = world.client();
    read_all(&client).await.unwrap();
    read_all(&client).await.unwrap();
    assert_eq!(tokens(), 1);
    world.clock.advance(2 * HOUR_MS);
    read_all(&client).await.unwrap();
    assert_eq!(tokens(), 2);
    world.tenant.revoke_tokens();
    read_all(&client).await.unwrap();
    assert_eq!(tokens(), 3);
}

#[tokio::test]
async fn a_certificate_proves_as_much_as_a_secret() {
    let world = World::new().await;
    world.people();
    let certificate = |key: &str| EntraCredential::Certificate {
        certificate: APP_CERTIFICATE.to_owned(),
        private_key: Secret::new(key),
    };
    let client = world.client_of(EntraOptions { credential: certificate(APP_KEY), ..world.options() });
    assert_eq!(read_all(&client).await.unwrap().active().len(), 3);
    let options = EntraOptions { credential: certificate("no key"), ..world.options() };
    let clock = Arc::clone(&world.clock) as Arc<dyn Clock>;
    let refused =
        EntraDirectory::new(options, transport(), clock, Arc::new(SeededRng::default())).err().unwrap();
    assert_eq!(refused.key, "private_key");
}

#[tokio::test]
async fn refusals_say_what_to_do() {
    let world = World::new().await;
    world.people();
    let wrong = EntraCredential::Secret(Secret::new("wrong"));
    let client = world.client_of(EntraOptions { credential: wrong, ..world.options() });
    let error = client.check().await.unwrap_err();
    insta::assert_snapshot!(error, @"the provider refused the credential: tenant, application or its secret: AADSTS7000215: Invalid client secret provided.");
    world.tenant.behave(|behaviour| behaviour.permissions = vec!["User.Read.All"]);
    let client = world.client();
    let error = read_all(&client).await.unwrap_err();
    assert!(matches!(error, DirectoryError::Forbidden(_)), "{error}");
    let report = client.check().await.unwrap();
    let granted: Vec<_> = report.permissions.iter().map(|found| found.granted).collect();
    assert_eq!(granted, [true, false]);
    assert!(report.permissions[1].remedy.contains("administrator"));
}

fn throttled(retry_after: Option<&str>) -> Fault {
    let answer = FakeAnswer::json(429, &json!({ "error": { "code": "TooManyRequests", "message": "wait" } }))
        .with("x-ms-throttle-scope", "Tenant_Application/ReadWrite");
    Fault::Answer(retry_after.map_or(answer.clone(), |seconds| answer.with("retry-after", seconds)))
}

#[tokio::test]
async fn throttling_says_how_long_and_loses_nothing() {
    let world = World::new().await;
    world.people();
    world.server.faults.once("/v1.0/users?", 0, throttled(Some("17")));
    let client = world.client();
    let error = client.read(DirectoryRead::Full).await.unwrap_err();
    assert_eq!(error, DirectoryError::Throttled { retry_after_seconds: 17 });
    world.server.faults.once("/v1.0/users?", 0, throttled(None));
    let error = client.read(DirectoryRead::Full).await.unwrap_err();
    assert_eq!(error, DirectoryError::Throttled { retry_after_seconds: 60 });
    // In the middle of the members: those before are kept.
    world.server.faults.once("/members", 1, throttled(Some("5")));
    let (taken, waits) = read_patiently(&client, &world.clock).await.unwrap();
    assert_eq!((taken.memberships.len(), waits.throttled), (4, 0));
}

#[tokio::test]
async fn a_page_that_breaks_or_is_cut_stops_the_read() {
    let world = World::new().await;
    world.people();
    world.tenant.behave(|behaviour| behaviour.page_max = 1);
    let client = world.client();
    world.server.faults.once("/v1.0/users?", 1, Fault::status(503));
    assert!(matches!(read_all(&client).await, Err(DirectoryError::Outage(_))));
    world.server.faults.once("/v1.0/users?", 1, Fault::Cut(60));
    assert!(matches!(read_all(&client).await, Err(DirectoryError::Malformed(_))));
    world.server.faults.once("/v1.0/users?", 1, Fault::Break(60));
    assert!(matches!(read_all(&client).await, Err(DirectoryError::Outage(_))));
    let elsewhere = json!({ "value": [], "@odata.nextLink": "https://evil.example/v1.0/users?$skiptoken=1" });
    world.server.faults.once("/v1.0/users?", 0, Fault::Answer(FakeAnswer::json(200, &elsewhere)));
    assert!(matches!(read_all(&client).await, Err(DirectoryError::Malformed(_))));
    let neither = json!({ "value": [] });
    let (mut taken, since) = read_full(&client).await;
    world.server.faults.once("/v1.0/users/delta", 0, Fault::Answer(FakeAnswer::json(200, &neither)));
    let cut = read_changes(&client, &since.unwrap(), &mut taken).await;
    assert!(matches!(cut, Err(DirectoryError::Malformed(_))), "{cut:?}");
}
