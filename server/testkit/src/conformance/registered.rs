//! Registered clients, and client assertions.

use std::sync::Arc;

use portal_core::{
    oauth::registered::{ClientAuthentication, ClientRegistrar, RegisteredClient, RegisteredClientFilter},
    ports::Store,
};

use super::fixtures::{at, hash, read, write};

fn admin_client(name: &str, created_ms: i64) -> RegisteredClient {
    RegisteredClient {
        client_id: format!("ptl-client-{name}"),
        name: format!("Agent \"{name}\" ✓"),
        redirect_uris: vec![format!("https://{name}.example.org/cb"), "http://127.0.0.1/".to_owned()],
        authentication: ClientAuthentication::SecretBasic(hash(name)),
        refresh_grant: true,
        registrar: ClientRegistrar::Admin("user:default/ann".to_owned()),
        created_at: at(created_ms),
        used_at: None,
    }
}

fn dynamic_client(name: &str, created_ms: i64) -> RegisteredClient {
    RegisteredClient {
        authentication: ClientAuthentication::None,
        refresh_grant: false,
        registrar: ClientRegistrar::Dynamic {
            address: Some("203.0.113.7".to_owned()),
            network: "203.0.113.7".to_owned(),
        },
        ..admin_client(name, created_ms)
    }
}

async fn add(store: &Arc<dyn Store>, clients: &[RegisteredClient]) {
    let mut tx = write(store).await;
    for client in clients {
        assert!(tx.registered_client_insert(client).await.unwrap());
    }
    tx.commit().await.unwrap();
}

fn ids(clients: &[RegisteredClient]) -> Vec<&str> {
    clients.iter().map(|client| client.client_id.trim_start_matches("ptl-client-")).collect()
}

pub async fn a_client_comes_back_as_it_went(store: Arc<dyn Store>) {
    let post = RegisteredClient {
        authentication: ClientAuthentication::SecretPost(hash("post")),
        registrar: ClientRegistrar::Dynamic { address: None, network: "unknown".to_owned() },
        used_at: Some(at(9)),
        ..admin_client("post", 3)
    };
    let clients = [admin_client("basic", 1), dynamic_client("public", 2), post];
    add(&store, &clients).await;
    let mut reader = read(&store).await;
    for client in clients {
        let found = reader.registered_client_by_id(&client.client_id).await.unwrap();
        assert_eq!(found, Some(client));
    }
    // Ids are compared byte for byte.
    assert_eq!(reader.registered_client_by_id("ptl-client-BASIC").await.unwrap(), None);
    let mut tx = write(&store).await;
    assert!(!tx.registered_client_insert(&dynamic_client("basic", 5)).await.unwrap(), "the id is taken");
}

pub async fn only_confidential_clients_get_a_new_secret(store: Arc<dyn Store>) {
    add(&store, &[admin_client("basic", 1), dynamic_client("public", 2)]).await;
    let mut tx = write(&store).await;
    assert!(tx.registered_client_set_secret("ptl-client-basic", &hash("new")).await.unwrap());
    assert!(!tx.registered_client_set_secret("ptl-client-public", &hash("new")).await.unwrap());
    assert!(!tx.registered_client_set_secret("ptl-client-none", &hash("new")).await.unwrap());
    let found = tx.registered_client_by_id("ptl-client-basic").await.unwrap().unwrap();
    assert_eq!(found.authentication, ClientAuthentication::SecretBasic(hash("new")));
}

pub async fn clients_are_listed_newest_first(store: Arc<dyn Store>) {
    let clients =
        [admin_client("a", 1), dynamic_client("b", 3), admin_client("c", 3), dynamic_client("d", 2)];
    add(&store, &clients).await;
    let mut reader = read(&store).await;
    let all = RegisteredClientFilter::default();
    assert_eq!(ids(&reader.registered_client_list(&all, None, 10).await.unwrap()), ["b", "c", "d", "a"]);
    let page = reader.registered_client_list(&all, Some("ptl-client-b"), 2).await.unwrap();
    assert_eq!(ids(&page), ["c", "d"]);
    for (dynamic, search, expected) in [
        (Some(true), "", vec!["b", "d"]),
        (Some(false), "", vec!["c", "a"]),
        (None, "AGENT \"C", vec!["c"]),
        (None, "ptl-CLIENT-d", vec!["d"]),
        (Some(false), "%", vec![]),
    ] {
        let filter = RegisteredClientFilter {
            dynamic,
            search: search.to_owned(),
            ..RegisteredClientFilter::default()
        };
        let found = reader.registered_client_list(&filter, None, 10).await.unwrap();
        assert_eq!(ids(&found), expected, "{filter:?}");
        let count = reader.registered_client_count(&filter).await.unwrap();
        assert_eq!(usize::try_from(count).unwrap(), expected.len(), "{filter:?}");
    }
}

pub async fn a_client_is_touched_and_deleted(store: Arc<dyn Store>) {
    add(&store, &[admin_client("a", 1)]).await;
    let mut tx = write(&store).await;
    for (used, expected) in [(5, 5), (4, 5), (6, 6)] {
        tx.registered_client_touch("ptl-client-a", at(used)).await.unwrap();
        let found = tx.registered_client_by_id("ptl-client-a").await.unwrap().unwrap();
        assert_eq!(found.used_at, Some(at(expected)));
    }
    assert!(tx.registered_client_delete("ptl-client-a").await.unwrap());
    assert!(!tx.registered_client_delete("ptl-client-a").await.unwrap());
}

pub async fn unused_dynamic_clients_are_pruned(store: Arc<dyn Store>) {
    let used = RegisteredClient { used_at: Some(at(10)), ..dynamic_client("used", 1) };
    let clients = [
        admin_client("admin", 1),
        dynamic_client("old", 9),
        dynamic_client("older", 8),
        dynamic_client("new", 10),
        used,
    ];
    add(&store, &clients).await;
    let mut tx = write(&store).await;
    assert_eq!(tx.registered_client_prune(at(10), 1).await.unwrap(), 1, "the limit holds");
    assert_eq!(tx.registered_client_prune(at(10), 9).await.unwrap(), 1);
    let left = tx.registered_client_list(&RegisteredClientFilter::default(), None, 10).await.unwrap();
    assert_eq!(ids(&left), ["new", "admin", "used"]);
}

pub async fn unused_dynamic_clients_give_way_by_network(store: Arc<dyn Store>) {
    let from = |name: &str, network: &str, created_ms| RegisteredClient {
        registrar: ClientRegistrar::Dynamic { address: None, network: network.to_owned() },
        ..dynamic_client(name, created_ms)
    };
    let used = RegisteredClient { used_at: Some(at(10)), ..from("used", "x", 1) };
    let clients = [
        admin_client("admin", 1),
        used,
        from("x1", "x", 2),
        from("x2", "x", 3),
        from("x3", "x", 4),
        from("y", "y", 2),
    ];
    add(&store, &clients).await;
    let mut tx = write(&store).await;
    let unused_of_x = RegisteredClientFilter {
        network: Some("x".to_owned()),
        unused_only: true,
        ..RegisteredClientFilter::default()
    };
    assert_eq!(tx.registered_client_count(&unused_of_x).await.unwrap(), 3);
    assert_eq!(tx.registered_client_evict(Some("x"), 2).await.unwrap(), 2);
    let left = tx.registered_client_list(&RegisteredClientFilter::default(), None, 10).await.unwrap();
    assert_eq!(ids(&left), ["x3", "y", "admin", "used"]);
    assert_eq!(tx.registered_client_evict(None, 1).await.unwrap(), 1, "the oldest of all");
    assert_eq!(tx.registered_client_evict(None, 9).await.unwrap(), 1);
    let left = tx.registered_client_list(&RegisteredClientFilter::default(), None, 10).await.unwrap();
    assert_eq!(ids(&left), ["admin", "used"]);
}

pub async fn an_assertion_is_taken_once(store: Arc<dyn Store>) {
    let mut tx = write(&store).await;
    assert!(tx.assertion_record(&hash("a"), at(10)).await.unwrap());
    assert!(!tx.assertion_record(&hash("a"), at(20)).await.unwrap());
    assert!(tx.assertion_record(&hash("b"), at(20)).await.unwrap());
    assert!(tx.assertion_record(&hash("c"), at(9)).await.unwrap());
    assert_eq!(tx.assertion_prune(at(20), 1).await.unwrap(), 1, "the limit holds");
    assert_eq!(tx.assertion_prune(at(20), 9).await.unwrap(), 1);
    assert!(tx.assertion_record(&hash("a"), at(30)).await.unwrap(), "forgotten");
    assert!(!tx.assertion_record(&hash("b"), at(30)).await.unwrap(), "still known");
}

pub async fn two_uses_of_an_assertion_at_once(store: Arc<dyn Store>) {
    let use_it = |store: Arc<dyn Store>| async move {
        let mut tx = write(&store).await;
        let first = tx.assertion_record(&hash("a"), at(10)).await.unwrap();
        tx.commit().await.unwrap();
        first
    };
    let (one, other) = tokio::join!(use_it(Arc::clone(&store)), use_it(Arc::clone(&store)));
    assert!(one != other, "exactly one wins: {one} {other}");
}
