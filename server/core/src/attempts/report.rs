//! What each surface says of a request when it has answered it: the one place that tells causes apart.

use super::{
    ATTEMPT_RETENTION_MS, AttemptKind, AttemptService,
    draft::{About, Draft, KnownCaller},
};
use crate::{
    identity::{RequestOrigin, SignedIn},
    oauth::{
        AuthorizeError, BearerError, Begun, Caller, ClientError, ConsentDecision, ConsentError, Credential,
        TokenError, TokenErrorCode, TokenRequest, TokenResponse, refusals,
    },
    secret::{Secret, SecretHash},
    self_check::PROBE_TOKEN,
    time::UnixMillis,
};

/// What was presented at the token endpoint, kept while the request is answered.
#[derive(Debug, Clone)]
pub struct PresentedGrant {
    client_id: Option<String>,
    code: Option<SecretHash>,
    refresh: Option<SecretHash>,
}

impl From<&TokenRequest> for PresentedGrant {
    fn from(request: &TokenRequest) -> Self {
        Self {
            client_id: request.client_id.clone(),
            code: request.code.as_ref().map(Secret::hash),
            refresh: request.refresh_token.as_ref().map(Secret::hash),
        }
    }
}

impl AttemptService {
    fn now(&self) -> UnixMillis {
        self.dependencies.clock.now()
    }

    /// A draft that is about a person's browser, or nobody's, and can happen again each second.
    fn in_browser(&self, kind: AttemptKind, person: Option<&SignedIn>, client_id: Option<&str>) -> Draft {
        let at = self.now();
        let about = person.map_or(About::Nobody, |person| About::Person(person.user().id.clone()));
        let whose = person.map_or("", |person| person.user().id.as_str());
        let key = format!("{whose}\n{}\n{}", client_id.unwrap_or_default(), at.0);
        Draft::new(kind, at, about, &key).client(client_id)
    }

    /// `/oauth/authorize` was answered.
    pub fn authorize_answered(
        &self,
        client_id: Option<&str>,
        person: Option<&SignedIn>,
        origin: &RequestOrigin,
        answer: &Result<Begun, AuthorizeError>,
    ) {
        let draft = match answer {
            Ok(Begun::Pending(begun)) => {
                let Some(person) = person else { return };
                return self.consent_asked(&begun.request, person);
            }
            Ok(Begun::Allowed(_)) => {
                self.in_browser(AttemptKind::ConsentGiven, person, client_id).detail("remembered")
            }
            Err(error) => {
                let Some((kind, detail)) = authorize_cause(error) else { return };
                self.in_browser(kind, person, client_id).detail(detail)
            }
        };
        self.record(draft.origin(origin));
    }

    /// The person of this browser is asked, or about to be.
    pub fn consent_asked(&self, request: &Secret, person: &SignedIn) {
        let (hash, user) = (request.hash(), person.user().id.clone());
        let key = key_of(&hash);
        let about = About::Request(hash, user);
        let draft = Draft::new(AttemptKind::AuthorizationBegun, self.now(), about, &key);
        self.record(draft.origin(person.origin()));
    }

    /// The person's answer was taken, or not.
    pub fn consent_answered<T>(
        &self,
        request: &Secret,
        person: &SignedIn,
        decision: ConsentDecision,
        answer: &Result<T, ConsentError>,
    ) {
        let kind = match (answer, decision) {
            (Ok(_), ConsentDecision::Cancel) => AttemptKind::Cancelled,
            (Ok(_), ConsentDecision::Allow(_)) => AttemptKind::ConsentGiven,
            (Err(error), _) => return self.consent_failed(request, Some(person), person.origin(), error),
        };
        let hash = request.hash();
        let key = key_of(&hash);
        let draft = Draft::new(kind, self.now(), About::Request(hash, person.user().id.clone()), &key);
        self.record(draft.origin(person.origin()));
    }

    /// The page that asks could not be shown, or its answer not be taken.
    pub fn consent_failed(
        &self,
        request: &Secret,
        person: Option<&SignedIn>,
        origin: &RequestOrigin,
        error: &ConsentError,
    ) {
        let (kind, detail) = match error {
            ConsentError::Expired => (AttemptKind::RequestExpired, String::new()),
            ConsentError::Foreign => (AttemptKind::OtherBrowser, String::new()),
            ConsentError::Client(error) => match client_cause(error) {
                Some(cause) => cause,
                None => return,
            },
            ConsentError::SignInAgain | ConsentError::Store(_) => return,
        };
        let hash = request.hash();
        let key = key_of(&hash);
        let about = match (person, error) {
            (None, _) => About::Nobody,
            // What another browser began is not this person's to see.
            (Some(person), ConsentError::Foreign) => About::Person(person.user().id.clone()),
            (Some(person), _) => About::Request(hash, person.user().id.clone()),
        };
        self.record(Draft::new(kind, self.now(), about, &key).detail(detail).origin(origin));
    }

    /// `/oauth/token` was answered.
    pub fn token_answered(
        &self,
        presented: &PresentedGrant,
        origin: &RequestOrigin,
        answer: &Result<TokenResponse, TokenError>,
    ) {
        let draft = match answer {
            // Renewing is the course of things.
            Ok(_) if presented.refresh.is_some() => return,
            Ok(issued) => {
                let hash = issued.access_token.hash();
                let key = key_of(&hash);
                Draft::new(AttemptKind::CodeExchanged, self.now(), About::Issued(hash), &key)
            }
            Err(error) => {
                let Some((kind, detail)) = token_cause(presented, error) else { return };
                let (about, key) = match (presented.code, presented.refresh) {
                    (Some(code), _) => (About::Code(code), key_of(&code)),
                    (None, Some(refresh)) => (About::Refresh(refresh), key_of(&refresh)),
                    (None, None) => (About::Nobody, format!("{}\n{}", origin.network(), self.now().0)),
                };
                Draft::new(kind, self.now(), about, &key).detail(detail)
            }
        };
        self.record(draft.client(presented.client_id.as_deref()).origin(origin));
    }

    /// A bearer token was refused. Portal's own self-check is no attempt to connect.
    pub fn bearer_refused(&self, token: &str, origin: &RequestOrigin, error: &BearerError) {
        if token == PROBE_TOKEN {
            return;
        }
        let hash = SecretHash::of(token);
        let address = || origin.address.map(|address| address.to_string()).unwrap_or_default();
        let (kind, detail) = match error {
            BearerError::Invalid => (AttemptKind::TokenUnknown, String::new()),
            BearerError::AddressRefused => (AttemptKind::AddressRefused, address()),
            BearerError::Store(_) => return,
        };
        // The same token may fail for another reason another day.
        let key = format!("{}\n{}", key_of(&hash), self.now().0 / crate::time::HOUR_MS);
        let draft = Draft::new(kind, self.now(), About::Bearer(hash), &key);
        self.record(draft.detail(detail).origin(origin));
    }

    /// Someone who was let in calls: the first call of each session and static token is a step.
    pub fn called(&self, caller: &Caller, origin: &RequestOrigin) {
        let (kind, id, created_at, used_at) = match &caller.credential {
            Credential::Session(session) => {
                (AttemptKind::FirstCall, session.id.as_str(), session.created_at, session.used_at)
            }
            Credential::Token(token) => {
                (AttemptKind::TokenUsed, token.id.as_str(), token.created_at, token.used_at)
            }
        };
        if self.called.contains_key(id) {
            return;
        }
        self.called.insert(id.to_owned(), ());
        // Older ones have called before; what was written of that may be gone.
        if used_at.is_none() || self.now().since(created_at) < ATTEMPT_RETENTION_MS {
            let about = About::Known(Box::new(KnownCaller::of(caller)));
            self.record(Draft::new(kind, self.now(), about, id).origin(origin));
        }
    }

    /// Someone who was let in may not do what they ask. `detail` names the tool, and what it needs.
    pub fn call_refused(&self, caller: &Caller, kind: AttemptKind, detail: &str, origin: &RequestOrigin) {
        let known = KnownCaller::of(caller);
        let session = known.session_id.as_ref().map_or("", |id| id.as_str());
        let token = known.token_id.as_ref().map_or("", |id| id.as_str());
        let key = format!("{session}\n{token}\n{detail}\n{}", self.now().minute().0);
        let draft = Draft::new(kind, self.now(), About::Known(Box::new(known)), &key);
        self.record(draft.detail(detail).origin(origin));
    }

    /// A web page of another origin called.
    pub fn origin_refused(&self, page: &str, origin: &RequestOrigin) {
        let key = format!("{page}\n{}\n{}", origin.network(), self.now().minute().0);
        let draft = Draft::new(AttemptKind::OriginRefused, self.now(), About::Nobody, &key);
        self.record(draft.detail(page).origin(origin));
    }
}

/// A text that stands for a hash, in a key that is hashed once more.
fn key_of(hash: &SecretHash) -> String {
    hash.0.iter().map(|byte| char::from(*byte)).collect()
}

fn authorize_cause(error: &AuthorizeError) -> Option<(AttemptKind, String)> {
    match error {
        AuthorizeError::Client(error) => client_cause(error),
        AuthorizeError::RedirectMismatch => Some((AttemptKind::RedirectMismatch, String::new())),
        AuthorizeError::Page(what) => Some((AttemptKind::RequestInvalid, what.clone().into_owned())),
        // A client that asks whether it may go on without a word is told; nothing failed.
        AuthorizeError::Redirect(told) if matches!(told.error, "login_required" | "consent_required") => None,
        AuthorizeError::Redirect(told) => Some((AttemptKind::RequestInvalid, told.description.to_owned())),
        AuthorizeError::TooMany | AuthorizeError::Store(_) => None,
    }
}

fn client_cause(error: &ClientError) -> Option<(AttemptKind, String)> {
    Some(match error {
        ClientError::Disabled => (AttemptKind::DocumentsOff, String::new()),
        ClientError::RegistrationDisabled => (AttemptKind::RegistrationOff, String::new()),
        ClientError::Unknown => (AttemptKind::ClientUnknown, String::new()),
        ClientError::IdInvalid(why) => (AttemptKind::ClientIdInvalid, why.clone()),
        ClientError::NotAllowed => (AttemptKind::ClientNotAllowed, String::new()),
        ClientError::Fetch(why) => (AttemptKind::DocumentUnreachable, why.to_string()),
        ClientError::DocumentInvalid(why) => (AttemptKind::DocumentInvalid, why.clone()),
        ClientError::Unavailable => return None,
    })
}

fn token_cause(presented: &PresentedGrant, error: &TokenError) -> Option<(AttemptKind, String)> {
    let (code, description) = match error {
        TokenError::Refused { code, description } => (*code, *description),
        TokenError::Unavailable(why) => return Some((AttemptKind::DocumentUnreachable, why.clone())),
        TokenError::Stale(_) => return Some((AttemptKind::DirectoryStale, String::new())),
        TokenError::TooMany | TokenError::Store(_) => return None,
    };
    let kind = match (code, description) {
        (_, refusals::PERSON_REFUSED | refusals::PERSON_MISSING) => AttemptKind::PersonSuspended,
        (_, refusals::DOCUMENTS_OFF) => AttemptKind::DocumentsOff,
        (_, refusals::REGISTRATION_OFF) => AttemptKind::RegistrationOff,
        (_, refusals::CLIENT_UNKNOWN) => AttemptKind::ClientUnknown,
        (_, refusals::CODE_EXPIRED) => AttemptKind::CodeExpired,
        (_, refusals::CODE_USED) => AttemptKind::CodeUsed,
        (_, refusals::PROOF_WRONG) => AttemptKind::CodeProofWrong,
        (TokenErrorCode::InvalidClient, _) => AttemptKind::ClientUnproved,
        _ if presented.refresh.is_some() => AttemptKind::RefreshRefused,
        _ => AttemptKind::CodeRefused,
    };
    Some((kind, description.to_owned()))
}
