//! The audit log: sealed, verified, tampered with and caught; read and exported by admins.

use http::StatusCode;
use portal_core::{
    audit::{ChainReport, Seal},
    time::DAY_MS,
};
use portal_testkit::app::TestApp;
use serde_json::Value;

async fn sealed_app() -> TestApp {
    let app = TestApp::start().await;
    app.as_admin("root@example.com").await;
    app.let_agents_sign_in().await;
    app.set(&[("mcp.refresh.enabled", "true")]).await;
    assert!(app.services.audit.seal("node-1").await.expect("a sealing") >= 3);
    app
}

async fn verify(app: &TestApp, noted: Option<&Seal>) -> ChainReport {
    app.services.audit.verify(noted).await.expect("a look")
}

#[tokio::test]
async fn what_is_sealed_is_whole_and_what_is_not_is_counted() {
    let app = sealed_app().await;
    let report = verify(&app, None).await;
    let head = report.head.clone().expect("a head");
    assert_eq!((report.broken_at, report.unsealed, report.verified), (None, 0, head.sequence));
    app.set(&[("mcp.refresh.enabled", "false")]).await;
    let report = verify(&app, Some(&head)).await;
    assert_eq!((report.broken_at, report.unsealed, report.head), (None, 1, Some(head)));
    assert_eq!(app.services.audit.seal("node-2").await.expect("a sealing"), 0, "another has the lease");
    assert_eq!(app.services.audit.seal("node-1").await.expect("a sealing"), 1);
    app.services.audit.stop_sealing("node-1").await.expect("a hand-over");
    app.set(&[("mcp.refresh.enabled", "true")]).await;
    assert_eq!(app.services.audit.seal("node-2").await.expect("a sealing"), 1);
    assert_eq!(verify(&app, None).await.broken_at, None);
}

/// Rule: Portal section 5: whoever changes the audit log is caught
/// Attack: 1.5: the audit log changed, cut or written anew by hand
#[tokio::test]
async fn whoever_changes_a_row_by_hand_is_caught() {
    for change in [
        "UPDATE audit_events SET action = 'nothing.happened' WHERE sequence = 2",
        "UPDATE audit_events SET actor = '{\"kind\":\"system\"}' WHERE sequence = 2",
        "UPDATE audit_events SET details = '{}' WHERE sequence = 2",
        "UPDATE audit_events SET details = 'no JSON' WHERE sequence = 2",
        "UPDATE audit_events SET at = at + 1 WHERE sequence = 2",
        "UPDATE audit_events SET sequence = NULL, hash = NULL WHERE sequence = 2",
        "DELETE FROM audit_events WHERE sequence = 2",
    ] {
        let app = sealed_app().await;
        let head = verify(&app, None).await.head;
        app.tamper(change).await;
        assert_eq!(verify(&app, None).await.broken_at, Some(2), "{change}");
        assert_eq!(verify(&app, head.as_ref()).await.broken_at, Some(2), "{change}");
    }
}

/// Rule: Portal section 5: whoever changes the audit log is caught
/// Attack: 1.5: the audit log changed, cut or written anew by hand, 2 tries
#[tokio::test]
async fn a_noted_head_catches_who_cuts_the_end_off_or_writes_everything_anew() {
    let app = sealed_app().await;
    let noted = verify(&app, None).await.head.expect("a head");
    app.tamper("DELETE FROM audit_events WHERE sequence > 2").await;
    assert_eq!(verify(&app, None).await.broken_at, None, "the chain alone cannot tell");
    assert_eq!(verify(&app, Some(&noted)).await.broken_at, Some(3));

    let app = sealed_app().await;
    let noted = verify(&app, None).await.head.expect("a head");
    app.tamper("UPDATE audit_events SET action = 'nothing.happened' WHERE sequence = 2").await;
    app.tamper("UPDATE audit_events SET sequence = NULL, hash = NULL").await;
    app.services.audit.seal("node-1").await.expect("a sealing");
    assert_eq!(verify(&app, None).await.broken_at, None, "the chain alone cannot tell");
    assert!(verify(&app, Some(&noted)).await.broken_at.is_some());
}

#[tokio::test]
async fn retention_leaves_a_chain_that_goes_on_from_its_anchor() {
    let app = sealed_app().await;
    let old = verify(&app, None).await.head.expect("a head");
    app.pass(400 * DAY_MS + 1);
    app.set(&[("mcp.refresh.enabled", "false")]).await;
    app.services.audit.seal("node-1").await.expect("a sealing");
    let pruned = portal_core::audit::prune(&app.services.dependencies).await.expect("a pruning");
    assert_eq!(i64::try_from(pruned.audit), Ok(old.sequence));
    app.services.audit.seal("node-1").await.expect("a sealing");
    let report = verify(&app, Some(&old)).await;
    assert_eq!((report.broken_at, report.anchor, report.verified), (None, Some(old.clone()), 2));
    let forged = Seal { hash: "0".repeat(64), ..old };
    assert_eq!(verify(&app, Some(&forged)).await.broken_at, Some(forged.sequence));
    app.tamper("UPDATE audit_anchor SET sequence = sequence - 1").await;
    assert!(verify(&app, None).await.broken_at.is_some());
}

#[tokio::test]
async fn admins_read_filter_and_export_the_log() {
    let app = TestApp::start().await;
    let mut admin = app.as_admin("root@example.com").await;
    app.let_agents_sign_in().await;
    let all = admin.get("/settings/audit").await;
    assert_eq!(all.status, StatusCode::OK);
    for words in ["setting.changed", "mcp.cimd.enabled", "Command line"] {
        assert!(all.text().contains(words), "{words}: {}", all.text());
    }
    let filtered = admin.get("/settings/audit?action=user.&actor=command").await.text();
    assert!(filtered.contains("user.") && !filtered.contains("setting.changed"), "{filtered}");
    let refused = admin.get("/settings/audit?action=setting.&outcome=refused").await.text();
    assert!(refused.contains("Nothing fits"), "{refused}");
    let done = admin.get("/settings/audit?action=setting.&outcome=done").await.text();
    assert!(done.contains("mcp.cimd.enabled"), "{done}");
    let none = admin.get("/settings/audit?until=2020-01-01").await.text();
    assert!(none.contains("Nothing fits"), "{none}");

    let path = "/settings/audit/export?action=setting.";
    let lines = admin.get(path).await;
    assert_eq!(lines.header("content-type"), "application/x-ndjson; charset=utf-8");
    let rows: Vec<Value> =
        lines.text().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(rows.len() >= 2 && rows.iter().all(|row| row["action"] == "setting.changed"), "{rows:?}");
    assert!(admin.get("/settings/audit?action=audit.").await.text().contains("audit.exported"));
    let mut ada = app.as_user("ada@example.com").await;
    assert_eq!(ada.get(path).await.status, StatusCode::FORBIDDEN);
    assert_eq!(app.as_nobody().get(path).await.status, StatusCode::UNAUTHORIZED);
}
