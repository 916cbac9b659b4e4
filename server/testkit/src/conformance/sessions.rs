//! Agent sessions.

use std::sync::Arc;

use portal_core::{
    ids::AgentSessionId,
    oauth::records::{AgentSession, AgentSessionFilter, EndReason},
    ports::Store,
};

use super::fixtures::{add_users, agent_session, at, client, read, session_id, user_id, write};

fn ids(sessions: Vec<AgentSession>) -> Vec<AgentSessionId> {
    sessions.into_iter().map(|session| session.id).collect()
}

/// Sessions of two people and two clients; `ended` and `plain` differ as their names say.
async fn add_mixed(store: &Arc<dyn Store>) {
    add_users(store, 2).await;
    let mut tx = write(store).await;
    let ended = Some((at(50), EndReason::Disconnected));
    for session in [
        agent_session("a", 1, 10),
        agent_session("b", 2, 20),
        AgentSession { ended, ..agent_session("ended", 1, 30) },
        AgentSession { refreshable: false, ..agent_session("plain", 1, 40) },
        AgentSession { client: client("other"), ..agent_session("other", 1, 50) },
    ] {
        tx.agent_session_insert(&session).await.unwrap();
    }
    tx.commit().await.unwrap();
}

pub async fn a_session_comes_back_as_it_went(store: Arc<dyn Store>) {
    add_users(&store, 1).await;
    let full = AgentSession {
        used_at: Some(at(9)),
        used_from: Some("192.0.2.1".to_owned()),
        refreshable: false,
        token_lifetime_days: 1,
        session_lifetime_days: u16::MAX,
        ..agent_session("full", 1, 5)
    };
    let mut tx = write(&store).await;
    tx.agent_session_insert(&full).await.unwrap();
    tx.agent_session_insert(&agent_session("bare", 1, 6)).await.unwrap();
    for reason in EndReason::ALL {
        let ended = AgentSession { ended: Some((at(8), reason)), ..agent_session(reason.as_str(), 1, 7) };
        tx.agent_session_insert(&ended).await.unwrap();
        assert_eq!(tx.agent_session_by_id(&ended.id).await.unwrap(), Some(ended));
    }
    tx.commit().await.unwrap();
    let mut reader = read(&store).await;
    assert_eq!(reader.agent_session_by_id(&session_id("full")).await.unwrap(), Some(full));
    let bare = reader.agent_session_by_id(&session_id("bare")).await.unwrap();
    assert_eq!(bare, Some(agent_session("bare", 1, 6)));
    assert_eq!(reader.agent_session_by_id(&session_id("none")).await.unwrap(), None);
}

pub async fn a_session_ends_once(store: Arc<dyn Store>) {
    add_users(&store, 1).await;
    let mut tx = write(&store).await;
    tx.agent_session_insert(&agent_session("a", 1, 5)).await.unwrap();
    assert!(tx.agent_session_end(&session_id("a"), EndReason::TokenReplayed, at(9)).await.unwrap());
    assert!(!tx.agent_session_end(&session_id("a"), EndReason::Disconnected, at(10)).await.unwrap());
    assert!(!tx.agent_session_end(&session_id("b"), EndReason::Disconnected, at(10)).await.unwrap());
    let ended = tx.agent_session_by_id(&session_id("a")).await.unwrap().unwrap().ended;
    assert_eq!(ended, Some((at(9), EndReason::TokenReplayed)));
}

pub async fn sessions_are_listed_newest_first(store: Arc<dyn Store>) {
    add_users(&store, 1).await;
    let mut tx = write(&store).await;
    for (name, created) in [("b", 10), ("a", 10), ("c", 10), ("new", 20), ("old", 5)] {
        tx.agent_session_insert(&agent_session(name, 1, created)).await.unwrap();
    }
    let filter = AgentSessionFilter::default();
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = ids(tx.agent_session_list(&filter, after.as_ref(), 2).await.unwrap());
        let Some(last) = page.last() else { break };
        after = Some(last.clone());
        seen.extend(page);
    }
    assert_eq!(seen, ["new", "a", "b", "c", "old"].map(session_id));
    assert_eq!(tx.agent_session_list(&filter, Some(&session_id("none")), 2).await.unwrap(), []);
}

pub async fn filters_are_combined(store: Arc<dyn Store>) {
    add_mixed(&store).await;
    let agent = client("agent").client_id;
    let all = AgentSessionFilter::default();
    let cases: [(AgentSessionFilter, &[&str], i64); 9] = [
        (all.clone(), &["other", "plain", "ended", "b", "a"], 2),
        (
            AgentSessionFilter { user_id: Some(user_id(1)), ..all.clone() },
            &["other", "plain", "ended", "a"],
            1,
        ),
        (AgentSessionFilter { open_only: true, ..all.clone() }, &["other", "plain", "b", "a"], 2),
        (AgentSessionFilter { refreshable_only: true, ..all.clone() }, &["other", "ended", "b", "a"], 2),
        (
            AgentSessionFilter {
                user_id: Some(user_id(1)),
                client_id: Some(agent),
                open_only: true,
                refreshable_only: true,
                ..all.clone()
            },
            &["a"],
            1,
        ),
        (AgentSessionFilter { user_id: Some(user_id(9)), ..all.clone() }, &[], 0),
        (
            AgentSessionFilter { search: "PERSON 1".to_owned(), ..all.clone() },
            &["other", "plain", "ended", "a"],
            1,
        ),
        (
            AgentSessionFilter { search: "OTHER.example".to_owned(), open_only: true, ..all.clone() },
            &["other"],
            1,
        ),
        (AgentSessionFilter { search: "person%1".to_owned(), ..all }, &[], 0),
    ];
    let mut reader = read(&store).await;
    for (filter, expected, people) in cases {
        let expected: Vec<_> = expected.iter().map(|name| session_id(name)).collect();
        assert_eq!(ids(reader.agent_session_list(&filter, None, 10).await.unwrap()), expected, "{filter:?}");
        let count = i64::try_from(expected.len()).unwrap();
        assert_eq!(reader.agent_session_count(&filter).await.unwrap(), (count, people), "{filter:?}");
    }
}

pub async fn sessions_are_searched_in_any_case(store: Arc<dyn Store>) {
    add_mixed(&store).await;
    let mut reader = read(&store).await;
    let cases: [(&str, &[&str]); 7] = [
        ("Person 2", &["b"]),
        ("person-2@EXAMPLE", &["b"]),
        ("user:default/person-2", &["b"]),
        ("OTHER.example.org", &["other"]),
        ("https://other", &["other"]),
        ("nobody", &[]),
        ("%", &[]),
    ];
    for (search, expected) in cases {
        let filter = AgentSessionFilter { search: search.to_owned(), ..AgentSessionFilter::default() };
        let expected: Vec<_> = expected.iter().map(|name| session_id(name)).collect();
        assert_eq!(ids(reader.agent_session_list(&filter, None, 10).await.unwrap()), expected, "{search}");
    }
}

pub async fn filtered_sessions_are_ended(store: Arc<dyn Store>) {
    add_mixed(&store).await;
    let mut tx = write(&store).await;
    let filter = AgentSessionFilter { user_id: Some(user_id(1)), ..AgentSessionFilter::default() };
    assert_eq!(tx.agent_session_end_all(&filter, EndReason::UserRevoked, at(60)).await.unwrap(), 3);
    assert_eq!(tx.agent_session_end_all(&filter, EndReason::UserRevoked, at(61)).await.unwrap(), 0);
    let open = AgentSessionFilter { open_only: true, ..AgentSessionFilter::default() };
    assert_eq!(ids(tx.agent_session_list(&open, None, 10).await.unwrap()), [session_id("b")]);
    // One that had ended keeps its own reason.
    let ended = tx.agent_session_by_id(&session_id("ended")).await.unwrap().unwrap().ended;
    assert_eq!(ended, Some((at(50), EndReason::Disconnected)));
    let ended = tx.agent_session_by_id(&session_id("a")).await.unwrap().unwrap().ended;
    assert_eq!(ended, Some((at(60), EndReason::UserRevoked)));
}

pub async fn a_use_is_remembered(store: Arc<dyn Store>) {
    add_users(&store, 1).await;
    let mut tx = write(&store).await;
    tx.agent_session_insert(&agent_session("a", 1, 5)).await.unwrap();
    for (used, address) in [(50, Some("192.0.2.1")), (40, Some("192.0.2.2"))] {
        tx.agent_session_touch(&session_id("a"), at(used), address).await.unwrap();
    }
    let used = tx.agent_session_by_id(&session_id("a")).await.unwrap().unwrap();
    // What comes late does not overwrite what is newer.
    assert_eq!((used.used_at, used.used_from.as_deref()), (Some(at(50)), Some("192.0.2.1")));
    tx.agent_session_touch(&session_id("a"), at(60), None).await.unwrap();
    let used = tx.agent_session_by_id(&session_id("a")).await.unwrap().unwrap();
    assert_eq!((used.used_at, used.used_from), (Some(at(60)), None));
}
