//! Access tokens and refresh tokens.

use std::sync::Arc;

use portal_core::{
    identity::User,
    oauth::records::{
        AccessToken, AgentSession, AuthorizationRequest, EndReason, RefreshState, RefreshToken,
    },
    ports::{Store, WriteTransaction, store::PresentedRefreshToken},
};
use portal_model::ScopeSet;

use super::fixtures::{
    access_token, add_session, agent_session, at, client, entity, hash, publish, read, refresh_token,
    session_id, user, write,
};

async fn refresh_state(tx: &mut Box<dyn WriteTransaction>, name: &str) -> RefreshState {
    tx.refresh_token_by_hash(&hash(name)).await.unwrap().unwrap().state
}

pub async fn an_access_token_comes_with_session_and_account(store: Arc<dyn Store>) {
    add_session(&store, "s").await;
    let plain = AccessToken {
        refresh_hash: None,
        scope: ScopeSet::parse("mcp:write offline_access"),
        ..access_token("plain", "s")
    };
    let mut tx = write(&store).await;
    tx.access_token_insert(&access_token("full", "s")).await.unwrap();
    tx.access_token_insert(&plain).await.unwrap();
    tx.user_raise_epoch(&user(1).id).await.unwrap();
    tx.commit().await.unwrap();
    let account = User { revocation_epoch: 1, ..user(1) };
    let session: AgentSession = agent_session("s", 1, 0);
    let mut reader = read(&store).await;
    let found = reader.access_token_by_hash(&hash("full")).await.unwrap();
    assert_eq!(found, Some((access_token("full", "s"), session.clone(), account.clone())));
    assert_eq!(reader.access_token_by_hash(&hash("plain")).await.unwrap(), Some((plain, session, account)));
    assert_eq!(reader.access_token_by_hash(&hash("none")).await.unwrap(), None);
}

pub async fn an_access_token_is_deleted(store: Arc<dyn Store>) {
    add_session(&store, "s").await;
    let mut tx = write(&store).await;
    tx.access_token_insert(&access_token("a", "s")).await.unwrap();
    assert!(tx.access_token_delete(&hash("a")).await.unwrap());
    assert!(!tx.access_token_delete(&hash("a")).await.unwrap());
    assert_eq!(tx.access_token_by_hash(&hash("a")).await.unwrap(), None);
}

pub async fn a_refresh_token_is_rotated_once(store: Arc<dyn Store>) {
    add_session(&store, "s").await;
    let rotated = RefreshToken {
        confirmed_at: Some(at(1)),
        state: RefreshState::Rotated { at: at(2), successor: hash("x"), sealed_answer: None },
        ..refresh_token("rotated", "s")
    };
    let mut tx = write(&store).await;
    tx.refresh_token_insert(&refresh_token("a", "s")).await.unwrap();
    tx.refresh_token_insert(&rotated).await.unwrap();
    assert_eq!(tx.refresh_token_by_hash(&hash("a")).await.unwrap(), Some(refresh_token("a", "s")));
    assert_eq!(tx.refresh_token_by_hash(&hash("rotated")).await.unwrap(), Some(rotated));
    assert!(tx.refresh_token_rotate(&hash("a"), &hash("b"), b"\0sealed\xff", at(5)).await.unwrap());
    assert!(!tx.refresh_token_rotate(&hash("a"), &hash("c"), b"other", at(6)).await.unwrap());
    assert!(!tx.refresh_token_rotate(&hash("none"), &hash("c"), b"other", at(6)).await.unwrap());
    tx.commit().await.unwrap();
    let found = read(&store).await.refresh_token_by_hash(&hash("a")).await.unwrap().unwrap();
    let sealed_answer = Some(b"\0sealed\xff".to_vec());
    assert_eq!(found.state, RefreshState::Rotated { at: at(5), successor: hash("b"), sealed_answer });
    assert_eq!(found.confirmed_at, Some(at(5)));
}

pub async fn a_presented_refresh_token_comes_with_all_that_decides(store: Arc<dyn Store>) {
    add_session(&store, "s").await;
    let mut tx = write(&store).await;
    tx.refresh_token_insert(&refresh_token("a", "s")).await.unwrap();
    tx.commit().await.unwrap();
    let expected = |in_catalog| PresentedRefreshToken {
        token: refresh_token("a", "s"),
        session: agent_session("s", 1, 0),
        user: user(1),
        in_catalog,
    };
    let presented = async || read(&store).await.refresh_token_presented(&hash("a")).await.unwrap();
    assert_eq!(presented().await, Some(expected(false)));
    publish(&store, "l", "1", &[entity(&user(1).entity_ref.to_string(), &[])]).await;
    assert_eq!(presented().await, Some(expected(true)));
    assert_eq!(read(&store).await.refresh_token_presented(&hash("none")).await.unwrap(), None);
}

pub async fn two_rotations_at_once(store: Arc<dyn Store>) {
    add_session(&store, "s").await;
    let mut tx = write(&store).await;
    tx.refresh_token_insert(&refresh_token("a", "s")).await.unwrap();
    tx.commit().await.unwrap();
    let rotate = |successor: &'static str| {
        let store = &store;
        async move {
            let mut tx = write(store).await;
            let done = tx
                .refresh_token_rotate(&hash("a"), &hash(successor), successor.as_bytes(), at(5))
                .await
                .unwrap();
            if done {
                tx.refresh_token_insert(&refresh_token(successor, "s")).await.unwrap();
            }
            tokio::task::yield_now().await;
            tx.commit().await.unwrap();
            done
        }
    };
    let (first, second, third) = tokio::join!(rotate("b"), rotate("c"), rotate("d"));
    let winners: Vec<&str> = [(first, "b"), (second, "c"), (third, "d")]
        .into_iter()
        .filter_map(|(done, name)| done.then_some(name))
        .collect();
    assert_eq!(winners.len(), 1, "{winners:?}");
    let mut tx = write(&store).await;
    let state = refresh_state(&mut tx, "a").await;
    let sealed_answer = Some(winners[0].as_bytes().to_vec());
    assert_eq!(state, RefreshState::Rotated { at: at(5), successor: hash(winners[0]), sealed_answer });
}

pub async fn a_refresh_token_is_confirmed_once(store: Arc<dyn Store>) {
    add_session(&store, "s").await;
    let mut tx = write(&store).await;
    tx.refresh_token_insert(&refresh_token("a", "s")).await.unwrap();
    assert!(tx.refresh_token_confirm(&hash("a"), at(7)).await.unwrap());
    assert!(!tx.refresh_token_confirm(&hash("a"), at(8)).await.unwrap());
    assert!(!tx.refresh_token_confirm(&hash("none"), at(8)).await.unwrap());
    let found = tx.refresh_token_by_hash(&hash("a")).await.unwrap().unwrap();
    assert_eq!(found, RefreshToken { confirmed_at: Some(at(7)), ..refresh_token("a", "s") });
}

pub async fn sealed_answers_go_after_confirmation(store: Arc<dyn Store>) {
    add_session(&store, "s").await;
    let mut tx = write(&store).await;
    for name in ["a", "b", "c", "d"] {
        tx.refresh_token_insert(&refresh_token(name, "s")).await.unwrap();
    }
    // Each rotation confirms the token that it replaces.
    for (name, successor, ms) in [("a", "b", 5), ("b", "c", 10), ("c", "d", 20)] {
        assert!(tx.refresh_token_rotate(&hash(name), &hash(successor), b"sealed", at(ms)).await.unwrap());
    }
    assert_eq!(tx.sealed_answer_prune(at(20)).await.unwrap(), 1);
    assert_eq!(tx.sealed_answer_prune(at(20)).await.unwrap(), 0);
    for (name, successor, ms, there) in [("a", "b", 5, false), ("b", "c", 10, true), ("c", "d", 20, true)] {
        let sealed_answer = there.then(|| b"sealed".to_vec());
        let expected = RefreshState::Rotated { at: at(ms), successor: hash(successor), sealed_answer };
        assert_eq!(refresh_state(&mut tx, name).await, expected, "{name}");
    }
}

pub async fn what_ended_is_pruned(store: Arc<dyn Store>) {
    add_session(&store, "open").await;
    let mut tx = write(&store).await;
    for (name, ended) in [("old", 10), ("edge", 20)] {
        let ended = Some((at(ended), EndReason::Disconnected));
        tx.agent_session_insert(&AgentSession { ended, ..agent_session(name, 1, 1) }).await.unwrap();
        tx.refresh_token_insert(&refresh_token(&format!("refresh-{name}"), name)).await.unwrap();
        let token = AccessToken { expires_at: at(99), ..access_token(&format!("access-{name}"), name) };
        tx.access_token_insert(&token).await.unwrap();
    }
    for (name, expires_at) in [("expired", at(19)), ("valid", at(20))] {
        tx.access_token_insert(&AccessToken { expires_at, ..access_token(name, "open") }).await.unwrap();
        let request = AuthorizationRequest { expires_at, ..request(name) };
        tx.authorization_request_insert(&request).await.unwrap();
    }
    // Both went: two access tokens, one request, one refresh token and the session of `old`.
    assert_eq!(tx.oauth_prune(at(20), 100).await.unwrap(), 5);
    assert_eq!(tx.oauth_prune(at(20), 100).await.unwrap(), 0);
    for (name, there) in [("old", false), ("edge", true), ("open", true)] {
        assert_eq!(tx.agent_session_by_id(&session_id(name)).await.unwrap().is_some(), there, "{name}");
    }
    for (name, there) in [("access-old", false), ("access-edge", true), ("expired", false), ("valid", true)] {
        assert_eq!(tx.access_token_by_hash(&hash(name)).await.unwrap().is_some(), there, "{name}");
    }
    for (name, there) in [("refresh-old", false), ("refresh-edge", true)] {
        assert_eq!(tx.refresh_token_by_hash(&hash(name)).await.unwrap().is_some(), there, "{name}");
    }
    for (name, there) in [("expired", false), ("valid", true)] {
        let found = tx.authorization_request_by_hash(&hash(name)).await.unwrap();
        assert_eq!(found.is_some(), there, "{name}");
    }
    tx.commit().await.unwrap();
}

pub async fn a_prune_keeps_to_its_limit(store: Arc<dyn Store>) {
    add_session(&store, "s").await;
    let mut tx = write(&store).await;
    for name in ["a", "b", "c"] {
        tx.access_token_insert(&AccessToken { expires_at: at(5), ..access_token(name, "s") }).await.unwrap();
    }
    assert_eq!(tx.oauth_prune(at(20), 2).await.unwrap(), 2);
    assert_eq!(tx.oauth_prune(at(20), 2).await.unwrap(), 1);
    // A session goes only when nothing points at it any more.
    tx.agent_session_end(&session_id("s"), EndReason::Expired, at(6)).await.unwrap();
    for name in ["d", "e", "f"] {
        tx.refresh_token_insert(&refresh_token(name, "s")).await.unwrap();
    }
    assert_eq!(tx.oauth_prune(at(20), 2).await.unwrap(), 2);
    assert!(tx.agent_session_by_id(&session_id("s")).await.unwrap().is_some());
    assert_eq!(tx.oauth_prune(at(20), 2).await.unwrap(), 2);
    assert_eq!(tx.agent_session_by_id(&session_id("s")).await.unwrap(), None);
    tx.commit().await.unwrap();
}

/// Its holder may not have got the answer, and come for it later.
pub async fn an_unconfirmed_successor_keeps_its_predecessor(store: Arc<dyn Store>) {
    add_session(&store, "s").await;
    let mut tx = write(&store).await;
    for name in ["a", "b", "c"] {
        tx.refresh_token_insert(&refresh_token(name, "s")).await.unwrap();
    }
    tx.refresh_token_rotate(&hash("a"), &hash("b"), b"sealed", at(5)).await.unwrap();
    tx.refresh_token_confirm(&hash("b"), at(6)).await.unwrap();
    tx.refresh_token_rotate(&hash("b"), &hash("c"), b"sealed", at(7)).await.unwrap();
    assert_eq!(tx.oauth_prune(at(20), 100).await.unwrap(), 1);
    assert_eq!(tx.refresh_token_by_hash(&hash("a")).await.unwrap(), None);
    assert!(tx.refresh_token_by_hash(&hash("b")).await.unwrap().is_some());
    assert!(tx.refresh_token_by_hash(&hash("c")).await.unwrap().is_some());
}

fn request(name: &str) -> AuthorizationRequest {
    AuthorizationRequest {
        hash: hash(name),
        browser_hash: hash("browser"),
        client: client("agent"),
        redirect_uri: "http://127.0.0.1/".to_owned(),
        scope: ScopeSet::DEFAULT,
        state: None,
        resource: "https://portal.example.org/api/mcp-actions/v1".to_owned(),
        code_challenge: "challenge".to_owned(),
        prompt_consent: false,
        prompt_login: false,
        created_at: at(1),
        expires_at: at(2),
        answered_at: None,
    }
}
