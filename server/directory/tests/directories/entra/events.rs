//! Change notifications and the subscriptions to them.

use portal_core::{
    org::Subject,
    ports::{DirectoryClient, DirectoryEvent, DirectoryEventError, DirectoryEventRequest, PersonKey},
    secret::Secret,
    time::DAY_MS,
};
use portal_directory::entra::EntraOptions;
use portal_testkit::directories::{Fault, entra::guid};
use serde_json::{Value, json};
use url::Url;

use super::{
    super::reads::{event, read_all},
    STATE, World,
};

fn query(query: &str) -> DirectoryEventRequest<'_> {
    DirectoryEventRequest { method: "POST", headers: &[], query, body: b"" }
}

#[tokio::test]
async fn notifications_are_believed_by_their_secret_and_only_cause_reading() {
    let world = World::new().await;
    let client = world.client();
    let body = world.tenant.notification(STATE, &[&guid(1), &guid(2), &guid(1)]);
    let people = |ids: &[u32]| {
        DirectoryEvent::Reread(ids.iter().map(|id| PersonKey::Subject(Subject(guid(*id)))).collect())
    };
    assert_eq!(client.event(event(&[], &body)), Ok(people(&[1, 2])));
    let forged = world.tenant.notification("another secret", &[&guid(1)]);
    assert_eq!(client.event(event(&[], &forged)), Err(DirectoryEventError::NotAuthentic));
    let mut half: Value = serde_json::from_slice(&body).unwrap();
    half["value"][1]["clientState"] = json!("x");
    assert_eq!(client.event(event(&[], half.to_string().as_bytes())), Err(DirectoryEventError::NotAuthentic));
    let change = |pairs: &[(&str, Value)]| {
        let mut one: Value = serde_json::from_slice(&body).unwrap();
        for (key, value) in pairs {
            one["value"][0][*key] = value.clone();
        }
        one.to_string()
    };
    for lifecycle in ["reauthorizationRequired", "subscriptionRemoved", "missed"] {
        let body = change(&[("lifecycleEvent", json!(lifecycle))]);
        assert_eq!(client.event(event(&[], body.as_bytes())), Ok(DirectoryEvent::Run));
    }
    let group = change(&[("resource", json!(format!("Groups/{}", guid(100))))]);
    assert_eq!(client.event(event(&[], group.as_bytes())), Ok(DirectoryEvent::Run));
    let path = change(&[("resourceData", Value::Null), ("resource", json!("users/../admin"))]);
    assert_eq!(client.event(event(&[], path.as_bytes())), Ok(DirectoryEvent::Run));
    for broken in ["", "{}", "{\"value\":1}"] {
        assert!(matches!(
            client.event(event(&[], broken.as_bytes())),
            Err(DirectoryEventError::Malformed(_))
        ));
    }
    assert_eq!(client.event(event(&[], b"{\"value\":[]}")), Err(DirectoryEventError::NotAuthentic));
    let none = world.client_of(EntraOptions { webhook_secret: None, ..world.options() });
    assert_eq!(none.event(event(&[], &body)), Err(DirectoryEventError::NotConfigured));
    assert_eq!(none.event(query("validationToken=a")), Err(DirectoryEventError::NotConfigured));
}

#[tokio::test]
async fn the_check_of_the_endpoint_is_answered_with_what_it_sent() {
    let client = World::new().await.client();
    let token = "Validation: Testing client application reachability for subscription Request-Id: 1";
    let sent = query(
        "validationToken=Validation%3a+Testing+client+application+reachability+for+subscription+Request-Id%3a+1",
    );
    let answer = DirectoryEvent::Challenge { content_type: "text/plain", body: token.to_owned() };
    assert_eq!(client.event(sent), Ok(answer));
    let long = format!("validationToken={}", "x".repeat(1_025));
    for bad in ["validationToken=", "validationToken=a%0ab", "validationToken=%C3%A9", long.as_str()] {
        assert!(matches!(client.event(query(bad)), Err(DirectoryEventError::Malformed(_))), "{bad}");
    }
}

#[tokio::test]
async fn subscriptions_are_made_once_renewed_in_time_and_follow_the_secret() {
    let world = World::new().await;
    world.people();
    let address = Url::parse("https://portal.example.com/webhooks/entra").unwrap();
    let options = EntraOptions { notification_url: Some(address), ..world.options() };
    let client = world.client_of(options.clone());
    read_all(&client).await.unwrap();
    let first = world.tenant.subscriptions();
    assert_eq!(first.iter().map(|(resource, ..)| resource.as_str()).collect::<Vec<_>>(), ["users", "groups"]);
    read_all(&client).await.unwrap();
    assert_eq!(world.tenant.subscriptions(), first, "nothing to do");
    world.clock.advance(20 * DAY_MS);
    read_all(&client).await.unwrap();
    let renewed = world.tenant.subscriptions();
    assert_eq!(renewed.len(), 2);
    assert!(renewed.iter().zip(&first).all(|(new, old)| new.1 == old.1 && new.2 > old.2));
    let secret = Some(Secret::new("another-secret-of-notifications"));
    let client = world.client_of(EntraOptions { webhook_secret: secret, ..options });
    read_all(&client).await.unwrap();
    let replaced = world.tenant.subscriptions();
    assert_eq!(replaced.len(), 2);
    assert!(replaced.iter().zip(&first).all(|(new, old)| new.1 != old.1));
    // What goes wrong here does not stop the read, and the test of the connection says it.
    world.server.faults.always("/v1.0/subscriptions", Fault::status(403));
    assert_eq!(read_all(&client).await.unwrap().active().len(), 3);
    let report = client.check().await.unwrap();
    assert!(!report.permissions[2].granted);
    world.demand_valid();
}
