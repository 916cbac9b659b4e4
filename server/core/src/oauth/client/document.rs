//! Client metadata documents, judged member by member.

use serde_json::{Map, Value};

use super::{
    ClientKeys, KeySource,
    json::parse_object,
    name::presentable,
    redirect::RedirectUri,
    rules::{self, Recorder},
};
use crate::ports::CLIENT_DOCUMENT_BYTES_MAX;

/// Most redirect URIs of one document.
pub const REDIRECT_URIS_MAX: usize = 64;

/// Longest address of a picture, in bytes.
const LOGO_URI_BYTES_MAX: usize = 1_024;

/// Authentication methods that need a shared secret, which a public document cannot have.
const SHARED_SECRET_METHODS: [&str; 3] = ["client_secret_basic", "client_secret_post", "client_secret_jwt"];
/// Members of a JWK that hold private or symmetric keys (RFC 7518 section 6).
const PRIVATE_JWK_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
const NONE: &str = "none";
const PRIVATE_KEY_JWT: &str = "private_key_jwt";

/// What Portal uses of a document.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) name: String,
    pub(super) redirect_uris: Vec<RedirectUri>,
    pub(super) lists_refresh_grant: bool,
    /// Whether `none` is not among its methods, so that it must sign.
    pub(super) confidential: bool,
    /// The keys it may sign with, when it offers to.
    pub(super) keys: Option<ClientKeys>,
    /// Where a picture of it is.
    pub(super) logo_uri: Option<String>,
}

impl Document {
    /// Judges a document that was had for this client id; the recorder says what is wrong when there is none.
    pub(super) fn judge(recorder: &mut Recorder, client_id: &str, body: &[u8]) -> Option<Self> {
        let members = recorder.note(rules::OBJECT, object(body))?;
        let id = recorder.note(rules::CLIENT_ID, own_address(&members, client_id));
        let name = recorder.note(rules::CLIENT_NAME, client_name(&members));
        let redirect_uris = recorder.note(rules::REDIRECT_URIS, redirect_uris(&members));
        let secret = recorder.note(rules::NO_SECRET, no_secret(&members));
        let keys = recorder.note(rules::KEYS, public_keys(&members));
        let method = recorder.note(rules::AUTH_METHOD, authentication(&members));
        let grants = recorder.note(rules::GRANTS, grants(&members));
        let ((), (), (), (confidential, keys)) = (id?, secret?, keys?, method?);
        let (name, redirect_uris, lists_refresh_grant) = (name?, redirect_uris?, grants?);
        let logo_uri = logo_uri(&members);
        Some(Self { name, redirect_uris, lists_refresh_grant, confidential, keys, logo_uri })
    }
}

fn object(body: &[u8]) -> Result<Map<String, Value>, String> {
    if body.len() > CLIENT_DOCUMENT_BYTES_MAX {
        return Err(format!("the document is larger than {CLIENT_DOCUMENT_BYTES_MAX} bytes"));
    }
    parse_object(body).map_err(|fault| format!("the document is not usable JSON: {fault}"))
}

fn own_address(members: &Map<String, Value>, client_id: &str) -> Result<(), String> {
    match members.get("client_id") {
        None => Err("client_id is missing".to_owned()),
        Some(Value::String(text)) if text == client_id => Ok(()),
        Some(_) => Err("client_id is not the document's own address, byte for byte".to_owned()),
    }
}

fn client_name(members: &Map<String, Value>) -> Result<String, String> {
    match members.get("client_name") {
        None => Err("client_name is missing".to_owned()),
        Some(Value::String(text)) => Some(presentable(text))
            .filter(|name| !name.is_empty())
            .ok_or_else(|| "client_name is empty".to_owned()),
        Some(_) => Err("client_name is not a text".to_owned()),
    }
}

/// Where the client's picture is, on whatever host: makers keep theirs on hosts of their own. An address that cannot be used
/// is as good as none, because a client is no worse for having no picture.
fn logo_uri(members: &Map<String, Value>) -> Option<String> {
    let address = members.get("logo_uri")?.as_str()?;
    (address.starts_with("https://") && address.len() <= LOGO_URI_BYTES_MAX).then(|| address.to_owned())
}

fn redirect_uris(members: &Map<String, Value>) -> Result<Vec<RedirectUri>, String> {
    let listed = texts(members, "redirect_uris")?.ok_or("redirect_uris is missing")?;
    if listed.is_empty() || listed.len() > REDIRECT_URIS_MAX {
        return Err(format!(
            "redirect_uris has {} entries; 1 to {REDIRECT_URIS_MAX} are taken",
            listed.len()
        ));
    }
    let parse = |(index, text): (usize, &&str)| {
        RedirectUri::parse(text).map_err(|error| format!("redirect_uris, entry {}: {error}", index + 1))
    };
    listed.iter().enumerate().map(parse).collect()
}

fn no_secret(members: &Map<String, Value>) -> Result<(), String> {
    match members.keys().find(|name| name.starts_with("client_secret")) {
        Some(_) => Err("the document holds a client secret, which everybody can read".to_owned()),
        None => Ok(()),
    }
}

fn public_keys(members: &Map<String, Value>) -> Result<(), String> {
    if members.contains_key("jwks") && members.contains_key("jwks_uri") {
        return Err("jwks and jwks_uri exclude each other".to_owned());
    }
    if let Some(address) = members.get("jwks_uri") {
        let https = address.as_str().is_some_and(|text| text.starts_with("https://"));
        return https.then_some(()).ok_or_else(|| "jwks_uri is not an https address".to_owned());
    }
    let Some(set) = members.get("jwks") else { return Ok(()) };
    let keys = set.get("keys").and_then(Value::as_array).ok_or("jwks has no list of keys")?;
    for key in keys {
        let key = key.as_object().ok_or("a key in jwks is not an object")?;
        if PRIVATE_JWK_MEMBERS.iter().any(|member| key.contains_key(*member)) {
            return Err("jwks holds a private key, which everybody can read".to_owned());
        }
    }
    Ok(())
}

/// How the client signs in at the token endpoint: whether it must sign, and with which keys it may. RFC 7591's default
/// does not fit a public document: without any method, `none` is meant. Where both members are present the client offers
/// every listed method.
fn authentication(members: &Map<String, Value>) -> Result<(bool, Option<ClientKeys>), String> {
    let preferred = match members.get("token_endpoint_auth_method") {
        None => None,
        Some(Value::String(text)) => Some(text.as_str()),
        Some(_) => return Err("token_endpoint_auth_method is not a text".to_owned()),
    };
    let offered = texts(members, "token_endpoint_auth_methods_supported")?;
    let mut all = preferred.iter().chain(offered.iter().flatten());
    if all.any(|method| SHARED_SECRET_METHODS.contains(method)) {
        return Err(
            "the client signs in with a shared secret, which a public document cannot have".to_owned()
        );
    }
    if let (Some(preferred), Some(offered)) = (preferred, &offered)
        && !offered.contains(&preferred)
    {
        return Err("token_endpoint_auth_method is not in token_endpoint_auth_methods_supported".to_owned());
    }
    let offered = offered.unwrap_or_else(|| vec![preferred.unwrap_or(NONE)]);
    let keys = if offered.contains(&PRIVATE_KEY_JWT) { signing_keys(members)? } else { None };
    match (offered.contains(&NONE), keys) {
        (true, keys) => Ok((false, keys)),
        (false, Some(keys)) => Ok((true, Some(keys))),
        (false, None) if offered.contains(&PRIVATE_KEY_JWT) => {
            Err("the client signs in with private_key_jwt only, but has neither jwks nor jwks_uri".to_owned())
        }
        _ => Err("the client offers no way to sign in that Portal takes; it needs none or private_key_jwt"
            .to_owned()),
    }
}

fn signing_keys(members: &Map<String, Value>) -> Result<Option<ClientKeys>, String> {
    let algorithm = match members.get("token_endpoint_auth_signing_alg") {
        None => None,
        Some(Value::String(name)) => Some(name.clone()),
        Some(_) => return Err("token_endpoint_auth_signing_alg is not a text".to_owned()),
    };
    let source = match (members.get("jwks"), members.get("jwks_uri").and_then(Value::as_str)) {
        (Some(set), _) => KeySource::Document(set.to_string()),
        (None, Some(address)) => KeySource::Address(address.to_owned()),
        (None, None) => return Ok(None),
    };
    Ok(Some(ClientKeys { source, algorithm }))
}

/// Whether the refresh grant is listed. Grants that Portal does not have are ignored.
fn grants(members: &Map<String, Value>) -> Result<bool, String> {
    if texts(members, "response_types")?.is_some_and(|listed| !listed.contains(&"code")) {
        return Err("response_types does not have code".to_owned());
    }
    let Some(listed) = texts(members, "grant_types")? else { return Ok(false) };
    if !listed.contains(&"authorization_code") {
        return Err("grant_types does not have authorization_code".to_owned());
    }
    Ok(listed.contains(&"refresh_token"))
}

/// A list of texts; `None` when the member is absent.
fn texts<'a>(members: &'a Map<String, Value>, name: &str) -> Result<Option<Vec<&'a str>>, String> {
    let Some(value) = members.get(name) else { return Ok(None) };
    let items = value.as_array().ok_or_else(|| format!("{name} is not a list"))?;
    let listed: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
    listed.map(Some).ok_or_else(|| format!("{name} has an entry that is not a text"))
}
