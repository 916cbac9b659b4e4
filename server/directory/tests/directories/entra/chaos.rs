//! Reading through storms, and tenants in which anything happens.

use portal_testkit::directories::{Fault, entra::guid};
use proptest::prelude::*;
use serde_json::json;

use super::{
    super::{
        deltas::{read_changes, read_changes_patiently, read_full, visible},
        reads::{read_all, read_patiently},
    },
    World, throttled,
};

/// A storm: every few answers a refusal, an outage, a cut body or a broken connection, over a tenant that changes.
#[tokio::test]
async fn a_patient_read_through_a_storm_brings_the_same() {
    let world = World::new().await;
    for number in 1..=400 {
        world.tenant.add_user(number, &format!("user{number}"));
    }
    for group in 1_000..1_040 {
        world.tenant.add_group(group, &format!("group{group}"));
        for member in 0..25 {
            world.tenant.add_member(&guid(group), "user", &guid((group * 7 + member) % 400 + 1));
        }
    }
    world.tenant.behave(|behaviour| {
        behaviour.page_max = 10;
        behaviour.empty_pages = true;
        behaviour.duplicates = true;
    });
    let client = world.client();
    let quiet = read_all(&client).await.unwrap();
    world.server.forget();
    for (seed, fault) in [(1, throttled(Some("3"))), (2, Fault::status(503)), (3, Fault::Break(40))] {
        world.server.faults.storm(seed, 9, fault);
    }
    let (taken, waits) = read_patiently(&client, &world.clock).await.unwrap();
    assert_eq!(taken, quiet);
    println!(
        "entra: full read of 400 people and 40 groups, {} requests, {} faults, {} throttled, {} outages",
        world.server.exchanges().len(),
        world.server.faults.count(),
        waits.throttled,
        waits.outages
    );
    assert!(world.server.faults.count() > 20);
    world.server.faults.clear();
    let (mut taken, since) = read_full(&client).await;
    for number in (1..=400).step_by(7) {
        world.tenant.set(&guid(number), "accountEnabled", json!(false));
    }
    for number in (3..=400).step_by(11) {
        world.tenant.delete(&guid(number));
    }
    for (seed, fault) in [(4, throttled(None)), (5, Fault::status(502)), (6, Fault::Break(40))] {
        world.server.faults.storm(seed, 9, fault);
    }
    let (_, waits) =
        read_changes_patiently(&client, &world.clock, &since.unwrap(), &mut taken).await.unwrap();
    println!("entra: delta of 91 changes, {waits} waits");
    world.server.faults.clear();
    assert_eq!(visible(&taken), visible(&read_all(&client).await.unwrap()));
}

#[derive(Debug, Clone)]
enum Step {
    Enable(u32, bool),
    Delete(u32),
    Add(u32),
    Member(u32, u32, bool),
    Rename(u32),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (1..12_u32, any::<bool>()).prop_map(|(user, on)| Step::Enable(user, on)),
        (1..12_u32).prop_map(Step::Delete),
        (20..30_u32).prop_map(Step::Add),
        (100..104_u32, 1..12_u32, any::<bool>())
            .prop_map(|(group, user, in_it)| Step::Member(group, user, in_it)),
        (1..12_u32).prop_map(Step::Rename),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever happens in a tenant: deltas bring the same as reading everything.
    #[test]
    fn deltas_never_drift(steps in prop::collection::vec(step(), 1..40), page_max in 1_usize..5, traps in any::<[bool; 3]>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::new().await;
            for number in 1..12 {
                world.tenant.add_user(number, &format!("user{number}"));
            }
            for group in 100..104 {
                world.tenant.add_group(group, &format!("group{group}"));
            }
            world.tenant.behave(|behaviour| {
                behaviour.page_max = page_max;
                [behaviour.empty_pages, behaviour.duplicates, behaviour.partial_changes] = traps;
            });
            let client = world.client();
            let (mut taken, since) = read_full(&client).await;
            let mut since = since.unwrap();
            let mut gone = std::collections::BTreeSet::new();
            for steps in steps.chunks(5) {
                for step in steps {
                    match *step {
                        Step::Enable(user, on) if !gone.contains(&user) => world.tenant.set(&guid(user), "accountEnabled", json!(on)),
                        Step::Rename(user) if !gone.contains(&user) => world.tenant.set(&guid(user), "displayName", json!("New")),
                        Step::Delete(user) if gone.insert(user) => world.tenant.delete(&guid(user)),
                        Step::Add(user) => { world.tenant.add_user(user, &format!("user{user}")); }
                        Step::Member(group, user, true) if !gone.contains(&user) => world.tenant.add_member(&guid(group), "user", &guid(user)),
                        Step::Member(group, user, false) => world.tenant.remove_member(&guid(group), "user", &guid(user)),
                        _ => {}
                    }
                }
                since = read_changes(&client, &since, &mut taken).await.unwrap();
                let full = read_all(&client).await.unwrap();
                assert_eq!(visible(&taken), visible(&full));
            }
        });
    }
}
