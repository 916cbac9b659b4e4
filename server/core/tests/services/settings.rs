//! Settings: checked together, audited, seen by every node.

use portal_core::{
    audit::Actor,
    changes::STALENESS_MAX_MS,
    settings::{SettingsError, SettingsService},
};
use portal_model::{
    ErrorCode, Field, FieldError,
    lifetimes::{RefreshLifetimes, SessionLifetimeDays, TokenLifetimeDays},
    settings::{Audience, SettingChange, Settings},
};
use serde_json::json;

use crate::support::{House, shell};

async fn set(house: &House, pairs: &[(&str, &str)]) -> Result<(), SettingsError> {
    let pairs: Vec<_> = pairs.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect();
    house.settings.change_by_key(&shell(), &pairs).await
}

fn field_error(result: Result<(), SettingsError>) -> FieldError {
    match result {
        Err(SettingsError::Refused(error)) => error,
        other => panic!("not refused: {other:?}"),
    }
}

async fn value(settings: &SettingsService, key: &str) -> String {
    settings.list().await.unwrap().into_iter().find(|(name, _)| name == key).unwrap().1
}

#[tokio::test]
async fn nothing_is_set_at_first() {
    let house = House::new().await;
    assert_eq!(*house.settings.current().await.unwrap(), Settings::default());
    let list = house.settings.list().await.unwrap();
    let text: Vec<String> = list.iter().map(|(key, value)| format!("{key} = {value}")).collect();
    assert_eq!(
        text,
        [
            "mcp.cimd.enabled = false",
            "mcp.cimd.policy = well-known",
            "mcp.cimd.allowed = ",
            "mcp.refresh.enabled = false",
            "mcp.refresh.token_lifetime_days = 7",
            "mcp.refresh.session_lifetime_days = 30",
            "mcp.rollout.announce = false",
            "mcp.rollout.audience = everyone",
            "mcp.rollout.message = ",
            "mcp.rollout.prompts = ",
            "mcp.dcr.enabled = false",
            "tokens.personal.enabled = false",
            "sign_in.local.enabled = true",
            "ui.product_name = Portal",
            "ui.accent = verdigris",
            "mcp.sources.auth.enabled = true",
            "mcp.sources.catalog.enabled = true",
        ]
    );
}

#[tokio::test]
async fn a_change_is_in_force_and_in_the_log() {
    let house = House::new().await;
    let changes = [
        SettingChange::CimdEnabled(true),
        SettingChange::RefreshEnabled(false),
        SettingChange::SourceEnabled { source: "catalog".to_owned(), enabled: false },
    ];
    let after = house.settings.change(&shell(), &changes).await.unwrap();

    assert!(after.cimd_enabled && !after.source_enabled("catalog"));
    assert_eq!(house.settings.current().await.unwrap(), after);
    let rows = house.audit("setting.changed").await;
    let mut told: Vec<_> =
        rows.iter().map(|row| (row.target.clone().unwrap(), row.details.clone())).collect();
    told.sort_by(|left, right| left.0.cmp(&right.0));
    assert_eq!(
        told,
        [
            ("mcp.cimd.enabled".to_owned(), json!({ "from": false, "to": true })),
            ("mcp.sources.catalog.enabled".to_owned(), json!({ "from": true, "to": false })),
        ]
    );
    assert!(rows.iter().all(|row| row.actor == Actor::CommandLine));

    house.settings.change(&shell(), &changes).await.unwrap();
    assert_eq!(house.audit("setting.changed").await.len(), 2, "what is so already is no change");
}

#[tokio::test]
async fn another_node_sees_a_change_within_the_bound() {
    let house = House::new().await;
    let server = house.neighbour().await;
    assert!(!server.settings.current().await.unwrap().cimd_enabled);
    set(&house, &[("mcp.cimd.enabled", "true")]).await.unwrap();
    assert!(house.settings.current().await.unwrap().cimd_enabled, "one's own change at once");
    server.clock.advance(STALENESS_MAX_MS);
    assert!(server.settings.current().await.unwrap().cimd_enabled);
}

#[tokio::test]
async fn lifetimes_are_checked_together() {
    const TOKEN: &str = "mcp.refresh.token_lifetime_days";
    const SESSION: &str = "mcp.refresh.session_lifetime_days";
    let house = House::new().await;
    let shorter = FieldError::from(ErrorCode::SessionShorterThanToken);

    assert_eq!(
        field_error(set(&house, &[(SESSION, "6")]).await),
        shorter,
        "with the token lifetime in force"
    );
    set(&house, &[(TOKEN, "2"), (SESSION, "6")]).await.unwrap();
    assert_eq!(field_error(set(&house, &[(TOKEN, "7")]).await), shorter);
    set(&house, &[(SESSION, "14"), (TOKEN, "14")]).await.unwrap();
    let lifetimes = house.settings.current().await.unwrap().refresh_lifetimes;
    assert_eq!((lifetimes.token().days(), lifetimes.session().days()), (14, 14));

    let pair = RefreshLifetimes::new(TokenLifetimeDays::DEFAULT, SessionLifetimeDays::DEFAULT).unwrap();
    house.settings.change(&shell(), &[SettingChange::RefreshLifetimes(pair)]).await.unwrap();
    assert_eq!(
        (value(&house.settings, TOKEN).await, value(&house.settings, SESSION).await),
        ("7".into(), "30".into())
    );
}

#[tokio::test]
async fn a_refused_change_changes_nothing() {
    let house = House::new().await;
    let before = house.dependencies.changes.current().await.unwrap();
    let mixed = [("mcp.cimd.policy", "any"), ("mcp.refresh.token_lifetime_days", "15")];
    assert!(
        matches!(set(&house, &mixed).await, Err(SettingsError::InvalidValue { key, .. }) if key == mixed[1].0)
    );
    let announce = [("mcp.rollout.message", "Hello"), ("mcp.rollout.announce", "true")];
    assert_eq!(field_error(set(&house, &announce).await), ErrorCode::NothingToAnnounce.into());

    house.clock.advance(STALENESS_MAX_MS);
    assert_eq!(*house.settings.current().await.unwrap(), Settings::default());
    assert_eq!(house.dependencies.changes.current().await.unwrap(), before);
    assert!(house.audit("setting.changed").await.is_empty());
}

#[tokio::test]
async fn announcing_needs_a_way_in_and_outlives_its_pause() {
    let house = House::new().await;
    set(&house, &[("mcp.rollout.announce", "on"), ("mcp.cimd.enabled", "on")]).await.unwrap();
    set(&house, &[("mcp.cimd.enabled", "off")]).await.unwrap();
    assert!(house.settings.current().await.unwrap().rollout_announce);
    set(&house, &[("mcp.rollout.announce", "off")]).await.unwrap();
    assert_eq!(
        field_error(set(&house, &[("mcp.rollout.announce", "on")]).await),
        ErrorCode::NothingToAnnounce.into()
    );
    // Registering is a way in too.
    set(&house, &[("mcp.rollout.announce", "on"), ("mcp.dcr.enabled", "on")]).await.unwrap();
}

#[tokio::test]
async fn keys_and_sources_that_do_not_exist_are_refused() {
    let house = House::new().await;
    for key in ["mcp.cimd.enable", "mcp.sources.nothing.enabled", "", "mcp.dcr"] {
        let result = set(&house, &[(key, "true")]).await;
        assert!(matches!(result, Err(SettingsError::UnknownKey(named)) if named == key), "{key}");
    }
    let unknown = SettingChange::SourceEnabled { source: "nothing".to_owned(), enabled: true };
    assert!(house.settings.change(&shell(), &[unknown]).await.is_err());
    let twice = [("mcp.cimd.enabled", "true"), ("mcp.cimd.enabled", "false")];
    assert!(matches!(set(&house, &twice).await, Err(SettingsError::InvalidValue { .. })));
}

#[tokio::test]
async fn lists_are_checked_and_kept_in_order() {
    let house = House::new().await;
    let audience = "group:default/b, group:default/a,group:default/b";
    set(&house, &[("mcp.rollout.audience", audience), ("mcp.cimd.allowed", "B.example/x, b.example/x")])
        .await
        .unwrap();
    assert_eq!(value(&house.settings, "mcp.rollout.audience").await, "group:default/a,group:default/b");
    assert_eq!(value(&house.settings, "mcp.cimd.allowed").await, "b.example/x");

    let person = SettingChange::RolloutAudience(Audience::Groups(vec!["user:default/ada".parse().unwrap()]));
    let result = house.settings.change(&shell(), &[person]).await.map(drop);
    assert_eq!(field_error(result), FieldError::on(Field::Audience, ErrorCode::EntityRefInvalid));
}

#[tokio::test]
async fn a_value_that_cannot_be_read_is_an_error_not_a_default() {
    let house = House::new().await;
    let mut tx = house.write().await;
    tx.setting_put("mcp.cimd.enabled", "\"maybe\"").await.unwrap();
    tx.commit().await.unwrap();
    assert!(house.settings.current().await.is_err());
}
