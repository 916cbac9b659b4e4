//! Settings and change counters.

use std::sync::Arc;

use portal_core::{
    changes::{Changes, Topic},
    ports::Store,
};

use super::fixtures::{read, write};

pub async fn counters_start_at_zero_and_rise(store: Arc<dyn Store>) {
    assert_eq!(read(&store).await.changes().await.unwrap(), Changes::default());
    let mut tx = write(&store).await;
    for (times, topic) in (1..).zip(Topic::ALL) {
        for _ in 0..times {
            tx.change_record(topic).await.unwrap();
        }
    }
    tx.commit().await.unwrap();
    let changes = read(&store).await.changes().await.unwrap();
    assert_eq!(changes, Changes { settings: 1, catalog: 2, access: 3, attempts: 4, runs: 5 });
}

pub async fn settings_are_replaced_and_ordered(store: Arc<dyn Store>) {
    let mut tx = write(&store).await;
    for (key, value) in [("mcp.b", "1"), ("mcp.B", "2"), ("mcp.a", "3"), ("mcp.b", "{\"x\":\"'\"}")] {
        tx.setting_put(key, value).await.unwrap();
    }
    tx.commit().await.unwrap();
    let list = read(&store).await.setting_list().await.unwrap();
    let list: Vec<(&str, &str)> = list.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    assert_eq!(list, [("mcp.B", "2"), ("mcp.a", "3"), ("mcp.b", "{\"x\":\"'\"}")]);
}

pub async fn concurrent_counters_lose_nothing(store: Arc<dyn Store>) {
    let raise = || async {
        let mut tx = write(&store).await;
        tx.change_record(Topic::Access).await.unwrap();
        tokio::task::yield_now().await;
        tx.commit().await.unwrap();
    };
    tokio::join!(raise(), raise(), raise());
    assert_eq!(read(&store).await.changes().await.unwrap().access, 3);
}
