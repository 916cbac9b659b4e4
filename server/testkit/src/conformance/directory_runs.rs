//! Providers, their leases, runs and people to be read again.

use std::sync::Arc;

use portal_core::{
    org::{
        ProviderId, Subject,
        rows::Reread,
        run::{DirectoryRun, Hold, ProviderState, RunKind, RunNumber, RunRequest, RunState, RunTrigger},
    },
    ports::{DirectoryCursor, PersonKey, Store},
};

use super::fixtures::{at, read, write};

pub(super) fn provider(name: &str) -> ProviderId {
    ProviderId::parse(name).unwrap()
}

pub(super) fn state(name: &str) -> ProviderState {
    ProviderState {
        id: provider(name),
        published_run: None,
        active_run: None,
        held_run: None,
        watermark: None,
        delta_cursor: None,
        full_due_at: at(10),
        delta_due_at: None,
        request: None,
        failures: 0,
    }
}

pub(super) async fn add_provider(store: &Arc<dyn Store>, name: &str) {
    let mut tx = write(store).await;
    assert!(tx.directory_provider_insert(&state(name)).await.unwrap());
    tx.commit().await.unwrap();
}

pub(super) async fn add_run(store: &Arc<dyn Store>, name: &str, kind: RunKind) -> RunNumber {
    let request = RunRequest { kind, trigger: RunTrigger::Schedule };
    let mut tx = write(store).await;
    let run = tx.directory_run_insert(&DirectoryRun::new(provider(name), request, at(1))).await.unwrap();
    tx.commit().await.unwrap();
    run
}

pub async fn a_provider_comes_back_as_it_went(store: Arc<dyn Store>) {
    let full = ProviderState {
        published_run: Some(RunNumber(1)),
        active_run: Some(RunNumber(2)),
        held_run: Some(RunNumber(3)),
        watermark: Some(at(4)),
        delta_cursor: Some(DirectoryCursor("since".to_owned())),
        delta_due_at: Some(at(5)),
        request: Some(RunRequest {
            kind: RunKind::Delta,
            trigger: RunTrigger::Admin("user:default/a".to_owned()),
        }),
        failures: 6,
        ..state("b")
    };
    add_provider(&store, "a").await;
    let mut tx = write(&store).await;
    assert!(!tx.directory_provider_insert(&state("a")).await.unwrap());
    assert!(tx.directory_provider_insert(&full).await.unwrap());
    assert_eq!(tx.directory_provider_lock(&provider("b")).await.unwrap(), Some(full.clone()));
    assert_eq!(tx.directory_provider_lock(&provider("c")).await.unwrap(), None);
    let changed = ProviderState { failures: 0, watermark: Some(at(9)), ..full };
    tx.directory_provider_update(&changed).await.unwrap();
    tx.commit().await.unwrap();
    let mut reader = read(&store).await;
    assert_eq!(reader.directory_provider_list().await.unwrap(), [state("a"), changed]);
    assert_eq!(reader.directory_provider(&provider("a")).await.unwrap(), Some(state("a")));
    drop(reader);
    let mut tx = write(&store).await;
    assert!(tx.directory_provider_delete(&provider("a")).await.unwrap());
    assert!(!tx.directory_provider_delete(&provider("a")).await.unwrap());
}

pub async fn a_request_for_everything_is_not_replaced(store: Arc<dyn Store>) {
    add_provider(&store, "a").await;
    let request = |kind| RunRequest { kind, trigger: RunTrigger::Event };
    let mut tx = write(&store).await;
    assert!(!tx.directory_request(&provider("b"), &request(RunKind::Full)).await.unwrap());
    for (asked, waits) in
        [(RunKind::Delta, RunKind::Delta), (RunKind::Full, RunKind::Full), (RunKind::Delta, RunKind::Full)]
    {
        assert!(tx.directory_request(&provider("a"), &request(asked)).await.unwrap());
        let state = tx.directory_provider(&provider("a")).await.unwrap().unwrap();
        assert_eq!(state.request, Some(request(waits)));
    }
}

pub async fn a_lease_has_one_holder_and_old_ones_are_refused(store: Arc<dyn Store>) {
    add_provider(&store, "a").await;
    let mut tx = write(&store).await;
    let first = tx.directory_lease_take(&provider("a"), "x", at(0), at(10)).await.unwrap().unwrap();
    assert_eq!(tx.directory_lease_take(&provider("a"), "y", at(9), at(20)).await.unwrap(), None);
    assert!(tx.directory_lease_hold(&first, at(12)).await.unwrap());
    assert_eq!(tx.directory_lease_take(&provider("a"), "y", at(11), at(20)).await.unwrap(), None);
    let second = tx.directory_lease_take(&provider("a"), "x", at(12), at(20)).await.unwrap().unwrap();
    assert!(second.number > first.number, "the same holder, and yet another lease");
    assert!(!tx.directory_lease_hold(&first, at(30)).await.unwrap());
    tx.directory_lease_release(&first).await.unwrap();
    assert!(tx.directory_lease_hold(&second, at(30)).await.unwrap());
    tx.directory_lease_release(&second).await.unwrap();
    assert!(!tx.directory_lease_hold(&second, at(40)).await.unwrap());
    assert!(tx.directory_lease_take(&provider("a"), "y", at(13), at(20)).await.unwrap().is_some());
    assert_eq!(tx.directory_lease_take(&provider("b"), "y", at(13), at(20)).await.unwrap(), None);
}

pub async fn a_run_comes_back_as_it_went(store: Arc<dyn Store>) {
    add_provider(&store, "a").await;
    let first = add_run(&store, "a", RunKind::Full).await;
    let second = add_run(&store, "a", RunKind::Delta).await;
    assert!(second > first);
    let mut tx = write(&store).await;
    let mut run = tx.directory_run(second).await.unwrap().unwrap();
    assert_eq!((run.state, run.kind, run.started_at), (RunState::Reading, RunKind::Delta, at(1)));
    run.state = RunState::Comparing;
    tx.directory_run_update(&run).await.unwrap();
    assert_eq!(tx.directory_run(second).await.unwrap().map(|run| run.state), Some(RunState::Comparing));
    run.state = RunState::Held;
    run.updated_at = at(2);
    run.ended_at = Some(at(3));
    run.waiting_until = Some(at(4));
    run.attempts = 5;
    run.cursor = Some(DirectoryCursor("next".to_owned()));
    run.delta_cursor = Some(DirectoryCursor("delta".to_owned()));
    run.counts.people = 6;
    run.error = Some("why".to_owned());
    run.hold = Some(Hold { unexplained: 1, people_before: 2, limit_percent: 3, groups_removed: 4 });
    tx.directory_run_update(&run).await.unwrap();
    tx.commit().await.unwrap();
    let mut reader = read(&store).await;
    assert_eq!(reader.directory_run(second).await.unwrap(), Some(run.clone()));
    assert_eq!(reader.directory_run(RunNumber(0)).await.unwrap(), None);
    let listed = reader.directory_run_list(&provider("a"), None, 1).await.unwrap();
    assert_eq!(listed, [run]);
    let listed = reader.directory_run_list(&provider("a"), Some(second), 9).await.unwrap();
    assert_eq!(listed.iter().map(|run| run.number).collect::<Vec<_>>(), [first]);
    assert_eq!(reader.directory_run_list(&provider("b"), None, 9).await.unwrap(), []);
}

pub async fn the_history_is_cut_but_for_runs_with_rows(store: Arc<dyn Store>) {
    add_provider(&store, "a").await;
    let mut numbers = Vec::new();
    for _ in 0..4 {
        numbers.push(add_run(&store, "a", RunKind::Full).await);
    }
    let mut tx = write(&store).await;
    for number in &numbers {
        let mut run = tx.directory_run(*number).await.unwrap().unwrap();
        run.ended_at = Some(at(2));
        tx.directory_run_update(&run).await.unwrap();
    }
    assert_eq!(tx.directory_run_prune(&provider("a"), 1).await.unwrap(), 0, "they may have rows");
    while tx.directory_rows_prune(at(0), 10).await.unwrap() > 0 {}
    assert_eq!(tx.directory_run_prune(&provider("a"), 2).await.unwrap(), 2);
    let left = tx.directory_run_list(&provider("a"), None, 9).await.unwrap();
    assert_eq!(left.iter().map(|run| run.number).collect::<Vec<_>>(), [numbers[3], numbers[2]]);
    let next = add_number(&mut tx).await;
    assert!(next > numbers[3], "no number comes twice");
}

pub async fn the_history_of_providers_that_are_gone_goes(store: Arc<dyn Store>) {
    add_provider(&store, "a").await;
    add_provider(&store, "b").await;
    let gone = add_run(&store, "a", RunKind::Full).await;
    let kept = add_run(&store, "b", RunKind::Full).await;
    let mut tx = write(&store).await;
    assert!(tx.directory_provider_delete(&provider("a")).await.unwrap());
    assert_eq!(tx.directory_history_prune(at(99)).await.unwrap(), 0, "it may have rows");
    while tx.directory_rows_prune(at(0), 10).await.unwrap() > 0 {}
    assert_eq!(tx.directory_history_prune(at(0)).await.unwrap(), 0, "it is not old enough");
    assert_eq!(tx.directory_history_prune(at(99)).await.unwrap(), 1);
    assert!(tx.directory_run(gone).await.unwrap().is_none());
    assert!(tx.directory_run(kept).await.unwrap().is_some());
}

async fn add_number(tx: &mut Box<dyn portal_core::ports::WriteTransaction>) -> RunNumber {
    let request = RunRequest { kind: RunKind::Full, trigger: RunTrigger::CommandLine };
    tx.directory_run_insert(&DirectoryRun::new(provider("a"), request, at(1))).await.unwrap()
}

pub async fn people_to_be_read_again_wait_once(store: Arc<dyn Store>) {
    add_provider(&store, "a").await;
    let subject = PersonKey::Subject(Subject("1".to_owned()));
    let login = PersonKey::Login("1".to_owned());
    let a = provider("a");
    let mut tx = write(&store).await;
    assert!(tx.directory_reread_put(&a, &subject, at(5), 2).await.unwrap());
    assert!(tx.directory_reread_put(&a, &login, at(6), 2).await.unwrap());
    assert!(tx.directory_reread_put(&a, &subject, at(5), 2).await.unwrap(), "it is there already");
    let third = PersonKey::Login("2".to_owned());
    assert!(!tx.directory_reread_put(&a, &third, at(6), 2).await.unwrap(), "the queue is full");
    assert_eq!(tx.directory_reread_count(&a).await.unwrap(), 2);
    assert_eq!(tx.directory_reread_due(&a, at(4), 9).await.unwrap(), []);
    let due = tx.directory_reread_due(&a, at(6), 9).await.unwrap();
    let keys: Vec<&PersonKey> = due.iter().map(|reread| &reread.key).collect();
    assert_eq!(keys, [&subject, &login]);
    assert_eq!(due[0].queued_at, at(6), "asked again later than before, whatever the clock says");
    assert!(tx.directory_reread_defer(&a, &due[0], at(50), 1).await.unwrap());
    assert!(!tx.directory_reread_defer(&a, &due[0], at(50), 1).await.unwrap(), "somebody else has it");
    assert_eq!(tx.directory_reread_due(&a, at(6), 9).await.unwrap().len(), 1);
    let taken = Reread { attempts: 1, ..due[0].clone() };
    tx.directory_reread_put(&a, &subject, at(7), 2).await.unwrap();
    assert!(!tx.directory_reread_delete(&a, &taken).await.unwrap(), "it was asked for again meanwhile");
    assert!(tx.directory_reread_delete(&a, &due[1]).await.unwrap());
    tx.directory_provider_delete(&a).await.unwrap();
    assert_eq!(tx.directory_reread_count(&a).await.unwrap(), 0);
}
