//! Whom tools are called for.

use std::sync::Arc;

use portal_core::{
    identity::{User, UserStatus},
    ids::{AgentSessionId, UserId},
    oauth::{
        Caller, Credential, Subject,
        records::{AgentSession, ClientSnapshot, DocumentOrigin},
    },
    time::UnixMillis,
};
use portal_model::ScopeSet;

pub fn caller(entity_ref: &str, admin: bool) -> Caller {
    let scope = ScopeSet::parse("mcp:destructive");
    let user = User {
        id: UserId(entity_ref.to_owned()),
        provider: "local".to_owned(),
        subject: entity_ref.to_owned(),
        entity_ref: entity_ref.parse().unwrap(),
        email: None,
        display_name: String::new(),
        status: UserStatus::Active,
        admin,
        password_hash: None,
        revocation_epoch: 0,
        created_at: UnixMillis(0),
        last_sign_in_at: None,
    };
    let session = AgentSession {
        id: AgentSessionId("s".to_owned()),
        user_id: user.id.clone(),
        epoch: 0,
        client: ClientSnapshot {
            client_id: "https://agent.example/client".to_owned(),
            host: "agent.example".to_owned(),
            name: "Agent".to_owned(),
            redirect_uris_hash: String::new(),
            lists_refresh_grant: false,
            origin: DocumentOrigin::Live,
            confidential: false,
            keys_hash: String::new(),
        },
        redirect_uri: String::new(),
        scope,
        resource: String::new(),
        refreshable: false,
        token_lifetime_days: 7,
        session_lifetime_days: 30,
        created_at: UnixMillis(0),
        used_at: None,
        used_from: None,
        ended: None,
    };
    Caller {
        subject: Subject::Person { entity_ref: user.entity_ref.clone(), account: Some(Arc::new(user)) },
        credential: Credential::Session(Arc::new(session)),
        scope,
        expires_at: UnixMillis(0),
    }
}
