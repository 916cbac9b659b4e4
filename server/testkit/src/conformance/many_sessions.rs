//! What is done to many sessions at once, and to the consents behind them.

use std::sync::Arc;

use portal_core::{
    oauth::{
        records::{AgentSession, AgentSessionFilter, ClientKind, Consent, EndReason, SessionLimits},
        registered::{ClientAuthentication, ClientRegistrar, RegisteredClient},
    },
    ports::Store,
    time::DAY_MS,
};
use portal_model::ScopeSet;

use super::fixtures::{
    add_users, agent_session, at, client, read, refresh_token, session_id, user_id, write,
};

const DYNAMIC: &str = "ptl-client-dynamic";

fn open() -> AgentSessionFilter {
    AgentSessionFilter { open_only: true, ..AgentSessionFilter::default() }
}

fn of_client(name: &str, user: u32, client_id: &str) -> AgentSession {
    let mut session = agent_session(name, user, 0);
    client_id.clone_into(&mut session.client.client_id);
    session
}

/// Sessions of two people with two documents and two registered clients, one of which has registered itself.
async fn add_kinds(store: &Arc<dyn Store>) {
    add_users(store, 2).await;
    let registered = |id: &str, registrar| RegisteredClient {
        client_id: id.to_owned(),
        name: id.to_owned(),
        redirect_uris: Vec::new(),
        authentication: ClientAuthentication::None,
        refresh_grant: true,
        registrar,
        created_at: at(0),
        used_at: None,
    };
    let itself = ClientRegistrar::Dynamic { address: None, network: "unknown".to_owned() };
    let by_admin = ClientRegistrar::Admin("user:default/ann".to_owned());
    let mut tx = write(store).await;
    assert!(tx.registered_client_insert(&registered(DYNAMIC, itself)).await.unwrap());
    assert!(tx.registered_client_insert(&registered("ptl-client-admin", by_admin)).await.unwrap());
    for session in [
        agent_session("a1", 1, 1),
        agent_session("a2", 2, 2),
        AgentSession { client: client("other"), ..agent_session("b", 1, 3) },
        of_client("d", 2, DYNAMIC),
        of_client("r", 1, "ptl-client-admin"),
        AgentSession { ended: Some((at(5), EndReason::Disconnected)), ..agent_session("ended", 1, 4) },
    ] {
        tx.agent_session_insert(&session).await.unwrap();
    }
    tx.commit().await.unwrap();
}

pub async fn sessions_are_told_by_client(store: Arc<dyn Store>) {
    add_kinds(&store).await;
    let mut reader = read(&store).await;
    let told = reader.agent_session_client_list(&open(), 2).await.unwrap();
    assert_eq!(told, [(client("agent"), 2), (client("other"), 1)]);
    assert_eq!(reader.agent_session_client_list(&open(), 9).await.unwrap().len(), 4);
    let nobody = AgentSessionFilter { user_id: Some(user_id(9)), ..open() };
    assert_eq!(reader.agent_session_client_list(&nobody, 9).await.unwrap(), []);
}

pub async fn sessions_of_a_kind_of_client_are_found(store: Arc<dyn Store>) {
    add_kinds(&store).await;
    let mut tx = write(&store).await;
    for (kind, expected) in [(ClientKind::Document, 3), (ClientKind::Dynamic, 1)] {
        let filter = AgentSessionFilter { clients: Some(kind), ..open() };
        assert_eq!(tx.agent_session_count(&filter).await.unwrap().0, expected, "{kind:?}");
        assert_eq!(
            i64::try_from(tx.agent_session_end_all(&filter, EndReason::EndedByAdmin, at(9)).await.unwrap()),
            Ok(expected),
            "{kind:?}"
        );
    }
    assert_eq!(
        tx.agent_session_list(&open(), None, 9).await.unwrap(),
        [of_client("r", 1, "ptl-client-admin")]
    );
}

pub async fn sessions_end_when_their_life_is_over(store: Arc<dyn Store>) {
    add_users(&store, 1).await;
    let limits = SessionLimits { token_days: 5, session_days: 10, access_ms: 1_000 };
    let granted =
        |days: u16| AgentSession { session_lifetime_days: days, ..agent_session(&format!("d{days}"), 1, 0) };
    let plain = AgentSession { refreshable: false, ..agent_session("plain", 1, 0) };
    let mut tx = write(&store).await;
    for session in [granted(3), granted(90), plain] {
        tx.agent_session_insert(&session).await.unwrap();
        let mut token = refresh_token(session.id.as_str(), "x");
        token.session_id = session.id;
        token.created_at = at(8 * DAY_MS);
        tx.refresh_token_insert(&token).await.unwrap();
    }
    let mut ends =
        async |ms: i64, limit: u32| tx.agent_session_end_expired(&limits, at(ms), limit).await.unwrap();
    assert_eq!(ends(999, 9).await, 0);
    assert_eq!(ends(1_000, 9).await, 1, "without refresh tokens it ends with its access token");
    assert_eq!(ends(3 * DAY_MS - 1, 9).await, 0);
    assert_eq!(ends(3 * DAY_MS, 0).await, 0, "the limit holds");
    assert_eq!(ends(3 * DAY_MS, 9).await, 1, "the shorter is what it was granted with");
    assert_eq!(ends(10 * DAY_MS - 1, 9).await, 0);
    assert_eq!(ends(10 * DAY_MS, 9).await, 1, "the shorter is what is in force now");
    let ended = tx.agent_session_by_id(&session_id("d90")).await.unwrap().unwrap().ended;
    assert_eq!(ended, Some((at(10 * DAY_MS), EndReason::Expired)));
}

pub async fn an_unused_session_is_over_when_its_token_is(store: Arc<dyn Store>) {
    add_users(&store, 1).await;
    let limits = SessionLimits { token_days: 5, session_days: 90, access_ms: 1_000 };
    let mut tx = write(&store).await;
    for (name, days) in [("short", 2), ("long", 14)] {
        let session = AgentSession { token_lifetime_days: days, ..agent_session(name, 1, 0) };
        tx.agent_session_insert(&session).await.unwrap();
        let mut token = refresh_token(name, name);
        token.created_at = at(0);
        tx.refresh_token_insert(&token).await.unwrap();
    }
    let mut ends = async |ms: i64| tx.agent_session_end_expired(&limits, at(ms), 9).await.unwrap();
    assert_eq!((ends(2 * DAY_MS - 1).await, ends(2 * DAY_MS).await), (0, 1));
    assert_eq!((ends(5 * DAY_MS - 1).await, ends(5 * DAY_MS).await), (0, 1));
}

pub async fn consents_are_forgotten_by_filter(store: Arc<dyn Store>) {
    add_kinds(&store).await;
    let agent = client("agent").client_id;
    let put = async || {
        let mut tx = write(&store).await;
        for (user, client_id) in [(1, agent.as_str()), (2, &agent), (1, "gone"), (2, DYNAMIC)] {
            let consent = Consent {
                user_id: user_id(user),
                client_id: client_id.to_owned(),
                redirect_uris_hash: String::new(),
                scope: ScopeSet::parse("mcp:read"),
                given_at: at(1),
            };
            tx.consent_put(&consent).await.unwrap();
        }
        tx.commit().await.unwrap();
    };
    let all = AgentSessionFilter::default();
    let dynamic = AgentSessionFilter { clients: Some(ClientKind::Dynamic), ..all.clone() };
    for (filter, expected) in [
        (AgentSessionFilter { user_id: Some(user_id(1)), ..all.clone() }, 2),
        (AgentSessionFilter { client_id: Some(agent.clone()), ..all.clone() }, 2),
        (AgentSessionFilter { client_id: Some("gone".to_owned()), ..all.clone() }, 1),
        (dynamic, 1),
        (AgentSessionFilter { search: "person 2".to_owned(), ..all.clone() }, 2),
        (AgentSessionFilter { search: "nobody".to_owned(), ..all.clone() }, 0),
        (all, 4),
    ] {
        put().await;
        let mut tx = write(&store).await;
        assert_eq!(tx.consent_delete_all(&filter).await.unwrap(), expected, "{filter:?}");
        tx.commit().await.unwrap();
    }
}
