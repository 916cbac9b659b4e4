//! Browser sessions: how long they live, and how they end.

use portal_core::{
    changes::{STALENESS_MAX_MS, Topic},
    identity::RequestOrigin,
    secret::Secret,
    time::{DAY_MS, HOUR_MS, MINUTE_MS},
};

use crate::support::House;

#[tokio::test]
async fn a_session_ends_after_twelve_idle_hours() {
    let house = House::new().await;
    house.admin("ada@example.com").await;
    let session = house.sign_in("ada@example.com").await;

    for _ in 0..4 {
        house.clock.advance(12 * HOUR_MS - 1);
        assert!(house.is_signed_in(&session).await);
    }
    house.clock.advance(12 * HOUR_MS);
    assert!(!house.is_signed_in(&session).await);
}

#[tokio::test]
async fn a_session_ends_after_seven_days_whatever_happens() {
    let house = House::new().await;
    house.admin("ada@example.com").await;
    let session = house.sign_in("ada@example.com").await;

    for _ in 0..7 * 4 - 1 {
        house.clock.advance(6 * HOUR_MS);
        assert!(house.is_signed_in(&session).await);
    }
    house.clock.advance(6 * HOUR_MS - 1);
    assert!(house.is_signed_in(&session).await);
    house.clock.advance(1);
    assert!(!house.is_signed_in(&session).await);
}

#[tokio::test]
async fn use_on_one_node_keeps_the_session_on_the_other() {
    let house = House::new().await;
    let other = house.neighbour().await;
    house.admin("ada@example.com").await;
    let session = house.sign_in("ada@example.com").await;
    assert!(other.is_signed_in(&session).await);

    house.clock.advance(11 * HOUR_MS);
    assert!(house.is_signed_in(&session).await);
    house.clock.advance(11 * HOUR_MS);
    assert!(other.is_signed_in(&session).await);
}

#[tokio::test]
async fn the_last_use_is_remembered_to_the_minute() {
    let house = House::new().await;
    house.admin("ada@example.com").await;
    let session = house.sign_in("ada@example.com").await;
    let seen_at = async || {
        let found = house.read().await.browser_session_by_hash(&session.cookie.hash()).await.unwrap();
        found.unwrap().0.seen_at
    };
    let start = seen_at().await;

    house.clock.advance(MINUTE_MS - 1);
    house.signed_in(&session).await;
    assert_eq!(seen_at().await, start);
    house.clock.advance(1);
    house.signed_in(&session).await;
    assert_eq!(seen_at().await, start.plus(MINUTE_MS));
}

#[tokio::test]
async fn cookies_of_others_are_nobody() {
    let house = House::new().await;
    house.admin("ada@example.com").await;
    house.sign_in("ada@example.com").await;
    for cookie in ["", "x", &"A".repeat(43), &"A".repeat(100_000)] {
        let identity =
            house.identity.identify(Some(&Secret::new(cookie)), RequestOrigin::default()).await.unwrap();
        assert!(identity.signed_in().is_err());
    }
    assert!(house.identity.identify(None, RequestOrigin::default()).await.unwrap().signed_in().is_err());
}

#[tokio::test]
async fn signing_out_ends_this_session_everywhere() {
    let house = House::new().await;
    let other = house.neighbour().await;
    house.admin("ada@example.com").await;
    let here = house.sign_in("ada@example.com").await;
    let there = house.sign_in("ada@example.com").await;
    assert!(other.is_signed_in(&here).await);

    house.identity.sign_out(&house.signed_in(&here).await).await.unwrap();

    assert!(!house.is_signed_in(&here).await);
    house.clock.advance(STALENESS_MAX_MS);
    assert!(!other.is_signed_in(&here).await, "a copy in another node's memory ends too");
    assert!(house.is_signed_in(&there).await);
    assert_eq!(house.audit("user.signed-out").await.len(), 1);
}

#[tokio::test]
async fn signing_out_everywhere_ends_browsers_and_agents() {
    let house = House::new().await;
    let other = house.neighbour().await;
    let ada = house.admin("ada@example.com").await;
    let eve = house.person("eve@example.com").await;
    house.agent(&ada).await;
    house.agent(&eve.user).await;
    let here = house.sign_in("ada@example.com").await;
    let there = house.sign_in("ada@example.com").await;
    assert!(other.is_signed_in(&there).await);

    house.identity.sign_out_everywhere(&house.signed_in(&here).await).await.unwrap();

    assert!(!house.is_signed_in(&here).await);
    assert!(!house.is_signed_in(&there).await);
    house.clock.advance(STALENESS_MAX_MS);
    assert!(!other.is_signed_in(&there).await);
    assert_eq!(house.open_agents(&ada).await, 0);
    assert_eq!(house.open_agents(&eve.user).await, 1);
    assert!(house.is_signed_in(&eve).await);
    let rows = house.audit("user.signed-out-everywhere").await;
    assert_eq!(rows[0].details, serde_json::json!({ "browserSessions": 2, "agentSessions": 1 }));
    let after = house.sign_in("ada@example.com").await;
    assert!(house.is_signed_in(&after).await);
}

#[tokio::test]
async fn a_raised_epoch_ends_sessions_that_are_still_there() {
    let house = House::new().await;
    let ada = house.admin("ada@example.com").await;
    let session = house.sign_in("ada@example.com").await;
    assert!(house.is_signed_in(&session).await);

    let mut tx = house.write().await;
    tx.change_record(Topic::Access).await.unwrap();
    tx.user_raise_epoch(&ada.id).await.unwrap();
    tx.commit().await.unwrap();

    house.clock.advance(STALENESS_MAX_MS);
    assert!(!house.is_signed_in(&session).await);
    let after = house.sign_in("ada@example.com").await;
    assert!(house.is_signed_in(&after).await);
}

#[tokio::test]
async fn ended_sessions_leave_the_store() {
    let house = House::new().await;
    let ada = house.admin("ada@example.com").await;
    house.sign_in("ada@example.com").await;
    house.clock.advance(8 * DAY_MS + 1);
    let pruned = portal_core::audit::prune(&house.dependencies).await.unwrap();
    assert!(pruned.identity >= 1, "{pruned:?}");
    let mut store = house.read().await;
    assert_eq!(store.browser_session_count(&ada.id, portal_core::time::UnixMillis(0)).await.unwrap(), 0);
}
