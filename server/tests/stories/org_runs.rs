//! Runs of directories: what they publish, hold, throw away and take up again.

use portal_core::{
    identity::Admin,
    org::{
        DirectoryRun, ExclusionReason, ProviderId, ProviderOverview, RunKind, RunState, RunTrigger, Standing,
    },
    ports::{DirectoryError, DirectoryRead},
    time::{HOUR_MS, MINUTE_MS, SECOND_MS},
};
use portal_model::EntityRef;
use portal_testkit::app::{ScriptedDirectory, TestApp, excluded, group, person};
use serde_json::Value;

const ACME: &str = "acme";

pub fn acme() -> ProviderId {
    ProviderId::parse(ACME).expect("an id")
}

pub async fn entity(app: &TestApp, reference: &str) -> Option<Value> {
    let reference: EntityRef = reference.parse().expect("a reference");
    let found = app.services.catalog.entity(&reference).await.expect("a look");
    found.map(|entity| entity.to_json())
}

/// The names of all entities of a kind, in order.
pub async fn names(app: &TestApp, kind: &str) -> Vec<String> {
    let found = app.services.catalog.search("", Some(kind), 0, 1_000).await.expect("a search");
    let mut names: Vec<String> =
        found.items.iter().map(|entity| entity.entity_ref.name().to_owned()).collect();
    names.sort();
    names
}

pub async fn overview(app: &TestApp) -> ProviderOverview {
    app.services.org.overview(&Admin::command_line(), &acme()).await.expect("an overview")
}

async fn start(directory: &std::sync::Arc<ScriptedDirectory>) -> TestApp {
    TestApp::start_with_directories(vec![directory.named(ACME)]).await
}

fn only(runs: Vec<DirectoryRun>) -> DirectoryRun {
    let [run] = <[DirectoryRun; 1]>::try_from(runs).expect("one run");
    run
}

#[tokio::test]
async fn people_and_groups_come_into_the_catalog_and_nobody_who_is_left_out() {
    let directory = ScriptedDirectory::of(7);
    directory.set_page_size(3);
    for (subject, reason) in ["2", "3", "4", "5", "6"].into_iter().zip([
        ExclusionReason::Suspended,
        ExclusionReason::Guest,
        ExclusionReason::UnknownStatus,
        ExclusionReason::NotYetActive,
        ExclusionReason::Bot,
    ]) {
        directory.set_standing(subject, excluded(reason));
    }
    directory.put_group(group("g1", "all", None));
    directory.put_group(group("g2", "team-a", Some("g1")));
    directory.put_group(group("g3", "squad", None));
    directory.nest("g3", "g2");
    for subject in ["1", "2", "7"] {
        directory.join(subject, "g2");
    }
    let app = start(&directory).await;
    let run = only(app.run_directories().await);
    assert_eq!((run.state, run.counts.people, run.counts.added), (RunState::Published, 7, 2));
    assert_eq!(run.trigger, RunTrigger::CommandLine);
    assert_eq!(names(&app, "user").await, ["person-1", "person-7"]);
    assert_eq!(names(&app, "group").await, ["all", "squad", "team-a"]);
    let one = entity(&app, "user:default/person-1").await.expect("a user");
    assert_eq!(one["spec"]["memberOf"], serde_json::json!(["group:default/team-a"]));
    assert_eq!(one["spec"]["profile"]["email"], "person-1@example.com");
    assert_eq!(one["metadata"]["annotations"]["backstage.io/managed-by-location"], "provider:acme");
    assert_eq!(one["metadata"]["annotations"]["scripted.example/login"], "person-1");
    let team = entity(&app, "group:default/team-a").await.expect("a group");
    assert_eq!(team["spec"]["parent"], "group:default/all");
    assert_eq!(team["spec"]["children"], serde_json::json!(["group:default/squad"]));
    let members: Vec<&str> = team["relations"]
        .as_array()
        .expect("relations")
        .iter()
        .filter(|relation| relation["type"] == "hasMember")
        .filter_map(|relation| relation["targetRef"].as_str())
        .collect();
    assert_eq!(members, ["user:default/person-1", "user:default/person-7"]);
    let seen = overview(&app).await;
    assert_eq!((seen.people, seen.excluded.values().sum::<u64>()), (2, 5));
    assert_eq!(seen.excluded[&ExclusionReason::Suspended], 1);
    assert!(seen.watermark.is_some() && seen.problem.is_none());
}

#[tokio::test]
async fn runs_follow_the_schedule_with_jitter() {
    let directory = ScriptedDirectory::of(2);
    let app = start(&directory).await;
    assert_eq!(
        only({
            app.pass(10 * SECOND_MS);
            app.tick_directories().await
        })
        .trigger,
        RunTrigger::Schedule
    );
    app.pass(59 * MINUTE_MS);
    assert!(app.tick_directories().await.is_empty(), "an hour has not passed");
    app.pass(8 * MINUTE_MS);
    assert_eq!(app.tick_directories().await.len(), 1, "an hour and its jitter have");
}

#[tokio::test]
async fn a_second_run_changes_what_changed_and_keeps_the_rest() {
    let directory = ScriptedDirectory::of(4);
    directory.put_group(group("g", "team", None));
    directory.join("1", "g");
    let app = start(&directory).await;
    app.run_directories().await;
    let before = entity(&app, "user:default/person-2").await.expect("a user");
    directory.rename("1", "prima");
    directory.set_standing("3", excluded(ExclusionReason::Disabled));
    directory.put(person("5", "quinta"));
    directory.put_group(group("g", "crew", None));
    directory.join("5", "g");
    let run = only(app.run_directories().await);
    assert_eq!((run.counts.added, run.counts.changed, run.counts.removed), (1, 1, 1), "{run:?}");
    assert_eq!(names(&app, "user").await, ["person-2", "person-4", "prima", "quinta"]);
    assert_eq!(names(&app, "group").await, ["crew"]);
    for user in ["prima", "quinta"] {
        let user = entity(&app, &format!("user:default/{user}")).await.expect("a user");
        assert_eq!(user["spec"]["memberOf"], serde_json::json!(["group:default/crew"]));
    }
    assert_eq!(entity(&app, "user:default/person-2").await, Some(before));
}

#[tokio::test]
async fn only_entities_that_differ_are_staged_and_all_are_published_together() {
    let directory = ScriptedDirectory::of(130);
    let app = start(&directory).await;
    app.run_directories().await;
    for number in 1..=120 {
        directory.rename(&number.to_string(), &format!("renamed-{number}"));
    }
    let run = only(app.run_directories().await);
    assert_eq!((run.state, run.counts.changed, run.counts.entities), (RunState::Published, 120, 120));
    let names = names(&app, "user").await;
    assert_eq!(names.len(), 130);
    assert!(names.contains(&"renamed-1".to_owned()) && !names.contains(&"person-1".to_owned()));
    directory.rename("1", "person-1");
    directory.rename("2", "renamed-1");
    let run = only(app.run_directories().await);
    assert_eq!((run.state, run.counts.entities), (RunState::Published, 2), "names go round");
    assert_eq!(self::names(&app, "user").await.len(), 130);
}

#[tokio::test]
async fn what_cannot_be_read_to_the_end_changes_nothing() {
    let directory = ScriptedDirectory::of(9);
    directory.set_page_size(3);
    let app = start(&directory).await;
    app.run_directories().await;
    let watermark = overview(&app).await.watermark;
    directory.empty();
    for number in 1..=3 {
        directory.put(person(&number.to_string(), &format!("other-{number}")));
    }
    for number in 4..=9 {
        directory.put(person(&number.to_string(), &format!("person-{number}")));
    }
    for (error, state) in [
        (DirectoryError::Malformed("the list ended early".to_owned()), RunState::Discarded),
        (DirectoryError::Unauthorized("renew the token".to_owned()), RunState::Failed),
    ] {
        app.pass(MINUTE_MS);
        directory.fail_after(1, error.clone());
        let run = only(app.run_directories().await);
        assert_eq!((run.state, run.error), (state, Some(error.to_string())));
        assert!(names(&app, "user").await.contains(&"person-1".to_owned()));
        let seen = overview(&app).await;
        assert_eq!(seen.watermark, watermark);
        assert!(seen.problem.expect("words").contains(&error.to_string()));
    }
    app.pass(MINUTE_MS);
    assert_eq!(only(app.run_directories().await).state, RunState::Published);
    assert!(overview(&app).await.problem.is_none());
}

#[tokio::test]
async fn an_empty_answer_changes_nothing() {
    let directory = ScriptedDirectory::of(3);
    let app = start(&directory).await;
    app.run_directories().await;
    directory.empty();
    let run = only(app.run_directories().await);
    assert_eq!(run.state, RunState::Discarded);
    assert_eq!(names(&app, "user").await.len(), 3);
}

#[tokio::test]
async fn a_run_waits_as_long_as_the_provider_asks_and_goes_on_at_its_page() {
    let directory = ScriptedDirectory::of(9);
    directory.set_page_size(3);
    directory.throttle_after(1, 90);
    let app = start(&directory).await;
    assert!(app.run_directories().await.is_empty());
    let active = overview(&app).await.active.expect("a run under way");
    assert_eq!((active.counts.people, active.counts.pages), (3, 1), "progress is seen");
    assert_eq!(active.waiting_until, Some(app.clock_now().plus(90 * SECOND_MS)));
    app.pass(89 * SECOND_MS);
    assert!(app.tick_directories().await.is_empty());
    assert_eq!(directory.reads().len(), 2, "nothing is asked before");
    app.pass(SECOND_MS);
    let beside = app.neighbour().await;
    assert_eq!(
        beside
            .services
            .org
            .overview(&Admin::command_line(), &acme())
            .await
            .expect("one")
            .active
            .expect("a run")
            .counts
            .people,
        3
    );
    let run = only(beside.tick_directories().await);
    assert_eq!((run.state, run.counts.people), (RunState::Published, 9), "another node goes on");
    let first_page = directory.reads().iter().filter(|read| **read == DirectoryRead::Full).count();
    assert_eq!(first_page, 1, "no page is read twice but the one that failed");
}

#[tokio::test]
async fn a_run_goes_on_after_a_crash_in_its_middle() {
    let directory = ScriptedDirectory::of(9);
    directory.set_page_size(2);
    let app = start(&directory).await;
    directory.fail_after(3, DirectoryError::Outage("connection reset".to_owned()));
    assert!(app.run_directories().await.is_empty());
    // The process dies while it has the lease.
    app.tamper("UPDATE directory_providers SET lease_holder = 'dead', lease_until = 9223372036854775807")
        .await;
    let app = app.restart().await;
    app.services.org.configure().await.expect("providers");
    app.pass(10 * MINUTE_MS);
    assert!(app.tick_directories().await.is_empty(), "the lease lasts");
    app.tamper("UPDATE directory_providers SET lease_until = 0").await;
    let run = only(app.tick_directories().await);
    assert_eq!((run.state, run.counts.people), (RunState::Published, 9));
    assert_eq!(names(&app, "user").await.len(), 9);
}

#[tokio::test]
async fn whoever_lost_the_lease_writes_nothing() {
    let directory = ScriptedDirectory::of(2);
    let app = start(&directory).await;
    let store = &app.services.dependencies.store;
    let now = app.clock_now();
    let mut tx = store.write().await.expect("a write");
    let first =
        tx.directory_lease_take(&acme(), "one", now, now.plus(60_000)).await.expect("a lease").expect("free");
    assert_eq!(tx.directory_lease_take(&acme(), "two", now, now.plus(60_000)).await.expect("a look"), None);
    let later = now.plus(60_000);
    let second = tx
        .directory_lease_take(&acme(), "two", later, later.plus(60_000))
        .await
        .expect("a lease")
        .expect("it is over");
    assert!(second.number > first.number);
    assert!(
        !tx.directory_lease_hold(&first, later.plus(1)).await.expect("a look"),
        "the old runner is refused"
    );
    assert!(tx.directory_lease_hold(&second, later.plus(60_000)).await.expect("a look"));
    tx.directory_lease_release(&first).await.expect("nothing happens");
    assert!(tx.directory_lease_hold(&second, later.plus(60_000)).await.expect("a look"));
    tx.commit().await.expect("a commit");
    assert!(app.run_directories().await.is_empty(), "somebody else is at it");
    assert!(directory.reads().is_empty());
}

#[tokio::test]
async fn of_two_nodes_one_runs() {
    let directory = ScriptedDirectory::of(50);
    directory.set_page_size(1);
    let app = start(&directory).await;
    let beside = app.neighbour().await;
    app.services.org.run_now(&Admin::command_line(), &acme()).await.expect("a request");
    let (one, two) = tokio::join!(app.tick_directories(), beside.tick_directories());
    assert_eq!(one.len() + two.len(), 1);
    assert_eq!(directory.reads().len(), 50);
}

#[tokio::test]
async fn many_unexplained_absences_wait_for_an_admin() {
    let directory = ScriptedDirectory::of(20);
    let app = start(&directory).await;
    app.run_directories().await;
    let watermark = overview(&app).await.watermark;
    app.pass(MINUTE_MS);
    for number in 1..=6 {
        directory.remove(&number.to_string());
    }
    directory.set_standing("7", excluded(ExclusionReason::Suspended));
    let run = only(app.run_directories().await);
    assert_eq!(run.state, RunState::Held);
    let hold = run.hold.clone().expect("why");
    assert_eq!((hold.unexplained, hold.people_before), (6, 19), "the suspended one has left already");
    let names_now = names(&app, "user").await;
    assert_eq!(names_now.len(), 19, "an explicit word counts at once: {names_now:?}");
    assert!(!names_now.contains(&"person-7".to_owned()));
    let seen = overview(&app).await;
    assert_eq!(seen.watermark, watermark, "a held run is no complete one");
    assert!(seen.problem.expect("words").contains("6 of 19 people"));
    let admin = Admin::command_line();
    let diff = app.services.org.held_people(&admin, &acme(), None, 100).await.expect("a diff");
    assert_eq!(diff.len(), 6);
    assert!(diff.iter().all(|difference| difference.after.is_none()));
    app.services.org.approve(&admin, &acme(), run.number).await.expect("an approval");
    assert!(app.services.org.approve(&admin, &acme(), run.number).await.is_err(), "once is enough");
    assert_eq!(only(app.tick_directories().await).state, RunState::Published);
    assert_eq!(names(&app, "user").await.len(), 13);
    assert!(overview(&app).await.watermark > watermark);
    let rows = app.audit("directory-run.approved").await;
    assert_eq!(rows.len(), 1);
}

#[tokio::test]
async fn a_held_run_is_discarded_or_gives_way_to_a_later_one() {
    let directory = ScriptedDirectory::of(20);
    let app = start(&directory).await;
    app.run_directories().await;
    let admin = Admin::command_line();
    for number in 1..=6 {
        directory.remove(&number.to_string());
    }
    let held = only(app.run_directories().await);
    app.services.org.discard(&admin, &acme(), held.number).await.expect("a decision");
    assert_eq!(names(&app, "user").await.len(), 20);
    let again = only(app.run_directories().await);
    assert_eq!(again.state, RunState::Held);
    for number in 1..=6 {
        directory.put(person(&number.to_string(), &format!("person-{number}")));
    }
    assert_eq!(only(app.run_directories().await).state, RunState::Published);
    assert!(app.services.org.approve(&admin, &acme(), again.number).await.is_err(), "its place is taken");
    assert_eq!(names(&app, "user").await.len(), 20);
    assert!(overview(&app).await.held.is_none());
}

#[tokio::test]
async fn few_absences_and_explicit_ones_are_not_held() {
    let directory = ScriptedDirectory::of(20);
    let app = start(&directory).await;
    app.run_directories().await;
    for number in 1..=5 {
        directory.remove(&number.to_string());
    }
    for number in 6..=16 {
        directory.set_standing(&number.to_string(), excluded(ExclusionReason::Deleted));
    }
    assert_eq!(only(app.run_directories().await).state, RunState::Published);
    assert_eq!(names(&app, "user").await.len(), 4);
    // A filter that suddenly leaves everybody out is no explanation.
    let directory = ScriptedDirectory::of(20);
    let app = start(&directory).await;
    app.run_directories().await;
    for number in 1..=20 {
        directory.set_standing(&number.to_string(), excluded(ExclusionReason::Filtered));
    }
    assert_eq!(only(app.run_directories().await).state, RunState::Held);
    assert_eq!(names(&app, "user").await.len(), 20);
}

#[tokio::test]
async fn the_limit_is_a_setting() {
    let directory = ScriptedDirectory::of(20);
    let app = start(&directory).await;
    app.run_directories().await;
    app.set(&[("org.acme.removal_limit_percent", "50")]).await;
    for number in 1..=10 {
        directory.remove(&number.to_string());
    }
    assert_eq!(only(app.run_directories().await).state, RunState::Published);
}

#[tokio::test]
async fn an_explicit_word_counts_even_in_a_run_that_fails() {
    let directory = ScriptedDirectory::of(6);
    directory.set_page_size(2);
    let app = start(&directory).await;
    app.run_directories().await;
    directory.set_standing("1", excluded(ExclusionReason::Suspended));
    directory.fail_after(1, DirectoryError::Malformed("the list ended early".to_owned()));
    assert_eq!(only(app.run_directories().await).state, RunState::Discarded);
    assert_eq!(entity(&app, "user:default/person-1").await, None);
    assert_eq!(names(&app, "user").await.len(), 5);
}

#[tokio::test]
async fn a_dry_run_tells_and_changes_nothing() {
    let directory = ScriptedDirectory::of(10);
    let app = start(&directory).await;
    app.run_directories().await;
    directory.remove("1");
    directory.rename("2", "secunda");
    directory.put(person("11", "nova"));
    directory.put(person("12", "nova"));
    directory.put_group(group("g", "team", None));
    let dry = app.services.org.dry_run(&Admin::command_line(), &acme()).await.expect("a dry run");
    assert_eq!((dry.counts.added, dry.counts.changed, dry.counts.removed), (1, 1, 1));
    assert_eq!((dry.counts.groups_added, dry.rejected.len()), (1, 1));
    assert!(!dry.would_be_held);
    assert_eq!(names(&app, "user").await.len(), 10);
    assert_eq!(names(&app, "group").await.len(), 0);
    assert!(overview(&app).await.active.is_none());
}

#[tokio::test]
async fn names_that_are_taken_are_shown_and_never_overridden() {
    let directory = ScriptedDirectory::of(1);
    directory.put(person("8", "same"));
    directory.put(person("9", "Same"));
    directory.put(person("7", "ada"));
    let app = start(&directory).await;
    app.as_user("ada@example.com").await;
    let run = only(app.run_directories().await);
    assert_eq!(run.state, RunState::Published);
    assert_eq!(names(&app, "user").await, ["ada", "person-1", "same"]);
    let admin = Admin::command_line();
    let rejected = app.services.org.rejected(&admin, &acme()).await.expect("a list");
    let refs: Vec<String> = rejected.iter().map(|(reference, _)| reference.to_string()).collect();
    assert_eq!(refs, ["user:default/ada", "user:default/same"], "{rejected:?}");
    assert!(rejected[0].1.contains("the provider local"), "{rejected:?}");
    let ada = entity(&app, "user:default/ada").await.expect("a user");
    assert_eq!(ada["metadata"]["annotations"]["backstage.io/managed-by-location"], "provider:local");
    // Whoever had the name keeps it, also when someone with a smaller id comes.
    directory.put(person("0", "same"));
    app.run_directories().await;
    let same = entity(&app, "user:default/same").await.expect("a user");
    assert_eq!(same["metadata"]["annotations"]["scripted.example/login"], "same");
    let store = &app.services.dependencies.store;
    let mut store = store.read().await.expect("a read");
    let eight = portal_core::org::Subject("8".to_owned());
    let eight = store.directory_person(&acme(), &eight).await.expect("a look").expect("a person");
    assert_eq!(eight.standing, Standing::Active);
}

#[tokio::test]
async fn a_provider_that_is_not_configured_any_more_takes_its_people_along() {
    let directory = ScriptedDirectory::of(3);
    let app = start(&directory).await;
    app.run_directories().await;
    assert_eq!(names(&app, "user").await.len(), 3);
    let app = app.restart_with_directories(Vec::new()).await;
    assert_eq!(names(&app, "user").await.len(), 0);
}

#[tokio::test]
async fn the_history_is_bounded_and_old_rows_go() {
    let directory = ScriptedDirectory::of(2);
    let app = start(&directory).await;
    for _ in 0..5 {
        app.pass(HOUR_MS);
        app.run_directories().await;
    }
    let admin = Admin::command_line();
    let runs = app.services.org.run_list(&admin, &acme(), None, 3).await.expect("a history");
    assert_eq!(runs.len(), 3);
    assert!(runs.iter().all(|run| run.kind == RunKind::Full && run.state == RunState::Published));
    let older = app.services.org.run_list(&admin, &acme(), Some(runs[2].number), 10).await.expect("more");
    assert_eq!(older.len(), 2);
    let mut store = app.services.dependencies.store.read().await.expect("a read");
    assert!(store.directory_standing_counts(runs[1].number).await.expect("counts").is_empty());
    assert_eq!(store.directory_standing_counts(runs[0].number).await.expect("counts").len(), 1);
}

#[tokio::test]
async fn a_test_of_the_connection_shows_what_would_come() {
    let directory = ScriptedDirectory::of(30);
    directory.set_page_size(20);
    directory.set_standing("1", excluded(ExclusionReason::Bot));
    let app = start(&directory).await;
    let test = app.services.org.test_connection(&Admin::command_line(), &acme()).await.expect("a test");
    assert_eq!(
        (test.sample.people, test.sample.excluded[&ExclusionReason::Bot], test.sample.more),
        (19, 1, true)
    );
    assert_eq!(names(&app, "user").await.len(), 0);
}
