//! The client.

use std::{sync::Arc, time::Duration};

use http::header;
use portal_core::ports::{Clock, DirectoryError, FetchError};
use portal_fetch::{
    PROVIDER_BYTES_MAX, PROVIDER_TOTAL_TIMEOUT, ProviderRequest, ProviderTransport, is_loopback_url,
};
use url::Url;

use super::{
    SetupError,
    conditional::Kept,
    credential::{Credential, RequestTarget},
    refusal::{self, outage},
    request::{ApiAnswer, ApiRequest, Target},
};

/// How an API is reached.
#[derive(Clone)]
pub struct ApiOptions {
    /// The address below which its paths are. https, or http on loopback.
    pub base_url: Url,
    /// What is sent as `Accept`.
    pub accept: &'static str,
    /// Largest answer, in bytes.
    pub bytes_max: usize,
    /// Time for one request.
    pub total_timeout: Duration,
}

impl ApiOptions {
    /// JSON within the usual bounds.
    #[must_use]
    pub fn new(base_url: Url) -> Self {
        Self {
            base_url,
            accept: "application/json",
            bytes_max: PROVIDER_BYTES_MAX,
            total_timeout: PROVIDER_TOTAL_TIMEOUT,
        }
    }
}

/// Asks one API.
pub struct ApiClient {
    transport: Arc<ProviderTransport>,
    clock: Arc<dyn Clock>,
    options: ApiOptions,
    credential: Option<Arc<dyn Credential>>,
    kept: Kept,
}

impl ApiClient {
    /// The client of the API at this address.
    ///
    /// # Errors
    /// [`SetupError`] when the address is not https (http only on loopback), or names a user.
    pub fn new(
        options: ApiOptions,
        credential: Option<Arc<dyn Credential>>,
        transport: Arc<ProviderTransport>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SetupError> {
        let mut options = options;
        let url = &mut options.base_url;
        let secure = url.scheme() == "https" || (url.scheme() == "http" && is_loopback_url(url));
        if !secure || !url.has_host() {
            return Err(SetupError::new("base_url", "expected an https address (http only on this machine)"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(SetupError::new("base_url", "expected an address without a user or password"));
        }
        url.set_query(None);
        url.set_fragment(None);
        if !url.path().ends_with('/') {
            let path = format!("{}/", url.path());
            url.set_path(&path);
        }
        Ok(Self { transport, clock, options, credential, kept: Kept::default() })
    }

    /// The base address, which ends with a slash.
    #[must_use]
    pub fn base_url(&self) -> &Url {
        &self.options.base_url
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// The answer, if its status is 2xx. A 401 is asked once more with a new credential where it can be renewed.
    ///
    /// # Errors
    /// Every other status and every failure, by [`ApiClient::refusal`].
    pub async fn send(&self, request: ApiRequest) -> Result<ApiAnswer, DirectoryError> {
        let what = request.what.clone();
        let answer = self.answer(request).await?;
        if answer.is_success() { Ok(answer) } else { Err(self.refusal(&answer, &what)) }
    }

    /// The answer, whatever its status. A 401 is asked once more with a new credential where it can be renewed.
    ///
    /// # Errors
    /// There is no answer, or no credential can be had; [`DirectoryError::Malformed`] for an address of another origin.
    pub async fn answer(&self, request: ApiRequest) -> Result<ApiAnswer, DirectoryError> {
        let url = self.address(&request)?;
        let credential = self.credential.as_ref().filter(|_| !request.without_credential);
        let answer = self.once(&request, &url, credential).await?;
        match credential {
            Some(credential) if answer.status == 401 && credential.renew(&answer.headers) => {
                self.once(&request, &url, Some(credential)).await
            }
            _ => Ok(answer),
        }
    }

    /// What a status other than 2xx means by the rules that most APIs share: 429, and 503 with `Retry-After`, ask to
    /// wait; 401, 403 and 404 are what they say; 5xx and 408 are outages.
    #[must_use]
    pub fn refusal(&self, answer: &ApiAnswer, what: &str) -> DirectoryError {
        refusal::of(answer, what, self.clock.now())
    }

    async fn once(
        &self,
        request: &ApiRequest,
        url: &Url,
        credential: Option<&Arc<dyn Credential>>,
    ) -> Result<ApiAnswer, DirectoryError> {
        let mut sent = ProviderRequest::new(request.method.clone(), url.clone());
        sent.bytes_max = self.options.bytes_max;
        sent.total_timeout = self.options.total_timeout;
        sent.headers = request.headers.clone();
        if !sent.headers.contains_key(header::ACCEPT) {
            sent.headers.insert(header::ACCEPT, header::HeaderValue::from_static(self.options.accept));
        }
        if let Some(credential) = credential {
            let target = RequestTarget { method: &request.method, url };
            sent.headers.extend(credential.headers(target).await?);
        }
        let kept = if request.conditional { self.kept.get(url) } else { None };
        if let Some(kept) = &kept {
            sent.headers.insert(header::IF_NONE_MATCH, kept.etag.clone());
        }
        sent.body.clone_from(&request.body);
        let answer = self.transport.send(sent).await.map_err(|error| failure(&error, url))?;
        let place = format!("{}{}", url.host_str().unwrap_or_default(), url.path());
        if answer.status == 304 {
            let kept = kept.ok_or_else(|| {
                DirectoryError::Malformed(format!(
                    "{place}: \"not modified\" to a question without condition"
                ))
            })?;
            return Ok(kept.answer(place, &answer.headers));
        }
        let answer = ApiAnswer { status: answer.status, headers: answer.headers, body: answer.body, place };
        if request.conditional && answer.status == 200 {
            self.kept.put(url, &answer);
        }
        Ok(answer)
    }

    fn address(&self, request: &ApiRequest) -> Result<Url, DirectoryError> {
        let base = &self.options.base_url;
        let mut url = match &request.target {
            Target::Path(path) => base.join(path.trim_start_matches('/')).map_err(|_| {
                DirectoryError::Malformed(format!("{} cannot be asked for at {base}", request.what))
            })?,
            Target::Address(address) => address.clone(),
        };
        if url.origin() != base.origin() {
            return Err(DirectoryError::Malformed(format!(
                "it leads to {}, another address than the configured {}; Portal sends its credential nowhere else",
                url.origin().ascii_serialization(),
                base.origin().ascii_serialization()
            )));
        }
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
        }
        Ok(url)
    }
}

fn failure(error: &FetchError, url: &Url) -> DirectoryError {
    let host = url.host_str().unwrap_or_default();
    match error {
        FetchError::TooLarge(bytes) => {
            DirectoryError::Malformed(format!("{host}{}: larger than {bytes} bytes", url.path()))
        }
        FetchError::NotText | FetchError::NotJson => {
            DirectoryError::Malformed(format!("{host}{}: compressed, which was not asked for", url.path()))
        }
        FetchError::Refused(reason) => DirectoryError::Outage(format!("{host} may not be reached: {reason}")),
        FetchError::Tls => {
            outage(host, "its certificate is not valid; private authorities go into [fetch] extra_ca_file")
        }
        other => outage(host, &other.to_string()),
    }
}
