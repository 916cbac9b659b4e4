//! Reading through storms, and orgs in which anything happens.

use portal_core::time::{HOUR_MS, MINUTE_MS};
use portal_testkit::directories::{Fault, okta::too_many_at_once};
use proptest::prelude::*;

use super::{
    super::{
        deltas::{read_changes, read_changes_patiently, read_full, visible},
        reads::{read_all, read_patiently},
    },
    World,
};

#[tokio::test]
async fn a_patient_read_through_a_storm_brings_the_same() {
    let world = World::new().await;
    let users: Vec<_> =
        (1..=400).map(|number| world.org.add_user(number, &format!("user{number}"))).collect();
    for group in 0..40_u32 {
        let id = world.org.add_group(1_000 + group, &format!("group{group}"), "OKTA_GROUP");
        for member in 0..25 {
            world.org.add_member(&id, &users[(group as usize * 7 + member) % 400]);
        }
    }
    world.org.behave(|behaviour| {
        behaviour.page_max = 10;
        behaviour.requests_per_minute = 60;
    });
    let client = world.client();
    let (quiet, calm) = read_patiently(&client, &world.clock).await.unwrap();
    world.server.forget();
    let storms = [(1, Fault::Answer(too_many_at_once())), (2, Fault::status(503)), (3, Fault::Break(40))];
    for (seed, fault) in storms.clone() {
        world.server.faults.storm(seed, 9, fault);
    }
    let (taken, waits) = read_patiently(&client, &world.clock).await.unwrap();
    assert_eq!(taken, quiet);
    println!(
        "okta: full read of 400 people and 40 groups, {} requests, {} faults, {} throttled ({} without the storm), {} outages",
        world.server.exchanges().len(),
        world.server.faults.count(),
        waits.throttled,
        calm.throttled,
        waits.outages
    );
    assert!(world.server.faults.count() > 20);
    world.server.faults.clear();
    world.org.behave(|behaviour| behaviour.requests_per_minute = 100_000);
    world.clock.advance(HOUR_MS);
    let (mut taken, since) = read_full(&client).await;
    world.clock.advance(HOUR_MS);
    users.iter().step_by(7).for_each(|id| world.org.set_status(id, "SUSPENDED"));
    users.iter().skip(3).step_by(11).for_each(|id| world.org.delete(id));
    world.clock.advance(MINUTE_MS);
    for (seed, fault) in storms {
        world.server.faults.storm(seed + 3, 9, fault);
    }
    let (_, waits) =
        read_changes_patiently(&client, &world.clock, &since.unwrap(), &mut taken).await.unwrap();
    println!("okta: delta of 95 changes, {waits} waits");
    world.server.faults.clear();
    assert_eq!(visible(&taken), visible(&read_all(&client).await.unwrap()));
}

#[derive(Debug, Clone)]
enum Step {
    Status(usize, &'static str),
    Delete(usize),
    Add,
    Member(usize, usize, bool),
}

fn step() -> impl Strategy<Value = Step> {
    let statuses = prop::sample::select(vec!["ACTIVE", "SUSPENDED", "DEPROVISIONED", "STAGED", "ARCHIVED"]);
    prop_oneof![
        (0..12_usize, statuses).prop_map(|(user, status)| Step::Status(user, status)),
        (0..12_usize).prop_map(Step::Delete),
        Just(Step::Add),
        (0..4_usize, 0..12_usize, any::<bool>())
            .prop_map(|(group, user, in_it)| Step::Member(group, user, in_it)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever happens in an org: deltas bring the same as reading everything.
    #[test]
    fn deltas_never_drift(steps in prop::collection::vec(step(), 1..40), page_max in 1_usize..5) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::new().await;
            world.org.behave(|behaviour| {
                behaviour.page_max = page_max;
                behaviour.requests_per_minute = 100_000;
            });
            let mut users: Vec<_> = (0..12).map(|number| Some(world.org.add_user(number, &format!("user{number}")))).collect();
            let groups: Vec<_> = (0..4).map(|number| world.org.add_group(number, &format!("group{number}"), "OKTA_GROUP")).collect();
            let client = world.client();
            let (mut taken, since) = read_full(&client).await;
            let mut since = since.unwrap();
            let mut next = 100;
            for steps in steps.chunks(5) {
                world.clock.advance(7 * MINUTE_MS);
                for step in steps {
                    match step {
                        Step::Status(user, status) => if let Some(id) = &users[*user] { world.org.set_status(id, status) },
                        Step::Delete(user) => if let Some(id) = users[*user].take() { world.org.delete(&id) },
                        Step::Add => { world.org.add_user(next, &format!("user{next}")); next += 1; }
                        Step::Member(group, user, true) => if let Some(id) = &users[*user] { world.org.add_member(&groups[*group], id) },
                        Step::Member(group, user, false) => if let Some(id) = &users[*user] { world.org.remove_member(&groups[*group], id) },
                    }
                }
                world.clock.advance(1_000);
                since = read_changes(&client, &since, &mut taken).await.unwrap();
                let full = read_all(&client).await.unwrap();
                assert_eq!(visible(&taken), visible(&full));
            }
        });
    }
}
