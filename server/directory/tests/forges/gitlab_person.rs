//! GitLab: one person anew, hooks, refusals.

use std::sync::Arc;

use portal_core::{
    org::{GroupId, Standing, Subject},
    ports::{
        Clock, DirectoryError, DirectoryEvent, DirectoryEventError, DirectoryRead, PersonKey, PersonNow,
    },
    secret::Secret,
};
use portal_directory::gitlab::{GitlabOptions, GitlabScope, connect};
use portal_testkit::{
    MockClock,
    directories::gitlab::{
        FakeToken, HOOK_SECRET, Limit, LimitStyle, SIGNING_TOKEN, TOKEN, hook_headers, member, signed_hook,
    },
};
use serde_json::json;

use crate::{
    gitlab::{World, names},
    reads::{event, person, read_all, read_patiently, transport},
};

#[tokio::test]
async fn too_many_requests_are_understood_without_a_header_too() {
    for (style, seconds) in [(LimitStyle::Headers, 90), (LimitStyle::ResetOnly, 90), (LimitStyle::Bare, 60)] {
        let world = World::new().await;
        let ada = world.fake.user("ada");
        world.acme(&[ada]);
        let reset_at = world.clock.now().plus(90_000);
        world.fake.state().limit = Some(Limit { remaining: 0, reset_at, style });
        let client = world.group();
        let expected = DirectoryError::Throttled { retry_after_seconds: seconds };
        assert_eq!(client.read(DirectoryRead::Full).await.unwrap_err(), expected, "{style:?}");
        let (taken, waits) = read_patiently(&*client, &world.clock).await.unwrap();
        assert_eq!(taken.active(), names(&["root", "ada"]));
        assert!(waits.throttled > 0);
    }
}

#[tokio::test]
async fn a_person_is_read_anew() {
    let world = World::new().await;
    let (ada, bo) = (world.fake.user("ada"), world.fake.user("bo"));
    let stranger = world.fake.user("stranger");
    let acme = world.acme(&[ada]);
    let data = world.fake.group("data", Some(acme), &[bo]);
    let client = world.group();
    let whole = read_all(&*client).await.unwrap();
    assert_eq!(person(&*client, ada).await.unwrap(), whole.people[&ada.to_string()]);
    assert_eq!(person(&*client, bo).await.unwrap(), whole.people[&bo.to_string()], "only in a group below");
    assert_eq!(person(&*client, stranger).await, None);
    assert_eq!(person(&*client, 999_999).await, None);
    world.fake.change(bo, |user| user.state = "blocked".to_owned());
    assert_ne!(person(&*client, bo).await.unwrap().standing, Standing::Active);
    let by_name = client.person(&PersonKey::Login("ADA".to_owned())).await.unwrap();
    assert!(matches!(by_name, PersonNow::Known { person, .. } if person.subject == Subject(ada.to_string())));
    assert_eq!(client.person(&PersonKey::Login("a/../b".to_owned())).await.unwrap(), PersonNow::Gone);
    assert_eq!(client.person(&PersonKey::Subject(Subject("1/2".to_owned()))).await.unwrap(), PersonNow::Gone);
    world.fake.leave(bo);
    world.fake.change(bo, |user| user.state = "active".to_owned());
    assert_eq!(person(&*client, bo).await, None);

    let root = world.fake.state().tokens[TOKEN].user;
    world.fake.state().tokens.insert(TOKEN.to_owned(), FakeToken { user: root, administrator: true });
    world.fake.state().groups.get_mut(&data).unwrap().members.insert(ada, member(30));
    let PersonNow::Known { groups, .. } =
        world.instance().person(&PersonKey::Subject(Subject(ada.to_string()))).await.unwrap()
    else {
        panic!("gone")
    };
    assert_eq!(groups, Some(vec![GroupId(acme.to_string()), GroupId(data.to_string())]));
    world.fake.delete(ada);
    assert_eq!(person(&*world.instance(), ada).await, None);
}

#[tokio::test]
async fn nobody_is_gone_because_the_token_sees_nothing() {
    let world = World::new().await;
    let ada = world.fake.user("ada");
    world.acme(&[ada]);
    let root = world.fake.state().tokens[TOKEN].user;
    world.fake.leave(root);
    let error = world.group().person(&PersonKey::Subject(Subject(ada.to_string()))).await.unwrap_err();
    assert!(matches!(error, DirectoryError::NotFound(_)), "{error}");
}

#[tokio::test]
async fn hooks_ask_for_no_more_than_to_read_again() {
    let world = World::new().await;
    let client = world.group();
    let by_id = DirectoryEvent::Reread(vec![PersonKey::Subject(Subject("41".to_owned()))]);
    let by_name = DirectoryEvent::Reread(vec![PersonKey::Login("jsmith".to_owned())]);
    for (payload, expected) in [
        (json!({ "event_name": "user_create", "user_id": 41, "username": "jsmith" }), by_id.clone()),
        (json!({ "event_name": "user_destroy", "user_id": 41 }), by_id.clone()),
        (
            json!({ "event_name": "user_rename", "user_id": 41, "old_username": "j", "username": "jsmith" }),
            by_id.clone(),
        ),
        (json!({ "event_name": "user_failed_login", "user_id": 41, "state": "blocked" }), by_id.clone()),
        (json!({ "event_name": "user_add_to_group", "group_id": 7, "user_id": 41 }), by_id.clone()),
        (json!({ "event_name": "user_remove_from_group", "group_id": 7, "user_id": 41 }), by_id.clone()),
        (json!({ "event_name": "user_update_for_group", "user_username": "jsmith" }), by_name),
        (json!({ "event_name": "user_remove_from_group" }), DirectoryEvent::Run),
        (json!({ "event_name": "group_rename", "group_id": 7 }), DirectoryEvent::Run),
        (json!({ "event_name": "subgroup_create", "group_id": 7 }), DirectoryEvent::Run),
        (json!({ "event_name": "project_create", "user_id": 41 }), DirectoryEvent::Nothing),
        (json!({ "object_kind": "push" }), DirectoryEvent::Nothing),
    ] {
        let (headers, body) = hook_headers("System Hook", &payload);
        assert_eq!(client.event(event(&headers, &body)), Ok(expected), "{payload}");
    }
    let (headers, _) = hook_headers("System Hook", &json!({}));
    assert!(matches!(client.event(event(&headers, b"[")), Err(DirectoryEventError::Malformed(_))));
}

#[tokio::test]
async fn forged_hooks_are_refused() {
    let world = World::new().await;
    let scope = || GitlabScope::Group("acme".to_owned());
    let payload = json!({ "event_name": "user_destroy", "user_id": 41 });
    let token = world.group();
    let (headers, body) = hook_headers("System Hook", &payload);
    assert!(token.event(event(&headers, &body)).is_ok());
    for wrong in [None, Some(""), Some("hook-secre"), Some("hook-secret2"), Some("HOOK-SECRET")] {
        let mut changed = headers.clone();
        changed.retain(|(name, _)| name != "x-gitlab-token");
        changed.extend(wrong.map(|value| ("x-gitlab-token".to_owned(), value.to_owned())));
        assert_eq!(token.event(event(&changed, &body)), Err(DirectoryEventError::NotAuthentic), "{wrong:?}");
    }
    let signing = Some(Secret::new(SIGNING_TOKEN));
    let signed = world.client_with(GitlabOptions {
        webhook_secret: None,
        webhook_signing_token: signing.clone(),
        ..world.options(scope())
    });
    assert_eq!(
        signed.event(event(&headers, &body)),
        Err(DirectoryEventError::NotAuthentic),
        "a secret alone"
    );
    let (headers, body) = signed_hook("System Hook", &payload);
    assert!(signed.event(event(&headers, &body)).is_ok());
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        let mut changed = headers.clone();
        let value = &mut changed.iter_mut().find(|(found, _)| found == name).unwrap().1;
        value.push('0');
        assert_eq!(signed.event(event(&changed, &body)), Err(DirectoryEventError::NotAuthentic), "{name}");
    }
    assert_eq!(signed.event(event(&headers, b"{}")), Err(DirectoryEventError::NotAuthentic));
    // Where both are set, a wrong signature is not mended by the right secret.
    let both = world.client_with(GitlabOptions { webhook_signing_token: signing, ..world.options(scope()) });
    let mut forged = headers.clone();
    forged.retain(|(name, _)| name != "webhook-signature");
    forged.push(("webhook-signature".to_owned(), "v1,AAAA".to_owned()));
    forged.push(("x-gitlab-token".to_owned(), HOOK_SECRET.to_owned()));
    assert_eq!(both.event(event(&forged, &body)), Err(DirectoryEventError::NotAuthentic));
    let silent = world.client_with(GitlabOptions { webhook_secret: None, ..world.options(scope()) });
    assert_eq!(silent.event(event(&headers, &body)), Err(DirectoryEventError::NotConfigured));
}

#[tokio::test]
async fn options_that_cannot_work_are_refused_by_key() {
    let world = World::new().await;
    let fault = |options: GitlabOptions| {
        let clock: Arc<dyn Clock> = Arc::<MockClock>::clone(&world.clock);
        connect(options, transport(), clock).map(|_| ()).unwrap_err().key
    };
    let options = || world.options(GitlabScope::Instance);
    assert_eq!(
        fault(GitlabOptions { base_url: "https://gitlab.com".parse().unwrap(), ..options() }),
        "group"
    );
    for path in ["", "/acme", "acme/", "acme/../x", "a b", "acme?x"] {
        assert_eq!(
            fault(GitlabOptions { scope: GitlabScope::Group(path.to_owned()), ..options() }),
            "group",
            "{path}"
        );
    }
    assert_eq!(
        fault(GitlabOptions { base_url: "http://gitlab.example".parse().unwrap(), ..options() }),
        "base_url"
    );
    assert_eq!(fault(GitlabOptions { token: Secret::new(""), ..options() }), "token");
    let short = Some(Secret::new("whsec_c2hvcnQ="));
    assert_eq!(fault(GitlabOptions { webhook_signing_token: short, ..options() }), "webhook_signing_token");
}
