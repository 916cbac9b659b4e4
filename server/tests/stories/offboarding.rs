//! Admins by group, and the offboarding drill.

use http::StatusCode;
use portal_core::{
    identity::{Admin, IdentityError, UserChange, UserStatus},
    org::{
        DirectoryGroup, GroupId, Member, Membership, Subject, drill::DrillError, rows::GroupRow,
        run::RunNumber,
    },
    settings::SettingsError,
};
use portal_model::{EntityRef, ErrorCode};
use portal_testkit::app::TestApp;
use serde_json::json;

use crate::org_world::{
    ACME, Someone, account, agent, audited, call_status, is_signed_in, publish, refresh, sign_in,
    start_with_acme, static_token,
};

fn ada() -> Someone {
    Someone::new("1", "ada")
}

/// Says who is in which group, as the published run has it.
async fn groups(app: &TestApp, memberships: &[(&str, Member)]) {
    let mut tx = app.services.dependencies.store.write().await.expect("a transaction");
    for id in ["g1", "g2"] {
        let group = DirectoryGroup {
            id: GroupId(id.to_owned()),
            name: format!("Team-{id}"),
            display_name: None,
            description: None,
            kind: "team".to_owned(),
            email: None,
            picture: None,
            parent: None,
            annotations: std::collections::BTreeMap::new(),
        };
        let row = GroupRow {
            name: format!("team-{id}"),
            entity_ref: EntityRef::new("group", "default", &format!("team-{id}")).expect("a name"),
            rejected: None,
            group,
        };
        tx.directory_groups_put(RunNumber(1), &[row]).await.expect("a group");
        tx.directory_memberships_clear(RunNumber(1), &[GroupId(id.to_owned())]).await.expect("no members");
    }
    let memberships: Vec<Membership> = memberships
        .iter()
        .map(|(group, member)| Membership { group: GroupId((*group).to_owned()), member: member.clone() })
        .collect();
    tx.directory_memberships_put(RunNumber(1), &memberships, false).await.expect("members");
    tx.commit().await.expect("a commit");
}

fn person(subject: &str) -> Member {
    Member::Person(Subject(subject.to_owned()))
}

async fn is_admin(app: &TestApp, subject: &str) -> bool {
    account(app, ACME, subject).await.expect("an account").admin
}

async fn set(app: &TestApp, value: &str) -> Result<(), SettingsError> {
    let pairs = [("org.acme.admin_groups".to_owned(), value.to_owned())];
    app.services.settings.change_by_key(&Admin::command_line(), &pairs).await
}

#[tokio::test]
async fn a_group_of_the_directory_makes_admins_and_takes_the_role_again() {
    let app = start_with_acme().await;
    app.as_admin("root@example.com").await;
    let bob = Someone::new("2", "bob");
    publish(&app, ACME, &[ada(), bob.clone()], &[]).await;
    let mut browser = sign_in(&app, ACME, &ada()).await;
    sign_in(&app, ACME, &bob).await;
    // Ada is in a group inside the group.
    groups(&app, &[("g1", Member::Group(GroupId("g2".to_owned()))), ("g2", person("1"))]).await;
    set(&app, "Team-g1").await.expect("a setting");
    assert!(is_admin(&app, "1").await && !is_admin(&app, "2").await);
    assert!(!is_signed_in(&mut browser).await, "a new role needs a new session");
    let row = audited(&app, "user.admin-granted").await.expect("a row");
    assert_eq!((&row["by"], &row["provider"]), (&json!("group"), &json!(ACME)));

    let user = account(&app, ACME, "1").await.expect("an account");
    let refused =
        app.services.identity.user_change(&Admin::command_line(), &user.id, UserChange::RevokeAdmin).await;
    assert!(matches!(&refused, Err(IdentityError::Refused(error)) if error.code == ErrorCode::AdminByGroup));

    groups(&app, &[("g1", person("2"))]).await;
    publish(&app, ACME, &[ada()], &[]).await;
    assert!(!is_admin(&app, "1").await && is_admin(&app, "2").await);
    set(&app, "").await.expect("a setting");
    assert!(!is_admin(&app, "2").await);
}

#[tokio::test]
async fn a_role_given_by_hand_is_not_a_groups() {
    let app = start_with_acme().await;
    app.as_admin("root@example.com").await;
    publish(&app, ACME, &[ada()], &[]).await;
    sign_in(&app, ACME, &ada()).await;
    let user = account(&app, ACME, "1").await.expect("an account");
    let admin = Admin::command_line();
    app.services.identity.user_change(&admin, &user.id, UserChange::GrantAdmin).await.expect("an admin");
    groups(&app, &[]).await;
    set(&app, "g1").await.expect("a setting");
    publish(&app, ACME, &[ada()], &[]).await;
    assert!(is_admin(&app, "1").await);
}

#[tokio::test]
async fn a_catalog_file_makes_nobody_an_admin() {
    let app = start_with_acme().await;
    app.as_admin("root@example.com").await;
    publish(&app, ACME, &[ada()], &[]).await;
    sign_in(&app, ACME, &ada()).await;
    groups(&app, &[]).await;
    set(&app, "g1,group:default/team-g1").await.expect("a setting");
    // The catalog says that Ada is a member; the directory does not.
    let file = "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata:\n  name: team-g1\nspec:\n  type: team\n  \
        children: []\n  members: [user:default/ada]\n";
    app.reader.put("/org/groups.yaml", file);
    let target = portal_core::ingestion::Target::File("/org/groups.yaml".to_owned());
    let allow = Some(vec!["group".to_owned()]);
    app.services.ingestion.configure(&[(target, allow)]).await.expect("a location");
    app.services.ingestion.refresh_all().await.expect("a run");
    publish(&app, ACME, &[ada()], &[]).await;
    assert!(!is_admin(&app, "1").await);
}

#[tokio::test]
async fn a_change_of_the_groups_never_leaves_portal_without_an_admin() {
    let app = start_with_acme().await;
    publish(&app, ACME, &[ada()], &[]).await;
    groups(&app, &[("g1", person("1"))]).await;
    app.as_admin("root@example.com").await;
    sign_in(&app, ACME, &ada()).await;
    set(&app, "g1").await.expect("a setting");
    assert!(is_admin(&app, "1").await);
    // While a local admin can sign in, the group may go; afterwards it is the last way.
    set(&app, "").await.expect("a setting");
    set(&app, "g1").await.expect("a setting");
    let admin = Admin::command_line();
    let root =
        app.services.identity.user_find(&admin, "root@example.com").await.expect("a look").expect("root");
    app.services.identity.user_change(&admin, &root.id, UserChange::Disable).await.expect("disabled");
    let refused = set(&app, "").await;
    assert!(matches!(&refused, Err(SettingsError::Refused(error)) if error.code == ErrorCode::LastAdmin));
    assert!(is_admin(&app, "1").await);
}

#[tokio::test]
async fn a_drill_names_everything_and_changes_nothing() {
    let app = start_with_acme().await;
    publish(&app, ACME, &[ada()], &[]).await;
    let mut browser = sign_in(&app, ACME, &ada()).await;
    let agent = agent(&app, &mut browser).await;
    let token = static_token(&app, "user:default/ada").await;
    let file = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: pay\nspec:\n  type: service\n  \
        lifecycle: production\n  owner: user:default/ada\n";
    app.reader.put("/org/pay.yaml", file);
    let target = portal_core::ingestion::Target::File("/org/pay.yaml".to_owned());
    app.services.ingestion.configure(&[(target, None)]).await.expect("a location");
    app.services.ingestion.refresh_all().await.expect("a run");

    let person = ada().entity_ref();
    let plan = app.services.offboarding.plan(&Admin::command_line(), &person).await.expect("a plan");
    assert_eq!((plan.accounts.len(), plan.static_token_count, plan.owned_count), (1, 1, 1));
    let account = &plan.accounts[0];
    assert_eq!((account.browser_session_count, account.agent_session_count), (1, 1));
    assert_eq!(account.agent_sessions[0].client_name, "Test agent");
    assert_eq!(plan.static_tokens[0].ending, token.token.ending);
    assert_eq!(plan.owned[0].to_string(), "component:default/pay");
    let shown = plan.json();
    assert_eq!(shown["directories"][0], json!({ "provider": ACME, "subject": "1", "standing": "active" }));
    assert!(shown["at"].as_str().is_some_and(|at| at.ends_with('Z')), "{shown}");
    assert!(!shown.to_string().contains(token.secret.expose()));
    assert_eq!(call_status(&app, &agent.token).await, StatusCode::OK);
    assert_eq!(call_status(&app, token.secret.expose()).await, StatusCode::OK);
    assert!(is_signed_in(&mut browser).await);
    let unknown: EntityRef = "user:default/nobody".parse().expect("a reference");
    let refused = app.services.offboarding.plan(&Admin::command_line(), &unknown).await;
    assert!(matches!(refused, Err(DrillError::Refused(ErrorCode::NotFound))));
}

#[tokio::test]
async fn carried_out_it_ends_everything_and_no_directory_takes_it_back() {
    let app = start_with_acme().await;
    publish(&app, ACME, &[ada(), Someone::new("2", "bob")], &[]).await;
    let mut browser = sign_in(&app, ACME, &ada()).await;
    let agent = agent(&app, &mut browser).await;
    let token = static_token(&app, "user:default/ada").await;
    let admin = Admin::command_line();
    let report = app.services.offboarding.carry_out(&admin, &ada().entity_ref()).await.expect("a report");
    let counts = (
        report.accounts_disabled,
        report.browser_sessions_ended,
        report.agent_sessions_ended,
        report.static_tokens_ended,
    );
    assert_eq!(counts, (1, 1, 1, 1));
    let shown = report.json();
    assert_eq!(shown["agent_sessions_ended"], 1);
    assert_eq!(shown["plan"]["accounts"][0]["status"], "active");
    assert!(shown["ended_at"].as_str().is_some_and(|at| at.ends_with('Z')), "{shown}");
    assert_eq!(call_status(&app, &agent.token).await, StatusCode::UNAUTHORIZED);
    assert_eq!(call_status(&app, token.secret.expose()).await, StatusCode::UNAUTHORIZED);
    let refused = refresh(&app, agent.refresh_token.as_deref().expect("a refresh token")).await;
    assert_eq!(refused.json()["error"], "invalid_grant");
    assert!(!is_signed_in(&mut browser).await);
    assert!(audited(&app, "offboarding.carried-out").await.is_some());
    publish(&app, ACME, &[ada()], &[]).await;
    assert_eq!(account(&app, ACME, "1").await.expect("an account").status, UserStatus::Disabled);

    // Whoever has never signed in cannot do so afterwards either.
    let bob = Someone::new("2", "bob").entity_ref();
    let report = app.services.offboarding.carry_out(&admin, &bob).await.expect("a report");
    assert_eq!(report.accounts_disabled, 1);
    assert_eq!(account(&app, ACME, "2").await.expect("an account").status, UserStatus::Disabled);
}

#[tokio::test]
async fn the_last_admin_is_not_offboarded() {
    let app = start_with_acme().await;
    let mut browser = app.as_admin("root@example.com").await;
    let person = browser.signed_in().await.user().entity_ref.clone();
    let refused = app.services.offboarding.carry_out(&Admin::command_line(), &person).await;
    assert!(matches!(refused, Err(DrillError::Refused(ErrorCode::LastAdmin))));
    assert!(is_signed_in(&mut browser).await, "nothing was changed");
}
