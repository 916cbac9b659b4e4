//! Clients that behave honestly while the server comes and goes, and now and then a thief.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use portal_core::ports::Rng as _;
use portal_testkit::{SeededRng, app::AgentTokens};
use tokio::sync::watch;

use crate::{
    history::History,
    http::{Answer, Request},
};

/// What all clients share.
pub struct World {
    /// Where the server listens.
    pub port: u16,
    /// Their client id.
    pub client_id: String,
    /// What they saw.
    pub history: History,
    /// Sessions that nobody uses yet.
    pub spare: Mutex<Vec<AgentTokens>>,
    /// Whether the server runs.
    pub up: watch::Receiver<bool>,
    /// Whether it is time to stop.
    pub over: watch::Receiver<bool>,
}

/// What the client knows of its session.
struct Session {
    access: String,
    /// All refresh tokens that the client heard of, the current one last.
    tokens: Vec<String>,
    /// Whether the server may have replaced the last of them.
    unsure: bool,
}

/// One client with one session at a time.
pub struct Client {
    world: Arc<World>,
    rng: SeededRng,
    session: Session,
    /// The last tokens of sessions that were said to have ended.
    ended: Vec<(String, String)>,
}

impl World {
    /// A session that nobody uses.
    pub fn take_spare(&self) -> Option<AgentTokens> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn token_request(&self, refresh_token: &str) -> Request {
        let fields = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token),
            ("client_id", self.client_id.as_str()),
        ];
        Request::form(self.port, "/oauth/token", &fields)
    }

    /// Sends until an answer comes that is not "later": what an honest client does.
    async fn insist(&self, request: impl Fn() -> Request) -> Answer {
        loop {
            let answer = request().send(self.port).await;
            if let Some(answer) = self.heard(answer).await {
                return answer;
            }
        }
    }

    /// The answer, unless the server was killed or asked to come again; then returns when it runs.
    async fn heard(&self, answer: io::Result<Answer>) -> Option<Answer> {
        match answer {
            Ok(answer) if answer.status != 503 => return Some(answer),
            Ok(_) => self.history.count(|counts| counts.unavailable += 1),
            Err(_) => {
                self.history.count(|counts| counts.cut_off += 1);
                // Gone only when the test is.
                let _ = self.up.clone().wait_for(|up| *up).await;
            }
        }
        tokio::task::yield_now().await;
        None
    }
}

impl Client {
    /// A client whose choices follow from the seed.
    pub fn new(world: Arc<World>, seed: u64, tokens: AgentTokens) -> Self {
        Self { world, rng: SeededRng::new(seed), session: Session::of(tokens), ended: Vec::new() }
    }

    /// Works until the test is over, then shows once more what it may do and what it may not.
    pub async fn run(mut self) {
        while !*self.world.over.borrow() {
            match self.draw(100) {
                0..=54 => self.refresh().await,
                55..=66 => self.refresh_unheard().await,
                67..=76 => self.refresh_twice().await,
                77..=81 => self.refresh_again().await,
                82..=93 => self.call().await,
                94..=95 => self.revoke().await,
                96..=97 => self.be_robbed().await,
                _ => self.try_ended().await,
            }
        }
        self.call().await;
        self.refresh().await;
        for _ in 0..self.ended.len() {
            self.try_ended().await;
        }
    }

    fn draw(&self, below: u64) -> u64 {
        let mut bytes = [0; 8];
        self.rng.fill(&mut bytes);
        u64::from_le_bytes(bytes) % below
    }

    /// An ordinary refresh, tried until it is answered.
    async fn refresh(&mut self) {
        let presented = self.session.current();
        let answer = self.world.insist(|| self.world.token_request(&presented)).await;
        self.take(&presented, &answer);
    }

    /// The answer is lost on the way, or its sender is killed.
    async fn refresh_unheard(&mut self) {
        self.session.unsure = true;
        match self.world.token_request(&self.session.current()).abandon(self.world.port).await {
            Ok(()) => self.world.history.count(|counts| counts.abandoned += 1),
            Err(error) => drop(self.world.heard(Err(error)).await),
        }
    }

    /// Two threads of one agent come at the same moment.
    async fn refresh_twice(&mut self) {
        let presented = self.session.current();
        self.session.unsure = true;
        let send = || self.world.token_request(&presented).send(self.world.port);
        let (first, second) = tokio::join!(send(), send());
        for answer in [first, second] {
            if let Some(answer) = self.world.heard(answer).await {
                self.take(&presented, &answer);
            }
        }
    }

    /// The immediate predecessor once more: the same answer. Only of a token that is current for certain: of any other
    /// the predecessor would be an old one.
    async fn refresh_again(&mut self) {
        if let Some(before) = self.session.before(1).filter(|_| !self.session.unsure) {
            let answer = self.world.insist(|| self.world.token_request(&before)).await;
            self.take(&before, &answer);
        }
    }

    /// Keeps an answer to a token of a session that lives.
    fn take(&mut self, presented: &str, answer: &Answer) {
        let history = &self.world.history;
        if let (200, Some(successor), Some(access)) =
            (answer.status, answer.text("refresh_token"), answer.text("access_token"))
        {
            history.refreshed(presented, &successor);
            self.session.advance(presented, successor, access);
        } else {
            history.violation(format!("an honest client lost its session: {answer:?}"));
            self.next_session();
        }
    }

    async fn call(&mut self) {
        let answer = self.world.insist(|| Request::ping(self.world.port, &self.session.access)).await;
        self.world.history.count(|counts| counts.calls += 1);
        if answer.status != 200 {
            self.world.history.violation(format!("an access token was refused: {answer:?}"));
        }
    }

    /// The client ends its session. Once that was answered, nothing of it is accepted.
    async fn revoke(&mut self) {
        let Some(next) = self.world.take_spare() else { return };
        let token = self.session.current();
        let fields = [("token", token.as_str()), ("client_id", self.world.client_id.as_str())];
        let answer = self.world.insist(|| Request::form(self.world.port, "/oauth/revoke", &fields)).await;
        if answer.status == 200 {
            self.world.history.count(|counts| counts.revoked += 1);
        } else {
            self.world.history.violation(format!("a revocation was refused: {answer:?}"));
        }
        self.end(next).await;
    }

    /// Someone else presents a token that was replaced long ago: the session ends, for both.
    async fn be_robbed(&mut self) {
        let Some(old) = self.session.before(2) else { return };
        let Some(next) = self.world.take_spare() else { return };
        let answer = self.world.insist(|| self.world.token_request(&old)).await;
        if answer.status == 400 {
            self.world.history.count(|counts| counts.replayed += 1);
        } else {
            self.world.history.violation(format!("a token was accepted after it was replaced: {answer:?}"));
        }
        self.end(next).await;
    }

    /// Goes on with another session, after a look at whether this one is over.
    async fn end(&mut self, next: AgentTokens) {
        self.ended.push((self.session.current(), self.session.access.clone()));
        self.session = Session::of(next);
        let last = self.ended.len() - 1;
        self.try_one(last).await;
    }

    fn next_session(&mut self) {
        if let Some(next) = self.world.take_spare() {
            self.session = Session::of(next);
        }
    }

    /// Tries one of the sessions that ended, in turn.
    async fn try_ended(&mut self) {
        if !self.ended.is_empty() {
            self.ended.rotate_left(1);
            self.try_one(0).await;
        }
    }

    async fn try_one(&self, index: usize) {
        let Some((refresh, access)) = self.ended.get(index) else { return };
        let history = &self.world.history;
        let refreshed = self.world.insist(|| self.world.token_request(refresh)).await;
        if (refreshed.status, refreshed.text("error").as_deref()) != (400, Some("invalid_grant")) {
            history.violation(format!("a refresh token worked after its session ended: {refreshed:?}"));
        }
        let called = self.world.insist(|| Request::ping(self.world.port, access)).await;
        if called.status != 401 {
            history.violation(format!("an access token worked after its session ended: {called:?}"));
        }
        history.count(|counts| counts.refused_after_end += 2);
    }
}

impl Session {
    fn of(tokens: AgentTokens) -> Self {
        Self { access: tokens.access, tokens: vec![tokens.refresh], unsure: false }
    }

    fn current(&self) -> String {
        self.tokens.last().cloned().unwrap_or_default()
    }

    /// The token that was current so many tokens ago.
    fn before(&self, back: usize) -> Option<String> {
        self.tokens.iter().rev().nth(back).cloned()
    }

    /// Moves on when the answer is to the current token; a repeated answer brings nothing new.
    fn advance(&mut self, presented: &str, successor: String, access: String) {
        if self.current() == presented {
            self.tokens.push(successor);
            self.access = access;
            self.unsure = false;
        }
    }
}
