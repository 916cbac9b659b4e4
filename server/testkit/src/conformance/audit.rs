//! The audit log.

use std::sync::Arc;

use portal_core::{
    audit::{Actor, AuditEvent, AuditFilter, AuditOutcome},
    ids::AuditId,
    ports::Store,
};
use serde_json::json;

use super::fixtures::{at, read, write};

fn event(name: &str, at_ms: i64) -> AuditEvent {
    AuditEvent {
        id: AuditId(name.to_owned()),
        at: at(at_ms),
        actor: Actor::System,
        action: "setting.changed".to_owned(),
        target: None,
        outcome: AuditOutcome::Done,
        address: None,
        request_id: None,
        details: serde_json::Value::Null,
    }
}

fn ids(events: &[AuditEvent]) -> Vec<&str> {
    events.iter().map(|event| event.id.as_str()).collect()
}

pub async fn an_event_comes_back_as_it_went(store: Arc<dyn Store>) {
    let text = str::to_owned;
    let actors = [
        Actor::User { id: text("1"), name: text("user:default/ann") },
        Actor::Agent { user_id: text("1"), name: text("user:default/ann"), client_id: text("https://a/") },
        Actor::CommandLine,
        Actor::System,
        Actor::Anonymous,
    ];
    let mut tx = write(&store).await;
    let mut expected = Vec::new();
    for (number, actor) in (0..).zip(actors) {
        let full = AuditEvent {
            actor,
            target: Some(text("target \" '")),
            outcome: AuditOutcome::Refused { reason: text("access_denied") },
            address: Some(text("192.0.2.1")),
            request_id: Some(text("request")),
            details: json!({"from": [1, null], "to": "✓"}),
            ..event(&number.to_string(), 0)
        };
        tx.audit_append(&full).await.unwrap();
        expected.push(full);
    }
    tx.audit_append(&event("bare", 0)).await.unwrap();
    expected.push(event("bare", 0));
    tx.commit().await.unwrap();
    assert_eq!(read(&store).await.audit_list(&AuditFilter::default(), None, 10).await.unwrap(), expected);
}

pub async fn events_are_paged_newest_first(store: Arc<dyn Store>) {
    let mut tx = write(&store).await;
    for (name, at_ms) in [("b", 5), ("a", 5), ("c", 5), ("old", 1), ("new", 9)] {
        tx.audit_append(&event(name, at_ms)).await.unwrap();
    }
    let filter = AuditFilter::default();
    let mut seen = Vec::new();
    let mut after: Option<AuditId> = None;
    loop {
        let page = tx.audit_list(&filter, after.as_ref(), 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.id.clone());
        seen.extend(page.into_iter().map(|event| event.id.0));
    }
    assert_eq!(seen, ["new", "a", "b", "c", "old"]);
}

pub async fn filters_select(store: Arc<dyn Store>) {
    let mut tx = write(&store).await;
    for (name, at_ms, action, target) in [
        ("1", 1, "user.disabled", Some("ann")),
        ("2", 2, "user.invited", Some("bob")),
        ("3", 3, "user_group.x", Some("ann")),
        ("4", 4, "setting.changed", None),
    ] {
        let target = target.map(str::to_owned);
        let outcome = match name {
            "3" => AuditOutcome::Refused { reason: "done".to_owned() },
            _ => AuditOutcome::Done,
        };
        let event = AuditEvent { action: action.to_owned(), target, outcome, ..event(name, at_ms) };
        tx.audit_append(&event).await.unwrap();
    }
    let all = AuditFilter::default();
    let prefix = |text: &str| Some(text.to_owned());
    let cases: [(AuditFilter, &[&str]); 9] = [
        (AuditFilter { action_prefix: prefix("user."), ..all.clone() }, &["2", "1"]),
        (AuditFilter { action_prefix: prefix(""), ..all.clone() }, &["4", "3", "2", "1"]),
        (AuditFilter { action_prefix: prefix("%"), ..all.clone() }, &[]),
        (AuditFilter { target: prefix("ann"), ..all.clone() }, &["3", "1"]),
        (AuditFilter { from: Some(at(2)), until: Some(at(4)), ..all.clone() }, &["3", "2"]),
        (
            AuditFilter {
                action_prefix: prefix("user"),
                target: prefix("ann"),
                from: Some(at(1)),
                until: Some(at(3)),
                ..all.clone()
            },
            &["1"],
        ),
        (AuditFilter { refused: Some(true), ..all.clone() }, &["3"]),
        (AuditFilter { refused: Some(false), ..all.clone() }, &["4", "2", "1"]),
        (all.clone(), &["4", "3", "2", "1"]),
    ];
    for (filter, expected) in cases {
        let found = tx.audit_list(&filter, None, 10).await.unwrap();
        assert_eq!(ids(&found), expected, "{filter:?}");
    }
    let ann = AuditFilter { target: prefix("ann"), ..all };
    let found = tx.audit_list(&ann, Some(&AuditId("3".to_owned())), 10).await.unwrap();
    assert_eq!(ids(&found), ["1"]);
}

pub async fn actors_are_found(store: Arc<dyn Store>) {
    let text = str::to_owned;
    let mut tx = write(&store).await;
    for (name, actor) in [
        ("1", Actor::User { id: text("u1"), name: text("user:default/ann_b") }),
        ("2", Actor::StaticToken { token_id: text("t1"), name: text("group:default/team") }),
        ("3", Actor::CommandLine),
    ] {
        tx.audit_append(&AuditEvent { actor, ..event(name, 1) }).await.unwrap();
    }
    for (actor, expected) in [
        ("ANN_B", &["1"][..]),
        ("default/", &["1", "2"]),
        ("t1", &["2"]),
        ("command-line", &["3"]),
        ("annxb", &[]),
        ("", &["1", "2", "3"]),
    ] {
        let filter = AuditFilter { actor: Some(text(actor)), ..AuditFilter::default() };
        assert_eq!(ids(&tx.audit_list(&filter, None, 10).await.unwrap()), expected, "{actor}");
    }
}
