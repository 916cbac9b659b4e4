//! GitHub, read through the port from a fake that runs GitHub's own schema.

use std::{collections::BTreeSet, sync::Arc};

use portal_core::{
    org::{ExclusionReason, GroupId, Standing, Subject},
    ports::{Clock, DirectoryClient, DirectoryError, DirectoryNext, DirectoryRead},
    secret::Secret,
    time::{HOUR_MS, MINUTE_MS},
};
use portal_directory::{
    Selection,
    github::{GithubCredential, GithubEnterprise, GithubOptions, connect},
};
use portal_testkit::{
    MockClock,
    directories::{
        FakeServer,
        github::{
            APP_ID, APP_KEY, Belonging, GithubFake, INSTALLATION, Mode, TOKEN, WEBHOOK_SECRET, demand_valid,
        },
    },
};
use proptest::prelude::*;
use serde_json::json;

use crate::reads::{Taken, pages, person, read_all, read_from, transport};

pub struct World {
    pub fake: GithubFake,
    pub server: FakeServer,
    pub clock: Arc<MockClock>,
}

impl World {
    pub async fn new(mode: Mode) -> Self {
        let clock = Arc::new(MockClock::new());
        let fake = GithubFake::new(mode, "acme", Arc::clone(&clock));
        let server = fake.start().await;
        Self { fake, server, clock }
    }

    pub fn options(&self) -> GithubOptions {
        let server = self.fake.state().mode == Mode::Server;
        GithubOptions {
            base_url: self.server.base.clone(),
            api_url: (!server).then(|| self.server.base.clone()),
            organization: "acme".to_owned(),
            credential: GithubCredential::Token(Secret::new(TOKEN)),
            enterprise: None,
            selection: Selection::default(),
            webhook_secret: Some(Secret::new(WEBHOOK_SECRET)),
        }
    }

    pub fn client_with(&self, options: GithubOptions) -> Arc<dyn DirectoryClient> {
        let clock: Arc<dyn Clock> = Arc::<MockClock>::clone(&self.clock);
        connect(options, transport(), clock).unwrap()
    }

    pub fn client(&self) -> Arc<dyn DirectoryClient> {
        self.client_with(self.options())
    }

    pub fn app(&self, installation_id: Option<u64>) -> Arc<dyn DirectoryClient> {
        let credential = GithubCredential::App {
            app_id: APP_ID.to_owned(),
            private_key: Secret::new(APP_KEY),
            installation_id,
        };
        self.client_with(GithubOptions { credential, ..self.options() })
    }

    pub fn managed(&self) -> Arc<dyn DirectoryClient> {
        let enterprise = GithubEnterprise { slug: "acme-inc".to_owned(), token: Secret::new(TOKEN) };
        self.client_with(GithubOptions { enterprise: Some(enterprise), ..self.options() })
    }

    /// Every REST answer so far is what GitHub describes; how many there were.
    pub fn demand_valid_answers(&self) -> usize {
        self.server.exchanges().iter().filter(|exchange| demand_valid(exchange)).count()
    }
}

pub fn names(logins: &[&str]) -> BTreeSet<String> {
    logins.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn a_full_read_brings_members_teams_and_who_is_directly_in_them() {
    let world = World::new(Mode::Cloud).await;
    let (ada, bo, cy) = (world.fake.member("ada"), world.fake.member("bo"), world.fake.member("cy"));
    world.fake.person("invited", Belonging::Pending);
    world.fake.person("outside", Belonging::OutsideCollaborator);
    let robot = world.fake.member("robot");
    world.fake.state().accounts.get_mut(&robot).unwrap().kind = "Bot".to_owned();
    let platform = world.fake.team("platform", None, &[ada]);
    let data = world.fake.team("data", Some(platform), &[bo, cy]);
    world.fake.team("storage", Some(data), &[cy]);

    let taken = read_all(&*world.client()).await.unwrap();
    assert_eq!(taken.active(), names(&["ada", "bo", "cy"]));
    assert!(taken.excluded().is_empty());
    assert_eq!(taken.members("platform"), names(&["ada"]));
    assert_eq!(taken.members("data"), names(&["bo", "cy"]));
    assert_eq!(taken.members("storage"), names(&["cy"]));
    assert_eq!(taken.groups[&data.to_string()].parent, Some(GroupId(platform.to_string())));
    assert_eq!(taken.groups[&platform.to_string()].parent, None);

    let person = &taken.people[&ada.to_string()];
    assert_eq!(person.subject, Subject(ada.to_string()));
    assert_eq!(person.annotations["github.com/user-login"], "ada");
    assert!(person.annotations["github.com/user-id"].starts_with("U_kgDO"));
    assert_eq!(person.annotations["github.com/user-database-id"], ada.to_string());
    assert_eq!(person.display_name.as_deref(), Some("Person ada"));
    assert!(person.email.as_ref().is_some_and(|email| email.verified && email.address == "ada@acme.example"));
    assert!(person.picture.as_deref().is_some_and(|url| url.starts_with("https://")));
    assert_eq!(taken.groups[&data.to_string()].annotations["github.com/team-slug"], "acme/data");
}

#[tokio::test]
async fn an_address_of_the_profile_is_not_taken_for_verified() {
    let world = World::new(Mode::Cloud).await;
    let ada = world.fake.member("ada");
    {
        let mut state = world.fake.state();
        let account = state.accounts.get_mut(&ada).unwrap();
        account.verified_emails.clear();
        account.email = "ceo@acme.example".to_owned();
    }
    let taken = read_all(&*world.client()).await.unwrap();
    assert!(taken.people[&ada.to_string()].email.as_ref().is_some_and(|email| !email.verified));
    world.fake.state().accounts.get_mut(&ada).unwrap().email.clear();
    let taken = read_all(&*world.client()).await.unwrap();
    assert_eq!(taken.people[&ada.to_string()].email, None);
}

#[tokio::test]
async fn a_read_goes_on_at_every_cursor_on_another_node() {
    let world = World::new(Mode::Cloud).await;
    let people = world.fake.people(23);
    world.fake.team("all", None, &people);
    world.fake.team("half", None, &people[..12]);
    world.fake.team("none", None, &[]);
    world.fake.state().page_max = 5;
    let all = pages(&*world.client()).await.unwrap();
    assert!(all.len() > 10, "{}", all.len());
    let whole = read_all(&*world.client()).await.unwrap();
    assert_eq!(whole.people.len(), 23);
    assert_eq!(whole.members("all").len(), 23);
    assert_eq!(whole.members("half").len(), 12);
    let mut before = Taken::default();
    for (_, page) in &all {
        before.add(page);
        let DirectoryNext::More(cursor) = &page.next else { break };
        let rest = read_from(&*world.client(), cursor).await;
        let mut both = before.clone();
        for (id, found) in rest.people {
            both.people.insert(id, found);
        }
        both.groups.extend(rest.groups);
        both.memberships.extend(rest.memberships);
        assert_eq!(both, whole);
    }
}

#[tokio::test]
async fn people_who_leave_in_the_middle_neither_stop_the_read_nor_hide_others() {
    let world = World::new(Mode::Cloud).await;
    let people = world.fake.people(40);
    world.fake.team("all", None, &people);
    world.fake.state().page_max = 10;
    let client = world.client();
    let first = client.read(DirectoryRead::Full).await.unwrap();
    world.fake.leave(people[0]);
    world.fake.leave(people[35]);
    let DirectoryNext::More(cursor) = first.next.clone() else { panic!("one page") };
    let mut taken = read_from(&*client, &cursor).await;
    taken.add(&first);
    assert_eq!(taken.people.len(), 39);
    for id in people.iter().enumerate().filter(|(place, _)| *place != 0 && *place != 35).map(|(_, id)| id) {
        assert!(taken.people.contains_key(&id.to_string()));
    }
}

#[tokio::test]
async fn enterprise_server_tells_who_is_suspended() {
    let world = World::new(Mode::Server).await;
    let (ada, bo) = (world.fake.member("ada"), world.fake.member("bo"));
    world.fake.state().accounts.get_mut(&bo).unwrap().suspended = true;
    let client = world.client();
    let taken = read_all(&*client).await.unwrap();
    assert_eq!(taken.active(), names(&["ada"]));
    assert_eq!(taken.excluded()["bo"], "suspended: suspended");
    assert_eq!(person(&*client, ada).await.unwrap().standing, Standing::Active);
    assert_ne!(person(&*client, bo).await.unwrap().standing, Standing::Active);
    world.demand_valid_answers();
}

#[tokio::test]
async fn a_host_that_is_not_what_it_is_taken_for_is_not_read() {
    let world = World::new(Mode::Cloud).await;
    world.fake.member("ada");
    let client = world.client_with(GithubOptions { api_url: None, ..world.options() });
    let error = client.read(DirectoryRead::Full).await.unwrap_err();
    assert!(
        matches!(&error, DirectoryError::Malformed(words) if words.contains("x-github-enterprise-version")),
        "{error}"
    );

    let world = World::new(Mode::Server).await;
    world.fake.member("ada");
    let client =
        world.client_with(GithubOptions { api_url: Some(world.server.base.clone()), ..world.options() });
    let error = client.read(DirectoryRead::Full).await.unwrap_err();
    assert!(matches!(&error, DirectoryError::Malformed(words) if words.contains("base_url")), "{error}");
}

#[tokio::test]
async fn the_field_of_enterprise_server_would_break_the_query_elsewhere() {
    // The reason for the check above: github.com refuses the whole query.
    let world = World::new(Mode::Server).await;
    world.fake.member("ada");
    let client = world.client();
    read_all(&*client).await.unwrap();
    world.fake.state().mode = Mode::Cloud;
    let error = read_all(&*client).await.unwrap_err();
    assert!(matches!(&error, DirectoryError::Malformed(words) if words.contains("suspendedAt")), "{error}");
}

#[tokio::test]
async fn managed_users_are_taken_only_with_an_active_identity() {
    let world = World::new(Mode::Cloud).await;
    let people = world.fake.people(12);
    world.fake.manage_users("acme-inc");
    world.fake.deprovision(people[3]);
    world.fake.state().identities.retain(|identity| identity.user != Some(people[4]));
    world.fake.state().page_max = 5;
    let client = world.managed();
    let taken = read_all(&*client).await.unwrap();
    assert_eq!(taken.people.len(), 12);
    assert_eq!(taken.active().len(), 10);
    assert_eq!(taken.excluded()["p3"], "suspended: active: false");
    assert_eq!(taken.excluded()["p4"], "unknown-status: no SCIM identity");
    assert_eq!(person(&*client, people[2]).await.unwrap().standing, Standing::Active);
    for gone in [people[3], people[4]] {
        assert_ne!(person(&*client, gone).await.unwrap().standing, Standing::Active);
    }
    assert!(world.demand_valid_answers() > 5);
}

#[tokio::test]
async fn another_node_reads_the_identities_again_before_it_goes_on() {
    let world = World::new(Mode::Cloud).await;
    let people = world.fake.people(20);
    world.fake.manage_users("acme-inc");
    world.fake.deprovision(people[19]);
    world.fake.state().page_max = 4;
    let all = pages(&*world.managed()).await.unwrap();
    let whole = read_all(&*world.managed()).await.unwrap();
    assert_eq!(whole.active().len(), 19);
    let mut before = Taken::default();
    for (_, page) in &all {
        before.add(page);
        let DirectoryNext::More(cursor) = &page.next else { break };
        let mut both = read_from(&*world.managed(), cursor).await;
        both.people.extend(before.people.clone());
        assert_eq!(both.people, whole.people);
    }
}

#[tokio::test]
async fn an_app_gets_tokens_for_its_installation_and_renews_them() {
    let world = World::new(Mode::Cloud).await;
    world.fake.people(3);
    for installation in [Some(INSTALLATION), None] {
        let client = world.app(installation);
        world.fake.state().installation_tokens.clear();
        read_all(&*client).await.unwrap();
        assert_eq!(world.fake.state().installation_tokens.len(), 1);
        world.clock.advance(57 * MINUTE_MS);
        read_all(&*client).await.unwrap();
        assert_eq!(world.fake.state().installation_tokens.len(), 1);
        world.clock.advance(2 * MINUTE_MS);
        read_all(&*client).await.unwrap();
        assert_eq!(world.fake.state().installation_tokens.len(), 2, "renewed before its end");
        // Revoked before its time: the next 401 makes a new one.
        for expires_at in world.fake.state().installation_tokens.values_mut() {
            *expires_at = expires_at.plus(-2 * HOUR_MS);
        }
        read_all(&*client).await.unwrap();
        assert_eq!(world.fake.state().installation_tokens.len(), 3);
    }
    let scoped = world
        .server
        .exchanges()
        .iter()
        .any(|exchange| exchange.request.json().pointer("/permissions/members") == Some(&json!("read")));
    assert!(scoped, "no more than needed is asked for");
    assert!(world.demand_valid_answers() > 5);
}

#[tokio::test]
async fn refusals_of_the_app_say_what_to_do() {
    let world = World::new(Mode::Cloud).await;
    world.fake.people(1);
    world.fake.state().members_readable = false;
    let error = read_all(&*world.app(None)).await.unwrap_err();
    assert!(matches!(&error, DirectoryError::Forbidden(words) if words.contains("Members: read")), "{error}");
    world.fake.state().members_readable = true;
    world.fake.state().installation_suspended = true;
    let error = read_all(&*world.app(None)).await.unwrap_err();
    assert!(matches!(&error, DirectoryError::Forbidden(words) if words.contains("suspended")), "{error}");
    let wrong = GithubCredential::Token(Secret::new("ghp_wrong"));
    let error = read_all(&*world.client_with(GithubOptions { credential: wrong, ..world.options() }))
        .await
        .unwrap_err();
    assert!(matches!(error, DirectoryError::Unauthorized(_)));
    let elsewhere = GithubOptions { organization: "other".to_owned(), ..world.options() };
    let error = read_all(&*world.client_with(elsewhere)).await.unwrap_err();
    assert!(matches!(error, DirectoryError::NotFound(_)), "{error}");
    for text in world.server.exchanges().iter().map(|exchange| format!("{error} {:?}", exchange.request.path))
    {
        assert!(!text.contains("ghp_wrong") && !text.contains("PRIVATE"));
    }
}

#[tokio::test]
async fn rules_leave_out_people_of_other_domains_and_other_teams() {
    let world = World::new(Mode::Cloud).await;
    let (ada, bo) = (world.fake.member("ada"), world.fake.member("bo"));
    world.fake.state().accounts.get_mut(&bo).unwrap().verified_emails = vec!["bo@other.example".to_owned()];
    world.fake.team("eng-data", None, &[ada]);
    world.fake.team("social", None, &[ada]);
    let selection = Selection {
        email_domains: vec!["acme.example".to_owned()],
        groups: vec!["eng-*".to_owned()],
        ..Selection::default()
    };
    let taken = read_all(&*world.client_with(GithubOptions { selection, ..world.options() })).await.unwrap();
    assert_eq!(taken.active(), names(&["ada"]));
    assert!(taken.excluded()["bo"].starts_with(ExclusionReason::Filtered.as_str()));
    assert_eq!(taken.groups.len(), 1);
    assert_eq!(taken.memberships.len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever mix of accounts there is: nobody who is suspended, invited, outside or a bot is ever active.
    #[test]
    fn nobody_suspended_is_ever_active(kinds in proptest::collection::vec(0_u8..6, 1..30), server in any::<bool>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::new(if server { Mode::Server } else { Mode::Cloud }).await;
            let mut expected = BTreeSet::new();
            let mut suspended = Vec::new();
            for (place, kind) in kinds.iter().enumerate() {
                let login = format!("p{place}");
                match kind {
                    0 => drop(world.fake.person(&login, Belonging::Pending)),
                    1 => drop(world.fake.person(&login, Belonging::OutsideCollaborator)),
                    2 => {
                        let id = world.fake.member(&login);
                        world.fake.state().accounts.get_mut(&id).unwrap().kind = "Bot".to_owned();
                    }
                    3 => suspended.push(world.fake.member(&login)),
                    _ => {
                        world.fake.member(&login);
                        expected.insert(login);
                    }
                }
            }
            world.fake.manage_users("acme-inc");
            for id in suspended {
                world.fake.deprovision(id);
                world.fake.state().accounts.get_mut(&id).unwrap().suspended = true;
            }
            world.fake.state().page_max = 7;
            let client = if server { world.client() } else { world.managed() };
            assert_eq!(read_all(&*client).await.unwrap().active(), expected);
        });
    }
}
