//! One person, one identity: provider and stable id decide, never a login or an e-mail address.

use http::StatusCode;
use portal_core::{
    identity::{Admin, UserStatus},
    org::{LinkRule, ProviderId, ProviderKind, conflicts::Conflict},
    services::Directory,
};
use portal_testkit::app::{TestApp, test_directory};

use crate::org_world::{
    ACME, Someone, account, agent, call_status, changes, is_signed_in, key, publish, publish_batches,
    sign_in, start, start_with_acme, static_token,
};

async fn conflicts(app: &TestApp) -> Vec<Conflict> {
    app.services.conflicts.list(&Admin::command_line()).await.expect("conflicts")
}

#[tokio::test]
async fn a_rename_keeps_session_and_agents_and_moves_static_tokens() {
    let app = start_with_acme().await;
    let ada = Someone::new("1", "ada");
    publish(&app, ACME, std::slice::from_ref(&ada), &[]).await;
    let mut browser = sign_in(&app, ACME, &ada).await;
    let agent = agent(&app, &mut browser).await;
    let token = static_token(&app, "user:default/ada").await;

    let outcome = publish(&app, ACME, &[Someone::new("1", "countess")], &[]).await;
    assert_eq!((outcome.renamed, outcome.ended), (1, 0));
    assert!(is_signed_in(&mut browser).await);
    let who = agent.call("auth_who_am_i", serde_json::json!({})).await.json();
    assert_eq!(who["result"]["structuredContent"]["userInfo"]["userEntityRef"], "user:default/countess");
    assert_eq!(call_status(&app, token.secret.expose()).await, StatusCode::OK);
    let found = app.services.static_tokens.find(&Admin::command_line(), &token.token.id).await;
    assert_eq!(found.expect("a look").expect("a token").owner.to_string(), "user:default/countess");
}

#[tokio::test]
async fn the_same_login_with_another_id_inherits_nothing() {
    // The first leaves in the same run, in an earlier one, or is only named otherwise.
    for story in ["same run", "earlier run", "renamed"] {
        let app = start_with_acme().await;
        let first = Someone::new("1", "ada");
        publish(&app, ACME, std::slice::from_ref(&first), &[]).await;
        let mut browser = sign_in(&app, ACME, &first).await;
        let old_agent = agent(&app, &mut browser).await;
        let old_token = static_token(&app, "user:default/ada").await;
        let second = Someone::new("2", "ada").with_email("ada.two@example.com");
        match story {
            "same run" => drop(publish(&app, ACME, std::slice::from_ref(&second), &["1"]).await),
            "earlier run" => {
                publish(&app, ACME, &[], &["1"]).await;
                publish(&app, ACME, std::slice::from_ref(&second), &[]).await;
            }
            _ => drop(publish(&app, ACME, &[second.clone(), Someone::new("1", "old-ada")], &[]).await),
        }

        let mut other = sign_in(&app, ACME, &second).await;
        let new = account(&app, ACME, "2").await.expect("an account");
        assert!(!new.admin && is_signed_in(&mut other).await, "{story}");
        let listed = other.get("/me/agents").await.text();
        assert!(!listed.contains("Test agent"), "{story}: no agent of the other one");
        let kept = story == "renamed";
        let expected = if kept { StatusCode::OK } else { StatusCode::UNAUTHORIZED };
        assert_eq!(call_status(&app, &old_agent.token).await, expected, "{story}");
        assert_eq!(call_status(&app, old_token.secret.expose()).await, expected, "{story}");
        assert_eq!(is_signed_in(&mut browser).await, kept, "{story}");
        let own = app.services.static_tokens.list_own(&other.signed_in().await, 10).await.expect("tokens");
        assert!(own.is_empty(), "{story}: {own:?}");
    }
}

#[tokio::test]
async fn two_people_can_swap_their_names_in_any_order_of_batches() {
    for order in [[0, 1], [1, 0]] {
        for together in [true, false] {
            let app = start_with_acme().await;
            let (ada, bob) = (Someone::new("1", "ada"), Someone::new("2", "bob"));
            publish(&app, ACME, &[ada.clone(), bob.clone()], &[]).await;
            let mut browser = sign_in(&app, ACME, &ada).await;
            sign_in(&app, ACME, &bob).await;
            let token = static_token(&app, "user:default/ada").await;
            let swapped = [Someone::new("1", "bob"), Someone::new("2", "ada")];
            let words = changes(&app, ACME, &swapped, &[]).await;
            let words = order.map(|index| words[index].clone());
            let batches: Vec<Vec<_>> = if together {
                vec![words.to_vec()]
            } else {
                words.into_iter().map(|word| vec![word]).collect()
            };
            publish_batches(&app, ACME, &batches).await;

            let of = |subject: &'static str| {
                let app = &app;
                async move { account(app, ACME, subject).await.expect("an account") }
            };
            assert_eq!(of("1").await.entity_ref.to_string(), "user:default/bob", "{order:?} {together}");
            assert_eq!(of("2").await.entity_ref.to_string(), "user:default/ada", "{order:?} {together}");
            assert!(is_signed_in(&mut browser).await);
            assert_eq!(call_status(&app, token.secret.expose()).await, StatusCode::OK);
            let found = app.services.static_tokens.find(&Admin::command_line(), &token.token.id).await;
            assert_eq!(found.expect("a look").expect("a token").owner.to_string(), "user:default/bob");
        }
    }
}

#[tokio::test]
async fn an_address_that_moves_takes_nothing_along() {
    let app = start_with_acme().await;
    let (ada, bob) = (Someone::new("1", "ada"), Someone::new("2", "bob"));
    publish(&app, ACME, &[ada.clone(), bob.clone()], &[]).await;
    let mut browser = sign_in(&app, ACME, &ada).await;
    let agent = agent(&app, &mut browser).await;
    let bob = bob.with_email("ada@example.com");
    publish(&app, ACME, &[Someone::new("1", "ada").with_email("a.l@example.com"), bob.clone()], &[]).await;
    let mut other = sign_in(&app, ACME, &bob).await;
    assert_eq!(other.signed_in().await.user().entity_ref.to_string(), "user:default/bob");
    assert!(!other.get("/me/agents").await.text().contains("Test agent"));
    assert_eq!(call_status(&app, &agent.token).await, StatusCode::OK);
    let (first, second) = (account(&app, ACME, "1").await, account(&app, ACME, "2").await);
    assert_eq!(first.expect("Ada").email.as_deref(), Some("a.l@example.com"));
    assert_eq!(second.expect("Bob").id, other.signed_in().await.user().id);
}

/// GitHub's people are recognised as Entra's by their address; each counts by itself, or not.
fn linked(hub_counts: bool) -> Vec<Directory> {
    let mut hub = test_directory("hub", ProviderKind::Github);
    hub.options.authoritative = hub_counts;
    hub.options.link = Some(LinkRule::VerifiedEmail { to: ProviderId::parse("entra").expect("an id") });
    vec![test_directory("entra", ProviderKind::Entra), hub]
}

#[tokio::test]
async fn a_linked_person_is_refused_when_either_provider_that_counts_says_so() {
    for (suspended_in, hub_counts, refused) in
        [("entra", true, true), ("hub", true, true), ("entra", false, true), ("hub", false, false)]
    {
        let app = start(linked(hub_counts)).await;
        let in_entra = Someone::new("e1", "ada.lovelace").with_email("ada@example.com");
        let in_hub = Someone::new("7", "adal").with_email("Ada@Example.com");
        publish(&app, "entra", std::slice::from_ref(&in_entra), &[]).await;
        publish(&app, "hub", std::slice::from_ref(&in_hub), &[]).await;
        let mut hub = sign_in(&app, "hub", &in_entra_ref(&in_hub, &in_entra)).await;
        let mut entra = sign_in(&app, "entra", &in_entra).await;
        let agent = agent(&app, &mut hub).await;
        let words = if suspended_in == "hub" { in_hub.suspended() } else { in_entra.suspended() };
        publish(&app, suspended_in, &[words], &[]).await;
        let expected = if refused { StatusCode::UNAUTHORIZED } else { StatusCode::OK };
        let story = format!("{suspended_in} {hub_counts}");
        assert_eq!(call_status(&app, &agent.token).await, expected, "{story}");
        assert_eq!(is_signed_in(&mut hub).await, !refused, "{story}");
        assert_eq!(is_signed_in(&mut entra).await, !refused, "{story}");
    }
}

/// The person of one provider under the reference of the other, as a sign-in makes the account.
fn in_entra_ref(of: &Someone, to: &Someone) -> Someone {
    Someone { login: to.login.clone(), ..of.clone() }
}

#[tokio::test]
async fn a_leaver_does_not_come_free_by_losing_the_address() {
    let app = start(linked(true)).await;
    let in_entra = Someone::new("e1", "ada.lovelace").with_email("ada@example.com");
    let in_hub = Someone::new("7", "adal").with_email("ada@example.com");
    publish(&app, "entra", std::slice::from_ref(&in_entra), &[]).await;
    publish(&app, "hub", std::slice::from_ref(&in_hub), &[]).await;
    sign_in(&app, "hub", &in_hub).await;
    let mut stripped = in_entra.clone().suspended();
    stripped.email = None;
    publish(&app, "entra", &[stripped], &[]).await;
    publish(&app, "hub", std::slice::from_ref(&in_hub), &[]).await;
    assert_eq!(account(&app, "hub", "7").await.expect("an account").status, UserStatus::Suspended);
    publish(&app, "entra", &[], &["e1"]).await;
    publish(&app, "hub", &[in_hub], &[]).await;
    assert_eq!(account(&app, "hub", "7").await.expect("an account").status, UserStatus::Suspended);
}

#[tokio::test]
async fn a_link_that_leads_elsewhere_takes_nothing_along() {
    let app = start(linked(true)).await;
    let in_hub = Someone::new("7", "adal").with_email("team@example.com");
    let first = Someone::new("e1", "ada").with_email("team@example.com");
    publish(&app, "entra", std::slice::from_ref(&first), &[]).await;
    publish(&app, "hub", std::slice::from_ref(&in_hub), &[]).await;
    let mut browser = sign_in(&app, "hub", &in_entra_ref(&in_hub, &first)).await;
    let agent = agent(&app, &mut browser).await;
    // The address moves to someone else.
    let second = Someone::new("e2", "eve").with_email("team@example.com");
    publish(&app, "entra", &[first.with_email("ada@example.com"), second], &[]).await;
    assert_eq!(call_status(&app, &agent.token).await, StatusCode::UNAUTHORIZED);
    assert!(!is_signed_in(&mut browser).await);
    assert_eq!(
        account(&app, "hub", "7").await.expect("an account").entity_ref.to_string(),
        "user:default/eve"
    );
}

#[tokio::test]
async fn two_candidates_are_shown_and_nobody_is_linked() {
    let app = start(linked(true)).await;
    let in_hub = Someone::new("7", "adal").with_email("shared@example.com");
    let twins = [
        Someone::new("e1", "ada").with_email("shared@example.com"),
        Someone::new("e2", "eve").with_email("shared@example.com"),
    ];
    publish(&app, "entra", &twins, &[]).await;
    publish(&app, "hub", std::slice::from_ref(&in_hub), &[]).await;
    let found = conflicts(&app).await;
    assert!(
        matches!(&found[..], [Conflict::SeveralCandidates { value, people, .. }]
            if value == "shared@example.com" && people.len() == 3),
        "{found:?}"
    );
    sign_in(&app, "hub", &in_hub).await;
    publish(&app, "entra", &[twins[0].clone().suspended()], &[]).await;
    assert_eq!(account(&app, "hub", "7").await.expect("an account").status, UserStatus::Active);
}

#[tokio::test]
async fn one_name_in_two_directories_is_a_conflict_that_the_older_one_wins() {
    let app = start(vec![
        test_directory("entra", ProviderKind::Entra),
        test_directory("hub", ProviderKind::Github),
    ])
    .await;
    publish(&app, "entra", &[Someone::new("e1", "ada")], &[]).await;
    app.pass(1);
    let other = Someone::new("7", "ada").with_email("other@example.com");
    sign_in(&app, "hub", &other).await;
    publish(&app, "hub", std::slice::from_ref(&other), &[]).await;
    let found = conflicts(&app).await;
    assert!(
        matches!(&found[..], [Conflict::SharedReference { people, .. }]
            if *people == [key("entra", "e1"), key("hub", "7")]),
        "{found:?}"
    );
    assert_eq!(account(&app, "hub", "7").await.expect("an account").status, UserStatus::Suspended);
    publish(&app, "entra", &[], &["e1"]).await;
    assert_eq!(conflicts(&app).await, []);
    assert_eq!(account(&app, "hub", "7").await.expect("an account").status, UserStatus::Active);
}

#[tokio::test]
async fn a_local_account_of_the_same_name_is_nobodys_by_guess() {
    let app = start_with_acme().await;
    app.as_user("ada@example.com").await;
    app.pass(1);
    publish(&app, ACME, &[Someone::new("1", "ada").suspended()], &[]).await;
    publish(&app, ACME, &[Someone::new("1", "ada")], &[]).await;
    let found = conflicts(&app).await;
    assert!(matches!(&found[..], [Conflict::LocalAccount { .. }]), "{found:?}");
    let local = app.services.identity.user_find(&Admin::command_line(), "ada@example.com").await;
    assert_eq!(local.expect("a look").expect("Ada").status, UserStatus::Active);
}
