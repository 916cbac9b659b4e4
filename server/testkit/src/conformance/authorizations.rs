//! Authorization requests and codes.

use std::sync::Arc;

use portal_core::{
    oauth::records::{AuthorizationCode, AuthorizationRequest, ClientSnapshot, DocumentOrigin},
    ports::Store,
};
use portal_model::ScopeSet;

use super::fixtures::{add_users, at, client, hash, read, session_id, user_id, write};

fn request(name: &str) -> AuthorizationRequest {
    AuthorizationRequest {
        hash: hash(name),
        browser_hash: hash("browser"),
        client: client("agent"),
        redirect_uri: "http://127.0.0.1:3000/callback?a=b".to_owned(),
        scope: ScopeSet::parse("mcp:destructive offline_access"),
        state: Some("state \" % ' ✓".to_owned()),
        resource: "https://portal.example.org/api/mcp-actions/v1".to_owned(),
        code_challenge: "challenge".to_owned(),
        prompt_consent: true,
        prompt_login: false,
        created_at: at(1),
        expires_at: at(100),
        answered_at: None,
    }
}

fn code(name: &str) -> AuthorizationCode {
    AuthorizationCode {
        hash: hash(name),
        user_id: user_id(1),
        epoch: 4,
        client: client("agent"),
        redirect_uri: "http://127.0.0.1:3000/callback".to_owned(),
        scope: ScopeSet::parse("mcp:read"),
        resource: "https://portal.example.org/api/mcp-actions/v1".to_owned(),
        code_challenge: "challenge".to_owned(),
        created_at: at(1),
        expires_at: at(100),
        session_id: None,
    }
}

pub async fn a_request_comes_back_as_it_went(store: Arc<dyn Store>) {
    let full = request("full");
    let bare = AuthorizationRequest {
        client: ClientSnapshot {
            origin: DocumentOrigin::Live,
            lists_refresh_grant: false,
            ..client("other")
        },
        state: None,
        prompt_consent: false,
        prompt_login: true,
        ..request("bare")
    };
    let mut tx = write(&store).await;
    tx.authorization_request_insert(&full).await.unwrap();
    tx.authorization_request_insert(&bare).await.unwrap();
    tx.commit().await.unwrap();
    let mut reader = read(&store).await;
    assert_eq!(reader.authorization_request_by_hash(&hash("full")).await.unwrap(), Some(full));
    assert_eq!(reader.authorization_request_by_hash(&hash("bare")).await.unwrap(), Some(bare));
    assert_eq!(reader.authorization_request_by_hash(&hash("none")).await.unwrap(), None);
}

pub async fn a_request_is_answered_once(store: Arc<dyn Store>) {
    let mut tx = write(&store).await;
    tx.authorization_request_insert(&request("a")).await.unwrap();
    assert!(tx.authorization_request_answer(&hash("a"), at(99)).await.unwrap());
    assert!(!tx.authorization_request_answer(&hash("a"), at(99)).await.unwrap());
    assert!(!tx.authorization_request_answer(&hash("b"), at(99)).await.unwrap());
    let answered = tx.authorization_request_by_hash(&hash("a")).await.unwrap().unwrap();
    assert_eq!(answered.answered_at, Some(at(99)));
}

pub async fn an_expired_request_is_not_answered(store: Arc<dyn Store>) {
    let mut tx = write(&store).await;
    tx.authorization_request_insert(&request("a")).await.unwrap();
    assert!(!tx.authorization_request_answer(&hash("a"), at(100)).await.unwrap());
    assert_eq!(tx.authorization_request_by_hash(&hash("a")).await.unwrap(), Some(request("a")));
}

pub async fn a_code_comes_back_as_it_went(store: Arc<dyn Store>) {
    add_users(&store, 1).await;
    let used = AuthorizationCode { session_id: Some(session_id("s")), ..code("used") };
    let mut tx = write(&store).await;
    tx.authorization_code_insert(&code("unused")).await.unwrap();
    tx.authorization_code_insert(&used).await.unwrap();
    tx.commit().await.unwrap();
    let mut reader = read(&store).await;
    assert_eq!(reader.authorization_code_by_hash(&hash("unused")).await.unwrap(), Some(code("unused")));
    assert_eq!(reader.authorization_code_by_hash(&hash("used")).await.unwrap(), Some(used));
    assert_eq!(reader.authorization_code_by_hash(&hash("none")).await.unwrap(), None);
}

/// The session need not be there yet, and an expired code is marked too: the caller judges its time.
pub async fn a_code_is_used_once(store: Arc<dyn Store>) {
    add_users(&store, 1).await;
    let mut tx = write(&store).await;
    tx.authorization_code_insert(&code("a")).await.unwrap();
    assert!(tx.authorization_code_consume(&hash("a"), &session_id("first"), at(500)).await.unwrap());
    assert!(!tx.authorization_code_consume(&hash("a"), &session_id("second"), at(501)).await.unwrap());
    assert!(!tx.authorization_code_consume(&hash("b"), &session_id("first"), at(2)).await.unwrap());
    tx.commit().await.unwrap();
    let used = read(&store).await.authorization_code_by_hash(&hash("a")).await.unwrap().unwrap();
    assert_eq!(used.session_id, Some(session_id("first")));
}

pub async fn two_uses_of_a_code_at_once(store: Arc<dyn Store>) {
    add_users(&store, 1).await;
    let mut tx = write(&store).await;
    tx.authorization_code_insert(&code("a")).await.unwrap();
    tx.commit().await.unwrap();
    let consume = |name: &'static str| {
        let store = &store;
        async move {
            let mut tx = write(store).await;
            let used = tx.authorization_code_consume(&hash("a"), &session_id(name), at(2)).await.unwrap();
            tokio::task::yield_now().await;
            tx.commit().await.unwrap();
            used
        }
    };
    let (first, second) = tokio::join!(consume("first"), consume("second"));
    assert!(first != second, "exactly one of them used the code");
}
