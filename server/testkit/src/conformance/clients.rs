//! Remembered client documents and consents.

use std::sync::Arc;

use portal_core::{
    oauth::records::{Consent, StoredClientDocument},
    ports::Store,
};
use portal_model::ScopeSet;

use super::fixtures::{add_users, at, read, user_id, write};

fn document(name: &str, fetched_ms: i64) -> StoredClientDocument {
    StoredClientDocument {
        client_id: format!("https://{name}.example.org/client.json"),
        body: format!("{{\"client_name\":\"{name} at {fetched_ms}\"}}"),
        fetched_at: at(fetched_ms),
        fresh_until: at(fetched_ms + 100),
    }
}

pub async fn a_document_is_replaced(store: Arc<dyn Store>) {
    let mut tx = write(&store).await;
    for fetched in [1, 2] {
        tx.client_document_put(&document("a", fetched), 10).await.unwrap();
    }
    tx.client_document_put(&document("b", 1), 10).await.unwrap();
    tx.commit().await.unwrap();
    let mut reader = read(&store).await;
    for expected in [document("a", 2), document("b", 1)] {
        assert_eq!(reader.client_document_get(&expected.client_id).await.unwrap(), Some(expected));
    }
    // Client ids are compared byte for byte.
    assert_eq!(reader.client_document_get("https://A.example.org/client.json").await.unwrap(), None);
}

pub async fn the_oldest_documents_go(store: Arc<dyn Store>) {
    let mut tx = write(&store).await;
    for (name, fetched) in [("a", 3), ("b", 1), ("c", 2), ("d", 4)] {
        tx.client_document_put(&document(name, fetched), 3).await.unwrap();
    }
    for (name, there) in [("a", true), ("b", false), ("c", true), ("d", true)] {
        let found = tx.client_document_get(&document(name, 0).client_id).await.unwrap();
        assert_eq!(found.is_some(), there, "{name}");
    }
    // The one just put stays, however old it is.
    tx.client_document_put(&document("e", 0), 1).await.unwrap();
    for (name, there) in [("a", false), ("c", false), ("d", false), ("e", true)] {
        let found = tx.client_document_get(&document(name, 0).client_id).await.unwrap();
        assert_eq!(found.is_some(), there, "{name}");
    }
}

pub async fn a_consent_is_replaced(store: Arc<dyn Store>) {
    add_users(&store, 2).await;
    let consent = |user, client: &str, given| Consent {
        user_id: user_id(user),
        client_id: client.to_owned(),
        redirect_uris_hash: format!("hash-{given}"),
        scope: ScopeSet::parse("mcp:write"),
        given_at: at(given),
    };
    let mut tx = write(&store).await;
    for (user, client, given) in [(1, "a", 1), (1, "a", 2), (1, "b", 3), (2, "a", 4)] {
        tx.consent_put(&consent(user, client, given)).await.unwrap();
    }
    tx.commit().await.unwrap();
    let mut reader = read(&store).await;
    for (user, client, given) in [(1, "a", 2), (1, "b", 3), (2, "a", 4)] {
        let found = reader.consent_get(&user_id(user), client).await.unwrap();
        assert_eq!(found, Some(consent(user, client, given)));
    }
    assert_eq!(reader.consent_get(&user_id(2), "b").await.unwrap(), None);
    drop(reader);
    let mut tx = write(&store).await;
    assert_eq!(tx.consent_delete(&user_id(1), Some("c")).await.unwrap(), 0);
    assert_eq!(tx.consent_delete(&user_id(1), Some("a")).await.unwrap(), 1);
    assert_eq!(tx.consent_get(&user_id(1), "a").await.unwrap(), None);
    tx.consent_put(&consent(1, "a", 5)).await.unwrap();
    assert_eq!(tx.consent_delete(&user_id(1), None).await.unwrap(), 2);
    assert_eq!(tx.consent_get(&user_id(2), "a").await.unwrap(), Some(consent(2, "a", 4)));
}
