//! GitHub: one person anew, events, refusals, the test of the connection.

use std::sync::Arc;

use portal_core::{
    org::{GroupId, Subject},
    ports::{
        Clock, DirectoryError, DirectoryEvent, DirectoryEventError, DirectoryRead, PersonKey, PersonNow,
    },
    secret::Secret,
};
use portal_directory::github::{GithubCredential, GithubOptions, connect};
use portal_testkit::{
    MockClock,
    directories::{
        Fault,
        github::{Belonging, Limit, LimitStyle, Mode, recorded_webhooks, signed_webhook},
    },
};
use serde_json::json;

use crate::{
    github::World,
    reads::{event, person, read_all, read_patiently, transport},
};

#[tokio::test]
async fn every_way_to_say_too_many_requests_is_understood() {
    for (style, seconds) in [
        (LimitStyle::PrimaryForbidden, 90),
        (LimitStyle::PrimaryTooMany, 90),
        (LimitStyle::SecondaryRetryAfter, 17),
        (LimitStyle::SecondaryWords, 60),
    ] {
        let world = World::new(Mode::Cloud).await;
        let ada = world.fake.member("ada");
        let reset_at = world.clock.now().plus(90_000);
        world.fake.state().limit = Some(Limit { remaining: 0, reset_at, style });
        let client = world.client();
        let expected = DirectoryError::Throttled { retry_after_seconds: seconds };
        assert_eq!(client.read(DirectoryRead::Full).await.unwrap_err(), expected, "{style:?} at GraphQL");
        let key = PersonKey::Subject(Subject(ada.to_string()));
        assert_eq!(client.person(&key).await.unwrap_err(), expected, "{style:?} at REST");
        let (taken, waits) = read_patiently(&*client, &world.clock).await.unwrap();
        assert_eq!(taken.people.len(), 1);
        assert!(waits.throttled > 0);
    }
}

#[tokio::test]
async fn a_person_is_read_anew_with_their_direct_teams() {
    let world = World::new(Mode::Cloud).await;
    let (ada, bo) = (world.fake.member("ada"), world.fake.member("ada-2"));
    let platform = world.fake.team("platform", None, &[bo]);
    let data = world.fake.team("data", Some(platform), &[ada, bo]);
    let client = world.client();
    let PersonNow::Known { person: found, groups } =
        client.person(&PersonKey::Subject(Subject(ada.to_string()))).await.unwrap()
    else {
        panic!("gone")
    };
    assert_eq!(found.login, "ada");
    assert_eq!(groups, Some(vec![GroupId(data.to_string())]), "not the team above, though GitHub names it");
    let renamed = client.person(&PersonKey::Login("ADA-2".to_owned())).await.unwrap();
    assert!(matches!(renamed, PersonNow::Known { person, .. } if person.subject == Subject(bo.to_string())));
    // What a full read says of the same person is the same.
    assert_eq!(read_all(&*client).await.unwrap().people[&ada.to_string()], *found);

    let invited = world.fake.person("invited", Belonging::Pending);
    let outside = world.fake.person("outside", Belonging::OutsideCollaborator);
    world.fake.leave(bo);
    for gone in [invited, outside, bo, 9_999_999] {
        assert_eq!(person(&*client, gone).await, None);
    }
    for nonsense in ["", "1/../2", "../../user", "x".repeat(200).as_str()] {
        let now = client.person(&PersonKey::Login(nonsense.to_owned())).await.unwrap();
        assert_eq!(now, PersonNow::Gone, "{nonsense}");
    }
    assert!(world.demand_valid_answers() > 5);
}

#[tokio::test]
async fn nobody_is_gone_because_the_credential_sees_nothing() {
    let world = World::new(Mode::Cloud).await;
    let ada = world.fake.member("ada");
    let client = world.client();
    world.server.faults.always("/memberships/", Fault::status(404));
    world.fake.state().members_readable = false;
    let error = client.person(&PersonKey::Subject(Subject(ada.to_string()))).await.unwrap_err();
    assert!(matches!(error, DirectoryError::Forbidden(_)), "{error}");
}

#[tokio::test]
async fn what_did_not_change_is_not_sent_again() {
    let world = World::new(Mode::Cloud).await;
    let ada = world.fake.member("ada");
    let client = world.client();
    person(&*client, ada).await.unwrap();
    world.server.forget();
    assert_eq!(person(&*client, ada).await.unwrap().login, "ada");
    let unchanged = world.server.exchanges().iter().filter(|exchange| exchange.answer.status == 304).count();
    assert_eq!(unchanged, 1);
    world.fake.state().accounts.get_mut(&ada).unwrap().login = "ada-l".to_owned();
    assert_eq!(person(&*client, ada).await.unwrap().login, "ada-l");
}

#[tokio::test]
async fn webhooks_ask_for_no_more_than_to_read_again() {
    let world = World::new(Mode::Cloud).await;
    let client = world.client();
    let reread = |id: u64| DirectoryEvent::Reread(vec![PersonKey::Subject(Subject(id.to_string()))]);
    let mut kinds = 0;
    for (kind, mut payload) in recorded_webhooks() {
        // The recorded organisation is not ours: then nothing is asked for.
        let action = payload["action"].as_str().unwrap_or_default().to_owned();
        let (headers, body) = signed_webhook(&kind, &payload);
        if payload.get("organization").is_some() || payload.pointer("/installation/account").is_some() {
            assert_eq!(client.event(event(&headers, &body)), Ok(DirectoryEvent::Nothing), "{kind} {action}");
        }
        payload["organization"] = json!({ "login": "Acme" });
        let user = payload.pointer("/membership/user/id").or_else(|| payload.pointer("/member/id"));
        let expected = match (kind.as_str(), action.as_str()) {
            ("organization", "member_added" | "member_removed") | ("membership", _) => {
                reread(user.unwrap().as_u64().unwrap())
            }
            ("organization", "renamed")
            | ("team", "created" | "deleted" | "edited")
            | ("installation", _) => DirectoryEvent::Run,
            _ => DirectoryEvent::Nothing,
        };
        let (headers, body) = signed_webhook(&kind, &payload);
        assert_eq!(client.event(event(&headers, &body)), Ok(expected), "{kind} {action}");
        kinds += 1;
    }
    assert!(kinds >= 10, "{kinds}");
    let removed = json!({ "action": "member_removed", "organization": { "login": "acme" }, "membership": { "user": { "id": 5 } } });
    let (headers, body) = signed_webhook("organization", &removed);
    assert_eq!(client.event(event(&headers, &body)), Ok(reread(5)));
}

#[tokio::test]
async fn forged_events_are_refused() {
    let world = World::new(Mode::Cloud).await;
    let client = world.client();
    let (headers, body) = signed_webhook("organization", &json!({ "action": "member_removed" }));
    let with = |value: Option<&str>| {
        let mut changed = headers.clone();
        changed.retain(|(name, _)| name != "x-hub-signature-256");
        changed.extend(value.map(|value| ("x-hub-signature-256".to_owned(), value.to_owned())));
        client.event(event(&changed, &body))
    };
    let right = headers.iter().find(|(name, _)| name == "x-hub-signature-256").unwrap().1.clone();
    assert!(with(Some(&right)).is_ok());
    let flipped = right.replace(['0', '1'], "2");
    for wrong in [
        None,
        Some(""),
        Some("sha256="),
        Some("sha1=00"),
        Some("sha256=zz"),
        Some(&right[..right.len() - 2]),
        Some(flipped.as_str()),
    ] {
        assert_eq!(with(wrong), Err(DirectoryEventError::NotAuthentic), "{wrong:?}");
    }
    let mut doubled = headers.clone();
    doubled.push(("x-hub-signature-256".to_owned(), right.clone()));
    assert_eq!(client.event(event(&doubled, &body)), Err(DirectoryEventError::NotAuthentic));
    assert_eq!(client.event(event(&headers, b"{}")), Err(DirectoryEventError::NotAuthentic));
    let silent = world.client_with(GithubOptions { webhook_secret: None, ..world.options() });
    assert_eq!(silent.event(event(&headers, &body)), Err(DirectoryEventError::NotConfigured));
    let empty = world.client_with(GithubOptions { webhook_secret: Some(Secret::new("")), ..world.options() });
    assert_eq!(empty.event(event(&headers, &body)), Err(DirectoryEventError::NotAuthentic));
}

#[tokio::test]
async fn the_test_of_the_connection_names_what_is_missing() {
    let world = World::new(Mode::Cloud).await;
    world.fake.member("ada");
    world.fake.manage_users("acme-inc");
    let report = world.managed().check().await.unwrap();
    assert_eq!(report.connected_as, "ada by token");
    assert_eq!(report.permissions.len(), 2);
    assert!(report.permissions.iter().all(|check| check.granted && check.remedy.is_empty()), "{report:?}");
    let report = world.app(None).check().await.unwrap();
    assert_eq!(report.connected_as, "GitHub App Portal sync, installed on acme");

    world.fake.state().enterprise = None;
    let report = world.managed().check().await.unwrap();
    assert!(report.permissions[0].granted);
    assert!(!report.permissions[1].granted && report.permissions[1].remedy.contains("scim:enterprise"));
    world.fake.state().members_readable = false;
    let report = world.client().check().await.unwrap();
    assert!(!report.permissions[0].granted && !report.permissions[0].remedy.is_empty());
    world.fake.state().tokens.clear();
    assert!(matches!(world.client().check().await, Err(DirectoryError::Unauthorized(_))));
}

#[tokio::test]
async fn options_that_cannot_work_are_refused_by_key() {
    let world = World::new(Mode::Cloud).await;
    let fault = |options: GithubOptions| {
        let clock: Arc<dyn Clock> = Arc::<MockClock>::clone(&world.clock);
        connect(options, transport(), clock).map(|_| ()).unwrap_err()
    };
    let options = || world.options();
    assert_eq!(fault(GithubOptions { organization: "a/b".to_owned(), ..options() }).key, "organization");
    let token = |text: &str| GithubCredential::Token(Secret::new(text));
    assert_eq!(fault(GithubOptions { credential: token("  "), ..options() }).key, "token");
    assert_eq!(fault(GithubOptions { credential: token("a\nb"), ..options() }).key, "token");
    let app = GithubCredential::App {
        app_id: "1".to_owned(),
        private_key: Secret::new("-----BEGIN NOTHING-----"),
        installation_id: None,
    };
    let error = fault(GithubOptions { credential: app, ..options() });
    assert_eq!(error.key, "private_key");
    assert!(!error.to_string().contains("NOTHING"));
    let plain = GithubOptions { api_url: Some("http://github.example/".parse().unwrap()), ..options() };
    assert_eq!(fault(plain).key, "base_url");
}
