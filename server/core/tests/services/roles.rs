//! What admins do with accounts, and what ends with it.

use portal_core::{
    changes::STALENESS_MAX_MS,
    identity::{IdentityError, UserChange, UserStatus},
    ids::UserId,
};
use portal_model::ErrorCode;

use crate::support::{House, PASSWORD, from, refusal, refused, shell};

#[tokio::test]
async fn disabling_ends_everything_at_once() {
    let house = House::new().await;
    let other = house.neighbour().await;
    house.admin("root@example.com").await;
    let session = house.person("ada@example.com").await;
    let ada = session.user.clone();
    house.agent(&ada).await;
    let reset = house.identity.user_reset_password(&shell(), &ada.id).await.unwrap();
    assert!(other.is_signed_in(&session).await);

    let disabled = house.identity.user_change(&shell(), &ada.id, UserChange::Disable).await.unwrap();

    assert_eq!(disabled.status, UserStatus::Disabled);
    assert!(disabled.revocation_epoch > ada.revocation_epoch);
    assert!(!house.is_signed_in(&session).await);
    house.clock.advance(STALENESS_MAX_MS);
    assert!(!other.is_signed_in(&session).await);
    assert_eq!(house.open_agents(&ada).await, 0);
    assert!(house.identity.link_user(&reset.link).await.unwrap().is_none());
    let again = house.try_sign_in("ada@example.com", PASSWORD, "192.0.2.1").await;
    assert_eq!(refusal(&again), Some(ErrorCode::AccountDisabled));

    let enabled = house.identity.user_change(&shell(), &ada.id, UserChange::Enable).await.unwrap();
    assert_eq!(enabled.status, UserStatus::Active);
    assert!(!house.is_signed_in(&session).await, "nothing old comes back");
    house.sign_in("ada@example.com").await;
    assert_eq!(house.audit("user.disabled").await[0].target.as_deref(), Some(ada.id.as_str()));
    assert_eq!(house.audit("user.enabled").await.len(), 1);
}

#[tokio::test]
async fn whoever_has_no_password_is_invited_again_when_enabled() {
    let house = House::new().await;
    let ada = house.invited("ada@example.com").await.user;
    house.identity.user_change(&shell(), &ada.id, UserChange::Disable).await.unwrap();
    let enabled = house.identity.user_change(&shell(), &ada.id, UserChange::Enable).await.unwrap();
    assert_eq!(enabled.status, UserStatus::Invited);
}

#[tokio::test]
async fn a_change_of_role_ends_the_persons_browser_sessions() {
    let house = House::new().await;
    house.admin("root@example.com").await;
    let session = house.person("ada@example.com").await;
    let ada = session.user.id.clone();
    house.agent(&session.user).await;
    assert_eq!(house.identify(&session).await.admin().unwrap_err(), ErrorCode::AdminRequired);

    house.identity.user_change(&shell(), &ada, UserChange::GrantAdmin).await.unwrap();
    assert!(!house.is_signed_in(&session).await);
    let as_admin = house.sign_in("ada@example.com").await;
    assert!(house.identify(&as_admin).await.admin().is_ok());

    house.identity.user_change(&shell(), &ada, UserChange::RevokeAdmin).await.unwrap();
    assert!(!house.is_signed_in(&as_admin).await);
    assert_eq!(house.open_agents(&session.user).await, 1, "agents act for the person, whatever the role");
}

#[tokio::test]
async fn the_last_admin_stays() {
    let house = House::new().await;
    let ada = house.admin("ada@example.com").await;
    let invited = house.invited("eve@example.com").await.user;
    house.identity.user_change(&shell(), &invited.id, UserChange::GrantAdmin).await.unwrap();

    for change in [UserChange::Disable, UserChange::RevokeAdmin] {
        let result = house.identity.user_change(&shell(), &ada.id, change).await;
        assert_eq!(refused(result).code, ErrorCode::LastAdmin, "who has no password yet is no help");
    }
    let found = house.read().await.user_by_id(&ada.id).await.unwrap().unwrap();
    assert!(found.admin && found.status == UserStatus::Active && found.revocation_epoch == 0);

    house.admin("zoe@example.com").await;
    house.identity.user_change(&shell(), &ada.id, UserChange::RevokeAdmin).await.unwrap();
    house.identity.user_change(&shell(), &ada.id, UserChange::Disable).await.unwrap();
}

#[tokio::test]
async fn what_is_so_already_is_a_conflict_and_who_is_nobody_not_found() {
    let house = House::new().await;
    let ada = house.admin("ada@example.com").await;
    for change in [UserChange::Enable, UserChange::GrantAdmin] {
        let result = house.identity.user_change(&shell(), &ada.id, change).await;
        assert_eq!(refused(result).code, ErrorCode::Conflict);
    }
    let nobody = UserId("0".repeat(32));
    let result = house.identity.user_change(&shell(), &nobody, UserChange::Disable).await;
    assert_eq!(refused(result).code, ErrorCode::NotFound);
    let result: Result<_, IdentityError> = house.identity.user_reset_password(&shell(), &nobody).await;
    assert_eq!(refused(result).code, ErrorCode::NotFound);
}

#[tokio::test]
async fn an_admin_in_a_browser_is_named_in_the_log() {
    let house = House::new().await;
    let root = house.admin("root@example.com").await;
    let session = house.sign_in("root@example.com").await;
    let admin =
        house.identity.identify(Some(&session.cookie), from("192.0.2.9")).await.unwrap().admin().unwrap();
    let invited =
        house.identity.user_invite(&admin, crate::support::new_user("ada@example.com")).await.unwrap();

    let row = &house.audit("user.invited").await[0];
    assert_eq!(
        row.actor,
        portal_core::audit::Actor::User { id: root.id.0, name: root.entity_ref.to_string() }
    );
    assert_eq!(row.address.as_deref(), Some("192.0.2.9"));
    assert!(!row.details.to_string().contains(invited.link.expose()));
}
