//! A directory of one's own behind the port.

use std::sync::Arc;

use async_trait::async_trait;
use portal_core::{
    org::Subject,
    ports::{
        Clock, ConnectionReport, DirectoryClient, DirectoryError, DirectoryEvent, DirectoryEventError,
        DirectoryEventRequest, DirectoryPage, DirectoryRead, PermissionCheck, PersonKey, PersonNow,
    },
};
use portal_fetch::ProviderTransport;
use serde_json::Value;
use url::Url;

use super::{
    CustomOptions, CustomSource,
    command::CommandRunner,
    contract::{EventBody, Question},
    parse,
};
use crate::api::{
    ApiClient, ApiOptions, ApiRequest, Credential, HeaderCredential, SetupError, header_value,
    verify_hmac_sha256,
};

/// The header of an event's signature.
pub const SIGNATURE_HEADER: &str = "x-portal-signature-256";
/// Most people of one event; whoever has more to say asks for a run.
const EVENT_PEOPLE_MAX: usize = 1_000;

/// People and groups by Portal's own contract.
pub struct CustomDirectory {
    options: CustomOptions,
    api: Option<ApiClient>,
    commands: CommandRunner,
}

impl CustomDirectory {
    /// The directory.
    ///
    /// # Errors
    /// [`SetupError`] for an address or a token that cannot be used.
    pub fn new(
        options: CustomOptions,
        transport: Arc<ProviderTransport>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SetupError> {
        let api = match &options.source {
            CustomSource::Command { .. } => None,
            CustomSource::Endpoint { url, token } => {
                let credential = token
                    .as_ref()
                    .map(|token| HeaderCredential::authorization("Bearer", token, "token"))
                    .transpose()?
                    .map(|credential| Arc::new(credential) as Arc<dyn Credential>);
                Some(ApiClient::new(ApiOptions::new(url.clone()), credential, transport, clock)?)
            }
        };
        Ok(Self { options, api, commands: CommandRunner::default() })
    }

    /// The parts of the answer: one of an endpoint, lines of a command.
    async fn ask(&self, question: &Question) -> Result<Vec<Value>, DirectoryError> {
        match (&self.options.source, &self.api) {
            (CustomSource::Endpoint { url, .. }, Some(api)) => {
                let request = ApiRequest::get_address(address(url, question), what(question)).conditional();
                let answer = api.answer(request).await?;
                match answer.status {
                    410 if matches!(question, Question::Changes { .. } | Question::Page { .. }) => {
                        Err(DirectoryError::DeltaExpired)
                    }
                    501 => Err(DirectoryError::Unsupported(what(question).to_owned())),
                    _ if answer.is_success() => Ok(vec![answer.json()?]),
                    _ => Err(api.refusal(&answer, what(question))),
                }
            }
            _ => self.commands.ask(&self.options.source, question).await,
        }
    }

    async fn page(&self, question: &Question) -> Result<DirectoryPage, DirectoryError> {
        let parts = self.ask(question).await?;
        let mut page = DirectoryPage::default();
        let mut ended = false;
        for part in &parts {
            if ended {
                return Err(DirectoryError::Malformed(
                    "there are more lines after the one with next".to_owned(),
                ));
            }
            ended = parse::add_part(part, &mut page, &self.options.selection)?;
        }
        if !ended {
            return Err(DirectoryError::Malformed(
                "next: is missing; expected a text, or null on the last page (the answer may have been cut off)"
                    .to_owned(),
            ));
        }
        Ok(page)
    }
}

const fn what(question: &Question) -> &'static str {
    match question {
        Question::Full => "all people and groups",
        Question::Changes { .. } => "what changed",
        Question::Page { .. } => "the next page",
        Question::User { .. } => "one person",
    }
}

/// The endpoint's address with the question in its query.
fn address(url: &Url, question: &Question) -> Url {
    let mut url = url.clone();
    let mut query = url.query_pairs_mut();
    match question {
        Question::Full => query.append_pair("ask", "full"),
        Question::Changes { since } => query.append_pair("ask", "changes").append_pair("since", since),
        Question::Page { cursor } => query.append_pair("ask", "page").append_pair("cursor", cursor),
        Question::User { id: Some(id), .. } => query.append_pair("ask", "user").append_pair("id", id),
        Question::User { login, .. } => {
            query.append_pair("ask", "user").append_pair("login", login.as_deref().unwrap_or_default())
        }
    };
    drop(query);
    url
}

#[async_trait]
impl DirectoryClient for CustomDirectory {
    fn has_delta(&self) -> bool {
        self.options.delta
    }

    async fn read(&self, read: DirectoryRead) -> Result<DirectoryPage, DirectoryError> {
        let question = match read {
            DirectoryRead::Full => Question::Full,
            DirectoryRead::Delta(cursor) => Question::Changes { since: cursor.0 },
            DirectoryRead::Page(cursor) => Question::Page { cursor: cursor.0 },
        };
        self.page(&question).await
    }

    async fn person(&self, key: &PersonKey) -> Result<PersonNow, DirectoryError> {
        let question = match key {
            PersonKey::Subject(Subject(id)) => Question::User { id: Some(id.clone()), login: None },
            PersonKey::Login(login) => Question::User { id: None, login: Some(login.clone()) },
        };
        let parts = self.ask(&question).await?;
        let [answer] = parts.as_slice() else {
            return Err(DirectoryError::Malformed("expected one answer about one person".to_owned()));
        };
        let now = parse::person_now(answer, &self.options.selection)?;
        if let (PersonKey::Subject(subject), PersonNow::Known { person, .. }) = (key, &now)
            && person.subject != *subject
        {
            return Err(DirectoryError::Malformed("the answer is about another person".to_owned()));
        }
        Ok(now)
    }

    fn event(&self, request: DirectoryEventRequest<'_>) -> Result<DirectoryEvent, DirectoryEventError> {
        let secret = self.options.webhook_secret.as_ref().ok_or(DirectoryEventError::NotConfigured)?;
        let signature = header_value(&request, SIGNATURE_HEADER)
            .and_then(|value| value.strip_prefix("sha256="))
            .and_then(hex_bytes)
            .ok_or(DirectoryEventError::NotAuthentic)?;
        if request.method != "POST"
            || !verify_hmac_sha256(secret.expose().as_bytes(), &[request.body], &signature)
        {
            return Err(DirectoryEventError::NotAuthentic);
        }
        let body: EventBody = serde_json::from_slice(request.body)
            .map_err(|_| DirectoryEventError::Malformed("expected users, logins, run".to_owned()))?;
        if body.run || body.users.len() + body.logins.len() > EVENT_PEOPLE_MAX {
            return Ok(DirectoryEvent::Run);
        }
        let keys: Vec<PersonKey> = body
            .users
            .into_iter()
            .map(|id| PersonKey::Subject(Subject(id)))
            .chain(body.logins.into_iter().map(PersonKey::Login))
            .collect();
        if keys.is_empty() { Ok(DirectoryEvent::Nothing) } else { Ok(DirectoryEvent::Reread(keys)) }
    }

    async fn check(&self) -> Result<ConnectionReport, DirectoryError> {
        let page = self.page(&Question::Full).await?;
        let nobody = PersonKey::Subject(Subject("portal-connection-test".to_owned()));
        let user_answered = match self.person(&nobody).await {
            Ok(_) => true,
            Err(DirectoryError::Unsupported(_) | DirectoryError::NotFound(_)) => false,
            Err(error) => return Err(error),
        };
        let connected_as = match &self.options.source {
            CustomSource::Endpoint { url, .. } => url.origin().ascii_serialization(),
            CustomSource::Command { argv, .. } => {
                argv.first().map_or_else(String::new, |program| format!("the command {program}"))
            }
        };
        let first =
            format!("full: the first page has {} people and {} groups", page.people.len(), page.groups.len());
        let remedy =
            "answer the question user, so that people can be read again when something happens to them";
        Ok(ConnectionReport {
            connected_as,
            permissions: vec![
                PermissionCheck { permission: first, granted: true, remedy: String::new() },
                PermissionCheck {
                    permission: "user: one person at a time".to_owned(),
                    granted: user_answered,
                    remedy: if user_answered { String::new() } else { remedy.to_owned() },
                },
            ],
        })
    }
}

/// Bytes of a SHA-256 in hexadecimal.
fn hex_bytes(text: &str) -> Option<Vec<u8>> {
    const LENGTH: usize = 64;
    if text.len() != LENGTH || !text.is_ascii() {
        return None;
    }
    (0..LENGTH).step_by(2).map(|start| u8::from_str_radix(text.get(start..start + 2)?, 16).ok()).collect()
}
