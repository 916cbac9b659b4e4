//! Requests and answers.

use std::fmt::Display;

use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use portal_core::ports::DirectoryError;
use serde::{Serialize, de::DeserializeOwned};
use url::{Url, form_urlencoded};

/// A request of an API. Built by [`ApiRequest::get`] and [`ApiRequest::post`].
#[derive(Debug, Clone)]
pub struct ApiRequest {
    pub(super) method: Method,
    pub(super) target: Target,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    pub(super) what: String,
    pub(super) conditional: bool,
    pub(super) without_credential: bool,
}

/// Where a request goes.
#[derive(Debug, Clone)]
pub(super) enum Target {
    /// Below the base address.
    Path(String),
    /// A whole address, such as a link to the next page; refused outside the base's origin.
    Address(Url),
}

impl ApiRequest {
    /// A GET of a path below the base address, without a slash at the start. `what` says in the words of admins what
    /// is asked for, such as `the members of the organization acme`: refusals repeat it.
    #[must_use]
    pub fn get(path: &str, what: impl Into<String>) -> Self {
        Self::new(Method::GET, Target::Path(path.to_owned()), what.into())
    }

    /// A GET of a whole address, such as a link to the next page.
    #[must_use]
    pub fn get_address(address: Url, what: impl Into<String>) -> Self {
        Self::new(Method::GET, Target::Address(address), what.into())
    }

    /// A POST to a path below the base address.
    #[must_use]
    pub fn post(path: &str, what: impl Into<String>) -> Self {
        Self::new(Method::POST, Target::Path(path.to_owned()), what.into())
    }

    /// A POST to a whole address.
    #[must_use]
    pub fn post_address(address: Url, what: impl Into<String>) -> Self {
        Self::new(Method::POST, Target::Address(address), what.into())
    }

    fn new(method: Method, target: Target, what: String) -> Self {
        Self {
            method,
            target,
            query: Vec::new(),
            headers: HeaderMap::new(),
            body: Vec::new(),
            what,
            conditional: false,
            without_credential: false,
        }
    }

    /// What is asked for, in words.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.what
    }

    /// With another method.
    #[must_use]
    pub fn method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    /// With one more parameter of the query.
    #[must_use]
    pub fn query(mut self, name: &str, value: impl Display) -> Self {
        self.query.push((name.to_owned(), value.to_string()));
        self
    }

    /// With a header; one that cannot be sent is left out.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::try_from(value) {
            self.headers.insert(name, value);
        }
        self
    }

    /// With a JSON body.
    #[must_use]
    pub fn json(mut self, body: &impl Serialize) -> Self {
        self.body = serde_json::to_vec(body).unwrap_or_default();
        self.header(header::CONTENT_TYPE, "application/json")
    }

    /// With a form as its body.
    #[must_use]
    pub fn form(mut self, pairs: &[(&str, &str)]) -> Self {
        self.body = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish().into_bytes();
        self.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
    }

    /// Asks whether the answer changed since the last time (`If-None-Match`); where it did not, the kept one counts.
    /// For GETs.
    #[must_use]
    pub fn conditional(mut self) -> Self {
        self.conditional = true;
        self
    }

    /// Sends no credential.
    #[must_use]
    pub fn without_credential(mut self) -> Self {
        self.without_credential = true;
        self
    }
}

/// A complete answer.
#[derive(Debug, Clone)]
pub struct ApiAnswer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
    /// Where it came from, without the query.
    pub place: String,
}

impl ApiAnswer {
    /// A header's text; `None` where it is missing or not text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Whether the status is 2xx.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        self.status >= 200 && self.status < 300
    }

    /// The body as JSON of a known form.
    ///
    /// # Errors
    /// [`DirectoryError::Malformed`] where it is not: no partial answer is ever used.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, DirectoryError> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let kind = match error.classify() {
                serde_json::error::Category::Eof => "it ends early".to_owned(),
                serde_json::error::Category::Data => {
                    format!(
                        "a field is missing or has another type (line {}, column {})",
                        error.line(),
                        error.column()
                    )
                }
                _ => "it is not JSON".to_owned(),
            };
            DirectoryError::Malformed(format!("{}: {kind}", self.place))
        })
    }
}
