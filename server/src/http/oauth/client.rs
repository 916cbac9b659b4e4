//! What a client says of itself: its id, and what shall prove it (RFC 6749 section 2.3.1, RFC 7521 section 4.2).

use http::{HeaderMap, header::AUTHORIZATION};
use portal_core::oauth::{ClientProof, Form, basic_credentials};

/// A client's id and its proof.
pub(super) struct Credentials {
    pub id: Option<String>,
    pub proof: ClientProof,
}

impl Credentials {
    /// Takes them out of header and form.
    ///
    /// # Errors
    /// Several ways at once, or credentials that cannot be read, in words.
    pub fn take(headers: &HeaderMap, form: &mut Form) -> Result<Self, String> {
        let id = form.take("client_id");
        let (secret, assertion) = (form.take_secret("client_secret"), form.take_secret("client_assertion"));
        let kind = form.take("client_assertion_type");
        let in_header = headers.contains_key(AUTHORIZATION);
        match (in_header, secret, assertion) {
            (false, None, None) => Ok(Self { id, proof: ClientProof::None }),
            (false, Some(secret), None) => Ok(Self { id, proof: ClientProof::SecretPost(secret) }),
            (false, None, Some(jwt)) => Ok(Self { id, proof: ClientProof::Assertion { kind, jwt } }),
            (true, None, None) => {
                let (named, secret) = basic_credentials(header_values(headers))
                    .ok_or("the Authorization header is not Basic with id and secret")?;
                if id.is_some_and(|id| id != named) {
                    return Err("client_id is not the one of the Authorization header".to_owned());
                }
                Ok(Self { id: Some(named), proof: ClientProof::SecretBasic(secret) })
            }
            _ => Err("the client must authenticate in one way only".to_owned()),
        }
    }
}

/// The values of the Authorization header.
pub(in crate::http) fn header_values(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    headers.get_all(AUTHORIZATION).iter().map(http::HeaderValue::as_bytes)
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::STANDARD};

    use super::*;

    fn taken(header: Option<&str>, fields: &str) -> Result<(Option<String>, String), String> {
        let mut headers = HeaderMap::new();
        if let Some(text) = header {
            let value = format!("Basic {}", STANDARD.encode(text));
            headers.insert(AUTHORIZATION, value.parse().map_err(|_| "header")?);
        }
        let Credentials { id, proof } =
            Credentials::take(&headers, &mut Form::parse(fields.as_bytes(), &[])?)?;
        let proof = match proof {
            ClientProof::None => "none".to_owned(),
            ClientProof::SecretBasic(secret) => format!("basic {}", secret.expose()),
            ClientProof::SecretPost(secret) => format!("post {}", secret.expose()),
            ClientProof::Assertion { kind, jwt } => format!("{} {}", kind.unwrap_or_default(), jwt.expose()),
        };
        Ok((id, proof))
    }

    /// Rule: RFC 6749 section 2.3.1: id and secret in a Basic header are form-encoded
    #[test]
    fn each_way_is_read() {
        let id = |text: &str| Some(text.to_owned());
        assert_eq!(taken(None, "client_id=a"), Ok((id("a"), "none".to_owned())));
        assert_eq!(taken(None, "client_id=a&client_secret=s"), Ok((id("a"), "post s".to_owned())));
        assert_eq!(taken(Some("a:s"), ""), Ok((id("a"), "basic s".to_owned())));
        assert_eq!(
            taken(Some("a%3Ab:p%25+q%2B"), "client_id=a%3Ab"),
            Ok((id("a:b"), "basic p% q+".to_owned()))
        );
        let assertion = "client_assertion=x.y.z&client_assertion_type=jwt";
        assert_eq!(taken(None, assertion), Ok((None, "jwt x.y.z".to_owned())));
    }

    /// Rule: RFC 6749 section 2.3: a client authenticates in one way only in a request
    #[test]
    fn one_way_only_and_readable() {
        for (header, fields) in [
            (Some("a:s"), "client_secret=s"),
            (Some("a:s"), "client_assertion=x"),
            (None, "client_secret=s&client_assertion=x"),
            (Some("a:s"), "client_id=b"),
            (Some("a"), ""),
            (Some(":s"), ""),
            (Some("a:"), ""),
        ] {
            assert!(taken(header, fields).is_err(), "{header:?} {fields}");
        }
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, http::HeaderValue::from_static("Bearer abc"));
        assert!(Form::parse(b"", &[]).and_then(|mut form| Credentials::take(&headers, &mut form)).is_err());
    }
}
