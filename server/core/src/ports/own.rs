//! What Portal asks of the world about itself: its own public address from outside, and pictures made anew.

use async_trait::async_trait;

use super::FetchError;

/// Largest answer of Portal to itself that is read, in bytes.
pub const SELF_PROBE_BYTES_MAX: usize = 65_536;

/// Largest picture that an admin can give, in bytes.
pub const PICTURE_BYTES_MAX: usize = 262_144;

/// A request to Portal's own public address, as an agent would send it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelfProbeRequest {
    /// The address, at the public URL.
    pub url: String,
    /// Headers, with names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// JSON to be posted; `None` for a GET.
    pub body: Option<String>,
}

/// What came back, whatever its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelfProbeAnswer {
    /// The status; redirects are not followed.
    pub status: u16,
    /// Headers, with names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, at most [`SELF_PROBE_BYTES_MAX`] bytes.
    pub body: Vec<u8>,
}

impl SelfProbeAnswer {
    /// The first header of this name, in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

/// Asks Portal itself over the network, at its public address: through whatever stands in front of it.
#[async_trait]
pub trait SelfProbe: Send + Sync + 'static {
    /// Sends one request. An adapter refuses addresses that are not at the public URL; the public URL itself may be on
    /// loopback or on a private network.
    ///
    /// # Errors
    /// [`FetchError`] when nothing came back that could be read.
    async fn ask(&self, request: &SelfProbeRequest) -> Result<SelfProbeAnswer, FetchError>;
}

/// Makes pictures anew.
#[async_trait]
pub trait PictureMaker: Send + Sync + 'static {
    /// The picture of this content type as a small PNG that holds pixels only.
    ///
    /// # Errors
    /// [`FetchError::NotPicture`], or [`FetchError::Overloaded`].
    async fn remake(&self, content_type: &str, bytes: Vec<u8>) -> Result<Vec<u8>, FetchError>;
}
