//! The people of directories, and whose accounts and static tokens are.

use std::{collections::BTreeMap, sync::Arc};

use portal_core::{
    identity::UserStatus,
    ids::StaticTokenId,
    org::{
        DirectoryEmail, DirectoryGroup, DirectoryIdentity, Exclusion, ExclusionReason, GroupId, IdentityKey,
        IdentityStanding, Member, Membership, ProviderId, Subject,
        rows::GroupRow,
        run::{ProviderState, RunNumber},
    },
    ports::Store,
    tokens::StaticToken,
};
use portal_model::Scope;

use super::fixtures::{add_users, at, browser_session, entity_ref, hash, read, user, user_id, write};

fn provider(id: &str) -> ProviderId {
    ProviderId::parse(id).unwrap()
}

pub(super) fn key(id: &str, subject: &str) -> IdentityKey {
    IdentityKey { provider: provider(id), subject: subject_of(subject) }
}

fn subject_of(subject: &str) -> Subject {
    Subject(subject.to_owned())
}

/// An active person of this provider, subject and name, with a verified address.
pub(super) fn identity(id: &str, subject: &str, name: &str) -> DirectoryIdentity {
    let entity_ref = entity_ref(&format!("user:default/{name}"));
    let mut identity = DirectoryIdentity::new(key(id, subject), entity_ref, IdentityStanding::Active, at(1));
    name.clone_into(&mut identity.login);
    identity.email = Some(DirectoryEmail { address: format!("{name}@Example.org"), verified: true });
    identity
}

fn gone(mut identity: DirectoryIdentity) -> DirectoryIdentity {
    identity.standing = IdentityStanding::Gone;
    identity
}

async fn put(store: &Arc<dyn Store>, identities: &[DirectoryIdentity]) {
    let mut tx = write(store).await;
    tx.identity_put(identities).await.unwrap();
    tx.commit().await.unwrap();
}

fn subjects(identities: &[DirectoryIdentity]) -> Vec<&str> {
    identities.iter().map(|identity| identity.key.subject.as_str()).collect()
}

pub(super) fn token(number: u32, owner: &str) -> StaticToken {
    StaticToken {
        id: StaticTokenId(format!("token-{number}")),
        hash: hash(&format!("token-{number}")),
        ending: "wxyz".to_owned(),
        name: format!("CI {number}"),
        owner: entity_ref(owner),
        scope: Scope::Read,
        sources: None,
        ranges: Vec::new(),
        personal: false,
        created_by: "command line".to_owned(),
        created_at: at(i64::from(number)),
        expires_at: at(10_000),
        used_at: None,
        used_from: None,
        owner_missing_since: None,
        ended: None,
    }
}

pub async fn an_identity_comes_back_as_it_went(store: Arc<dyn Store>) {
    let full = DirectoryIdentity {
        standing: IdentityStanding::Excluded(Exclusion {
            reason: ExclusionReason::Suspended,
            vendor_status: "SUSPENDED ✓".to_owned(),
        }),
        display_name: Some("Ada \"Countess\" Lovelace".to_owned()),
        annotations: BTreeMap::from([("acme.example/id".to_owned(), "7".to_owned())]),
        link: Some(key("entra", "e1")),
        changed_at: at(9),
        ..identity("hub", "1", "ada")
    };
    let bare = DirectoryIdentity { email: None, ..gone(identity("hub", "2", "bob")) };
    put(&store, &[full.clone(), bare.clone()]).await;
    let found = |subjects: &'static [&'static str]| {
        let store = Arc::clone(&store);
        async move {
            let subjects: Vec<Subject> = subjects.iter().map(|subject| subject_of(subject)).collect();
            read(&store).await.identity_list(&provider("hub"), &subjects).await.unwrap()
        }
    };
    assert_eq!(found(&["2", "1", "3"]).await, [full.clone(), bare]);
    assert_eq!(found(&[]).await, []);
    // Another word about the same person: all is replaced, but for when they were first seen.
    let renamed = DirectoryIdentity { first_seen_at: at(77), ..identity("hub", "1", "countess") };
    put(&store, std::slice::from_ref(&renamed)).await;
    assert_eq!(found(&["1"]).await, [DirectoryIdentity { first_seen_at: at(1), ..renamed }]);
}

pub async fn identities_are_found_by_ref_link_address_and_key(store: Arc<dyn Store>) {
    let mut linked = identity("hub", "1", "ada");
    linked.link = Some(key("entra", "e1"));
    let mut unverified = identity("hub", "3", "eve");
    unverified.email = Some(DirectoryEmail { address: "ada@example.org".to_owned(), verified: false });
    let all = [linked, gone(identity("hub", "2", "ada")), unverified, identity("entra", "e1", "ada")];
    put(&store, &all).await;
    let mut tx = write(&store).await;
    for (subject, value) in [("1", "a"), ("2", "a"), ("3", "b")] {
        let keys = [("acme.example/id".to_owned(), value.to_owned()), ("other".to_owned(), "a".to_owned())];
        tx.identity_put_keys(&key("hub", subject), &keys).await.unwrap();
    }
    tx.identity_put_keys(&key("hub", "3"), &[("acme.example/id".to_owned(), "c".to_owned())]).await.unwrap();
    let by_ref = tx.identity_list_by_refs(&[entity_ref("user:default/ada")]).await.unwrap();
    assert_eq!(subjects(&by_ref), ["e1", "1", "2"], "by provider, then subject");
    let by_link = tx.identity_list_linked(&provider("entra"), &[subject_of("e1")]).await.unwrap();
    assert_eq!(subjects(&by_link), ["1"]);
    let emails = ["ada@example.org".to_owned(), "eve@example.org".to_owned()];
    let by_email = tx.identity_list_by_emails(&provider("hub"), &emails).await.unwrap();
    assert_eq!(subjects(&by_email), ["1"], "neither who has gone, nor an address that is not verified");
    let values = ["a".to_owned(), "b".to_owned(), "c".to_owned()];
    let by_key = tx.identity_list_by_keys(&provider("hub"), "acme.example/id", &values).await.unwrap();
    assert_eq!(subjects(&by_key), ["1", "3"]);
    let replaced =
        tx.identity_list_by_keys(&provider("hub"), "acme.example/id", &values[1..2]).await.unwrap();
    assert_eq!(subjects(&replaced), Vec::<&str>::new());
}

pub async fn identities_are_paged_by_subject(store: Arc<dyn Store>) {
    put(&store, &[identity("hub", "b", "x"), identity("hub", "a", "y"), identity("entra", "c", "z")]).await;
    let mut store = read(&store).await;
    let first = store.identity_page(&provider("hub"), None, 1).await.unwrap();
    assert_eq!(subjects(&first), ["a"]);
    let next = store.identity_page(&provider("hub"), Some(&subject_of("a")), 5).await.unwrap();
    assert_eq!(subjects(&next), ["b"]);
}

pub async fn conflicts_are_found(store: Arc<dyn Store>) {
    let mut linked = identity("hub", "9", "linked");
    linked.link = Some(key("entra", "e9"));
    let mut rejected = identity("hub", "2", "bob");
    rejected.standing = IdentityStanding::Excluded(Exclusion {
        reason: ExclusionReason::Rejected,
        vendor_status: String::new(),
    });
    let twin =
        DirectoryIdentity { email: identity("hub", "1", "ada").email, ..identity("hub", "4", "ada-2") };
    let all = [
        identity("entra", "e1", "ada"),
        identity("hub", "1", "ada"),
        twin,
        identity("entra", "e2", "bob"),
        rejected,
        gone(identity("entra", "e3", "eve")),
        identity("hub", "3", "eve"),
        identity("entra", "e9", "linked"),
        linked,
    ];
    put(&store, &all).await;
    let mut tx = write(&store).await;
    let mut local = user(1);
    local.entity_ref = entity_ref("user:default/eve");
    let mut disabled = user(2);
    disabled.entity_ref = entity_ref("user:default/ada");
    disabled.status = UserStatus::Disabled;
    for user in [&local, &disabled] {
        assert!(tx.user_insert(user).await.unwrap());
    }
    for (id, subject) in [("hub", "1"), ("hub", "3"), ("entra", "e1"), ("entra", "e2")] {
        let keys = [("acme.example/id".to_owned(), "shared".to_owned())];
        tx.identity_put_keys(&key(id, subject), &keys).await.unwrap();
    }
    let refs = [entity_ref("user:default/ada"), entity_ref("user:default/bob")];
    assert_eq!(tx.identity_shared_refs(10).await.unwrap(), refs);
    assert_eq!(tx.identity_shared_refs(1).await.unwrap(), &refs[..1]);
    let conflicts = tx.identity_local_conflicts(10).await.unwrap();
    assert_eq!(conflicts, [(key("hub", "3"), entity_ref("user:default/eve"), user_id(1))]);
    let (hub, entra) = (provider("hub"), provider("entra"));
    let emails = tx.identity_ambiguous_emails(&hub, &entra, 10).await.unwrap();
    assert_eq!(emails, ["ada@example.org"], "one on each side is no conflict");
    let keys = tx.identity_ambiguous_keys(&hub, &entra, "acme.example/id", 10).await.unwrap();
    assert_eq!(keys, ["shared"]);
    assert!(tx.identity_ambiguous_keys(&hub, &entra, "other", 10).await.unwrap().is_empty());
}

pub async fn accounts_belong_to_people(store: Arc<dyn Store>) {
    add_users(&store, 2).await;
    let mut tx = write(&store).await;
    let mut own = user(3);
    "hub".clone_into(&mut own.provider);
    "1".clone_into(&mut own.subject);
    assert!(tx.user_insert(&own).await.unwrap());
    let refs = [user(1).entity_ref, user(2).entity_ref, own.entity_ref.clone()];
    let unbound = tx.account_list_unbound(&refs).await.unwrap();
    assert_eq!(unbound.iter().map(|user| user.id.clone()).collect::<Vec<_>>(), [user_id(1), user_id(2)]);
    assert_eq!(tx.account_person(&user_id(1)).await.unwrap(), None);
    tx.account_bind(&user_id(1), &key("hub", "1")).await.unwrap();
    assert_eq!(tx.account_person(&user_id(1)).await.unwrap(), Some(key("hub", "1")));
    assert_eq!(tx.account_list_unbound(&refs).await.unwrap().len(), 1);
    assert!(tx.account_list_unbound(&[]).await.unwrap().is_empty());
    let held = |id: &'static str, subject: &'static str| (provider(id), [subject_of(subject)]);
    let (hub, one) = held("hub", "1");
    let mut found = tx.account_list_of_people(&hub, &one).await.unwrap();
    found.sort_by(|(first, _), (second, _)| first.id.as_str().cmp(second.id.as_str()));
    assert_eq!(found, [(user(1), subject_of("1")), (own, subject_of("1"))]);
    let (entra, one) = held("entra", "1");
    assert!(tx.account_list_of_people(&entra, &one).await.unwrap().is_empty());
    assert!(tx.account_list_of_people(&hub, &[]).await.unwrap().is_empty());
}

/// Nothing that belongs to somebody may come to be without an owner.
pub async fn people_who_left_are_forgotten(store: Arc<dyn Store>) {
    let mut tx = write(&store).await;
    let mut account = user(1);
    "a".clone_into(&mut account.provider);
    "account".clone_into(&mut account.subject);
    assert!(tx.user_insert(&account).await.unwrap());
    let local = user(2);
    assert!(tx.user_insert(&local).await.unwrap());
    tx.account_bind(&local.id, &key("a", "local")).await.unwrap();
    tx.static_token_insert(&token(1, "user:default/token")).await.unwrap();
    tx.static_token_bind(&token(1, "user:default/token").id, &key("a", "token")).await.unwrap();
    let mut linked = gone(identity("a", "linked", "linked"));
    linked.link = Some(key("b", "target"));
    let late = DirectoryIdentity { changed_at: at(9), ..gone(identity("a", "late", "late")) };
    let mut left: Vec<DirectoryIdentity> =
        ["account", "local", "token", "left"].map(|name| gone(identity("a", name, name))).to_vec();
    left.extend([linked, late, gone(identity("b", "target", "target")), identity("a", "active", "active")]);
    tx.identity_put(&left).await.unwrap();
    tx.identity_put_keys(&key("a", "left"), &[("k".to_owned(), "v".to_owned())]).await.unwrap();
    let found = tx.identity_list_forgettable(at(5), 9).await.unwrap();
    assert_eq!(found, [key("a", "left")]);
    assert_eq!(tx.identity_list_forgettable(at(1), 9).await.unwrap(), [], "not old enough");
    let asked = [key("a", "left"), key("a", "active"), key("a", "late"), key("a", "none")];
    assert_eq!(tx.identity_delete(&asked, at(5)).await.unwrap(), 1);
    let asked: Vec<Subject> = asked.into_iter().map(|key| key.subject).collect();
    let kept = tx.identity_list(&provider("a"), &asked).await.unwrap();
    assert_eq!(subjects(&kept), ["active", "late"]);
    assert_eq!(tx.identity_list_by_keys(&provider("a"), "k", &["v".to_owned()]).await.unwrap(), []);
}

pub async fn static_tokens_belong_to_people(store: Arc<dyn Store>) {
    let mut tx = write(&store).await;
    for token in [token(1, "user:default/ada"), token(2, "user:default/ada"), token(3, "user:default/bob")] {
        tx.static_token_insert(&token).await.unwrap();
    }
    let ended = token(2, "user:default/ada").id;
    let reason = portal_core::tokens::StaticTokenEnd::Revoked;
    assert!(tx.static_token_end(&ended, reason, at(5)).await.unwrap());
    let owners = [entity_ref("user:default/ada")];
    let unbound = tx.static_token_list_unbound(&owners).await.unwrap();
    assert_eq!(unbound, [token(1, "user:default/ada")]);
    assert!(tx.static_token_list_unbound(&[]).await.unwrap().is_empty());
    let first = token(1, "user:default/ada");
    tx.static_token_bind(&first.id, &key("hub", "1")).await.unwrap();
    assert_eq!(tx.static_token_person(&first.id).await.unwrap(), Some(key("hub", "1")));
    assert_eq!(tx.static_token_person(&ended).await.unwrap(), None);
    assert!(tx.static_token_list_unbound(&owners).await.unwrap().is_empty());
    let of = |id: &'static str, subject: &'static str| (provider(id), [subject_of(subject)]);
    let (hub, one) = of("hub", "1");
    assert_eq!(tx.static_token_list_of_people(&hub, &one).await.unwrap(), [(first.clone(), subject_of("1"))]);
    assert!(tx.static_token_list_of_people(&hub, &[]).await.unwrap().is_empty());
    tx.static_token_set_owner(&first, &entity_ref("user:default/countess")).await.unwrap();
    let moved = tx.static_token_by_id(&first.id).await.unwrap().unwrap();
    assert_eq!(moved, StaticToken { owner: entity_ref("user:default/countess"), ..first });
    let filter =
        portal_core::tokens::StaticTokenFilter { search: "countess".to_owned(), ..Default::default() };
    assert_eq!(tx.static_token_count(&filter).await.unwrap(), 1, "it is found by its new owner");
}

pub async fn members_are_those_of_the_published_run(store: Arc<dyn Store>) {
    let mut tx = write(&store).await;
    let hub = provider("hub");
    let named = [GroupId("Admins".to_owned())];
    assert!(tx.directory_members(&hub, &named).await.unwrap().is_empty(), "nothing is published");
    let state = ProviderState {
        id: hub.clone(),
        published_run: Some(RunNumber(4)),
        active_run: None,
        held_run: None,
        watermark: Some(at(1)),
        delta_cursor: None,
        full_due_at: at(2),
        delta_due_at: None,
        request: None,
        failures: 0,
    };
    assert!(tx.directory_provider_insert(&state).await.unwrap());
    tx.directory_provider_update(&state).await.unwrap();
    let group = |id: &str, name: &str| GroupRow {
        name: name.to_lowercase(),
        entity_ref: entity_ref(&format!("group:default/{id}")),
        rejected: None,
        group: DirectoryGroup {
            id: GroupId(id.to_owned()),
            name: name.to_owned(),
            display_name: None,
            description: None,
            kind: "team".to_owned(),
            email: None,
            picture: None,
            parent: None,
            annotations: BTreeMap::new(),
        },
    };
    let membership = |group: &str, member: Member| Membership { group: GroupId(group.to_owned()), member };
    let person = |subject: &str| Member::Person(subject_of(subject));
    let inner = |id: &str| Member::Group(GroupId(id.to_owned()));
    tx.directory_groups_put(
        RunNumber(4),
        &[group("g1", "Admins"), group("g2", "Inner"), group("g3", "Other")],
    )
    .await
    .unwrap();
    let memberships = [
        membership("g1", person("1")),
        membership("g1", inner("g2")),
        membership("g2", person("2")),
        membership("g2", inner("g1")),
        membership("g3", person("3")),
    ];
    tx.directory_memberships_put(RunNumber(4), &memberships, false).await.unwrap();
    tx.directory_memberships_put(RunNumber(5), &[membership("g1", person("4"))], false).await.unwrap();
    let members = [subject_of("1"), subject_of("2")];
    assert_eq!(tx.directory_members(&hub, &named).await.unwrap(), members, "by name, inner groups too");
    assert_eq!(tx.directory_members(&hub, &[GroupId("g1".to_owned())]).await.unwrap(), members, "by id");
    assert!(tx.directory_members(&hub, &[GroupId("none".to_owned())]).await.unwrap().is_empty());
    assert!(tx.directory_members(&hub, &[]).await.unwrap().is_empty());
}

pub async fn roles_of_groups_are_remembered(store: Arc<dyn Store>) {
    let mut tx = write(&store).await;
    let mut ada = user(1);
    "hub".clone_into(&mut ada.provider);
    assert!(tx.user_insert(&ada).await.unwrap());
    assert!(!tx.account_admin_by_group(&ada.id).await.unwrap());
    tx.account_set_admin_by_group(&ada.id, true).await.unwrap();
    assert!(tx.account_admin_by_group(&ada.id).await.unwrap());
    assert_eq!(tx.account_list_admins_by_group(&provider("hub")).await.unwrap(), [ada.clone()]);
    assert!(tx.account_list_admins_by_group(&provider("entra")).await.unwrap().is_empty());
    tx.account_set_admin_by_group(&ada.id, false).await.unwrap();
    assert!(tx.account_list_admins_by_group(&provider("hub")).await.unwrap().is_empty());
}

pub async fn open_browser_sessions_are_listed_newest_first(store: Arc<dyn Store>) {
    add_users(&store, 2).await;
    let mut tx = write(&store).await;
    let mut newer = browser_session("newer", 1);
    newer.created_at = at(7);
    let mut expired = browser_session("expired", 1);
    expired.expires_at = at(50);
    for session in [&browser_session("older", 1), &newer, &expired, &browser_session("other", 2)] {
        tx.browser_session_insert(session).await.unwrap();
    }
    let listed = tx.browser_session_list(&user_id(1), at(50), 10).await.unwrap();
    assert_eq!(listed, [newer.clone(), browser_session("older", 1)]);
    assert_eq!(tx.browser_session_list(&user_id(1), at(50), 1).await.unwrap(), [newer]);
    tx.user_raise_epoch(&user_id(1)).await.unwrap();
    assert!(tx.browser_session_list(&user_id(1), at(50), 10).await.unwrap().is_empty());
}
