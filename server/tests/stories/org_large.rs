//! An organisation of 100,000 people. Run with `cargo test --release -p portal-server --test stories -- --ignored
//! --nocapture an_organisation`; `PORTAL_ORG_PEOPLE` sets another size. It prints how long things took.

#![expect(clippy::print_stdout, reason = "figures are for whoever runs it")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Instant,
};

use async_trait::async_trait;
use portal_core::{
    identity::Admin,
    org::{GroupId, Member, Membership, ProviderKind, RunState, Subject},
    ports::{
        ConnectionReport, DirectoryClient, DirectoryCursor, DirectoryError, DirectoryEvent,
        DirectoryEventError, DirectoryEventRequest, DirectoryNext, DirectoryPage, DirectoryRead, PersonKey,
        PersonNow,
    },
    services::Directory,
};
use portal_testkit::app::{TestApp, group, person, test_directory};

/// People on one page.
const PAGE: usize = 500;
/// Groups of each person.
const GROUPS_EACH: usize = 5;

/// A directory that is computed, so that it takes no memory.
struct Large {
    people: usize,
    /// People who have another name than in the first run.
    renamed: AtomicU64,
}

impl Large {
    fn groups(&self) -> usize {
        self.people / 20
    }

    fn page(&self, offset: usize) -> DirectoryPage {
        let mut page = DirectoryPage::default();
        let renamed = usize::try_from(self.renamed.load(Ordering::SeqCst)).expect("a number");
        if offset == 0 {
            for number in 0..self.groups() {
                let parent = (number > 0).then(|| format!("g{}", number / 10));
                page.groups.push(group(&format!("g{number}"), &format!("team-{number}"), parent.as_deref()));
            }
        }
        let end = (offset + PAGE).min(self.people);
        for number in offset..end {
            let login = if number < renamed { format!("renamed-{number}") } else { format!("user-{number}") };
            page.people.push(person(&format!("id-{number}"), &login));
            for step in 0..GROUPS_EACH {
                let group = GroupId(format!("g{}", (number * 7 + step * 131) % self.groups()));
                page.memberships
                    .push(Membership { group, member: Member::Person(Subject(format!("id-{number}"))) });
            }
        }
        if end < self.people {
            page.next = DirectoryNext::More(DirectoryCursor(end.to_string()));
        }
        page
    }
}

#[async_trait]
impl DirectoryClient for Large {
    async fn read(&self, read: DirectoryRead) -> Result<DirectoryPage, DirectoryError> {
        match read {
            DirectoryRead::Full => Ok(self.page(0)),
            DirectoryRead::Page(cursor) => Ok(self.page(cursor.0.parse().expect("a number"))),
            DirectoryRead::Delta(_) => Err(DirectoryError::DeltaExpired),
        }
    }

    async fn person(&self, _key: &PersonKey) -> Result<PersonNow, DirectoryError> {
        Ok(PersonNow::Gone)
    }

    fn event(&self, _request: DirectoryEventRequest<'_>) -> Result<DirectoryEvent, DirectoryEventError> {
        Err(DirectoryEventError::NotConfigured)
    }

    async fn check(&self) -> Result<ConnectionReport, DirectoryError> {
        Err(DirectoryError::Unsupported("it is computed".to_owned()))
    }
}

/// Memory of this process, in MiB.
fn memory_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) / 1024
}

/// Writes as others do while a run goes on, and returns the longest waits, in microseconds.
async fn others(app: &TestApp, stop: Arc<AtomicBool>) -> Vec<u128> {
    let mut waits = Vec::new();
    while !stop.load(Ordering::SeqCst) {
        let started = Instant::now();
        let mut tx = app.services.dependencies.store.write().await.expect("a write");
        tx.setting_put("test.of.others", "1").await.expect("a setting");
        tx.commit().await.expect("a commit");
        waits.push(started.elapsed().as_micros());
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    waits.sort_unstable();
    waits
}

async fn timed_run(app: &TestApp, what: &str) {
    let stop = Arc::new(AtomicBool::new(false));
    let started = Instant::now();
    let run = async {
        let runs = app.run_directories().await;
        stop.store(true, Ordering::SeqCst);
        runs
    };
    let (runs, waits) = tokio::join!(run, others(app, Arc::clone(&stop)));
    assert_eq!(runs[0].state, RunState::Published, "{runs:?}");
    let percentile = |part: usize| waits.get(waits.len() * part / 1000).copied().unwrap_or(0);
    println!(
        "{what}: {:?}, {} MiB; others wrote in p50 {} us, p99 {} us, at most {} us",
        started.elapsed(),
        memory_mib(),
        percentile(500),
        percentile(990),
        waits.last().copied().unwrap_or(0)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes"]
async fn an_organisation_of_many_people_is_read() {
    let people = std::env::var("PORTAL_ORG_PEOPLE").ok().and_then(|text| text.parse().ok());
    let large = Arc::new(Large { people: people.unwrap_or(100_000), renamed: AtomicU64::new(0) });
    let mut directory: Directory = test_directory("acme", ProviderKind::Custom);
    directory.client = Arc::clone(&large) as _;
    let app = TestApp::start_with_directories(vec![directory]).await;
    println!("{} people, {} groups, {} MiB before", large.people, large.groups(), memory_mib());
    timed_run(&app, "the first run").await;
    timed_run(&app, "a run without a change").await;
    large.renamed.store(20, Ordering::SeqCst);
    timed_run(&app, "a run with 20 changes").await;
    large.renamed.store(u64::try_from(large.people / 2).expect("a number"), Ordering::SeqCst);
    timed_run(&app, "a run in which half have changed").await;
    let overview = app
        .services
        .org
        .overview(&Admin::command_line(), &"acme".to_owned().try_into().expect("an id"))
        .await;
    assert_eq!(overview.expect("an overview").people, large.people as u64);
}
