//! Stars and views.

use std::sync::Arc;

use portal_core::{personal::PersonalEntry, ports::Store};

use super::fixtures::{add_users, at, entity_ref, read, user_id, write};

fn entries(expected: &[(&str, i64)]) -> Vec<PersonalEntry> {
    let entry = |(name, ms): &(&str, i64)| PersonalEntry { entity_ref: named(name), at: at(*ms) };
    expected.iter().map(entry).collect()
}

fn named(name: &str) -> portal_model::EntityRef {
    entity_ref(&format!("component:default/{name}"))
}

pub async fn stars_belong_to_one_account(store: Arc<dyn Store>) {
    add_users(&store, 2).await;
    let (ada, ben) = (user_id(1), user_id(2));
    let mut tx = write(&store).await;
    for (name, ms) in [("a", 1), ("c", 3), ("b", 3)] {
        assert!(tx.star_put(&ada, &named(name), at(ms), 10).await.unwrap());
    }
    assert!(tx.star_put(&ben, &named("z"), at(1), 10).await.unwrap());
    // Of a second star the first one's time stays.
    assert!(tx.star_put(&ada, &named("a"), at(9), 10).await.unwrap());
    tx.commit().await.unwrap();
    let mut reader = read(&store).await;
    assert_eq!(reader.star_list(&ada, 10).await.unwrap(), entries(&[("b", 3), ("c", 3), ("a", 1)]));
    assert_eq!(reader.star_list(&ada, 2).await.unwrap(), entries(&[("b", 3), ("c", 3)]));
    assert_eq!(reader.star_list(&ben, 10).await.unwrap(), entries(&[("z", 1)]));
    drop(reader);
    let mut tx = write(&store).await;
    assert!(tx.star_delete(&ada, &named("c")).await.unwrap());
    assert!(!tx.star_delete(&ada, &named("c")).await.unwrap());
    assert!(!tx.star_delete(&ada, &named("z")).await.unwrap());
    assert_eq!(tx.star_list(&ada, 10).await.unwrap(), entries(&[("b", 3), ("a", 1)]));
    assert_eq!(tx.star_list(&ben, 10).await.unwrap(), entries(&[("z", 1)]));
}

pub async fn an_account_has_so_many_stars_at_most(store: Arc<dyn Store>) {
    add_users(&store, 2).await;
    let ada = user_id(1);
    let mut tx = write(&store).await;
    assert!(tx.star_put(&ada, &named("a"), at(1), 2).await.unwrap());
    assert!(tx.star_put(&ada, &named("b"), at(2), 2).await.unwrap());
    assert!(!tx.star_put(&ada, &named("c"), at(3), 2).await.unwrap());
    assert!(tx.star_put(&ada, &named("b"), at(4), 2).await.unwrap(), "it is starred already");
    assert!(tx.star_put(&user_id(2), &named("c"), at(3), 2).await.unwrap(), "another's stars do not count");
    assert_eq!(tx.star_list(&ada, 10).await.unwrap(), entries(&[("b", 2), ("a", 1)]));
}

pub async fn the_newest_views_stay(store: Arc<dyn Store>) {
    add_users(&store, 2).await;
    let (ada, ben) = (user_id(1), user_id(2));
    let mut tx = write(&store).await;
    tx.view_put(&ben, &named("a"), at(1), 3).await.unwrap();
    for (name, ms) in [("a", 1), ("b", 2), ("c", 3), ("a", 4)] {
        tx.view_put(&ada, &named(name), at(ms), 3).await.unwrap();
    }
    assert_eq!(tx.view_list(&ada, 10).await.unwrap(), entries(&[("a", 4), ("c", 3), ("b", 2)]));
    tx.view_put(&ada, &named("d"), at(5), 3).await.unwrap();
    tx.commit().await.unwrap();
    let mut reader = read(&store).await;
    assert_eq!(reader.view_list(&ada, 10).await.unwrap(), entries(&[("d", 5), ("a", 4), ("c", 3)]));
    assert_eq!(reader.view_list(&ada, 1).await.unwrap(), entries(&[("d", 5)]));
    assert_eq!(reader.view_list(&ben, 10).await.unwrap(), entries(&[("a", 1)]));
}

pub async fn stars_need_an_account(store: Arc<dyn Store>) {
    let mut tx = write(&store).await;
    let put = tx.star_put(&user_id(7), &named("a"), at(1), 10).await;
    let committed = if put.is_ok() { tx.commit().await } else { Ok(()) };
    assert!(put.is_err() || committed.is_err());
}
