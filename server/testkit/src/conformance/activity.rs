//! The activity log.

use std::sync::Arc;

use portal_core::{
    activity::{ActivityCursor, CallOutcome, SourceCalls, ToolCall},
    ids::StaticTokenId,
    ports::Store,
};

use super::fixtures::{add_users, agent_session, at, read, session_id, user_id, write};

fn call(at_ms: i64, user: u32, tool: &str) -> ToolCall {
    ToolCall {
        at: at(at_ms),
        user_id: Some(user_id(user)),
        session_id: Some(session_id("s")),
        token_id: None,
        source: "catalog".to_owned(),
        tool: tool.to_owned(),
        outcome: CallOutcome::Done,
        duration_us: 1_234,
        address: None,
    }
}

pub async fn calls_come_back_newest_first(store: Arc<dyn Store>) {
    let full = ToolCall {
        source: "auth".to_owned(),
        outcome: CallOutcome::Failed,
        address: Some("192.0.2.1".to_owned()),
        session_id: None,
        token_id: Some(StaticTokenId("token".to_owned())),
        ..call(5, 1, "full")
    };
    let refused = ToolCall { outcome: CallOutcome::Refused, ..call(9, 1, "refused") };
    let mut tx = write(&store).await;
    tx.tool_call_append(&[call(5, 1, "first"), full.clone(), refused.clone()]).await.unwrap();
    tx.tool_call_append(&[call(1, 1, "old"), call(7, 2, "other")]).await.unwrap();
    tx.tool_call_append(&[]).await.unwrap();
    tx.commit().await.unwrap();
    let mut reader = read(&store).await;
    // Of two at the same time the one written later is the newer.
    let expected = [refused, full, call(5, 1, "first"), call(1, 1, "old")];
    assert_eq!(reader.tool_call_list(&user_id(1), 10).await.unwrap(), expected);
    assert_eq!(reader.tool_call_list(&user_id(1), 2).await.unwrap(), expected[..2]);
    assert_eq!(reader.tool_call_list(&user_id(3), 2).await.unwrap(), []);
}

pub async fn calls_are_paged_with_their_agents(store: Arc<dyn Store>) {
    let by_session = ToolCall { session_id: Some(session_id("known")), ..call(5, 1, "by-session") };
    let gone = ToolCall { session_id: Some(session_id("gone")), ..call(5, 1, "gone") };
    add_users(&store, 1).await;
    let session = agent_session("known", 1, 1);
    let mut tx = write(&store).await;
    tx.agent_session_insert(&session).await.unwrap();
    tx.tool_call_append(&[call(3, 1, "old"), gone, by_session, call(9, 2, "other")]).await.unwrap();
    tx.commit().await.unwrap();
    let mut reader = read(&store).await;
    let page = reader.tool_call_page(&user_id(1), ActivityCursor::NEWEST, 2).await.unwrap();
    let tools: Vec<&str> = page.iter().map(|own| own.call.tool.as_str()).collect();
    assert_eq!(tools, ["by-session", "gone"]);
    assert_eq!(page[0].client.as_ref(), Some(&session.client));
    assert_eq!((page[1].client.as_ref(), page[1].token_name.as_ref()), (None, None));
    for (place, rest) in [(page[0].cursor, vec!["gone", "old"]), (page[1].cursor, vec!["old"])] {
        let next = reader.tool_call_page(&user_id(1), place, 10).await.unwrap();
        assert_eq!(next.iter().map(|own| own.call.tool.as_str()).collect::<Vec<_>>(), rest);
    }
}

pub async fn totals_are_per_source(store: Arc<dyn Store>) {
    let of =
        |at_ms, source: &str, outcome| ToolCall { source: source.to_owned(), outcome, ..call(at_ms, 1, "x") };
    let mut tx = write(&store).await;
    tx.tool_call_append(&[
        of(1, "catalog", CallOutcome::Done),
        of(5, "catalog", CallOutcome::Done),
        of(6, "catalog", CallOutcome::Failed),
        of(7, "catalog", CallOutcome::Refused),
        of(8, "auth", CallOutcome::Refused),
    ])
    .await
    .unwrap();
    let expected = [
        SourceCalls { source: "auth".to_owned(), calls: 0, refused: 1 },
        SourceCalls { source: "catalog".to_owned(), calls: 2, refused: 1 },
    ];
    assert_eq!(tx.tool_call_totals(at(5)).await.unwrap(), expected);
    assert_eq!(tx.tool_call_totals(at(9)).await.unwrap(), []);
}

pub async fn old_calls_are_pruned(store: Arc<dyn Store>) {
    let mut tx = write(&store).await;
    tx.tool_call_append(&[call(3, 1, "c"), call(1, 1, "a"), call(2, 1, "b"), call(4, 1, "d")]).await.unwrap();
    assert_eq!(tx.tool_call_prune(at(4), 2).await.unwrap(), 2);
    let left: Vec<String> =
        tx.tool_call_list(&user_id(1), 10).await.unwrap().into_iter().map(|call| call.tool).collect();
    assert_eq!(left, ["d", "c"]);
    assert_eq!(tx.tool_call_prune(at(4), 2).await.unwrap(), 1);
    assert_eq!(tx.tool_call_prune(at(4), 2).await.unwrap(), 0);
}

pub async fn many_calls_are_appended(store: Arc<dyn Store>) {
    let calls: Vec<ToolCall> = (0..1_001).map(|number| call(number, 1, &format!("tool-{number}"))).collect();
    let mut tx = write(&store).await;
    tx.tool_call_append(&calls).await.unwrap();
    let mut found = tx.tool_call_list(&user_id(1), 2_000).await.unwrap();
    found.reverse();
    assert_eq!(found, calls);
}
