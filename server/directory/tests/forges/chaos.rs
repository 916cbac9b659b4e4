//! Providers that fail: a read ends with everything, or with an error that says so; never with a part taken for all.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use crate::reads::{Taken, read_all, read_patiently, transport};
use portal_core::{
    ports::{Clock, DirectoryClient, DirectoryError, DirectoryRead},
    secret::Secret,
};
use portal_directory::{
    Selection,
    github::{self, GithubCredential, GithubEnterprise, GithubOptions},
    gitlab::{self, GitlabOptions, GitlabScope},
};
use portal_fetch::{FetchOptions, ProviderTransport};
use portal_testkit::{
    MockClock,
    directories::{
        FakeAnswer, FakeServer, Fault,
        github::{GithubFake, Mode, TOKEN as GITHUB_TOKEN},
        gitlab::{GitlabFake, TOKEN as GITLAB_TOKEN, member},
    },
};

/// Seeds of each storm.
const SEEDS: u64 = 12;
const PEOPLE: usize = 40;

struct World {
    name: &'static str,
    server: FakeServer,
    clock: Arc<MockClock>,
    client: Arc<dyn DirectoryClient>,
}

/// Loses patience soon.
fn impatient() -> Arc<ProviderTransport> {
    let options = FetchOptions { provider_timeout: Duration::from_millis(400), ..FetchOptions::default() };
    Arc::new(ProviderTransport::new(&options).unwrap())
}

async fn github_world(transport: Arc<ProviderTransport>) -> World {
    let clock = Arc::new(MockClock::new());
    let fake = GithubFake::new(Mode::Cloud, "acme", Arc::clone(&clock));
    let people = fake.people(PEOPLE);
    fake.team("all", None, &people);
    fake.team("half", None, &people[..PEOPLE / 2]);
    fake.manage_users("acme-inc");
    for id in &people[..3] {
        fake.deprovision(*id);
    }
    fake.state().page_max = 9;
    let server = fake.start().await;
    let options = GithubOptions {
        base_url: server.base.clone(),
        api_url: Some(server.base.clone()),
        organization: "acme".to_owned(),
        credential: GithubCredential::Token(Secret::new(GITHUB_TOKEN)),
        enterprise: Some(GithubEnterprise { slug: "acme-inc".to_owned(), token: Secret::new(GITHUB_TOKEN) }),
        selection: Selection::default(),
        webhook_secret: None,
    };
    let port: Arc<dyn Clock> = Arc::<MockClock>::clone(&clock);
    World { name: "github", server, client: github::connect(options, transport, port).unwrap(), clock }
}

async fn gitlab_world(scope: GitlabScope, transport: Arc<ProviderTransport>) -> World {
    let clock = Arc::new(MockClock::new());
    let fake = GitlabFake::new(Arc::clone(&clock));
    let people: Vec<_> = (0..PEOPLE).map(|number| fake.user(&format!("p{number}"))).collect();
    for id in &people[..3] {
        fake.change(*id, |user| "blocked".clone_into(&mut user.state));
    }
    let acme = fake.group("acme", None, &people);
    fake.group("half", Some(acme), &people[..PEOPLE / 2]);
    {
        let mut state = fake.state();
        let root = state.tokens[GITLAB_TOKEN].user;
        state.groups.get_mut(&acme).unwrap().members.insert(root, member(50));
        state.page_max = 9;
    }
    let server = fake.start().await;
    let name = if scope == GitlabScope::Instance { "gitlab instance" } else { "gitlab group" };
    let options = GitlabOptions {
        base_url: server.base.clone(),
        token: Secret::new(GITLAB_TOKEN),
        scope,
        external_users: false,
        seat_required: false,
        selection: Selection::default(),
        webhook_secret: None,
        webhook_signing_token: None,
    };
    let port: Arc<dyn Clock> = Arc::<MockClock>::clone(&clock);
    World { name, server, client: gitlab::connect(options, transport, port).unwrap(), clock }
}

async fn worlds(transport: &Arc<ProviderTransport>) -> Vec<World> {
    let group = GitlabScope::Group("acme".to_owned());
    vec![
        github_world(Arc::clone(transport)).await,
        gitlab_world(group, Arc::clone(transport)).await,
        gitlab_world(GitlabScope::Instance, Arc::clone(transport)).await,
    ]
}

fn bare_429() -> Fault {
    Fault::Answer(FakeAnswer::text(429, "Retry later\n"))
}

#[tokio::test]
async fn storms_of_failures_that_pass_lose_nothing() {
    let mut counts = BTreeMap::new();
    for world in worlds(&transport()).await {
        let calm = read_all(&*world.client).await.unwrap();
        assert!(calm.active().len() >= PEOPLE - 3);
        assert_eq!(calm.excluded().len(), 3);
        for (place, (kind, fault)) in [
            ("500", Fault::status(500)),
            ("503", Fault::status(503)),
            ("429 without headers", bare_429()),
            ("connection broken in the body", Fault::Break(30)),
        ]
        .into_iter()
        .enumerate()
        {
            for seed in 0..SEEDS {
                world.server.faults.storm((seed * 4 + place as u64) * 7_919 + 1, 3, fault.clone());
                let (taken, waits) = read_patiently(&*world.client, &world.clock).await.unwrap();
                world.server.faults.clear();
                assert_eq!(taken, calm, "{} {kind} {seed}", world.name);
                let count: &mut (u64, usize) = counts.entry((world.name, kind)).or_default();
                count.0 += 1;
                count.1 += waits.throttled + waits.outages;
            }
        }
    }
    for ((provider, kind), (reads, failures)) in counts {
        println!("{provider}: {kind}: {reads} reads, {failures} failures, all complete");
        assert!(failures > 0, "{provider} {kind}: nothing went wrong");
    }
}

#[tokio::test]
async fn cut_answers_end_the_read_and_are_never_taken_for_all() {
    let (mut refused, mut complete) = (0, 0);
    for world in worlds(&transport()).await {
        let calm = read_all(&*world.client).await.unwrap();
        for seed in 0..SEEDS * 2 {
            world.server.faults.storm(seed * 104_729 + 1, 30, Fault::Cut(usize::try_from(seed).unwrap() * 9));
            let result = read_patiently(&*world.client, &world.clock).await;
            world.server.faults.clear();
            match result {
                Ok((taken, _)) => {
                    assert_eq!(taken, calm, "{} {seed}", world.name);
                    complete += 1;
                }
                Err(DirectoryError::Malformed(_)) => refused += 1,
                Err(error) => panic!("{} {seed}: {error}", world.name),
            }
        }
    }
    println!("cut answers: {refused} reads refused, {complete} not hit and complete");
    assert!(refused > 10 && complete > 10, "{refused} {complete}");
}

#[tokio::test]
async fn silence_is_an_outage() {
    for world in worlds(&impatient()).await {
        world.server.faults.once("", 4, Fault::Silence);
        let (taken, waits) = read_patiently(&*world.client, &world.clock).await.unwrap();
        assert!(waits.outages > 0, "{}", world.name);
        assert!(taken.active().len() >= PEOPLE - 3);
        assert_eq!(taken.excluded().len(), 3);
    }
}

#[tokio::test]
async fn a_provider_that_is_down_is_an_outage_and_says_nothing_of_people() {
    for world in worlds(&transport()).await {
        let World { server, client, .. } = world;
        drop(server);
        let error = client.read(DirectoryRead::Full).await.unwrap_err();
        assert!(matches!(error, DirectoryError::Outage(_)), "{error}");
        let key = portal_core::ports::PersonKey::Login("p1".to_owned());
        assert!(matches!(client.person(&key).await, Err(DirectoryError::Outage(_))));
        assert!(matches!(client.check().await, Err(DirectoryError::Outage(_))));
    }
}

#[tokio::test]
async fn answers_of_another_kind_are_never_an_empty_list() {
    for world in worlds(&transport()).await {
        for body in [
            "",
            "null",
            "{}",
            "[]]",
            "<html>Sign in</html>",
            "{\"data\":null}",
            "{\"data\":{}}",
            "[null]",
            "[{}]",
            "0",
        ] {
            world.server.faults.always("", Fault::Answer(FakeAnswer::text(200, body)));
            let result = read_all(&*world.client).await;
            world.server.faults.clear();
            let harmless = matches!(
                result,
                Err(DirectoryError::Malformed(_)
                    | DirectoryError::NotFound(_)
                    | DirectoryError::Forbidden(_))
            );
            assert!(harmless, "{} {body}: {result:?}", world.name);
        }
    }
}

#[tokio::test]
async fn links_and_redirects_to_elsewhere_get_no_credential() {
    let elsewhere = github_world(transport()).await;
    let world = gitlab_world(GitlabScope::Group("acme".to_owned()), transport()).await;
    let link = format!("<{}api/v4/x>; rel=\"next\"", elsewhere.server.base);
    let page = FakeAnswer::text(200, "[]").with("link", link);
    world.server.faults.always("members/all", Fault::Answer(page));
    let error = read_all(&*world.client).await.unwrap_err();
    assert!(
        matches!(&error, DirectoryError::Malformed(words) if words.contains("another address")),
        "{error}"
    );
    world.server.faults.clear();
    let away = FakeAnswer::text(302, "").with("location", elsewhere.server.base.as_str());
    world.server.faults.always("members/all", Fault::Answer(away));
    let error = read_all(&*world.client).await.unwrap_err();
    assert!(
        matches!(&error, DirectoryError::Malformed(words) if words.contains("redirects elsewhere")),
        "{error}"
    );
    assert!(elsewhere.server.exchanges().is_empty());
}

#[tokio::test]
async fn an_app_works_though_the_clocks_differ() {
    let clock = Arc::new(MockClock::new());
    let fake = GithubFake::new(Mode::Cloud, "acme", Arc::clone(&clock));
    fake.people(3);
    let server = fake.start().await;
    for (skew_ms, works) in [(-50_000, true), (0, true), (50_000, true), (900_000, false)] {
        let ours = Arc::new(MockClock::at(clock.now().plus(skew_ms)));
        let options = GithubOptions {
            base_url: server.base.clone(),
            api_url: Some(server.base.clone()),
            organization: "acme".to_owned(),
            credential: GithubCredential::App {
                app_id: portal_testkit::directories::github::APP_ID.to_owned(),
                private_key: Secret::new(portal_testkit::directories::github::APP_KEY),
                installation_id: None,
            },
            enterprise: None,
            selection: Selection::default(),
            webhook_secret: None,
        };
        let client = github::connect(options, transport(), ours).unwrap();
        let result: Result<Taken, _> = read_all(&*client).await;
        match result {
            Ok(taken) => assert!(works && taken.people.len() == 3, "{skew_ms}"),
            Err(error) => {
                assert!(!works && matches!(error, DirectoryError::Unauthorized(_)), "{skew_ms}: {error}");
            }
        }
    }
}
