//! Static tokens: made once, bound to their owner, scope, sources and addresses, and gone when someone says so.

use http::StatusCode;
use portal_core::{
    catalog::StagedEntity,
    changes::{STALENESS_MAX_MS, Topic},
    identity::{Admin, UserChange, local_location_id},
    time::DAY_MS,
    tokens::{
        MadeStaticToken, OWNER_MISSING_DAYS_MAX, OldTokenEnds, StaticTokenEnd, StaticTokenFilter,
        StaticTokenRequest,
    },
};
use portal_model::EntityRef;
use portal_testkit::app::{Answer, TestApp};
use serde_json::{Value, json};

fn call(tool: &str, arguments: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}})
}

async fn who_am_i(app: &TestApp, token: &str) -> Answer {
    app.mcp(Some(token), &call("auth_who_am_i", &json!({}))).await
}

fn request(owner: &str) -> StaticTokenRequest {
    StaticTokenRequest {
        name: "CI".to_owned(),
        owner: owner.to_owned(),
        scope: "mcp:read".to_owned(),
        ..StaticTokenRequest::default()
    }
}

async fn make(app: &TestApp, request: &StaticTokenRequest) -> MadeStaticToken {
    app.services.static_tokens.create(&Admin::command_line(), request).await.expect("a token")
}

/// A token of Ada's, who has an account.
async fn token_of_ada(app: &TestApp) -> MadeStaticToken {
    app.as_user("ada@example.com").await;
    make(app, &request("ada@example.com")).await
}

async fn change_ada(app: &TestApp, change: UserChange) {
    let admin = Admin::command_line();
    let identity = &app.services.identity;
    let ada = identity.user_find(&admin, "ada@example.com").await.expect("a look").expect("Ada");
    identity.user_change(&admin, &ada.id, change).await.expect("a change");
}

#[tokio::test]
async fn a_token_works_while_agents_cannot_sign_in() {
    let app = TestApp::start().await;
    let made = token_of_ada(&app).await;
    let answer = who_am_i(&app, made.secret.expose()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let who = answer.json()["result"]["structuredContent"].clone();
    assert_eq!((&who["principal"], &who["token"]["name"]), (&json!("user"), &json!("CI")));
    assert_eq!(who["userInfo"]["userEntityRef"], "user:default/ada");
    assert_eq!(who["scopes"], json!(["mcp:read"]));
    // Whoever has none is not sent to a sign-in that is off.
    let missing = app.mcp(None, &json!({})).await;
    assert_eq!(missing.header("www-authenticate"), "Bearer scope=\"mcp:read\"");
}

/// Rule: RFC 6750 section 2.3: no token is taken from a form or an address
/// Attack: 1.3: no, malformed, foreign or repeated tokens; cookies; tokens in address or form
#[tokio::test]
async fn a_token_is_taken_from_the_header_only() {
    let app = TestApp::start().await;
    let token = token_of_ada(&app).await.secret;
    let address = format!("{}?access_token={}", portal_core::services::MCP_PATH, token.expose());
    let answer = app.post_form(&address, &[("access_token", token.expose())]).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

/// Rule: RFC 6750 section 3.1: too small a scope is insufficient_scope, 403, with the scope needed
/// Rule: Portal section 4: static tokens follow their owner, scope, sources, addresses and end
/// Attack: 1.3: a good token beyond its scope, 2 tries
/// Attack: 1.5: static tokens beyond scope, source, address, time, owner, 2 tries
#[tokio::test]
async fn a_read_only_token_cannot_write() {
    let app = TestApp::start().await;
    let made = token_of_ada(&app).await;
    for tool in ["catalog_register_entity", "catalog_unregister_entity"] {
        let refused = app.mcp(Some(made.secret.expose()), &call(tool, &json!({}))).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{tool}");
        assert!(refused.header("www-authenticate").contains("insufficient_scope"), "{tool}");
    }
}

/// Rule: Portal section 4: static tokens follow their owner, scope, sources, addresses and end
/// Attack: 1.5: static tokens beyond scope, source, address, time, owner
#[tokio::test]
async fn tools_of_other_sources_do_not_exist_for_a_token() {
    let app = TestApp::start().await;
    app.as_user("ada@example.com").await;
    let only_auth = StaticTokenRequest { sources: vec!["auth".to_owned()], ..request("user:default/ada") };
    let made = make(&app, &only_auth).await;
    let token = made.secret.expose();
    assert_eq!(who_am_i(&app, token).await.status, StatusCode::OK);
    let refused = app.mcp(Some(token), &call("catalog_query_catalog_entities", &json!({}))).await;
    assert_eq!(refused.json()["error"]["code"], -32602, "{}", refused.text());
    let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    let listed = app.mcp(Some(token), &list).await.json();
    let names: Vec<&str> = listed["result"]["tools"]
        .as_array()
        .expect("tools")
        .iter()
        .filter_map(|tool| tool["name"].as_str())
        .collect();
    assert_eq!(names, ["auth_who_am_i"]);
}

/// Rule: Portal section 4: static tokens follow their owner, scope, sources, addresses and end
/// Attack: 1.5: static tokens beyond scope, source, address, time, owner
#[tokio::test]
async fn a_token_is_bound_to_its_addresses() {
    let app = TestApp::start().await;
    app.as_user("ada@example.com").await;
    // Requests of tests come from 203.0.113.7.
    for (ranges, expected) in [
        ("203.0.113.0/24", StatusCode::OK),
        ("203.0.113.7", StatusCode::OK),
        ("203.0.113.8, 198.51.100.0/24", StatusCode::FORBIDDEN),
    ] {
        let bound = StaticTokenRequest { ranges: ranges.to_owned(), ..request("user:default/ada") };
        let made = make(&app, &bound).await;
        let answer = who_am_i(&app, made.secret.expose()).await;
        assert_eq!(answer.status, expected, "{ranges}");
        assert!(!answer.text().contains("198.51"), "the ranges are not told: {}", answer.text());
    }
}

/// Rule: Portal section 4: static tokens follow their owner, scope, sources, addresses and end
/// Attack: 1.5: static tokens beyond scope, source, address, time, owner
#[tokio::test]
async fn a_token_follows_its_owner_but_not_a_sign_out() {
    let app = TestApp::start().await;
    let mut browser = app.as_user("ada@example.com").await;
    let made = make(&app, &request("ada@example.com")).await;
    let token = made.secret.expose();
    assert_eq!(browser.post("/_ui/sign_out_everywhere", &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(who_am_i(&app, token).await.status, StatusCode::OK);
    change_ada(&app, UserChange::Disable).await;
    assert_eq!(who_am_i(&app, token).await.status, StatusCode::UNAUTHORIZED);
    change_ada(&app, UserChange::Enable).await;
    assert_eq!(who_am_i(&app, token).await.status, StatusCode::OK);
}

/// Rule: Portal section 4: static tokens follow their owner, scope, sources, addresses and end
/// Attack: 1.5: static tokens beyond scope, source, address, time, owner
#[tokio::test]
async fn a_token_ends_at_its_time() {
    let app = TestApp::start().await;
    app.as_user("ada@example.com").await;
    let short = StaticTokenRequest { expires_days: "1".to_owned(), ..request("user:default/ada") };
    let made = make(&app, &short).await;
    app.pass(DAY_MS - 1);
    assert_eq!(who_am_i(&app, made.secret.expose()).await.status, StatusCode::OK);
    app.pass(1);
    assert_eq!(who_am_i(&app, made.secret.expose()).await.status, StatusCode::UNAUTHORIZED);
}

/// Rule: Portal section 4: revoking a static token works at once, elsewhere within a second
#[tokio::test]
async fn revoking_works_at_once_here_and_within_a_second_elsewhere() {
    let app = TestApp::start().await;
    let made = token_of_ada(&app).await;
    let beside = app.neighbour().await;
    let token = made.secret.expose();
    assert_eq!(who_am_i(&app, token).await.status, StatusCode::OK);
    assert_eq!(who_am_i(&beside, token).await.status, StatusCode::OK);
    beside.services.static_tokens.revoke(&Admin::command_line(), &made.token.id).await.expect("an end");
    assert_eq!(who_am_i(&beside, token).await.status, StatusCode::UNAUTHORIZED);
    app.pass(STALENESS_MAX_MS);
    assert_eq!(who_am_i(&app, token).await.status, StatusCode::UNAUTHORIZED);
    let again = app.services.static_tokens.revoke(&Admin::command_line(), &made.token.id).await;
    assert!(again.is_err(), "it had ended");
}

#[tokio::test]
async fn a_rotated_token_gives_way_to_the_new_one() {
    let app = TestApp::start().await;
    let old = token_of_ada(&app).await;
    let (tokens, admin) = (&app.services.static_tokens, Admin::command_line());
    let new = tokens.rotate(&admin, &old.token.id, OldTokenEnds::AtOnce).await.expect("a token");
    assert_eq!(who_am_i(&app, old.secret.expose()).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(who_am_i(&app, new.secret.expose()).await.status, StatusCode::OK);
    assert_eq!((new.token.name, new.token.owner), (old.token.name, old.token.owner));
}

#[tokio::test]
async fn the_last_use_is_remembered() {
    let app = TestApp::start().await;
    let made = token_of_ada(&app).await;
    who_am_i(&app, made.secret.expose()).await;
    app.services.activity.flush().await.expect("the activity log");
    let tokens = app
        .services
        .static_tokens
        .list(&Admin::command_line(), &StaticTokenFilter::default(), None, 10)
        .await
        .expect("tokens");
    assert_eq!(tokens[0].used_from.as_deref(), Some("203.0.113.7"));
    assert!(tokens[0].used_at.is_some());
}

#[tokio::test]
async fn a_token_whose_owner_leaves_waits_30_days_and_ends() {
    let app = TestApp::start().await;
    let made = token_of_ada(&app).await;
    let token = made.secret.expose();
    assert_eq!(who_am_i(&app, token).await.status, StatusCode::OK);
    let store = &app.services.dependencies.store;
    let ada = store.read().await.expect("a read").entity_by_ref(&made.token.owner).await.expect("a look");
    assert!(ada.is_some());
    let mut tx = store.write().await.expect("a write");
    assert!(tx.entity_delete(&local_location_id(), &made.token.owner).await.expect("a deletion"));
    tx.change_record(Topic::Catalog).await.expect("a change");
    tx.commit().await.expect("a commit");
    app.pass(STALENESS_MAX_MS);
    assert_eq!(who_am_i(&app, token).await.status, StatusCode::UNAUTHORIZED, "the owner is gone");
    let tokens = &app.services.static_tokens;
    assert_eq!(tokens.look_after_owners().await.expect("a look"), 0);
    app.pass(OWNER_MISSING_DAYS_MAX * DAY_MS - 1);
    assert_eq!(tokens.look_after_owners().await.expect("a look"), 0);
    app.pass(1);
    assert_eq!(tokens.look_after_owners().await.expect("a look"), 1);
    assert_eq!(tokens.look_after_owners().await.expect("a look"), 0);
    let found =
        tokens.find(&Admin::command_line(), &made.token.id).await.expect("a look").expect("the token");
    assert_eq!(found.ended.map(|(_, reason)| reason), Some(StaticTokenEnd::OwnerGone));
}

#[tokio::test]
async fn a_token_of_a_group_is_a_service() {
    let app = TestApp::start().await;
    app.as_user("ada@example.com").await;
    let team: EntityRef = "group:default/team-a".parse().expect("a reference");
    let document = json!({"apiVersion": "backstage.io/v1alpha1", "kind": "Group",
        "metadata": {"name": "team-a"}, "spec": {"type": "team", "children": []}});
    let entity = StagedEntity {
        entity_ref: team.clone(),
        document: document.to_string(),
        search: Vec::new(),
        relations: Vec::new(),
    };
    let mut tx = app.services.dependencies.store.write().await.expect("a write");
    tx.entity_put(&local_location_id(), &entity).await.expect("a group");
    tx.change_record(Topic::Catalog).await.expect("a change");
    tx.commit().await.expect("a commit");
    app.pass(STALENESS_MAX_MS);
    let made = make(&app, &request("group:default/team-a")).await;
    let answer = who_am_i(&app, made.secret.expose()).await.json();
    let who = &answer["result"]["structuredContent"];
    assert_eq!(who["principal"], "service", "{answer}");
    assert_eq!(who["entity"]["kind"], "Group");
    app.services.activity.flush().await.expect("the activity log");
}

#[tokio::test]
async fn an_admin_makes_rotates_and_revokes_in_the_browser() {
    let app = TestApp::start().await;
    let mut admin = app.as_admin("root@example.com").await;
    let page = "/settings/external-access";
    let faulty =
        [("name", ""), ("owner", "group:default/nobody"), ("expires_days", "400"), ("scope", "mcp:write")];
    let answer = admin.post("/_ui/token_create", &faulty).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let shown = admin.get(page).await.text();
    for words in ["Fill in this field", "no such user or group", "from 1 to 365", "value=\"400\""] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let fields = [
        ("name", "deploy-bot"),
        ("owner", "root@example.com"),
        ("expires_days", "30"),
        ("scope", "mcp:read"),
        ("sources[]", "auth"),
        ("ranges", ""),
    ];
    admin.post("/_ui/token_create", &fields).await;
    let shown = admin.get(page).await.text();
    let token = shown_token(&shown).expect("the token is shown");
    assert_eq!(who_am_i(&app, &token).await.status, StatusCode::OK);
    let later = admin.get(page).await.text();
    assert!(later.contains("deploy-bot") && !later.contains(&token), "it is shown once");

    let id = only_token(&app).await;
    let asked = admin.post("/_ui/token_revoke", &[("token", &id)]).await;
    assert!(asked.location().starts_with("/settings/external-access/confirm?"), "{}", asked.location());
    let question = admin.get(asked.location()).await.text();
    assert!(question.contains("deploy-bot") && question.contains("Revoke token"), "{question}");
    assert_eq!(who_am_i(&app, &token).await.status, StatusCode::OK, "nothing happened yet");
    admin.post("/_ui/token_revoke", &[("token", &id), ("confirmed", "1")]).await;
    assert_eq!(who_am_i(&app, &token).await.status, StatusCode::UNAUTHORIZED);
    admin.get(page).await;
    assert!(!admin.get(page).await.text().contains("deploy-bot"), "ended tokens are shown on request");
    assert!(admin.get("/settings/external-access?ended=1").await.text().contains("deploy-bot"));
}

#[tokio::test]
async fn people_make_tokens_of_their_own_where_that_is_allowed() {
    let app = TestApp::start().await;
    let mut ada = app.as_user("ada@example.com").await;
    let fields = [("name", "laptop"), ("scope", "mcp:read"), ("expires_days", "7")];
    ada.post("/_ui/own_token_create", &fields).await;
    assert!(shown_token(&ada.get("/me/agents").await.text()).is_none(), "the setting is off");
    app.set(&[("tokens.personal.enabled", "true")]).await;
    ada.post("/_ui/own_token_create", &fields).await;
    let token = shown_token(&ada.get("/me/agents").await.text()).expect("a token");
    let who = who_am_i(&app, &token).await.json();
    assert_eq!(who["result"]["structuredContent"]["userInfo"]["userEntityRef"], "user:default/ada");
    let id = only_token(&app).await;
    let mut eve = app.as_user("eve@example.com").await;
    eve.post("/_ui/own_token_revoke", &[("token", &id)]).await;
    assert_eq!(who_am_i(&app, &token).await.status, StatusCode::OK, "it is not Eve's");
    ada.post("/_ui/own_token_revoke", &[("token", &id)]).await;
    assert_eq!(who_am_i(&app, &token).await.status, StatusCode::UNAUTHORIZED);
}

async fn only_token(app: &TestApp) -> String {
    let admin = Admin::command_line();
    let filter = StaticTokenFilter::default();
    let tokens = app.services.static_tokens.list(&admin, &filter, None, 10).await.expect("tokens");
    assert_eq!(tokens.len(), 1);
    tokens[0].id.as_str().to_owned()
}

fn shown_token(page: &str) -> Option<String> {
    let start = page.find("value=\"ptls_")? + "value=\"".len();
    page.get(start..)?.split('"').next().map(str::to_owned)
}
