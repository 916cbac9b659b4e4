//! Requests to one provider: which hosts the admin has named, and what an answer must be.

use std::{pin::Pin, sync::Arc};

use async_trait::async_trait;
use http::{Request, Response, StatusCode, header};
use oauth2::{AsyncHttpClient, HttpRequest, HttpResponse};
use portal_core::{
    ports::{CLIENT_KEYS_BYTES_MAX, DocumentFetcher, FetchError, FetchedDocument, SignInError},
    secret::Secret,
};
use portal_fetch::{HostTrust, IssuerClient, fresh_for_seconds};
use serde::de::DeserializeOwned;
use url::Url;

/// The network as one provider may use it.
#[derive(Clone)]
pub(super) struct Network {
    client: Arc<IssuerClient>,
    named_hosts: Arc<[String]>,
}

impl Network {
    /// For a provider whose addresses the admin has named.
    ///
    /// # Errors
    /// [`SignInError::Misconfigured`] when one of them is no address.
    pub(super) fn new(client: Arc<IssuerClient>, addresses: &[&str]) -> Result<Self, SignInError> {
        let host = |address: &&str| {
            let url = Url::parse(address).ok();
            url.and_then(|url| url.host_str().map(str::to_owned))
                .ok_or_else(|| SignInError::Misconfigured(format!("{address} is not an address")))
        };
        let named_hosts: Result<Vec<String>, SignInError> = addresses.iter().map(host).collect();
        Ok(Self { client, named_hosts: named_hosts?.into() })
    }

    /// Sends a request. An answer that says "not now" is no answer.
    ///
    /// # Errors
    /// [`FetchError`]
    pub(super) async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, FetchError> {
        let named = request.uri().host().is_some_and(|host| self.named_hosts.iter().any(|one| one == host));
        let trust = if named { HostTrust::NamedByAdmin } else { HostTrust::Public };
        let answer = self.client.send(request, trust).await?;
        let status = answer.status();
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            return Err(FetchError::Status(status.as_u16()));
        }
        Ok(answer)
    }

    /// Reads JSON, with a token where there is one.
    ///
    /// # Errors
    /// [`FetchError`]; an answer other than 200 with JSON is one.
    pub(super) async fn get(
        &self,
        address: &str,
        accept: &str,
        token: Option<&Secret>,
    ) -> Result<Response<Vec<u8>>, FetchError> {
        let mut request = Request::get(address).header(header::ACCEPT, accept);
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", token.expose()));
        }
        let request = request.body(Vec::new()).map_err(|error| FetchError::Refused(error.to_string()))?;
        let answer = self.send(request).await?;
        if answer.status() != StatusCode::OK {
            return Err(FetchError::Status(answer.status().as_u16()));
        }
        let kind = answer.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let essence = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
        let json = essence
            .strip_prefix("application/")
            .is_some_and(|kind| kind == "json" || kind.ends_with("+json"));
        if json { Ok(answer) } else { Err(FetchError::NotJson) }
    }

    /// Reads JSON of a shape.
    ///
    /// # Errors
    /// [`SignInError`]
    pub(super) async fn read<T: DeserializeOwned>(
        &self,
        address: &str,
        accept: &str,
        token: Option<&Secret>,
    ) -> Result<T, SignInError> {
        let answer = self.get(address, accept, token).await.map_err(|error| failed(address, &error))?;
        serde_json::from_slice(answer.body())
            .map_err(|_| SignInError::NotTrusted(format!("the answer of {address} has another shape")))
    }
}

/// The code flow's requests go the same way.
impl<'network> AsyncHttpClient<'network> for Network {
    type Error = FetchError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, FetchError>> + Send + 'network>>;

    fn call(&'network self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

/// Keys of an issuer come the same way as everything else of it.
#[async_trait]
impl DocumentFetcher for Network {
    async fn fetch(&self, _client_id_url: &str) -> Result<FetchedDocument, FetchError> {
        Err(FetchError::Refused("client documents are not fetched here".to_owned()))
    }

    async fn fetch_keys(&self, jwks_uri: &str) -> Result<FetchedDocument, FetchError> {
        let answer = self.get(jwks_uri, "application/json, application/jwk-set+json", None).await?;
        if answer.body().len() > CLIENT_KEYS_BYTES_MAX {
            return Err(FetchError::TooLarge(CLIENT_KEYS_BYTES_MAX));
        }
        let fresh_for_seconds = fresh_for_seconds(answer.headers());
        Ok(FetchedDocument { body: answer.into_body(), fresh_for_seconds })
    }
}

/// What a failed request means for a sign-in. The address is the configuration's or the provider's own, without a query.
pub(super) fn failed(address: &str, error: &FetchError) -> SignInError {
    let words = format!("{address}: {error}");
    match error {
        FetchError::Refused(_) => SignInError::Misconfigured(words),
        error if error.is_outage() && *error != FetchError::NotJson => SignInError::Unreachable(words),
        _ => SignInError::NotTrusted(words),
    }
}
