//! MCP is announced: to whom, in which words, and how far it came. Without scripts.

use http::StatusCode;
use portal_core::{identity::Admin, rollout::RolloutNumbers};
use portal_testkit::app::{Browser, TestApp};

const GENERAL: &str = "/settings/general";
const BANNER: &str = "Connect your coding agent to Portal";
const ORG: &str = "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {name: pilots}\nspec: {type: team, children: []}\n---\napiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {name: pilots, namespace: other}\nspec: {type: team, children: []}\n---\napiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {name: crew}\nspec: {type: team, parent: pilots, children: [], profile: {displayName: The crew}}\n---\napiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {name: ada}\nspec: {memberOf: [crew]}\n";

async fn sees_banner(browser: &mut Browser<'_>) -> bool {
    browser.get("/").await.text().contains(BANNER)
}

async fn numbers(app: &TestApp) -> (i64, i64, i64, i64) {
    let RolloutNumbers { audience, seen, opened, connected } =
        app.services.rollout.numbers(&Admin::command_line()).await.expect("numbers");
    (audience, seen, opened, connected)
}

async fn announced() -> TestApp {
    let app = TestApp::start().await;
    app.let_agents_sign_in().await;
    app.set(&[("mcp.rollout.announce", "true")]).await;
    app
}

/// Posts a form of the settings page, and returns that page.
async fn post(admin: &mut Browser<'_>, function: &str, fields: &[(&str, &str)]) -> String {
    let answer = admin.post(function, fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    assert_eq!(answer.location(), "/settings/general#rollout");
    admin.get(GENERAL).await.text()
}

#[tokio::test]
async fn announcing_is_refused_while_nobody_could_follow() {
    let app = TestApp::start().await;
    let mut admin = app.as_admin("root@example.com").await;
    let page = post(&mut admin, "/_ui/settings_announce", &[("enabled", "on")]).await;
    assert!(page.contains("nothing-to-announce"), "{page}");
    assert!(!app.services.settings.current().await.expect("settings").rollout_announce);
    assert!(!sees_banner(&mut admin).await);
    app.let_agents_sign_in().await;
    let page = post(&mut admin, "/_ui/settings_announce", &[("enabled", "on")]).await;
    assert!(page.contains("Saved at"), "{page}");
    assert!(sees_banner(&mut admin).await);
    // Off: gone at once.
    post(&mut admin, "/_ui/settings_announce", &[]).await;
    assert!(!sees_banner(&mut admin).await);
}

#[tokio::test]
async fn people_are_counted_once_at_each_step() {
    let app = announced().await;
    let mut ada = app.as_user("ada@example.com").await;
    let mut eve = app.as_user("eve@example.com").await;
    assert_eq!(numbers(&app).await, (2, 0, 0, 0));
    for _ in 0..2 {
        assert!(sees_banner(&mut ada).await);
        assert_eq!(ada.get("/mcp/setup").await.status, StatusCode::OK);
    }
    assert_eq!(numbers(&app).await, (2, 1, 1, 0));
    assert!(sees_banner(&mut eve).await);
    let agent = app.agent(&mut ada, "mcp:read").await;
    assert_eq!(numbers(&app).await, (2, 2, 1, 1));
    assert!(!sees_banner(&mut ada).await, "whoever is connected needs no banner");
    assert!(ada.get("/").await.text().contains("/me/agents"));
    // Disconnected again: still counted, and not asked again.
    drop(agent);
    ada.post("/_ui/agent_disconnect_all", &[("confirmed", "1")]).await;
    assert_eq!(numbers(&app).await.3, 1);
    assert!(!sees_banner(&mut ada).await);
    let mut admin = app.as_admin("root@example.com").await;
    let page = admin.get(GENERAL).await.text();
    assert!(page.contains("3 people with an account"), "{page}");
    assert!(page.contains("67 %") && page.contains("33 %"), "{page}");
}

#[tokio::test]
async fn a_banner_put_away_stays_away_and_is_found_in_the_menu() {
    let app = announced().await;
    let mut ada = app.as_user("ada@example.com").await;
    assert!(sees_banner(&mut ada).await);
    let answer = ada.post("/_ui/rollout_dismiss", &[]).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/"));
    let home = ada.get("/").await.text();
    assert!(!home.contains(BANNER), "{home}");
    assert!(home.contains("You find it again in your profile menu"), "{home}");
    assert!(!ada.get("/").await.text().contains("You find it again"), "it is said once");
    let app = app.restart().await;
    let mut again = app.as_nobody();
    again
        .post("/_ui/sign_in", &[("email", "ada@example.com"), ("password", portal_testkit::app::PASSWORD)])
        .await;
    let home = again.get("/").await.text();
    assert!(!home.contains(BANNER) && home.contains("/me/agents"), "{home}");
    assert!(sees_banner(&mut app.as_user("eve@example.com").await).await, "others see it");
}

#[tokio::test]
async fn the_menu_entry_stays_for_whoever_has_a_token() {
    let app = announced().await;
    app.set(&[("tokens.personal.enabled", "true")]).await;
    let mut ada = app.as_user("ada@example.com").await;
    let fields = [("name", "laptop"), ("scope", "mcp:read"), ("expires_days", "30")];
    assert_eq!(ada.post("/_ui/own_token_create", &fields).await.status, StatusCode::SEE_OTHER);
    app.set(&[("mcp.rollout.announce", "false")]).await;
    let home = ada.get("/").await.text();
    assert!(!home.contains(BANNER) && home.contains("href=\"/me/agents\""), "{home}");
    let other = app.as_user("eve@example.com").await.get("/").await.text();
    assert!(!other.contains("href=\"/me/agents\""), "{other}");
    assert_eq!(app.as_user("kim@example.com").await.get("/mcp/setup").await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_audience_is_chosen_by_name_or_reference() {
    let app = announced().await;
    app.reader.put("org.yaml", ORG);
    let allow = Some(vec!["user".to_owned(), "group".to_owned()]);
    let target = portal_core::ingestion::Target::File("org.yaml".to_owned());
    app.services.ingestion.configure(&[(target, allow)]).await.expect("locations");
    app.services.ingestion.refresh_all().await.expect("runs");
    let mut admin = app.as_admin("root@example.com").await;
    for (typed, code) in [
        ("nobody", "such group"),
        ("pilots", "Several groups have this name"),
        ("", "Fill in"),
        ("user:default/ada", "such group"),
    ] {
        let page = post(&mut admin, "/_ui/settings_audience_add", &[("group", typed)]).await;
        assert!(page.contains(code), "{typed}: {page}");
        assert!(page.contains("Everyone who can sign in is told."), "{typed}");
    }
    let page = post(&mut admin, "/_ui/settings_audience_add", &[("group", "group:default/pilots")]).await;
    assert!(page.contains("Members of these groups are told") && page.contains("Saved at"), "{page}");
    assert!(!sees_banner(&mut admin).await);
    let mut ada = app.as_user("ada@example.com").await;
    // Ada's account belongs to the user of the file by its name.
    app.tamper("UPDATE users SET entity_ref = 'user:default/ada' WHERE email_key = 'ada@example.com'").await;
    assert!(sees_banner(&mut ada).await, "a member of a group below");
    assert_eq!(numbers(&app).await, (1, 1, 0, 0));

    let page = post(&mut admin, "/_ui/settings_audience_add", &[("group", "crew")]).await;
    assert!(page.contains("The crew") && page.contains("group:default/crew"), "{page}");
    let page = post(&mut admin, "/_ui/settings_audience_remove", &[("group", "group:default/pilots")]).await;
    assert!(!page.contains("Remove group:default/"), "the last one has no button: {page}");
    let page = post(&mut admin, "/_ui/settings_audience_remove", &[("group", "group:default/crew")]).await;
    assert!(page.contains("Members of these groups are told"), "nobody is no audience: {page}");
    let page = post(&mut admin, "/_ui/settings_audience_everyone", &[]).await;
    assert!(page.contains("Everyone who can sign in is told."), "{page}");
    assert!(sees_banner(&mut admin).await);
}

#[tokio::test]
async fn own_words_and_prompts_are_previewed() {
    let app = announced().await;
    let mut admin = app.as_admin("root@example.com").await;
    let prompts = "Who owns <billing>?\r\n\r\nWhat did we change?\r\n";
    let page =
        post(&mut admin, "/_ui/settings_message", &[("message", "Come & try"), ("prompts", prompts)]).await;
    assert!(page.contains("Come &amp; try") && page.contains("Saved at"), "{page}");
    assert!(page.contains("Who owns &lt;billing&gt;?"), "{page}");
    assert!(admin.get("/").await.text().contains("Come &amp; try"));
    let kept = app.services.settings.current().await.expect("settings").rollout_prompts.clone();
    assert_eq!(kept, ["Who owns <billing>?", "What did we change?"]);
    // What was refused is there to be mended.
    let six = "a\nb\nc\nd\ne\nf";
    let page = post(&mut admin, "/_ui/settings_message", &[("message", "New"), ("prompts", six)]).await;
    assert!(page.contains("Write at most five prompts") && page.contains("a\nb\nc\nd\ne\nf"), "{page}");
    assert_eq!(app.services.settings.current().await.expect("settings").rollout_message, "Come & try");
    // A form without the field leaves it.
    post(&mut admin, "/_ui/settings_message", &[("message", "")]).await;
    assert_eq!(app.services.settings.current().await.expect("settings").rollout_prompts.len(), 2);
    assert_eq!(
        app.audit("setting.changed")
            .await
            .iter()
            .filter(|event| event.target.as_deref() == Some("mcp.rollout.prompts"))
            .count(),
        1
    );
}
