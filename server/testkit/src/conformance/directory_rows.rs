//! People, groups and memberships of runs.

use std::{collections::BTreeMap, sync::Arc};

use portal_core::{
    org::{
        DirectoryGroup, DirectoryPerson, Exclusion, ExclusionReason, GroupId, Member, Membership, Standing,
        Subject,
        rows::{GroupRow, PersonRow},
        run::{ProviderState, RunKind, RunNumber},
    },
    ports::{Store, WriteTransaction},
};

use super::{
    directory_runs::{add_provider, add_run, provider, state},
    fixtures::{at, entity, entity_ref, location_id, publish, read, user, write},
    identities::{identity, key, token},
};

fn row(subject: &str, name: &str) -> PersonRow {
    PersonRow {
        name: name.to_owned(),
        entity_ref: entity_ref(&format!("user:default/{name}")),
        own: true,
        standing: Standing::Active,
        reread_at: None,
        person: DirectoryPerson {
            subject: Subject(subject.to_owned()),
            login: name.to_owned(),
            email: None,
            display_name: None,
            picture: None,
            standing: Standing::Active,
            annotations: BTreeMap::new(),
        },
    }
}

fn left_out(mut row: PersonRow, reason: ExclusionReason) -> PersonRow {
    row.standing = Standing::Excluded(Exclusion { reason, vendor_status: "WORD".to_owned() });
    row.person.standing = row.standing.clone();
    row
}

fn group(id: &str, name: &str, parent: Option<&str>) -> GroupRow {
    GroupRow {
        name: name.to_owned(),
        entity_ref: entity_ref(&format!("group:default/{name}")),
        rejected: None,
        group: DirectoryGroup {
            id: GroupId(id.to_owned()),
            name: name.to_owned(),
            display_name: None,
            description: None,
            kind: "team".to_owned(),
            email: None,
            picture: None,
            parent: parent.map(|parent| GroupId(parent.to_owned())),
            annotations: BTreeMap::new(),
        },
    }
}

fn subject(text: &str) -> Subject {
    Subject(text.to_owned())
}

fn gid(text: &str) -> GroupId {
    GroupId(text.to_owned())
}

fn in_group(person: &str, group: &str) -> Membership {
    Membership { group: gid(group), member: Member::Person(subject(person)) }
}

fn inside(inner: &str, outer: &str) -> Membership {
    Membership { group: gid(outer), member: Member::Group(gid(inner)) }
}

/// Two runs of provider `a`, the first of them published.
async fn two_runs(store: &Arc<dyn Store>) -> (RunNumber, RunNumber) {
    add_provider(store, "a").await;
    let (one, two) = (add_run(store, "a", RunKind::Full).await, add_run(store, "a", RunKind::Full).await);
    point(store, Some(one), Some(two)).await;
    (one, two)
}

async fn point(store: &Arc<dyn Store>, published: Option<RunNumber>, active: Option<RunNumber>) {
    let mut tx = write(store).await;
    let state = ProviderState { published_run: published, active_run: active, ..state("a") };
    tx.directory_provider_update(&state).await.unwrap();
    tx.commit().await.unwrap();
}

type Tx = Box<dyn WriteTransaction>;

async fn subjects(tx: &mut Tx, run: RunNumber) -> Vec<String> {
    let rows = tx.directory_people_first(run, 99).await.unwrap();
    rows.into_iter()
        .map(|(subject, row)| format!("{subject}{}", if row.is_none() { " gone" } else { "" }))
        .collect()
}

pub async fn people_come_back_as_they_went(store: Arc<dyn Store>) {
    let (one, two) = two_runs(&store).await;
    let mut tx = write(&store).await;
    let people = [
        row("1", "b"),
        left_out(row("2", "a"), ExclusionReason::Guest),
        PersonRow { own: false, ..row("3", "c") },
        row("4", "a"),
    ];
    tx.directory_people_stage(one, &people).await.unwrap();
    tx.directory_people_stage(two, &[row("9", "z")]).await.unwrap();
    let asked: Vec<Subject> = ["1", "2", "3", "7"].map(subject).to_vec();
    assert_eq!(tx.directory_people(one, &asked).await.unwrap(), people[..3]);
    assert_eq!(tx.directory_person(&provider("a"), &subject("2")).await.unwrap(), Some(people[1].clone()));
    assert_eq!(
        tx.directory_person(&provider("a"), &subject("9")).await.unwrap(),
        None,
        "it is not published"
    );
    let page = tx.directory_people_page(one, None, 1).await.unwrap();
    assert_eq!(page, [people[3].clone()]);
    let page = tx.directory_people_page(one, Some(("a", &subject("4"))), 9).await.unwrap();
    assert_eq!(page, [people[0].clone()], "without those left out or linked");
    assert_eq!(tx.directory_people_named(one, "a", 9).await.unwrap(), [people[3].clone()]);
    let counts = tx.directory_standing_counts(one).await.unwrap();
    assert_eq!(counts, [("active".to_owned(), 3), ("guest".to_owned(), 1)]);
}

pub async fn whoever_was_read_alone_is_not_overwritten_by_pages(store: Arc<dyn Store>) {
    let (one, _) = two_runs(&store).await;
    let alone = PersonRow { reread_at: Some(at(5)), ..left_out(row("1", "a"), ExclusionReason::Suspended) };
    let mut tx = write(&store).await;
    tx.directory_people_put(one, std::slice::from_ref(&alone)).await.unwrap();
    tx.directory_people_stage(one, &[row("1", "a"), row("1", "b"), row("2", "c")]).await.unwrap();
    assert_eq!(tx.directory_people(one, &[subject("1")]).await.unwrap(), [alone]);
    assert_eq!(tx.directory_reread_people(one, 9).await.unwrap(), [subject("1")]);
    tx.directory_reread_forget(one, &[subject("1")]).await.unwrap();
    assert_eq!(tx.directory_reread_people(one, 9).await.unwrap(), []);
    tx.directory_people_stage(one, &[row("2", "a"), row("2", "b")]).await.unwrap();
    assert_eq!(tx.directory_people(one, &[subject("2")]).await.unwrap(), [row("2", "b")], "the last counts");
}

/// A full read has no order: nobody is active there whom it leaves out elsewhere. A delta has one.
pub async fn whoever_is_left_out_once_is_left_out(store: Arc<dyn Store>) {
    let (one, _) = two_runs(&store).await;
    let delta = add_run(&store, "a", RunKind::Delta).await;
    let suspended = left_out(row("1", "a"), ExclusionReason::Suspended);
    let mut tx = write(&store).await;
    for run in [one, delta] {
        tx.directory_people_stage(run, std::slice::from_ref(&suspended)).await.unwrap();
        tx.directory_people_stage(run, &[row("1", "b")]).await.unwrap();
    }
    assert_eq!(tx.directory_people(one, &[subject("1")]).await.unwrap(), std::slice::from_ref(&suspended));
    assert_eq!(tx.directory_people(delta, &[subject("1")]).await.unwrap(), [row("1", "b")]);
    let disabled = left_out(row("1", "c"), ExclusionReason::Disabled);
    tx.directory_people_stage(one, std::slice::from_ref(&disabled)).await.unwrap();
    assert_eq!(
        tx.directory_people(one, &[subject("1")]).await.unwrap(),
        [disabled],
        "the last of those counts"
    );
    tx.directory_people_mark_gone(delta, &[subject("1")]).await.unwrap();
    tx.directory_people_stage(delta, &[row("1", "d")]).await.unwrap();
    assert_eq!(tx.directory_people(delta, &[subject("1")]).await.unwrap(), [row("1", "d")]);
}

pub async fn people_go(store: Arc<dyn Store>) {
    let (one, _) = two_runs(&store).await;
    let mut tx = write(&store).await;
    tx.directory_people_put(one, &[row("1", "a"), row("2", "b"), row("3", "c")]).await.unwrap();
    tx.directory_memberships_put(one, &[in_group("1", "g"), in_group("2", "g")], false).await.unwrap();
    tx.directory_people_delete(one, &[subject("1")], true).await.unwrap();
    tx.directory_people_delete(one, &[subject("2")], false).await.unwrap();
    assert_eq!(subjects(&mut tx, one).await, ["3"]);
    let left = tx.directory_memberships_first(one, 9).await.unwrap();
    assert_eq!(left, [(in_group("2", "g"), false)]);
    tx.directory_people_mark_gone(one, &[subject("3"), subject("4"), subject("4")]).await.unwrap();
    assert_eq!(subjects(&mut tx, one).await, ["3 gone", "4 gone"]);
    assert_eq!(tx.directory_people(one, &[subject("3")]).await.unwrap(), [], "nothing is told of them");
}

pub async fn groups_come_back_with_what_is_around_them(store: Arc<dyn Store>) {
    let (one, _) = two_runs(&store).await;
    let groups = [group("1", "b", None), group("2", "a", Some("1")), group("3", "c", None)];
    let mut tx = write(&store).await;
    tx.directory_groups_put(one, &groups).await.unwrap();
    tx.directory_people_put(one, &[row("p", "p")]).await.unwrap();
    let memberships = [in_group("p", "2"), in_group("p", "1"), inside("3", "2"), in_group("p", "nowhere")];
    tx.directory_memberships_put(one, &memberships, false).await.unwrap();
    assert_eq!(
        tx.directory_groups(one, &[gid("1"), gid("3"), gid("9")]).await.unwrap(),
        [groups[0].clone(), groups[2].clone()]
    );
    assert_eq!(tx.directory_groups_page(one, None, 1).await.unwrap(), [groups[1].clone()]);
    let rest = tx.directory_groups_page(one, Some(("a", &gid("2"))), 9).await.unwrap();
    assert_eq!(rest, [groups[0].clone(), groups[2].clone()]);
    let of_person = tx.directory_groups_of_people(one, &[subject("p")]).await.unwrap();
    let names: Vec<&str> = of_person.iter().map(|(_, entity_ref)| entity_ref.name()).collect();
    assert_eq!(names, ["a", "b"]);
    let listed = tx.directory_group_list_of_person(&provider("a"), &subject("p")).await.unwrap();
    assert_eq!(listed, groups[..2]);
    let ids = ["1", "2", "3"].map(gid);
    let parents = tx.directory_group_parents(one, &ids).await.unwrap();
    let pairs = |list: Vec<(GroupId, portal_model::EntityRef)>| -> Vec<String> {
        list.into_iter().map(|(id, other)| format!("{id} {}", other.name())).collect()
    };
    assert_eq!(pairs(parents), ["2 b", "3 a"]);
    assert_eq!(pairs(tx.directory_group_children(one, &ids).await.unwrap()), ["1 a", "2 c"]);
    assert_eq!(tx.directory_group_counts(one).await.unwrap(), (3, 4));
    tx.directory_group_reject(one, &gid("2"), "taken").await.unwrap();
    tx.directory_person_reject(one, &subject("p"), "taken too").await.unwrap();
    assert_eq!(tx.directory_groups_named(one, "a", 9).await.unwrap(), []);
    assert_eq!(tx.directory_groups_named(one, "b", 9).await.unwrap(), groups[..1]);
    let rejected: Vec<String> = tx
        .directory_rejected(one, 9)
        .await
        .unwrap()
        .into_iter()
        .map(|(entity_ref, reason)| format!("{entity_ref} {reason}"))
        .collect();
    assert_eq!(rejected, ["group:default/a taken", "user:default/p taken too"]);
    tx.directory_groups_mark_gone(one, &[gid("3")]).await.unwrap();
    let first = tx.directory_groups_first(one, 9).await.unwrap();
    let gone: Vec<String> =
        first.iter().filter(|(_, row)| row.is_none()).map(|(id, _)| id.0.clone()).collect();
    assert_eq!((first.len(), gone), (3, vec!["3".to_owned()]));
    tx.directory_groups_delete(one, &[gid("2")], true).await.unwrap();
    let left = tx.directory_memberships_first(one, 9).await.unwrap();
    assert_eq!(
        left.iter().map(|(membership, _)| membership.group.0.as_str()).collect::<Vec<_>>(),
        ["1", "nowhere"]
    );
}

pub async fn memberships_are_replaced_and_cleared(store: Arc<dyn Store>) {
    let (one, _) = two_runs(&store).await;
    let mut tx = write(&store).await;
    tx.directory_memberships_put(one, &[in_group("p", "1"), in_group("q", "1"), inside("2", "1")], false)
        .await
        .unwrap();
    tx.directory_memberships_put(one, &[in_group("q", "1"), in_group("q", "1")], true).await.unwrap();
    tx.directory_memberships_replace(one, &subject("p"), &[gid("3"), gid("3")]).await.unwrap();
    let all = tx.directory_memberships_first(one, 9).await.unwrap();
    assert_eq!(all, [(inside("2", "1"), false), (in_group("p", "3"), false), (in_group("q", "1"), true)]);
    tx.directory_memberships_delete(one, &[inside("2", "1")]).await.unwrap();
    tx.directory_memberships_clear(one, &[gid("1")]).await.unwrap();
    assert_eq!(tx.directory_memberships_first(one, 9).await.unwrap(), [(in_group("p", "3"), false)]);
    tx.directory_replacements_put(one, &[gid("2"), gid("1")]).await.unwrap();
    assert_eq!(tx.directory_replacements_first(one, 9).await.unwrap(), [gid("1"), gid("2")]);
    tx.directory_replacements_delete(one, &[gid("1")]).await.unwrap();
    assert_eq!(tx.directory_replacements_first(one, 9).await.unwrap(), [gid("2")]);
}

pub async fn differences_are_found(store: Arc<dyn Store>) {
    let (one, two) = two_runs(&store).await;
    let mut tx = write(&store).await;
    let before = [row("1", "same"), row("2", "renamed"), row("3", "gone"), row("4", "hurt")];
    tx.directory_people_put(one, &before).await.unwrap();
    let after = [
        row("1", "same"),
        row("2", "new-name"),
        left_out(row("4", "hurt"), ExclusionReason::Suspended),
        row("5", "come"),
    ];
    tx.directory_people_put(two, &after).await.unwrap();
    tx.directory_groups_put(
        one,
        &[group("g", "team", None), group("h", "old", None), group("i", "calm", None)],
    )
    .await
    .unwrap();
    tx.directory_groups_put(two, &[group("g", "crew", None), group("i", "calm", None)]).await.unwrap();
    tx.directory_memberships_put(one, &[in_group("1", "g"), in_group("1", "i")], false).await.unwrap();
    tx.directory_memberships_put(two, &[in_group("1", "g"), in_group("2", "i")], false).await.unwrap();
    let found = tx.directory_person_differences(Some(one), two, None, 9).await.unwrap();
    let words: Vec<String> =
        found.iter().map(|found| format!("{} {:?}", found.subject, found.kind())).collect();
    assert_eq!(words, ["2 Some(Changed)", "3 Some(Removed)", "4 Some(Removed)", "5 Some(Added)"]);
    let rest = tx.directory_person_differences(Some(one), two, Some(&subject("3")), 1).await.unwrap();
    assert_eq!(rest.len(), 1);
    assert_eq!(tx.directory_person_differences(None, two, None, 9).await.unwrap().len(), 4);
    let groups = tx.directory_group_differences(Some(one), two, None, 9).await.unwrap();
    let words: Vec<String> = groups.iter().map(|found| format!("{} {:?}", found.id, found.kind())).collect();
    assert_eq!(words, ["g Some(Changed)", "h Some(Removed)"]);
    assert_eq!(tx.directory_unexplained_count(one, two).await.unwrap(), 1);
    let mut dirty: Vec<String> = tx
        .directory_dirty(one, two, 99)
        .await
        .unwrap()
        .into_iter()
        .map(|member| match member {
            Member::Person(subject) => subject.0,
            Member::Group(id) => id.0,
        })
        .collect();
    dirty.sort();
    assert_eq!(
        dirty,
        ["1", "2", "3", "4", "5", "g", "h"],
        "1 is in a group of another name, 2 in another group"
    );
    assert_eq!(tx.directory_dirty(two, two, 9).await.unwrap().len(), 0);
    assert_eq!(tx.directory_dirty(one, two, 2).await.unwrap().len(), 2);
}

pub async fn names_that_several_have_are_found(store: Arc<dyn Store>) {
    let (one, _) = two_runs(&store).await;
    let mut tx = write(&store).await;
    let people = [row("1", "a"), row("2", "a"), row("3", "b"), left_out(row("4", "b"), ExclusionReason::Bot)];
    tx.directory_people_put(one, &people).await.unwrap();
    tx.directory_groups_put(one, &[group("1", "x", None), group("2", "x", None), group("3", "y", None)])
        .await
        .unwrap();
    assert_eq!(tx.directory_name_twins(one, false, 9).await.unwrap(), ["a"]);
    assert_eq!(tx.directory_name_twins(one, true, 9).await.unwrap(), ["x"]);
}

pub async fn only_people_with_accounts_or_tokens_are_affected(store: Arc<dyn Store>) {
    let (one, two) = two_runs(&store).await;
    let mut tx = write(&store).await;
    let mut account = user(1);
    "a".clone_into(&mut account.provider);
    "1".clone_into(&mut account.subject);
    account.entity_ref = entity_ref("user:default/elsewhere");
    assert!(tx.user_insert(&account).await.unwrap());
    let mut local = user(2);
    local.entity_ref = entity_ref("user:default/tied");
    assert!(tx.user_insert(&local).await.unwrap());
    tx.directory_people_put(one, &[row("1", "a"), row("2", "tied"), row("3", "nobody"), row("4", "same")])
        .await
        .unwrap();
    tx.directory_people_put(
        two,
        &[left_out(row("1", "a"), ExclusionReason::Disabled), row("2", "renamed"), row("4", "same")],
    )
    .await
    .unwrap();
    let changed: Vec<Member> = ["1", "2", "3", "4"].map(|text| Member::Person(subject(text))).to_vec();
    tx.directory_changes_put(two, &changed).await.unwrap();
    let affected = tx.directory_affected(&provider("a"), Some(one), two, None, 9).await.unwrap();
    let found: Vec<&str> = affected.iter().map(|difference| difference.subject.as_str()).collect();
    assert_eq!(found, ["1", "2"]);
    let rest = tx.directory_affected(&provider("a"), Some(one), two, Some(&subject("1")), 9).await.unwrap();
    assert_eq!(rest.len(), 1);
    tx.directory_changes_delete(two, &changed[..2]).await.unwrap();
    assert_eq!(tx.directory_affected(&provider("a"), Some(one), two, None, 9).await.unwrap(), []);
}

/// By their own id, by a ref that they had or get, and as the other person of a link.
pub async fn owners_of_tokens_and_linked_people_are_affected(store: Arc<dyn Store>) {
    let (one, two) = two_runs(&store).await;
    let mut tx = write(&store).await;
    for (number, owner) in [(1, "user:default/had"), (2, "user:default/gets"), (3, "user:default/else")] {
        tx.static_token_insert(&token(number, owner)).await.unwrap();
    }
    let bound = token(3, "user:default/else");
    tx.static_token_bind(&bound.id, &key("a", "3")).await.unwrap();
    let linked = |from: &str, subject: &str, to: &str, other: &str| {
        let mut identity = identity(from, subject, subject);
        identity.link = Some(key(to, other));
        identity
    };
    let identities = [linked("a", "4", "b", "x"), linked("b", "y", "a", "5"), identity("a", "6", "6")];
    tx.identity_put(&identities).await.unwrap();
    let people = |standing: fn(PersonRow) -> PersonRow| {
        ["1", "2", "3", "4", "5", "6"].map(|subject| standing(row(subject, &format!("p{subject}"))))
    };
    let mut before = people(|row| row);
    "had".clone_into(&mut before[0].name);
    before[0].entity_ref = entity_ref("user:default/had");
    let mut after = people(|row| left_out(row, ExclusionReason::Disabled));
    after[1].entity_ref = entity_ref("user:default/gets");
    tx.directory_people_put(one, &before).await.unwrap();
    tx.directory_people_put(two, &after).await.unwrap();
    let changed: Vec<Member> = after.iter().map(|row| Member::Person(row.person.subject.clone())).collect();
    tx.directory_changes_put(two, &changed).await.unwrap();
    let affected = tx.directory_affected(&provider("a"), Some(one), two, None, 9).await.unwrap();
    let found: Vec<&str> = affected.iter().map(|difference| difference.subject.as_str()).collect();
    assert_eq!(found, ["1", "2", "3", "4", "5"]);
    let affected = tx.directory_affected(&provider("c"), None, two, None, 9).await.unwrap();
    assert_eq!(affected.len(), 1, "another provider's: the ref alone");
}

pub async fn what_is_near_to_groups_is_noted(store: Arc<dyn Store>) {
    let (one, two) = two_runs(&store).await;
    let mut tx = write(&store).await;
    tx.directory_groups_put(one, &[group("g", "g", Some("above")), group("below", "below", Some("g"))])
        .await
        .unwrap();
    tx.directory_memberships_put(
        one,
        &[in_group("p", "g"), inside("inner", "g"), inside("g", "outer")],
        false,
    )
    .await
    .unwrap();
    tx.directory_changes_put_near(two, one, &[gid("g")]).await.unwrap();
    let noted = tx.directory_changes(two, 99).await.unwrap();
    let expected = ["above", "below", "inner", "outer"].map(|id| Member::Group(gid(id)));
    assert_eq!(noted[0], Member::Person(subject("p")));
    assert_eq!(noted[1..], expected);
    tx.directory_changes_delete(two, &noted).await.unwrap();
    assert_eq!(tx.directory_changes(two, 9).await.unwrap(), []);
}

pub async fn entities_of_other_locations_are_known(store: Arc<dyn Store>) {
    publish(&store, "a", "1", &[entity("user:default/x", &[]), entity("user:default/y", &[])]).await;
    let refs = ["user:default/x", "user:default/z"].map(entity_ref);
    let mut reader = read(&store).await;
    let found = reader.directory_defined_elsewhere(&location_id("b"), &refs).await.unwrap();
    assert_eq!(found, [(refs[0].clone(), "/org/a.yaml".to_owned())]);
    assert_eq!(reader.directory_defined_elsewhere(&location_id("a"), &refs).await.unwrap(), []);
}

pub async fn rows_that_nobody_needs_go_in_pieces(store: Arc<dyn Store>) {
    let (one, two) = two_runs(&store).await;
    let dry = add_run(&store, "a", RunKind::DryRun).await;
    let mut tx = write(&store).await;
    for run in [one, two, dry] {
        let people: Vec<PersonRow> =
            (0..25).map(|number| row(&number.to_string(), &format!("n{number}"))).collect();
        tx.directory_people_put(run, &people).await.unwrap();
        tx.directory_groups_put(run, &[group("g", "g", None)]).await.unwrap();
        tx.directory_memberships_put(run, &[in_group("1", "g")], false).await.unwrap();
        tx.directory_replacements_put(run, &[gid("g")]).await.unwrap();
        tx.directory_changes_put(run, &[Member::Group(gid("g"))]).await.unwrap();
    }
    tx.commit().await.unwrap();
    point(&store, Some(two), None).await;
    let mut tx = write(&store).await;
    let mut rounds = 0;
    while tx.directory_rows_prune(at(0), 10).await.unwrap() > 0 {
        rounds += 1;
    }
    assert!(rounds >= 6, "in pieces: {rounds}");
    assert_eq!(tx.directory_people_first(one, 1).await.unwrap(), []);
    assert_eq!(tx.directory_group_counts(one).await.unwrap(), (0, 0));
    assert_eq!(tx.directory_people_first(two, 99).await.unwrap().len(), 25);
    assert_eq!(tx.directory_people_first(dry, 99).await.unwrap().len(), 25, "somebody may be at it");
    while tx.directory_rows_prune(at(99), 10).await.unwrap() > 0 {}
    assert_eq!(tx.directory_people_first(dry, 99).await.unwrap(), []);
}
