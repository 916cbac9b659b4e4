//! GitLab, read through the port from a fake that pages, throttles and hides as GitLab does.

use std::{collections::BTreeSet, sync::Arc};

use portal_core::{
    org::{GroupId, Standing, Subject},
    ports::{Clock, DirectoryClient, DirectoryError, DirectoryNext, DirectoryRead},
    secret::Secret,
};
use portal_directory::{
    Selection,
    gitlab::{GitlabOptions, GitlabScope, connect},
};
use portal_testkit::{
    MockClock,
    directories::{
        FakeServer,
        gitlab::{FakeToken, GitlabFake, HOOK_SECRET, TOKEN, member},
    },
};
use proptest::prelude::*;

use crate::reads::{Taken, pages, person, read_all, read_from, transport};

pub struct World {
    pub fake: GitlabFake,
    pub server: FakeServer,
    pub clock: Arc<MockClock>,
}

impl World {
    pub async fn new() -> Self {
        let clock = Arc::new(MockClock::new());
        let fake = GitlabFake::new(Arc::clone(&clock));
        let server = fake.start().await;
        Self { fake, server, clock }
    }

    pub fn options(&self, scope: GitlabScope) -> GitlabOptions {
        GitlabOptions {
            base_url: self.server.base.clone(),
            token: Secret::new(TOKEN),
            scope,
            external_users: false,
            seat_required: false,
            selection: Selection::default(),
            webhook_secret: Some(Secret::new(HOOK_SECRET)),
            webhook_signing_token: None,
        }
    }

    pub fn client_with(&self, options: GitlabOptions) -> Arc<dyn DirectoryClient> {
        let clock: Arc<dyn Clock> = Arc::<MockClock>::clone(&self.clock);
        connect(options, transport(), clock).unwrap()
    }

    /// All users, by an administrator.
    pub fn instance(&self) -> Arc<dyn DirectoryClient> {
        self.client_with(self.options(GitlabScope::Instance))
    }

    /// The group `acme`, by its owner, as on gitlab.com.
    pub fn group(&self) -> Arc<dyn DirectoryClient> {
        self.client_with(self.options(GitlabScope::Group("acme".to_owned())))
    }

    /// A top-level group `acme` whose owner is the token's user, who is no administrator.
    pub fn acme(&self, members: &[u64]) -> u64 {
        let acme = self.fake.group("acme", None, members);
        let mut state = self.fake.state();
        let root = state.tokens[TOKEN].user;
        state.tokens.insert(TOKEN.to_owned(), FakeToken { user: root, administrator: false });
        state.groups.get_mut(&acme).unwrap().members.insert(root, member(50));
        acme
    }
}

pub fn names(logins: &[&str]) -> BTreeSet<String> {
    logins.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn an_administrator_reads_all_users_and_groups() {
    let world = World::new().await;
    let (ada, bo) = (world.fake.user("ada"), world.fake.user("bo"));
    world.fake.change(bo, |user| user.confirmed = false);
    let platform = world.fake.group("platform", None, &[ada]);
    let data = world.fake.group("data", Some(platform), &[bo]);
    world.fake.change_member(platform, ada, |member| member.access_level = 0);

    let taken = read_all(&*world.instance()).await.unwrap();
    assert_eq!(taken.active(), names(&["root", "ada", "bo"]));
    assert_eq!(taken.members("platform"), names(&[]), "no access is no membership");
    assert_eq!(taken.members("platform-data"), names(&["bo"]));
    assert_eq!(taken.groups[&data.to_string()].parent, Some(GroupId(platform.to_string())));
    assert_eq!(taken.groups[&data.to_string()].annotations["127.0.0.1/team-path"], "platform/data");
    let person = &taken.people[&ada.to_string()];
    assert_eq!(person.subject, Subject(ada.to_string()));
    assert!(person.annotations["127.0.0.1/user-login"].ends_with("/ada"));
    assert_eq!(person.annotations["127.0.0.1/user-id"], ada.to_string());
    assert!(person.email.as_ref().is_some_and(|email| email.verified));
    let unconfirmed = &taken.people[&bo.to_string()];
    assert!(unconfirmed.email.as_ref().is_some_and(|email| !email.verified), "not confirmed");
}

#[tokio::test]
async fn a_group_brings_inherited_invited_and_deeper_members() {
    let world = World::new().await;
    let (ada, bo, cy, di) =
        (world.fake.user("ada"), world.fake.user("bo"), world.fake.user("cy"), world.fake.user("di"));
    world.fake.user("stranger");
    world.fake.change(cy, |user| user.enterprise = false);
    world.fake.change(ada, |user| user.saml_uid = Some("ada@idp".to_owned()));
    let acme = world.acme(&[ada]);
    let data = world.fake.group("data", Some(acme), &[bo]);
    let guests = world.fake.group("partners", None, &[di]);
    world.fake.group("deep", Some(data), &[cy]);
    world.fake.state().groups.get_mut(&acme).unwrap().shared_with.push(guests);

    let taken = read_all(&*world.group()).await.unwrap();
    assert_eq!(taken.active(), names(&["root", "ada", "bo", "cy", "di"]));
    assert_eq!(taken.groups.len(), 3, "only the group and those below it");
    assert_eq!(taken.members("acme"), names(&["root", "ada"]));
    assert_eq!(taken.members("data"), names(&["bo"]));
    assert_eq!(taken.members("data-deep"), names(&["cy"]));
    assert_eq!(taken.groups[&acme.to_string()].parent, None);
    assert_eq!(taken.people[&ada.to_string()].annotations["127.0.0.1/saml-external-uid"], "ada@idp");
    assert!(taken.people[&ada.to_string()].email.as_ref().is_some_and(|email| email.verified));
    assert_eq!(taken.people[&cy.to_string()].email, None, "others' addresses are not told");
}

#[tokio::test]
async fn only_people_whose_state_is_active_are_taken() {
    let world = World::new().await;
    let acme = world.acme(&[]);
    for (name, state) in [
        ("ok", "active"),
        ("blocked", "blocked"),
        ("banned", "banned"),
        ("ldap", "ldap_blocked"),
        ("off", "deactivated"),
        ("pending", "blocked_pending_approval"),
        ("strange", "hibernating"),
    ] {
        let id = world.fake.user(name);
        world.fake.change(id, |user| user.state = state.to_owned());
        world.fake.state().groups.get_mut(&acme).unwrap().members.insert(id, member(30));
    }
    let bot = world.fake.user("group_7_bot_0a1b");
    world.fake.state().groups.get_mut(&acme).unwrap().members.insert(bot, member(30));
    let outside = world.fake.user("contractor");
    world.fake.change(outside, |user| user.external = true);

    let expected = [
        ("blocked", "suspended: blocked"),
        ("banned", "suspended: banned"),
        ("ldap", "suspended: ldap_blocked"),
        ("off", "disabled: deactivated"),
        ("pending", "not-yet-active: blocked_pending_approval"),
        ("strange", "unknown-status: hibernating"),
        ("group_7_bot_0a1b", "bot: bot"),
    ];
    let group = read_all(&*world.group()).await.unwrap();
    assert_eq!(group.active(), names(&["root", "ok"]));
    let excluded = group.excluded();
    for (name, words) in expected {
        assert_eq!(excluded[name], words);
    }
    let root = world.fake.state().tokens[TOKEN].user;
    world.fake.state().tokens.insert(TOKEN.to_owned(), FakeToken { user: root, administrator: true });
    let instance = read_all(&*world.instance()).await.unwrap();
    assert_eq!(instance.active(), names(&["root", "ok"]));
    assert_eq!(instance.excluded()["contractor"], "guest: external");
    for (name, words) in expected {
        assert_eq!(instance.excluded()[name], words);
    }
    let open = GitlabOptions { external_users: true, ..world.options(GitlabScope::Instance) };
    assert!(read_all(&*world.client_with(open)).await.unwrap().active().contains("contractor"));
}

#[tokio::test]
async fn whoever_is_banned_from_the_group_is_not_taken_though_told_to_be_active() {
    let world = World::new().await;
    let (ada, bo, cy) = (world.fake.user("ada"), world.fake.user("bo"), world.fake.user("cy"));
    let acme = world.acme(&[ada, bo, cy]);
    world.fake.change(bo, |user| user.banned_from_group = true);
    // A guest has no seat anyway: the ban does not show.
    world.fake.change_member(acme, cy, |member| member.access_level = 10);
    let client = world.group();
    let taken = read_all(&*client).await.unwrap();
    assert_eq!(taken.active(), names(&["root", "ada", "cy"]));
    assert_eq!(taken.excluded()["bo"], "unknown-status: no seat; banned from the group?");
    assert_ne!(person(&*client, bo).await.unwrap().standing, Standing::Active);

    // Less access elsewhere, read later, makes nobody active again.
    let later = world.fake.group("later", Some(acme), &[bo]);
    world.fake.change_member(later, bo, |member| member.access_level = 10);
    let later: Vec<_> = pages(&*client).await.unwrap().into_iter().map(|(_, page)| page.people).collect();
    let told: Vec<_> = later.iter().flatten().filter(|person| person.login == "bo").collect();
    assert_eq!(told.len(), 3, "in the group with its invited ones, in the group, in the one below");
    assert!(told.iter().all(|person| person.standing != Standing::Active));

    let strict =
        GitlabOptions { seat_required: true, ..world.options(GitlabScope::Group("acme".to_owned())) };
    let strict = world.client_with(strict);
    assert_eq!(read_all(&*strict).await.unwrap().active(), names(&["root", "ada"]));
    world.fake.state().tells_seats = false;
    assert_eq!(
        read_all(&*strict).await.unwrap().active(),
        names(&[]),
        "what is not told is not taken for a seat"
    );
}

#[tokio::test]
async fn memberships_that_wait_or_are_over_do_not_count() {
    let world = World::new().await;
    let (ada, bo, cy, di) =
        (world.fake.user("ada"), world.fake.user("bo"), world.fake.user("cy"), world.fake.user("di"));
    let acme = world.acme(&[ada, bo, cy, di]);
    world.fake.change_member(acme, bo, |member| member.membership_state = "awaiting".to_owned());
    world.fake.change_member(acme, cy, |member| member.expires_at = Some("2025-12-31".to_owned()));
    world.fake.change_member(acme, di, |member| member.expires_at = Some("2026-01-02".to_owned()));
    let client = world.group();
    let taken = read_all(&*client).await.unwrap();
    assert_eq!(taken.active(), names(&["root", "ada", "di"]));
    assert_eq!(taken.excluded()["bo"], "not-yet-active: awaiting");
    assert_eq!(taken.members("acme"), names(&["root", "ada", "di"]));
    assert_eq!(person(&*client, cy).await, None);
    assert_ne!(person(&*client, bo).await.unwrap().standing, Standing::Active);
}

#[tokio::test]
async fn others_than_administrators_do_not_read_an_instance() {
    let world = World::new().await;
    let ada = world.fake.user("ada");
    world.acme(&[ada]);
    let error = world.instance().read(DirectoryRead::Full).await.unwrap_err();
    assert!(matches!(&error, DirectoryError::Forbidden(words) if words.contains("administrator")), "{error}");
    let report = world.instance().check().await.unwrap();
    assert!(!report.permissions[0].granted && !report.permissions[0].remedy.is_empty());
    let report = world.group().check().await.unwrap();
    assert_eq!(report.connected_as, "root on 127.0.0.1");
    assert!(report.permissions.iter().all(|check| check.granted), "{report:?}");
    let root = world.fake.state().tokens[TOKEN].user;
    world.fake.leave(root);
    let report = world.group().check().await.unwrap();
    assert!(report.permissions.iter().all(|check| !check.granted), "{report:?}");
    let error = read_all(&*world.group()).await.unwrap_err();
    assert!(matches!(error, DirectoryError::NotFound(_)), "{error}");
    world.fake.state().tokens.clear();
    assert!(matches!(world.group().check().await, Err(DirectoryError::Unauthorized(_))));
}

#[tokio::test]
async fn a_read_goes_on_at_every_cursor_on_another_node() {
    let world = World::new().await;
    let people: Vec<_> = (0..17).map(|number| world.fake.user(&format!("p{number}"))).collect();
    let acme = world.acme(&people);
    for number in 0..5 {
        world.fake.group(&format!("g{number}"), Some(acme), &people[number..number * 3]);
    }
    world.fake.state().page_max = 4;
    for instance in [false, true] {
        let root = world.fake.state().tokens[TOKEN].user;
        world.fake.state().tokens.insert(TOKEN.to_owned(), FakeToken { user: root, administrator: instance });
        let client = || if instance { world.instance() } else { world.group() };
        let all = pages(&*client()).await.unwrap();
        let whole = read_all(&*client()).await.unwrap();
        assert_eq!(whole.people.len(), 18);
        let mut before = Taken::default();
        for (_, page) in &all {
            before.add(page);
            let DirectoryNext::More(cursor) = &page.next else { break };
            let mut both = read_from(&*client(), cursor).await;
            both.people.extend(before.people.clone());
            both.groups.extend(before.groups.clone());
            both.memberships.extend(before.memberships.clone());
            assert_eq!(both, whole);
        }
    }
}

#[tokio::test]
async fn someone_who_leaves_in_the_middle_hides_nobody() {
    let world = World::new().await;
    let people: Vec<_> = (0..20).map(|number| world.fake.user(&format!("p{number}"))).collect();
    world.acme(&people);
    world.fake.state().page_max = 5;
    let client = world.group();
    let first = client.read(DirectoryRead::Full).await.unwrap();
    // Everybody after them moves up by one, and the first of the next page would be skipped.
    world.fake.leave(people[0]);
    let DirectoryNext::More(cursor) = first.next.clone() else { panic!("one page") };
    let taken = read_from(&*client, &cursor).await;
    for id in &people[1..] {
        assert!(taken.people.contains_key(&id.to_string()), "{id}");
    }
}

#[tokio::test]
async fn by_key_nobody_is_skipped_either_and_no_total_is_needed() {
    let world = World::new().await;
    let people: Vec<_> = (0..20).map(|number| world.fake.user(&format!("p{number}"))).collect();
    world.fake.state().page_max = 5;
    world.fake.state().tells_total = false;
    let client = world.instance();
    let first = client.read(DirectoryRead::Full).await.unwrap();
    world.fake.delete(people[0]);
    let DirectoryNext::More(cursor) = first.next.clone() else { panic!("one page") };
    let mut taken = read_from(&*client, &cursor).await;
    taken.add(&first);
    for id in &people[1..] {
        assert!(taken.people.contains_key(&id.to_string()), "{id}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever GitLab tells as a state: only the one word is active, on both ways to read.
    #[test]
    fn nobody_is_active_by_another_word(
        states in proptest::collection::vec(prop_oneof![
            Just("active".to_owned()),
            Just("blocked".to_owned()),
            Just("banned".to_owned()),
            Just("deactivated".to_owned()),
            Just("ldap_blocked".to_owned()),
            "[a-zA-Z_]{0,12}",
        ], 1..25),
        administrator in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::new().await;
            let mut expected = names(&["root"]);
            let mut people = Vec::new();
            for (place, state) in states.iter().enumerate() {
                let name = format!("p{place}");
                let id = world.fake.user(&name);
                world.fake.change(id, |user| user.state.clone_from(state));
                people.push(id);
                if state == "active" {
                    expected.insert(name);
                }
            }
            world.acme(&people);
            world.fake.state().page_max = 6;
            let root = world.fake.state().tokens[TOKEN].user;
            world.fake.state().tokens.insert(TOKEN.to_owned(), FakeToken { user: root, administrator });
            let client = if administrator { world.instance() } else { world.group() };
            // Others than administrators are not told about those who are not active in lists of users.
            assert_eq!(read_all(&*client).await.unwrap().active(), expected);
        });
    }
}
