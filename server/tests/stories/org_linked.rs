//! Runs of a provider whose people are linked to another's, and what is forgotten of people who left.

use portal_core::{
    org::{DirectoryEmail, LinkRule, ProviderId, RunState},
    services::Directory,
    time::DAY_MS,
};
use portal_testkit::app::{ScriptedDirectory, TestApp, person};

use crate::org_runs::{entity, names};

/// People of the hub are recognised as those of the head by their verified address.
fn linked(
    head: &std::sync::Arc<ScriptedDirectory>,
    hub: &std::sync::Arc<ScriptedDirectory>,
) -> Vec<Directory> {
    let mut hub = hub.named("hub");
    hub.options.link = Some(LinkRule::VerifiedEmail { to: ProviderId::parse("head").expect("an id") });
    vec![hub, head.named("head")]
}

fn put(directory: &ScriptedDirectory, subject: &str, login: &str, address: &str) {
    let email = Some(DirectoryEmail { address: address.to_owned(), verified: true });
    directory.put(portal_core::org::DirectoryPerson { email, ..person(subject, login) });
}

#[tokio::test]
async fn linked_people_have_their_entity_at_one_provider_only() {
    let (head, hub) = (ScriptedDirectory::new(), ScriptedDirectory::new());
    put(&head, "1", "ada", "ada@example.org");
    put(&head, "2", "ben", "ben@example.org");
    put(&hub, "a", "ada-hub", "ada@example.org");
    put(&hub, "b", "ben", "ben@example.org");
    put(&hub, "c", "cleo", "cleo@example.org");
    let app = TestApp::start_with_directories(linked(&head, &hub)).await;
    app.run_directories().await;
    app.run_directories().await;
    assert_eq!(names(&app, "user").await, ["ada", "ben", "cleo"]);
    let ben = entity(&app, "user:default/ben").await.expect("a user");
    assert!(ben.to_string().contains("provider:head"), "the same name is no conflict: {ben}");

    hub.rename("a", "ada-of-hub");
    let runs = app.run_directories().await;
    assert!(runs.iter().all(|run| run.state == RunState::Published && run.counts.rejected == 0), "{runs:?}");
    assert_eq!(names(&app, "user").await, ["ada", "ben", "cleo"]);

    head.remove("1");
    app.run_directories().await;
    app.run_directories().await;
    assert_eq!(
        names(&app, "user").await,
        ["ben", "cleo"],
        "whoever has left does not come back by the other"
    );
    put(&head, "3", "cleo-head", "cleo@example.org");
    app.run_directories().await;
    app.run_directories().await;
    assert_eq!(names(&app, "user").await, ["ben", "cleo-head"]);
}

#[tokio::test]
async fn whoever_left_long_ago_is_forgotten() {
    let directory = ScriptedDirectory::of(20);
    let app = TestApp::start_with_directories(vec![directory.named("acme")]).await;
    app.run_directories().await;
    for subject in ["1", "2"] {
        directory.remove(subject);
    }
    app.run_directories().await;
    app.pass(399 * DAY_MS);
    assert_eq!(app.services.org.upkeep().await.expect("upkeep"), 0, "not yet");
    app.pass(2 * DAY_MS);
    assert_eq!(app.services.org.upkeep().await.expect("upkeep"), 2);
    assert_eq!(app.services.org.upkeep().await.expect("upkeep"), 0);
    assert_eq!(names(&app, "user").await.len(), 18);
    assert_eq!(app.run_directories().await.last().map(|run| run.state), Some(RunState::Published));
}
