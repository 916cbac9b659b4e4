//! The first admin: by a link that works once, or from the shell.

use portal_core::{
    identity::{IdentityError, NewBrowserSession, NewUser, UserStatus},
    secret::Secret,
    time::DAY_MS,
};
use portal_model::{ErrorCode, Field, FieldError};

use crate::support::{House, PASSWORD, from, new_user, refused, shell};

async fn create(house: &House, link: &Secret, email: &str) -> Result<NewBrowserSession, IdentityError> {
    house.identity.first_admin_create(link, email, "", &Secret::new(PASSWORD), &from("192.0.2.1")).await
}

#[tokio::test]
async fn the_link_makes_the_first_admin_once() {
    let house = House::new().await;
    let link = house.identity.first_admin_link().await.unwrap().unwrap();
    assert!(house.identity.first_admin_link_valid(&link).await.unwrap());

    let session = create(&house, &link, "ada@example.com").await.unwrap();

    assert!(session.user.admin && session.user.status == UserStatus::Active);
    assert!(house.identify(&session).await.admin().is_ok());
    assert!(!house.identity.first_admin_link_valid(&link).await.unwrap());
    assert_eq!(refused(create(&house, &link, "eve@example.com").await).code, ErrorCode::LinkInvalid);
    assert!(house.identity.first_admin_link().await.unwrap().is_none());
    assert_eq!(house.audit("user.created").await.len(), 1);
}

#[tokio::test]
async fn a_new_link_replaces_the_earlier_one_and_ends_after_a_day() {
    let house = House::new().await;
    let first = house.identity.first_admin_link().await.unwrap().unwrap();
    let second = house.identity.first_admin_link().await.unwrap().unwrap();
    assert!(!house.identity.first_admin_link_valid(&first).await.unwrap());
    house.clock.advance(DAY_MS - 1);
    assert!(house.identity.first_admin_link_valid(&second).await.unwrap());
    house.clock.advance(1);
    assert!(!house.identity.first_admin_link_valid(&second).await.unwrap());
    assert_eq!(refused(create(&house, &second, "ada@example.com").await).code, ErrorCode::LinkInvalid);
}

#[tokio::test]
async fn refused_input_does_not_use_the_link_up() {
    let house = House::new().await;
    house.invited("taken@example.com").await;
    let link = house.identity.first_admin_link().await.unwrap().unwrap();
    let taken = create(&house, &link, "taken@example.com").await;
    assert_eq!(refused(taken), FieldError::on(Field::Email, ErrorCode::EmailTaken));
    let identity = &house.identity;
    let weak = identity
        .first_admin_create(&link, "ada@example.com", "", &Secret::new("short"), &from("192.0.2.1"))
        .await;
    assert_eq!(refused(weak), FieldError::on(Field::Password, ErrorCode::PasswordTooShort));
    create(&house, &link, "ada@example.com").await.unwrap();
}

#[tokio::test]
async fn an_admin_from_the_shell_ends_the_link() {
    let house = House::new().await;
    let link = house.identity.first_admin_link().await.unwrap().unwrap();
    house.admin("root@example.com").await;
    assert!(!house.identity.first_admin_link_valid(&link).await.unwrap());
    assert_eq!(refused(create(&house, &link, "ada@example.com").await).code, ErrorCode::LinkInvalid);
}

#[tokio::test]
async fn an_invited_admin_ends_the_link_by_accepting() {
    let house = House::new().await;
    let link = house.identity.first_admin_link().await.unwrap().unwrap();
    let new = NewUser { admin: true, ..new_user("ada@example.com") };
    let invited = house.identity.user_invite(&shell(), new).await.unwrap();
    assert!(house.identity.first_admin_link_valid(&link).await.unwrap(), "nobody could sign in yet");
    house.identity.link_accept(&invited.link, &Secret::new(PASSWORD), &from("192.0.2.1")).await.unwrap();
    assert!(!house.identity.first_admin_link_valid(&link).await.unwrap());
    assert_eq!(refused(create(&house, &link, "eve@example.com").await).code, ErrorCode::LinkInvalid);
}

#[tokio::test]
async fn other_links_make_no_admin() {
    let house = House::new().await;
    let invited = house.invited("ada@example.com").await;
    assert!(!house.identity.first_admin_link_valid(&invited.link).await.unwrap());
    assert_eq!(refused(create(&house, &invited.link, "eve@example.com").await).code, ErrorCode::LinkInvalid);
    let link = house.identity.first_admin_link().await.unwrap().unwrap();
    assert!(house.identity.link_user(&link).await.unwrap().is_none());
}
