use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use portal_model::settings::{CimdPolicy, ClientPattern, Settings};
use serde_json::json;
use tokio::sync::Notify;

use super::super::{
    finder::{Finder, Surroundings},
    memory::DocumentMemory,
    service::check,
};
use crate::{
    oauth::{
        Client, ClientError, ClientId, PinnedDocument,
        records::{DocumentOrigin, StoredClientDocument},
    },
    ports::{Clock, DocumentFetcher, FetchError, FetchedDocument, StoreError},
    time::{DAY_MS, MINUTE_MS, SECOND_MS, UnixMillis},
};

const ID: &str = "https://agent.example/oauth/client.json";
const CLAUDE_CODE: &str = "https://claude.ai/oauth/claude-code-client-metadata";
const ALL_BUILT_IN: [&str; 8] = [
    CLAUDE_CODE,
    "https://claude.ai/oauth/mcp-oauth-client-metadata",
    "https://chatgpt.com/oauth/client.json",
    "https://chatgpt.com/oauth/codex/client.json",
    "https://vscode.dev/oauth/client-metadata.json",
    "https://github.com/copilot/cli/client-metadata.json",
    "https://zed.dev/oauth/client-metadata.json",
    "https://opencode.ai/oauth/opencode/client.json",
];

fn document(client_id: &str, name: &str) -> String {
    json!({ "client_id": client_id, "client_name": name, "redirect_uris": ["http://127.0.0.1/callback"] })
        .to_string()
}

type Answer = Result<(String, Option<u64>), FetchError>;

/// The world outside, as a test wants it.
struct World {
    answers: Mutex<HashMap<String, Answer>>,
    fetches: AtomicUsize,
    /// When set, fetches wait for it.
    gate: Mutex<Option<Arc<Notify>>>,
    stored: Mutex<HashMap<String, StoredClientDocument>>,
    store_fails: Mutex<bool>,
    now_ms: AtomicI64,
}

impl World {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            answers: Mutex::default(),
            fetches: AtomicUsize::new(0),
            gate: Mutex::default(),
            stored: Mutex::default(),
            store_fails: Mutex::new(false),
            now_ms: AtomicI64::new(1_700_000_000_000),
        })
    }

    fn answer(&self, client_id: &str, answer: Answer) {
        self.answers.lock().unwrap().insert(client_id.to_owned(), answer);
    }

    fn serve(&self, client_id: &str, name: &str) {
        self.answer(client_id, Ok((document(client_id, name), Some(300))));
    }

    fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }

    fn wait(&self, span_ms: i64) {
        self.now_ms.fetch_add(span_ms, Ordering::SeqCst);
    }
}

#[async_trait]
impl DocumentFetcher for World {
    async fn fetch(&self, client_id_url: &str) -> Result<FetchedDocument, FetchError> {
        self.fetches.fetch_add(1, Ordering::SeqCst);
        let gate = self.gate.lock().unwrap().clone();
        if let Some(gate) = gate {
            gate.notified().await;
        }
        let answer = self.answers.lock().unwrap().get(client_id_url).cloned().unwrap_or(Err(FetchError::Dns));
        answer.map(|(body, fresh_for_seconds)| FetchedDocument { body: body.into_bytes(), fresh_for_seconds })
    }
}

#[async_trait]
impl DocumentMemory for World {
    async fn get(&self, client_id: &str) -> Result<Option<StoredClientDocument>, StoreError> {
        if *self.store_fails.lock().unwrap() {
            return Err(StoreError::Unavailable("gone".to_owned()));
        }
        Ok(self.stored.lock().unwrap().get(client_id).cloned())
    }

    async fn put(&self, document: &StoredClientDocument) -> Result<(), StoreError> {
        self.stored.lock().unwrap().insert(document.client_id.clone(), document.clone());
        Ok(())
    }
}

impl Clock for World {
    fn now(&self) -> UnixMillis {
        UnixMillis(self.now_ms.load(Ordering::SeqCst))
    }
}

fn finder_with(world: &Arc<World>, allow_loopback: bool, pinned: &[PinnedDocument]) -> Finder {
    let surroundings = Surroundings {
        fetcher: Arc::<World>::clone(world),
        clock: Arc::<World>::clone(world),
        memory: Arc::<World>::clone(world),
        allow_loopback,
    };
    Finder::new(surroundings, pinned)
}

fn finder(world: &Arc<World>) -> Finder {
    finder_with(world, false, &[])
}

fn settings(cimd_policy: CimdPolicy) -> Settings {
    Settings { cimd_enabled: true, cimd_policy, ..Settings::default() }
}

async fn any(finder: &Finder, client_id: &str) -> Result<Arc<Client>, ClientError> {
    finder.find(&settings(CimdPolicy::Any), client_id).await
}

#[tokio::test]
async fn nothing_is_fetched_while_switched_off_or_not_allowed() {
    let world = World::new();
    world.serve(ID, "Agent");
    let finder = finder(&world);
    assert_eq!(finder.find(&Settings::default(), ID).await, Err(ClientError::Disabled));
    assert_eq!(finder.find(&settings(CimdPolicy::WellKnown), ID).await, Err(ClientError::NotAllowed));
    assert!(matches!(any(&finder, "https://agent.example").await, Err(ClientError::IdInvalid(_))));
    assert_eq!(world.fetches(), 0);
}

#[tokio::test]
async fn the_policy_takes_patterns_beside_the_built_in_agents() {
    let world = World::new();
    world.serve(ID, "Agent");
    world.serve(CLAUDE_CODE, "Claude Code");
    let finder = finder(&world);
    let pattern = ClientPattern::try_from("agent.example/oauth/".to_owned()).unwrap();
    let settings = Settings { cimd_allowed: vec![pattern], ..settings(CimdPolicy::WellKnown) };
    assert_eq!(finder.find(&settings, ID).await.unwrap().name, "Agent");
    assert_eq!(finder.find(&settings, CLAUDE_CODE).await.unwrap().origin, DocumentOrigin::Live);
    for other in ["https://agent.example/other.json", "https://agent.example:8443/oauth/client.json"] {
        assert_eq!(finder.find(&settings, other).await, Err(ClientError::NotAllowed), "{other}");
    }
    // What was allowed and is cached stops working with the policy.
    assert_eq!(
        finder.find(&super::finding::settings(CimdPolicy::WellKnown), ID).await,
        Err(ClientError::NotAllowed)
    );
}

/// Rule: CIMD draft-02 section 8.6: documents on loopback are taken by a Portal on loopback only
#[tokio::test]
async fn documents_on_loopback_are_taken_only_by_a_portal_on_loopback() {
    let (world, id) = (World::new(), "http://localhost:8080/client.json");
    world.serve(id, "Agent");
    assert!(matches!(any(&finder(&world), id).await, Err(ClientError::IdInvalid(_))));
    let local = finder_with(&world, true, &[]);
    assert_eq!(local.find(&settings(CimdPolicy::WellKnown), id).await.unwrap().name, "Agent");
}

/// Rule: CIMD draft-02 section 5.2: a document is kept as long as its server says, within bounds
#[tokio::test]
async fn a_document_is_fetched_again_when_its_time_is_over() {
    for (said, fresh_ms) in [
        (Some(300), 300 * SECOND_MS),
        (None, 300 * SECOND_MS),
        (Some(0), MINUTE_MS),
        (Some(u64::MAX), DAY_MS),
    ] {
        let world = World::new();
        world.answer(ID, Ok((document(ID, "Agent"), said)));
        let finder = finder(&world);
        any(&finder, ID).await.unwrap();
        world.answer(ID, Ok((document(ID, "Renamed"), said)));
        world.wait(fresh_ms - 1);
        assert_eq!(
            (any(&finder, ID).await.unwrap().name.as_str(), world.fetches()),
            ("Agent", 1),
            "{said:?}"
        );
        world.wait(1);
        assert_eq!(
            (any(&finder, ID).await.unwrap().name.as_str(), world.fetches()),
            ("Renamed", 2),
            "{said:?}"
        );
    }
}

#[tokio::test]
async fn a_new_start_and_another_node_use_what_is_stored() {
    let world = World::new();
    world.serve(ID, "Agent");
    any(&finder(&world), ID).await.unwrap();
    assert_eq!(any(&finder(&world), ID).await.unwrap().name, "Agent");
    assert_eq!(world.fetches(), 1);
    // A clock that was set back does not make it last longer.
    world.wait(-2 * DAY_MS);
    any(&finder(&world), ID).await.unwrap();
    assert_eq!(world.fetches(), 2);
}

/// Attack: 1.4: floods of ids and of requests for one id
#[tokio::test]
async fn many_callers_share_one_fetch() {
    let world = World::new();
    world.serve(ID, "Agent");
    let gate = Arc::new(Notify::new());
    *world.gate.lock().unwrap() = Some(Arc::clone(&gate));
    let finder = Arc::new(finder(&world));
    let calls: Vec<_> = (0..50)
        .map(|_| {
            let finder = Arc::clone(&finder);
            tokio::spawn(async move { any(&finder, ID).await.map(|client| client.name.clone()) })
        })
        .collect();
    tokio::task::yield_now().await;
    gate.notify_one();
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap(), "Agent");
    }
    assert_eq!(world.fetches(), 1);
}

#[tokio::test]
async fn a_caller_who_goes_away_does_not_take_the_others_along() {
    let world = World::new();
    world.serve(ID, "Agent");
    *world.gate.lock().unwrap() = Some(Arc::new(Notify::new()));
    let finder = Arc::new(finder(&world));
    let first = tokio::spawn({
        let finder = Arc::clone(&finder);
        async move { any(&finder, ID).await.map(|_| ()) }
    });
    tokio::task::yield_now().await;
    let second = tokio::spawn({
        let finder = Arc::clone(&finder);
        async move { any(&finder, ID).await.map(|_| ()) }
    });
    tokio::task::yield_now().await;
    *world.gate.lock().unwrap() = None;
    first.abort();
    assert_eq!(second.await.unwrap(), Ok(()));
}

/// Rule: CIMD draft-02 section 5.2: errors and documents that break a rule are not kept
/// Attack: 1.4: poisoning: errors kept, stale documents used against their host's word
#[tokio::test]
async fn failures_are_not_kept_beyond_a_pause() {
    for answer in [Err(FetchError::Status(404)), Err(FetchError::Dns), Ok(("{}".to_owned(), Some(3_600)))] {
        let world = World::new();
        world.answer(ID, answer);
        let finder = finder(&world);
        let error = any(&finder, ID).await.unwrap_err();
        assert_eq!(any(&finder, ID).await, Err(error));
        assert_eq!(world.fetches(), 1, "tried again at once");
        assert!(world.stored.lock().unwrap().is_empty());
        world.serve(ID, "Agent");
        world.wait(5 * SECOND_MS);
        assert_eq!(any(&finder, ID).await.unwrap().name, "Agent");
    }
}

/// Attack: 1.4: poisoning: errors kept, stale documents used against their host's word
#[tokio::test]
async fn a_stale_document_is_not_used_when_its_host_says_no() {
    let world = World::new();
    world.serve(ID, "Agent");
    let finder = finder(&world);
    any(&finder, ID).await.unwrap();
    world.wait(DAY_MS);
    for error in [FetchError::Status(410), FetchError::Timeout] {
        world.answer(ID, Err(error.clone()));
        assert_eq!(any(&finder, ID).await, Err(ClientError::Fetch(error)));
        world.wait(MINUTE_MS);
    }
}

#[tokio::test]
async fn the_copy_of_portal_serves_in_an_outage() {
    let world = World::new();
    let finder = finder(&world);
    for (error, outage) in [
        (FetchError::Dns, true),
        (FetchError::Connect, true),
        (FetchError::Tls, true),
        (FetchError::Timeout, true),
        (FetchError::NotJson, true),
        (FetchError::Overloaded, true),
        (FetchError::Status(403), true),
        (FetchError::Status(429), true),
        (FetchError::Status(503), true),
        (FetchError::Status(302), false),
        (FetchError::Status(304), false),
        (FetchError::Status(404), false),
        (FetchError::Status(410), false),
        (FetchError::TooLarge(5_120), false),
        (FetchError::Refused(String::new()), false),
    ] {
        world.answer(CLAUDE_CODE, Err(error.clone()));
        let found = finder.find(&settings(CimdPolicy::WellKnown), CLAUDE_CODE).await;
        match found {
            Ok(client) if outage => {
                assert_eq!(client.origin, DocumentOrigin::Pinned { as_of: "2026-09".to_owned() });
            }
            Err(found) if !outage => assert_eq!(found, ClientError::Fetch(error)),
            other => panic!("{error}: {other:?}"),
        }
        world.wait(MINUTE_MS);
    }
    world.answer(CLAUDE_CODE, Ok((document(ID, "Impostor"), None)));
    let broken = finder.find(&settings(CimdPolicy::WellKnown), CLAUDE_CODE).await;
    assert!(matches!(broken, Err(ClientError::DocumentInvalid(_))));
    world.wait(MINUTE_MS);
    world.serve(CLAUDE_CODE, "Claude Code");
    let live = finder.find(&settings(CimdPolicy::WellKnown), CLAUDE_CODE).await.unwrap();
    assert_eq!(live.origin, DocumentOrigin::Live);
}

#[tokio::test]
async fn an_outage_is_asked_about_once_a_minute_while_a_copy_serves() {
    let world = World::new();
    world.answer(CLAUDE_CODE, Err(FetchError::Status(403)));
    let finder = finder(&world);
    for _ in 0..3 {
        assert!(any(&finder, CLAUDE_CODE).await.is_ok());
        world.wait(MINUTE_MS / 2 - 1);
    }
    assert_eq!(world.fetches(), 1);
    world.wait(MINUTE_MS / 2);
    assert!(any(&finder, CLAUDE_CODE).await.is_ok());
    assert_eq!(world.fetches(), 2);
}

/// Rule: Portal section 6: the vendors' documents pass and their near misses do not
/// Attack: 1.4: near misses of the vendors' documents
#[tokio::test]
async fn every_built_in_copy_is_valid_and_its_neighbours_are_not_known() {
    let world = World::new();
    let finder = finder(&world);
    let settings = settings(CimdPolicy::WellKnown);
    for id in ALL_BUILT_IN {
        let client = finder.find(&settings, id).await.unwrap();
        assert_eq!(client.id.as_str(), id);
        assert!(client.allows_redirect(client.redirect_uris[0].as_str()));
        let ClientId::Url(url) = &client.id else { panic!("{id} is not an address") };
        let port = format!("https://{}:443{}", url.host(), url.path());
        let sibling = id.rsplit_once('/').unwrap().0.to_owned() + "/other.json";
        for near in [
            id.to_uppercase(),
            id.replace("oauth", "OAuth"),
            format!("{id}/"),
            format!("{id}?x"),
            port,
            sibling,
        ] {
            if near == id {
                continue;
            }
            let found = finder.find(&settings, &near).await;
            assert!(
                matches!(found, Err(ClientError::NotAllowed | ClientError::IdInvalid(_))),
                "{near}: {found:?}"
            );
        }
    }
}

/// Rule: Portal section 6: the vendors' documents pass and their near misses do not
#[tokio::test]
async fn the_agents_own_redirects_fit_their_copies() {
    let finder = finder(&World::new());
    for (id, redirect, fits) in [
        (CLAUDE_CODE, "http://localhost:54545/callback", true),
        (CLAUDE_CODE, "http://127.0.0.1:3118/callback", true),
        (CLAUDE_CODE, "http://localhost:54545/oauth/callback", false),
        (
            "https://claude.ai/oauth/mcp-oauth-client-metadata",
            "https://claude.ai/api/mcp/auth_callback",
            true,
        ),
        (
            "https://claude.ai/oauth/mcp-oauth-client-metadata",
            "https://claude.com/api/mcp/auth_callback",
            false,
        ),
        ("https://github.com/copilot/cli/client-metadata.json", "http://127.0.0.1:50123/", true),
        ("https://vscode.dev/oauth/client-metadata.json", "https://vscode.dev/redirect", true),
        ("https://vscode.dev/oauth/client-metadata.json", "http://127.0.0.1:33418", false),
        (
            "https://opencode.ai/oauth/opencode/client.json",
            "http://127.0.0.1:19876/mcp/oauth/callback",
            false,
        ),
    ] {
        let client = finder.find(&settings(CimdPolicy::WellKnown), id).await.unwrap();
        assert_eq!(client.allows_redirect(redirect), fits, "{id} {redirect}");
    }
}

/// Rule: CIMD draft-02 section 7.2: a document can be pinned and is used without fetching
#[tokio::test]
async fn the_admins_copy_is_used_without_fetching() {
    let world = World::new();
    world.serve(ID, "Live");
    let pinned = PinnedDocument::parse(document(ID, "Pinned"), "2026-11-01".to_owned()).unwrap();
    let finder = finder_with(&world, false, &[pinned]);
    let client = finder.find(&settings(CimdPolicy::WellKnown), ID).await.unwrap();
    assert_eq!(client.name, "Pinned");
    assert_eq!(client.origin, DocumentOrigin::Pinned { as_of: "2026-11-01".to_owned() });
    assert_eq!(world.fetches(), 0);
    assert_eq!(finder.find(&Settings::default(), ID).await, Err(ClientError::Disabled));
}

#[tokio::test]
async fn a_store_that_fails_is_not_a_bad_client() {
    let world = World::new();
    world.serve(ID, "Agent");
    *world.store_fails.lock().unwrap() = true;
    let finder = finder(&world);
    assert_eq!(any(&finder, ID).await, Err(ClientError::Unavailable));
    *world.store_fails.lock().unwrap() = false;
    assert_eq!(any(&finder, ID).await.unwrap().name, "Agent");
}

/// Rule: Portal section 6: a flood of client ids is bounded in memory, sockets and by time
/// Attack: 1.4: floods of ids and of requests for one id
#[tokio::test]
async fn a_flood_of_ids_is_not_kept() {
    let world = World::new();
    let finder = finder(&world);
    for number in 0..1_500 {
        let id = format!("https://agent.example/{number}");
        world.serve(&id, "Agent");
        any(&finder, &id).await.unwrap();
    }
    let held = finder.held_count().await;
    assert!(held <= 1_000, "{held} clients are held");
}

#[tokio::test]
async fn a_check_reports_every_rule_in_order() {
    let world = World::new();
    let faulty = json!({ "client_id": ID, "client_name": "Agent", "redirect_uris": ["http://agent.example/cb"],
        "client_secret": "x" });
    world.answer(ID, Ok((faulty.to_string(), None)));
    let lines = |reports: Vec<crate::oauth::RuleReport>| -> Vec<String> {
        let verdict = |verdict: Option<Result<(), String>>| match verdict {
            None => "unjudged".to_owned(),
            Some(Ok(())) => "ok".to_owned(),
            Some(Err(fault)) => fault,
        };
        reports
            .into_iter()
            .map(|report| format!("{} | {}", report.rule.source, verdict(report.verdict)))
            .collect()
    };
    insta::assert_json_snapshot!("faulty", lines(check(world.as_ref(), false, ID).await));
    insta::assert_json_snapshot!(
        "missing",
        lines(check(world.as_ref(), false, "https://agent.example/none").await)
    );
    insta::assert_json_snapshot!(
        "bad-id",
        lines(check(world.as_ref(), false, "https://agent.example/c?x").await)
    );
}
