//! Copies of client documents that Portal or its admin holds.

use std::{collections::HashMap, sync::Arc};

use super::{Client, ClientError, ClientId, ClientIdUrl, document::Document, json, rules::Recorder};
use crate::oauth::records::DocumentOrigin;

/// A document that the admin or Portal pins: used without fetching, or when the live one cannot be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinnedDocument {
    /// The client id it is for.
    pub client_id: String,
    /// Its JSON text.
    pub body: String,
    /// The day the copy was taken, `YYYY-MM-DD`, or the month, `YYYY-MM`.
    pub as_of: String,
}

impl PinnedDocument {
    /// Takes a document as an admin gives it, for the client that it names itself, and judges it as a fetched one.
    /// Documents on loopback can be pinned.
    ///
    /// # Errors
    /// [`ClientError::IdInvalid`] or [`ClientError::DocumentInvalid`], with words for the admin.
    pub fn parse(body: String, as_of: String) -> Result<Self, ClientError> {
        let members = json::parse_object(body.as_bytes()).map_err(ClientError::DocumentInvalid)?;
        let named = members.get("client_id").and_then(serde_json::Value::as_str);
        let client_id =
            named.ok_or_else(|| ClientError::DocumentInvalid("client_id is missing".to_owned()))?.to_owned();
        let pinned = Self { client_id, body, as_of };
        pinned.client()?;
        Ok(pinned)
    }

    /// The client that the document describes.
    ///
    /// # Errors
    /// [`ClientError::IdInvalid`] or [`ClientError::DocumentInvalid`].
    pub fn client(&self) -> Result<Client, ClientError> {
        let id = ClientIdUrl::parse(&self.client_id, true)?;
        let origin = DocumentOrigin::Pinned { as_of: self.as_of.clone() };
        client(id, self.body.as_bytes(), origin)
    }
}

/// The client that a document describes.
pub(super) fn client(id: ClientIdUrl, body: &[u8], origin: DocumentOrigin) -> Result<Client, ClientError> {
    let mut recorder = Recorder::default();
    let document = Document::judge(&mut recorder, id.as_str(), body);
    let fault = || ClientError::DocumentInvalid(recorder.first_fault().unwrap_or_default());
    let document = document.ok_or_else(fault)?;
    Ok(Client {
        id: ClientId::Url(id),
        name: document.name,
        redirect_uris: document.redirect_uris,
        lists_refresh_grant: document.lists_refresh_grant,
        origin,
        confidential: document.confidential,
        keys: document.keys,
        logo_uri: document.logo_uri,
    })
}

/// A well-known agent.
struct BuiltIn {
    client_id: &'static str,
    /// Its document, and when the copy was taken; `None` where no copy was complete enough to keep.
    copy: Option<(&'static str, &'static str)>,
}

macro_rules! copy_of {
    ($file:literal, $as_of:literal) => {
        Some((include_str!(concat!("../../../clients/", $file)), $as_of))
    };
}

/// The agents that the policy `well-known` admits, by their exact ids; never by host, because some hosts serve
/// documents of other people too.
const BUILT_IN: [BuiltIn; 11] = [
    BuiltIn {
        client_id: "https://claude.ai/oauth/claude-code-client-metadata",
        copy: copy_of!("claude-code.json", "2026-09"),
    },
    BuiltIn {
        client_id: "https://claude.ai/oauth/mcp-oauth-client-metadata",
        copy: copy_of!("claude.json", "2026-09-29"),
    },
    BuiltIn { client_id: "https://chatgpt.com/oauth/client.json", copy: copy_of!("chatgpt.json", "2026-09") },
    BuiltIn {
        client_id: "https://chatgpt.com/oauth/codex/client.json",
        copy: copy_of!("codex.json", "2026-09"),
    },
    BuiltIn {
        client_id: "https://vscode.dev/oauth/client-metadata.json",
        copy: copy_of!("vscode.json", "2026-09"),
    },
    BuiltIn { client_id: "https://insiders.vscode.dev/oauth/client-metadata.json", copy: None },
    BuiltIn {
        client_id: "https://github.com/copilot/cli/client-metadata.json",
        copy: copy_of!("copilot-cli.json", "2026-09"),
    },
    BuiltIn { client_id: "https://cursor.com/oauth/mcp-client.json", copy: None },
    BuiltIn {
        client_id: "https://zed.dev/oauth/client-metadata.json",
        copy: copy_of!("zed.json", "2026-09"),
    },
    BuiltIn { client_id: "https://goose-docs.ai/oauth/client-metadata.json", copy: None },
    BuiltIn {
        client_id: "https://opencode.ai/oauth/opencode/client.json",
        copy: copy_of!("opencode.json", "2026-09"),
    },
];

/// All copies at hand.
pub(super) struct Pins {
    admin: HashMap<String, Arc<Client>>,
    built_in: HashMap<&'static str, Arc<Client>>,
}

impl Pins {
    /// The built-in copies and the admin's.
    pub(super) fn new(admin: &[PinnedDocument]) -> Self {
        Self {
            admin: admin
                .iter()
                .filter_map(usable)
                .map(|client| (client.id.as_str().to_owned(), client))
                .collect(),
            built_in: BUILT_IN
                .iter()
                .filter_map(|agent| Some((agent.client_id, built_in_copy(agent)?)))
                .collect(),
        }
    }

    /// The admin's copy, to be used without fetching.
    pub(super) fn of_admin(&self, client_id: &str) -> Option<Arc<Client>> {
        self.admin.get(client_id).cloned()
    }

    /// Portal's own copy, for outages.
    pub(super) fn of_portal(&self, client_id: &str) -> Option<Arc<Client>> {
        self.built_in.get(client_id).cloned()
    }
}

/// Whether this is the exact id of a well-known agent.
pub(super) fn is_well_known(client_id: &str) -> bool {
    BUILT_IN.iter().any(|agent| agent.client_id == client_id)
}

fn built_in_copy(agent: &BuiltIn) -> Option<Arc<Client>> {
    let (body, as_of) = agent.copy?;
    usable(&PinnedDocument {
        client_id: agent.client_id.to_owned(),
        body: body.to_owned(),
        as_of: as_of.to_owned(),
    })
}

/// The copy, unless it breaks a rule: the configuration has judged the admin's, and a test judges the built-in ones.
fn usable(pinned: &PinnedDocument) -> Option<Arc<Client>> {
    match pinned.client() {
        Ok(client) => Some(Arc::new(client)),
        Err(error) => {
            tracing::error!(client_id = pinned.client_id, %error, "a pinned client document is not used");
            None
        }
    }
}
