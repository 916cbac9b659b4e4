//! Portal asking itself, at its own public address, and pictures that admins give.

use async_trait::async_trait;
use http::{HeaderName, HeaderValue, Method};
use portal_core::ports::{
    FetchError, PictureMaker, SELF_PROBE_BYTES_MAX, SelfProbe, SelfProbeAnswer, SelfProbeRequest,
};
use tokio::{sync::Semaphore, time::timeout};
use url::Url;

use crate::{
    addresses::Reach,
    failure::fetch_error,
    options::{FetchOptions, FetchSetupError, TOTAL_TIMEOUT},
    raster::Rasterizer,
    transport::{Transport, read_body},
};

/// Requests of self-checks at once; further ones are refused.
pub const SELF_PROBES_AT_ONCE_MAX: usize = 4;

/// Asks Portal itself, and nobody else.
pub struct SelfProbeClient {
    transport: Transport,
    public_url: String,
    room: Semaphore,
}

impl SelfProbeClient {
    /// The client for this public URL: scheme, host and port, no slash at the end.
    ///
    /// # Errors
    /// [`FetchSetupError`] says what of the set-up cannot be used.
    pub fn new(options: &FetchOptions, public_url: &str) -> Result<Self, FetchSetupError> {
        Ok(Self {
            transport: Transport::new(options)?,
            public_url: public_url.to_owned(),
            room: Semaphore::new(SELF_PROBES_AT_ONCE_MAX),
        })
    }

    async fn send(&self, request: &SelfProbeRequest) -> Result<SelfProbeAnswer, FetchError> {
        let below = request.url.strip_prefix(&self.public_url).is_some_and(|path| path.starts_with('/'));
        if !below {
            return Err(FetchError::Refused("it is not at the public URL".to_owned()));
        }
        let url = Url::parse(&request.url).map_err(|error| FetchError::Refused(error.to_string()))?;
        // The admin has named this host: it may be on this machine or inside the organization.
        let client = self.transport.client_for(&url, Reach::Organisation).await?;
        let method = if request.body.is_some() { Method::POST } else { Method::GET };
        let mut asked = client.request(method, url);
        for (name, value) in &request.headers {
            let unusable = || FetchError::Refused("a header cannot be sent".to_owned());
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unusable())?;
            asked = asked.header(name, HeaderValue::from_str(value).map_err(|_| unusable())?);
        }
        if let Some(body) = &request.body {
            asked = asked.body(body.clone());
        }
        let answer = asked.send().await.map_err(|error| fetch_error(&error))?;
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers =
            answer.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
        let status = answer.status().as_u16();
        Ok(SelfProbeAnswer { status, headers, body: read_body(answer, SELF_PROBE_BYTES_MAX).await? })
    }
}

#[async_trait]
impl SelfProbe for SelfProbeClient {
    async fn ask(&self, request: &SelfProbeRequest) -> Result<SelfProbeAnswer, FetchError> {
        let _place = self.room.try_acquire().map_err(|_| FetchError::Overloaded)?;
        timeout(TOTAL_TIMEOUT, self.send(request)).await.unwrap_or(Err(FetchError::Timeout))
    }
}

/// Makes pictures anew as small PNGs.
#[derive(Default)]
pub struct SmallPictures(Rasterizer);

#[async_trait]
impl PictureMaker for SmallPictures {
    async fn remake(&self, content_type: &str, bytes: Vec<u8>) -> Result<Vec<u8>, FetchError> {
        self.0.png(content_type, bytes).await
    }
}
