//! Event hooks.

use portal_core::{
    org::Subject,
    ports::{DirectoryClient, DirectoryEvent, DirectoryEventError, DirectoryEventRequest, PersonKey},
};
use portal_directory::okta::OktaOptions;
use portal_testkit::directories::Schemas;
use serde_json::Value;

use super::{super::reads::event, SECRET, VENDOR, World};

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
