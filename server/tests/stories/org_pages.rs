//! The pages of directories and of offboarding, as an admin uses them without scripting.

use http::StatusCode;
use portal_core::{org::ExclusionReason, org::RunState};
use portal_testkit::app::{ScriptedDirectory, TestApp, excluded};

use crate::org_runs::overview;

const PAGE: &str = "/settings/org-data/acme";

async fn start(directory: &std::sync::Arc<ScriptedDirectory>) -> TestApp {
    TestApp::start_with_directories(vec![directory.named("acme")]).await
}

#[tokio::test]
async fn an_admin_sees_where_a_directory_stands_and_runs_it() {
    let directory = ScriptedDirectory::of(4);
    directory.set_standing("2", excluded(ExclusionReason::Suspended));
    let app = start(&directory).await;
    let mut admin = app.as_admin("root@example.com").await;
    assert!(admin.get("/settings/org-data").await.text().contains("Directories"));
    assert!(admin.get(PAGE).await.text().contains("No run yet"));

    admin.post("/_ui/org_run", &[("provider", "acme")]).await;
    app.tick_directories().await;
    let page = admin.get(PAGE).await.text();
    for words in ["Up to date", "Published", "Suspended", "asked for by user:default/root"] {
        assert!(page.contains(words), "{words} is not in {page}");
    }
    assert_eq!(admin.get("/settings/org-data/none").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_run_under_way_is_shown_and_renewed_in_place() {
    let directory = ScriptedDirectory::of(9);
    directory.set_page_size(3);
    let app = start(&directory).await;
    let mut admin = app.as_admin("root@example.com").await;
    assert!(!admin.get(PAGE).await.text().contains("run-title"), "none yet");
    directory.throttle_after(1, 60);
    admin.post("/_ui/org_run", &[("provider", "acme")]).await;
    assert!(app.tick_directories().await.is_empty());
    let page = admin.get(PAGE).await.text();
    let words = [
        "Waiting to go on",
        "3 people and 0 groups read so far",
        "Goes on",
        "Because",
        "asked for by user:default/root",
        "/_live/org-data/acme",
        "Refresh",
    ];
    for words in words {
        assert!(page.contains(words), "{words} is not in {page}");
    }
    app.pass(2 * 60_000);
    app.tick_directories().await;
    let page = admin.get(PAGE).await.text();
    assert!(page.contains("Published") && !page.contains("run-title"), "{page}");
    let test = admin.get("/settings/org-data/acme?test=1").await.text();
    assert!(!test.contains("/_live/"), "a test is made once: {test}");
}

#[tokio::test]
async fn a_test_of_the_connection_says_what_a_run_would_bring_or_why_it_cannot() {
    let directory = ScriptedDirectory::of(3);
    let app = start(&directory).await;
    let mut admin = app.as_admin("root@example.com").await;
    let page = admin.get("/settings/org-data/acme?test=1").await.text();
    assert!(page.contains("Connected as") && page.contains("would bring 3 people"), "{page}");
}

#[tokio::test]
async fn a_held_run_shows_who_would_leave_and_waits_for_the_decision() {
    let directory = ScriptedDirectory::of(20);
    let app = start(&directory).await;
    app.run_directories().await;
    let mut admin = app.as_admin("root@example.com").await;
    for subject in 1..=8 {
        directory.remove(&subject.to_string());
    }
    app.run_directories().await;
    let held = overview(&app).await.held.expect("a held run").number.0.to_string();
    let page = admin.get(PAGE).await.text();
    for words in ["This run waits for you", "8 of 20 people", "user:default/person-3", "Leaves"] {
        assert!(page.contains(words), "{words} is not in {page}");
    }
    let fields = [("provider", "acme"), ("run", held.as_str()), ("decision", "maybe")];
    admin.post("/_ui/org_decide", &fields).await;
    assert!(overview(&app).await.held.is_some(), "no decision was made");
    let fields = [("provider", "acme"), ("run", held.as_str()), ("decision", "approve")];
    admin.post("/_ui/org_decide", &fields).await;
    let runs = app.tick_directories().await;
    assert_eq!(runs.last().map(|run| run.state), Some(RunState::Published));
    assert_eq!(overview(&app).await.people, 12);
}

#[tokio::test]
async fn the_rules_of_a_directory_are_checked_field_by_field() {
    let app = start(&ScriptedDirectory::of(1)).await;
    let mut admin = app.as_admin("root@example.com").await;
    let fields = |hours: &'static str| {
        [
            ("provider", "acme"),
            ("freshness_hours", hours),
            ("when_stale", "refuse"),
            ("removal_limit_percent", "20"),
            ("admin_groups", "portal-admins\n  sre  "),
        ]
    };
    admin.post("/_ui/org_rules", &fields("0")).await;
    let page = admin.get(PAGE).await.text();
    assert!(
        page.contains("freshness-error") && page.contains("portal-admins"),
        "nothing typed is lost: {page}"
    );
    admin.post("/_ui/org_rules", &fields("12")).await;
    let rules = app.services.settings.current().await.expect("settings").provider("acme");
    assert_eq!((rules.freshness_hours, rules.removal_limit_percent), (12, 20));
    assert_eq!(rules.admin_groups, ["portal-admins", "sre"]);
}

#[tokio::test]
async fn a_person_is_looked_at_then_cut_off_and_the_report_is_kept() {
    let app = start(&ScriptedDirectory::of(1)).await;
    let mut admin = app.as_admin("root@example.com").await;
    let mut ada = app.as_user("ada@example.com").await;
    let person = ada.signed_in().await.user().entity_ref.to_string();
    let path = format!("/settings/offboarding?person={person}");
    let json = format!("/settings/offboarding.json?person={person}");
    let page = admin.get(&path).await.text();
    assert!(page.contains(&person) && page.contains("Cut off"), "{page}");

    admin.post("/_ui/offboard", &[("person", person.as_str())]).await;
    assert_eq!(ada.get("/").await.status, StatusCode::OK, "it was not confirmed");
    admin.post("/_ui/offboard", &[("person", person.as_str()), ("confirmed", "1")]).await;
    assert_eq!(ada.get("/").await.status, StatusCode::SEE_OTHER, "the session is over");
    assert!(admin.get(&path).await.text().contains("This person was cut off"));
    let told = admin.get(&json).await.json();
    assert_eq!(told["report"]["browser_sessions_ended"], 1);
    assert_eq!(told["plan"]["accounts"][0]["status"], "disabled");
    let nobody = app.get(&json).await;
    assert_ne!(nobody.status, StatusCode::OK);
    let mut eve = app.as_user("eve@example.com").await;
    assert_eq!(eve.get(&json).await.status, StatusCode::FORBIDDEN);
    let unknown = admin.get("/settings/offboarding?person=user:default/nobody").await.text();
    assert!(unknown.contains("Nobody by this reference"));
}

#[tokio::test]
async fn whoever_leaves_is_found_by_name() {
    let app = start(&ScriptedDirectory::of(2)).await;
    app.run_directories().await;
    let mut admin = app.as_admin("root@example.com").await;
    let found = admin.get("/settings/offboarding?person=Person-2").await.text();
    assert!(found.contains("/settings/offboarding?person=user%3Adefault%2Fperson-2"), "{found}");
    assert!(!found.contains("person-1"), "{found}");
    let nobody = admin.get("/settings/offboarding?person=Zo%C3%AB").await.text();
    assert!(nobody.contains("Nobody in the catalog is called that"), "{nobody}");
    assert!(nobody.contains("Zoë"), "what was typed stays");
}

#[tokio::test]
async fn the_setup_names_the_exact_steps_of_every_agent() {
    let app = TestApp::start().await;
    let mut ada = app.as_user("ada@example.com").await;
    let closed = ada.get("/mcp/setup?agent=zed").await.text();
    assert!(closed.contains("Client ID metadata documents are off"), "{closed}");
    app.set(&[("mcp.cimd.enabled", "true"), ("tokens.personal.enabled", "true")]).await;
    let open = ada.get("/mcp/setup?agent=claude-code").await.text();
    assert!(open.contains("claude mcp add --transport http portal"), "{open}");
    let fields =
        [("agent", "cursor"), ("name", "Cursor here"), ("scope", "mcp:read"), ("expires_days", "90")];
    ada.post("/_ui/own_token_create", &fields).await;
    let made = ada.get("/mcp/setup?agent=cursor").await.text();
    assert!(made.contains("ptls_") && made.contains("Cursor here"), "the token is shown once: {made}");
    assert!(!ada.get("/mcp/setup?agent=cursor").await.text().contains("ptls_"), "and not again");
}
