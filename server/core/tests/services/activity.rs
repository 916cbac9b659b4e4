//! The activity log: written in batches, with a stated loss.

use portal_core::{
    activity::{ActivityRecorder, CallOutcome, QUEUE_LENGTH_MAX, ToolCall},
    identity::User,
    ids::AgentSessionId,
    oauth::records::{RefreshState, RefreshToken},
    ports::Clock as _,
    secret::SecretHash,
    time::UnixMillis,
};

use crate::support::House;

struct Desk {
    house: House,
    ada: User,
    session: AgentSessionId,
    recorder: ActivityRecorder,
}

impl Desk {
    async fn new() -> Self {
        let house = House::new().await;
        let ada = house.admin("ada@example.com").await;
        let session = house.agent(&ada).await;
        let recorder = ActivityRecorder::new(house.dependencies.clone());
        Self { house, ada, session, recorder }
    }

    fn call(&self, number: i64) -> ToolCall {
        ToolCall {
            at: UnixMillis(self.house.clock.now().0 + number),
            user_id: Some(self.ada.id.clone()),
            session_id: Some(self.session.clone()),
            token_id: None,
            source: "auth".to_owned(),
            tool: "auth_who_am_i".to_owned(),
            outcome: CallOutcome::Done,
            duration_us: number,
            address: Some(format!("192.0.2.{}", number % 256)),
        }
    }

    async fn written(&self) -> i64 {
        let totals = self.house.read().await.tool_call_totals(UnixMillis(0)).await.unwrap();
        totals.iter().map(|source| source.calls).sum()
    }
}

#[tokio::test]
async fn calls_are_written_and_the_session_is_stamped_with_the_latest() {
    let desk = Desk::new().await;
    assert_eq!(desk.recorder.flush().await.unwrap(), 0);
    for number in [3, 9, 5] {
        desk.recorder.record(desk.call(number));
    }
    assert_eq!(desk.recorder.flush().await.unwrap(), 3);

    let mut store = desk.house.read().await;
    let calls = store.tool_call_list(&desk.ada.id, 10).await.unwrap();
    assert_eq!(calls.iter().map(|call| call.duration_us).collect::<Vec<_>>(), [9, 5, 3]);
    let session = store.agent_session_by_id(&desk.session).await.unwrap().unwrap();
    assert_eq!(session.used_at, Some(desk.call(9).at));
    assert_eq!(session.used_from.as_deref(), Some("192.0.2.9"));
    assert_eq!(desk.recorder.flush().await.unwrap(), 0);
}

#[tokio::test]
async fn what_cannot_be_written_waits_within_the_bound() {
    let desk = Desk::new().await;
    for number in 0..10 {
        desk.recorder.record(desk.call(number));
    }
    desk.house.break_store(true);
    assert!(desk.recorder.flush().await.is_err());
    let more = i64::try_from(QUEUE_LENGTH_MAX).unwrap();
    for number in 10..more + 3 {
        desk.recorder.record(desk.call(number));
    }
    assert_eq!(desk.recorder.lost(), 3);
    assert!(desk.recorder.flush().await.is_err());
    desk.recorder.record(desk.call(0));
    assert_eq!(desk.recorder.lost(), 4, "what waits to be written again counts");

    desk.house.break_store(false);
    assert_eq!(desk.recorder.flush().await.unwrap(), QUEUE_LENGTH_MAX);
    assert_eq!(desk.written().await, more);
    desk.recorder.record(desk.call(0));
    assert_eq!(desk.recorder.flush().await.unwrap(), 1, "there is room again");
    assert_eq!(desk.recorder.lost(), 4);
}

#[tokio::test]
async fn refresh_tokens_are_confirmed() {
    let desk = Desk::new().await;
    let hash = SecretHash::of("a refresh token");
    let token = RefreshToken {
        hash,
        session_id: desk.session.clone(),
        created_at: desk.house.clock.now(),
        confirmed_at: None,
        state: RefreshState::Current,
    };
    let mut tx = desk.house.write().await;
    tx.refresh_token_insert(&token).await.unwrap();
    tx.commit().await.unwrap();

    desk.recorder.confirm_refresh(hash);
    desk.recorder.confirm_refresh(hash);
    desk.recorder.confirm_refresh(SecretHash::of("unknown"));
    desk.house.break_store(true);
    assert!(desk.recorder.flush().await.is_err());
    desk.house.break_store(false);
    assert_eq!(desk.recorder.flush().await.unwrap(), 0);

    let found = desk.house.read().await.refresh_token_by_hash(&hash).await.unwrap().unwrap();
    assert_eq!(found.confirmed_at, Some(desk.house.clock.now()));
}
