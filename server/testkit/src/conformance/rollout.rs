//! How far the announcement came with each person, and the organization's own picture.

use std::sync::Arc;

use portal_core::{
    identity::UserStatus,
    oauth::records::{EndReason, LogoId},
    ports::Store,
    rollout::{RolloutNumbers, RolloutPerson, RolloutStep},
    tokens::StaticToken,
};

use super::{
    fixtures::{
        add_users, agent_session, at, entity, entity_ref, publish, read, related, session_id, user, user_id,
        write,
    },
    static_tokens::{id as token_id, token},
};

fn token_of(number: u32) -> StaticToken {
    StaticToken { owner: user(number).entity_ref, used_at: None, used_from: None, ..token("one", 0) }
}

pub async fn a_step_is_noted_once(store: Arc<dyn Store>) {
    add_users(&store, 2).await;
    let mut tx = write(&store).await;
    for (step, first) in [
        (RolloutStep::Seen, 10),
        (RolloutStep::Opened, 20),
        (RolloutStep::Connected, 30),
        (RolloutStep::Dismissed, 40),
    ] {
        assert!(tx.rollout_note(&user_id(1), step, at(first)).await.unwrap(), "{step:?}");
        assert!(!tx.rollout_note(&user_id(1), step, at(first + 1)).await.unwrap(), "{step:?}");
    }
    tx.commit().await.unwrap();
    let expected = RolloutPerson {
        seen_at: Some(at(10)),
        opened_at: Some(at(20)),
        connected_at: Some(at(30)),
        dismissed_at: Some(at(40)),
    };
    let mut reader = read(&store).await;
    assert_eq!(reader.rollout_person(&user_id(1)).await.unwrap(), expected);
    assert_eq!(reader.rollout_person(&user_id(2)).await.unwrap(), RolloutPerson::default());
}

pub async fn people_of_an_audience_are_counted(store: Arc<dyn Store>) {
    add_users(&store, 4).await;
    let group = |name: &str| entity(&format!("group:default/{name}"), &[]);
    let member = |number: u32, groups: &[&str]| {
        related(entity(&format!("user:default/person-{number}"), &[]), "memberOf", "hasMember", groups)
    };
    let entities = [
        group("company"),
        related(group("team"), "childOf", "parentOf", &["group:default/company"]),
        // A cycle, as files can have it.
        related(group("inner"), "childOf", "parentOf", &["group:default/team", "group:default/inner"]),
        member(1, &["group:default/team", "group:default/inner"]),
        member(2, &["group:default/inner"]),
        member(3, &["group:default/elsewhere"]),
        member(4, &["group:default/team"]),
    ];
    publish(&store, "a", "1", &entities).await;
    let mut tx = write(&store).await;
    assert!(tx.user_set_status(&user_id(4), UserStatus::Active, UserStatus::Disabled).await.unwrap());
    for number in [1, 2, 3, 4] {
        tx.rollout_note(&user_id(number), RolloutStep::Seen, at(1)).await.unwrap();
    }
    tx.rollout_note(&user_id(2), RolloutStep::Opened, at(2)).await.unwrap();
    tx.rollout_note(&user_id(2), RolloutStep::Connected, at(2)).await.unwrap();
    tx.agent_session_insert(&agent_session("one", 1, 0)).await.unwrap();
    tx.static_token_insert(&token_of(3)).await.unwrap();
    let numbers = |audience, seen, opened, connected| RolloutNumbers { audience, seen, opened, connected };
    let groups = |names: &[&str]| -> Vec<_> {
        names.iter().map(|name| entity_ref(&format!("group:default/{name}"))).collect()
    };
    // A token that nobody uses is no agent.
    assert_eq!(tx.rollout_numbers(None).await.unwrap(), numbers(3, 3, 1, 2));
    tx.static_token_touch(&token_id("one"), at(5), None).await.unwrap();
    tx.agent_session_end(&session_id("one"), EndReason::Disconnected, at(6)).await.unwrap();
    assert_eq!(tx.rollout_numbers(None).await.unwrap(), numbers(3, 3, 1, 3));
    for (names, expected) in [
        (&["company"][..], numbers(2, 2, 1, 2)),
        (&["team", "inner", "elsewhere"], numbers(3, 3, 1, 3)),
        (&["inner"], numbers(2, 2, 1, 2)),
        (&["elsewhere"], numbers(1, 1, 0, 1)),
        (&["nobody"], RolloutNumbers::default()),
        (&[], RolloutNumbers::default()),
    ] {
        assert_eq!(tx.rollout_numbers(Some(&groups(names))).await.unwrap(), expected, "{names:?}");
    }
    tx.commit().await.unwrap();
}

pub async fn whoever_has_connected_is_noted_before_records_go(store: Arc<dyn Store>) {
    add_users(&store, 4).await;
    let mut tx = write(&store).await;
    tx.rollout_note(&user_id(1), RolloutStep::Seen, at(1)).await.unwrap();
    tx.rollout_note(&user_id(2), RolloutStep::Connected, at(2)).await.unwrap();
    for number in [1, 2] {
        tx.agent_session_insert(&agent_session(&format!("s{number}"), number, 0)).await.unwrap();
    }
    tx.static_token_insert(&token_of(3)).await.unwrap();
    tx.static_token_touch(&token_id("one"), at(5), None).await.unwrap();
    assert_eq!(tx.rollout_note_connected(at(9)).await.unwrap(), 2);
    assert_eq!(tx.rollout_note_connected(at(10)).await.unwrap(), 0);
    tx.commit().await.unwrap();
    let mut reader = read(&store).await;
    for (number, seen, connected) in
        [(1, Some(1), Some(9)), (2, None, Some(2)), (3, None, Some(9)), (4, None, None)]
    {
        let found = reader.rollout_person(&user_id(number)).await.unwrap();
        assert_eq!((found.seen_at, found.connected_at), (seen.map(at), connected.map(at)), "{number}");
    }
}

pub async fn the_organizations_picture_is_replaced(store: Arc<dyn Store>) {
    let (first, second) = (&b"\x89PNG\0"[..], &b"second"[..]);
    let mut tx = write(&store).await;
    assert_eq!(tx.branding_logo_id().await.unwrap(), None);
    assert!(!tx.branding_logo_delete().await.unwrap());
    for png in [first, second] {
        tx.branding_logo_put(&LogoId::of(png), png, at(1)).await.unwrap();
    }
    tx.commit().await.unwrap();
    let mut tx = write(&store).await;
    assert_eq!(tx.branding_logo_id().await.unwrap(), Some(LogoId::of(second)));
    assert_eq!(tx.branding_logo_picture(&LogoId::of(second)).await.unwrap().as_deref(), Some(second));
    assert_eq!(tx.branding_logo_picture(&LogoId::of(first)).await.unwrap(), None);
    assert!(tx.branding_logo_delete().await.unwrap());
    assert_eq!(tx.branding_logo_id().await.unwrap(), None);
    tx.commit().await.unwrap();
}
