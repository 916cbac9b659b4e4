//! Static tokens.

use std::sync::Arc;

use portal_core::{
    identity::UserStatus,
    ids::StaticTokenId,
    ports::Store,
    tokens::{StaticToken, StaticTokenEnd, StaticTokenFilter},
};
use portal_model::Scope;

use super::fixtures::{at, entity_ref, hash, read, user, write};

pub(super) fn id(name: &str) -> StaticTokenId {
    StaticTokenId(format!("token-{name}"))
}

pub(super) fn token(name: &str, created_ms: i64) -> StaticToken {
    StaticToken {
        id: id(name),
        hash: hash(name),
        ending: "wxyz".to_owned(),
        name: format!("CI {name} 100%"),
        owner: entity_ref("user:default/person-1"),
        scope: Scope::Read,
        sources: None,
        ranges: Vec::new(),
        personal: false,
        created_by: "command line".to_owned(),
        created_at: at(created_ms),
        expires_at: at(10_000),
        used_at: None,
        used_from: None,
        owner_missing_since: None,
        ended: None,
    }
}

async fn add(store: &Arc<dyn Store>, tokens: &[StaticToken]) {
    let mut tx = write(store).await;
    for token in tokens {
        tx.static_token_insert(token).await.unwrap();
    }
    tx.commit().await.unwrap();
}

fn names(tokens: &[StaticToken]) -> Vec<&str> {
    tokens.iter().map(|token| token.id.as_str().trim_start_matches("token-")).collect()
}

pub async fn a_token_comes_back_as_it_went(store: Arc<dyn Store>) {
    let full = StaticToken {
        owner: entity_ref("group:acme/team-a"),
        scope: Scope::Destructive,
        sources: Some(vec!["auth".to_owned(), "catalog".to_owned()]),
        ranges: vec!["192.0.2.0/24".parse().unwrap(), "2001:db8::/32".parse().unwrap()],
        personal: true,
        used_at: Some(at(5)),
        used_from: Some("192.0.2.7".to_owned()),
        owner_missing_since: Some(at(6)),
        ended: Some((at(7), StaticTokenEnd::OwnerGone)),
        ..token("full", 1)
    };
    add(&store, &[full.clone(), token("bare", 2)]).await;
    let mut reader = read(&store).await;
    for expected in [full, token("bare", 2)] {
        assert_eq!(reader.static_token_by_id(&expected.id).await.unwrap(), Some(expected.clone()));
        let (found, accounts) = reader.static_token_by_hash(&expected.hash).await.unwrap().unwrap();
        assert_eq!((found, accounts), (expected, Vec::new()));
    }
    assert_eq!(reader.static_token_by_id(&id("none")).await.unwrap(), None);
    assert_eq!(reader.static_token_by_hash(&hash("none")).await.unwrap(), None);
}

pub async fn a_token_comes_with_every_account_of_its_owner(store: Arc<dyn Store>) {
    let mut tx = write(&store).await;
    let owner = entity_ref("user:default/person-1");
    let mut twin = user(2);
    twin.entity_ref = owner;
    twin.status = UserStatus::Disabled;
    twin.created_at = at(0);
    for account in [&twin, &user(1), &user(3)] {
        assert!(tx.user_insert(account).await.unwrap());
    }
    tx.commit().await.unwrap();
    add(&store, &[token("a", 1)]).await;
    let (_, accounts) = read(&store).await.static_token_by_hash(&hash("a")).await.unwrap().unwrap();
    // Those that are active come first.
    assert_eq!(accounts, [user(1), twin]);
}

pub async fn a_token_ends_once(store: Arc<dyn Store>) {
    add(&store, &[token("a", 1)]).await;
    let mut tx = write(&store).await;
    assert!(tx.static_token_end(&id("a"), StaticTokenEnd::Rotated, at(5)).await.unwrap());
    assert!(!tx.static_token_end(&id("a"), StaticTokenEnd::Revoked, at(6)).await.unwrap());
    assert!(!tx.static_token_end(&id("none"), StaticTokenEnd::Revoked, at(6)).await.unwrap());
    tx.commit().await.unwrap();
    let found = read(&store).await.static_token_by_id(&id("a")).await.unwrap().unwrap();
    assert_eq!(found.ended, Some((at(5), StaticTokenEnd::Rotated)));
}

pub async fn an_end_that_lies_ahead_can_be_brought_forward(store: Arc<dyn Store>) {
    add(&store, &[token("a", 1)]).await;
    let mut tx = write(&store).await;
    assert!(tx.static_token_end(&id("a"), StaticTokenEnd::Rotated, at(9)).await.unwrap());
    for (now, open) in [(8, 1), (9, 0)] {
        let filter = StaticTokenFilter { open_at: Some(at(now)), ..StaticTokenFilter::default() };
        assert_eq!(tx.static_token_count(&filter).await.unwrap(), open, "at {now}");
    }
    assert!(tx.static_token_end(&id("a"), StaticTokenEnd::Revoked, at(6)).await.unwrap());
    assert!(!tx.static_token_end(&id("a"), StaticTokenEnd::OwnerGone, at(7)).await.unwrap());
    let found = tx.static_token_by_id(&id("a")).await.unwrap().unwrap();
    assert_eq!(found.ended, Some((at(6), StaticTokenEnd::Revoked)));
}

pub async fn uses_and_owners_are_remembered(store: Arc<dyn Store>) {
    add(&store, &[token("a", 1), token("b", 1)]).await;
    let mut tx = write(&store).await;
    tx.static_token_touch(&id("a"), at(9), Some("192.0.2.9")).await.unwrap();
    tx.static_token_touch(&id("a"), at(8), Some("192.0.2.8")).await.unwrap();
    tx.static_token_set_owner_missing(&id("a"), Some(at(4))).await.unwrap();
    tx.static_token_set_owner_missing(&id("b"), Some(at(4))).await.unwrap();
    tx.static_token_set_owner_missing(&id("b"), None).await.unwrap();
    let a = tx.static_token_by_id(&id("a")).await.unwrap().unwrap();
    assert_eq!((a.used_at, a.used_from.as_deref()), (Some(at(9)), Some("192.0.2.9")));
    assert_eq!(a.owner_missing_since, Some(at(4)));
    assert_eq!(tx.static_token_by_id(&id("b")).await.unwrap().unwrap(), token("b", 1));
}

pub async fn tokens_are_listed_newest_first_and_filtered(store: Arc<dyn Store>) {
    let of_team = StaticToken {
        owner: entity_ref("group:default/team-a"),
        name: "Deploy_Bot".to_owned(),
        ..token("team", 4)
    };
    let ended = StaticToken { ended: Some((at(3), StaticTokenEnd::Revoked)), ..token("ended", 3) };
    let expired = StaticToken { expires_at: at(100), ..token("expired", 2) };
    add(&store, &[token("b", 1), token("a", 1), expired, ended, of_team]).await;
    let all = StaticTokenFilter::default();
    let search = |text: &str| StaticTokenFilter { search: text.to_owned(), ..all.clone() };
    let cases: [(StaticTokenFilter, &[&str]); 8] = [
        (all.clone(), &["team", "ended", "expired", "a", "b"]),
        (StaticTokenFilter { open_at: Some(at(100)), ..all.clone() }, &["team", "a", "b"]),
        (StaticTokenFilter { open_at: Some(at(99)), ..all.clone() }, &["team", "expired", "a", "b"]),
        (StaticTokenFilter { owner: Some(entity_ref("group:default/team-a")), ..all.clone() }, &["team"]),
        (search("DEPLOY_"), &["team"]),
        (search("group:default"), &["team"]),
        (search("100%"), &["ended", "expired", "a", "b"]),
        (StaticTokenFilter { open_at: Some(at(3)), ..search("ci e") }, &["expired"]),
    ];
    let mut reader = read(&store).await;
    for (filter, expected) in cases {
        assert_eq!(
            names(&reader.static_token_list(&filter, None, 10).await.unwrap()),
            expected,
            "{filter:?}"
        );
        let count = reader.static_token_count(&filter).await.unwrap();
        assert_eq!(usize::try_from(count).unwrap(), expected.len(), "{filter:?}");
    }
    let page = reader.static_token_list(&all, Some(&id("a")), 10).await.unwrap();
    assert_eq!(names(&page), ["b"]);
    assert_eq!(names(&reader.static_token_list(&all, None, 2).await.unwrap()), ["team", "ended"]);
}

pub async fn old_tokens_are_pruned(store: Arc<dyn Store>) {
    let ended = StaticToken { ended: Some((at(3), StaticTokenEnd::Revoked)), ..token("ended", 1) };
    let expired = StaticToken { expires_at: at(4), ..token("expired", 1) };
    let late = StaticToken { expires_at: at(5), ..token("late", 1) };
    add(&store, &[ended, expired, late, token("open", 1)]).await;
    let mut tx = write(&store).await;
    assert_eq!(tx.static_token_prune(at(5), 1).await.unwrap(), 1);
    assert_eq!(tx.static_token_prune(at(5), 10).await.unwrap(), 1);
    let left = tx.static_token_list(&StaticTokenFilter::default(), None, 10).await.unwrap();
    assert_eq!(names(&left), ["late", "open"]);
}
