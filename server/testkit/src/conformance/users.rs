//! Accounts.

use std::sync::Arc;

use portal_core::{
    identity::{PasswordHash, User, UserStatus},
    ids::UserId,
    ports::Store,
};

use super::fixtures::{add_users, at, entity_ref, read, user, user_id, write};

pub async fn an_account_comes_back_as_it_went(store: Arc<dyn Store>) {
    let mut person = user(1);
    person.admin = true;
    person.revocation_epoch = 7;
    person.status = UserStatus::Invited;
    let mut tx = write(&store).await;
    assert!(tx.user_insert(&person).await.unwrap());
    tx.commit().await.unwrap();
    let mut reader = read(&store).await;
    assert_eq!(reader.user_by_id(&user_id(1)).await.unwrap().as_ref(), Some(&person));
    assert_eq!(reader.user_by_subject("local", "subject-1").await.unwrap().as_ref(), Some(&person));
    let found = reader.user_by_email("local", "PERSON-1@example.ORG").await.unwrap();
    assert_eq!(found.as_ref(), Some(&person));
    assert_eq!(reader.user_by_email("github", "person-1@example.org").await.unwrap(), None);
    assert_eq!(reader.user_by_subject("github", "subject-1").await.unwrap(), None);
    assert_eq!(reader.user_by_id(&user_id(2)).await.unwrap(), None);
}

pub async fn an_account_without_optional_fields_comes_back(store: Arc<dyn Store>) {
    let bare = |number| User { email: None, password_hash: None, last_sign_in_at: None, ..user(number) };
    let mut tx = write(&store).await;
    assert!(tx.user_insert(&bare(1)).await.unwrap());
    // No e-mail is not the same e-mail.
    assert!(tx.user_insert(&bare(2)).await.unwrap());
    assert_eq!(tx.user_by_id(&user_id(2)).await.unwrap(), Some(bare(2)));
}

pub async fn taken_identities_are_refused(store: Arc<dyn Store>) {
    add_users(&store, 1).await;
    let mut tx = write(&store).await;
    let same_id = User { id: user_id(1), ..user(2) };
    let same_email = User { email: Some("PERSON-1@example.org".to_owned()), ..user(2) };
    let same_subject = User { subject: "subject-1".to_owned(), ..user(2) };
    for taken in [same_id, same_email.clone(), same_subject] {
        assert!(!tx.user_insert(&taken).await.unwrap());
    }
    // Another provider's e-mail or subject is another one; the transaction goes on after a refusal.
    let other_provider = User { provider: "github".to_owned(), ..same_email };
    assert!(tx.user_insert(&other_provider).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(read(&store).await.user_count().await.unwrap(), 2);
}

pub async fn an_update_replaces_what_it_may(store: Arc<dyn Store>) {
    add_users(&store, 1).await;
    let changed = User {
        email: Some("New@Example.org".to_owned()),
        display_name: "New".to_owned(),
        entity_ref: entity_ref("user:other/new"),
        admin: true,
        password_hash: Some(PasswordHash("new".to_owned())),
        last_sign_in_at: Some(at(99)),
        status: UserStatus::Disabled,
        revocation_epoch: 50,
        created_at: at(98),
        subject: "other".to_owned(),
        ..user(1)
    };
    let mut tx = write(&store).await;
    assert!(tx.user_update(&changed).await.unwrap());
    assert!(!tx.user_update(&user(2)).await.unwrap());
    tx.commit().await.unwrap();
    let expected = User {
        status: UserStatus::Active,
        revocation_epoch: 0,
        created_at: user(1).created_at,
        subject: user(1).subject,
        ..changed
    };
    let mut reader = read(&store).await;
    assert_eq!(reader.user_by_id(&user_id(1)).await.unwrap(), Some(expected));
    assert_eq!(reader.user_by_email("local", "person-1@example.org").await.unwrap(), None);
    assert!(reader.user_by_email("local", "new@example.org").await.unwrap().is_some());
    assert_eq!(reader.user_list("NEW", None, 9).await.unwrap().len(), 1);
    assert_eq!(reader.user_list("Person", None, 9).await.unwrap(), []);
}

pub async fn an_update_to_a_taken_email_is_refused(store: Arc<dyn Store>) {
    add_users(&store, 2).await;
    let mut tx = write(&store).await;
    let taken = User { email: Some("person-2@EXAMPLE.org".to_owned()), ..user(1) };
    assert!(!tx.user_update(&taken).await.unwrap());
    let own = User { email: Some("PERSON-1@example.org".to_owned()), ..user(1) };
    assert!(tx.user_update(&own).await.unwrap());
    let none = User { email: None, ..user(1) };
    assert!(tx.user_update(&none).await.unwrap());
    assert_eq!(tx.user_by_id(&user_id(1)).await.unwrap(), Some(none));
}

pub async fn a_status_moves_only_from_the_expected_one(store: Arc<dyn Store>) {
    add_users(&store, 1).await;
    let mut tx = write(&store).await;
    let id = user_id(1);
    assert!(!tx.user_set_status(&id, UserStatus::Invited, UserStatus::Active).await.unwrap());
    assert!(tx.user_set_status(&id, UserStatus::Active, UserStatus::Disabled).await.unwrap());
    assert!(!tx.user_set_status(&id, UserStatus::Active, UserStatus::Invited).await.unwrap());
    assert!(!tx.user_set_status(&user_id(2), UserStatus::Active, UserStatus::Disabled).await.unwrap());
    assert_eq!(tx.user_by_id(&id).await.unwrap().unwrap().status, UserStatus::Disabled);
}

pub async fn an_epoch_rises_by_one(store: Arc<dyn Store>) {
    add_users(&store, 2).await;
    let mut tx = write(&store).await;
    assert_eq!(tx.user_raise_epoch(&user_id(1)).await.unwrap(), Some(1));
    assert_eq!(tx.user_raise_epoch(&user_id(1)).await.unwrap(), Some(2));
    assert_eq!(tx.user_raise_epoch(&user_id(9)).await.unwrap(), None);
    assert_eq!(tx.user_by_id(&user_id(1)).await.unwrap().unwrap().revocation_epoch, 2);
    assert_eq!(tx.user_by_id(&user_id(2)).await.unwrap().unwrap().revocation_epoch, 0);
}

pub async fn accounts_are_counted(store: Arc<dyn Store>) {
    let mut tx = write(&store).await;
    assert_eq!((tx.user_count().await.unwrap(), tx.user_count_active_admins().await.unwrap()), (0, 0));
    let kinds = [
        (UserStatus::Active, true),
        (UserStatus::Active, false),
        (UserStatus::Invited, true),
        (UserStatus::Disabled, true),
    ];
    for (number, (status, admin)) in (1..).zip(kinds) {
        assert!(tx.user_insert(&User { status, admin, ..user(number) }).await.unwrap());
    }
    assert_eq!((tx.user_count().await.unwrap(), tx.user_count_active_admins().await.unwrap()), (3, 1));
}

pub async fn accounts_are_found_by_entity_ref(store: Arc<dyn Store>) {
    let mut tx = write(&store).await;
    for number in [2, 1, 3] {
        let shared = entity_ref(if number == 3 { "user:default/other" } else { "user:default/shared" });
        assert!(tx.user_insert(&User { entity_ref: shared, ..user(number) }).await.unwrap());
    }
    let found = tx.user_list_by_entity_ref(&entity_ref("User:Default/Shared")).await.unwrap();
    let ids: Vec<UserId> = found.into_iter().map(|user| user.id).collect();
    assert_eq!(ids, [user_id(1), user_id(2)]);
}

pub async fn accounts_are_paged_by_name(store: Arc<dyn Store>) {
    let mut tx = write(&store).await;
    for (number, name) in (1..).zip(["bob", "Alice", "Zoe", "Bob", "ann", "Ärne"]) {
        let person = User { display_name: name.to_owned(), ..user(number) };
        assert!(tx.user_insert(&person).await.unwrap());
    }
    let mut names = Vec::new();
    let mut after = None;
    loop {
        let page = tx.user_list("", after.as_ref(), 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.id.clone());
        names.extend(page.into_iter().map(|user| user.display_name));
    }
    // The two Bobs are told apart by their ids.
    assert_eq!(names, ["Alice", "ann", "bob", "Bob", "Zoe", "Ärne"]);
    assert_eq!(tx.user_list("", Some(&user_id(99)), 2).await.unwrap(), []);
}

pub async fn accounts_are_searched_in_any_case(store: Arc<dyn Store>) {
    let mut tx = write(&store).await;
    let ann = User { display_name: "Änn ÖZIL".to_owned(), ..user(1) };
    assert!(tx.user_insert(&ann).await.unwrap());
    assert!(tx.user_insert(&user(2)).await.unwrap());
    for search in ["änn", "özil", "PERSON-1@", "user:DEFAULT/person-1", "ÄNN Ö"] {
        let found = tx.user_list(search, None, 10).await.unwrap();
        assert_eq!(found.len(), 1, "{search}");
        assert_eq!(found[0].id, user_id(1), "{search}");
    }
    assert_eq!(tx.user_list("EXAMPLE.ORG", None, 10).await.unwrap().len(), 2);
    assert_eq!(tx.user_list("nobody", None, 10).await.unwrap(), []);
}

pub async fn wildcards_of_a_search_are_literal(store: Arc<dyn Store>) {
    let mut tx = write(&store).await;
    for (number, name) in (1..).zip(["100 %", "100 x", "a_b", "a-b", r"c\d"]) {
        assert!(tx.user_insert(&User { display_name: name.to_owned(), ..user(number) }).await.unwrap());
    }
    for (search, number) in [("0 %", 1), ("a_b", 3), (r"c\d", 5)] {
        let found = tx.user_list(search, None, 10).await.unwrap();
        assert_eq!(found.into_iter().map(|user| user.id).collect::<Vec<_>>(), [user_id(number)], "{search}");
    }
}
