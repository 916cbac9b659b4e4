//! One request through a proxy, to an address that was judged here.
//!
//! A proxy that is told a name resolves it by itself, after the check. So the tunnel is asked for by address
//! (RFC 9110 section 9.3.6), and TLS inside it still checks the certificate against the name.

use std::{net::SocketAddr, sync::Arc};

use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::{
    body::{Bytes, Incoming},
    client::conn::http1,
};
use hyper_util::rt::TokioIo;
use portal_core::ports::FetchError;
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;
use url::{Host, Url};

use crate::{
    proxy::ProviderProxy,
    transport::{Answer, Ask, USER_AGENT},
};

/// Longest answer of a proxy to a request for a tunnel, in bytes.
const PROXY_HEAD_BYTES_MAX: usize = 8_192;

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A proxy with the addresses of its host, judged already.
pub(crate) struct Tunnel<'a> {
    pub(crate) proxy: &'a ProviderProxy,
    pub(crate) proxy_addresses: Vec<SocketAddr>,
    pub(crate) tls: Arc<ClientConfig>,
}

impl Tunnel<'_> {
    /// Fetches an https address from the first judged target that the proxy connects to.
    pub(crate) async fn get(
        &self,
        url: &Url,
        targets: &[SocketAddr],
        ask: Ask,
    ) -> Result<Answer, FetchError> {
        let mut failure = FetchError::Dns;
        for target in targets {
            match self.open(*target).await {
                Ok(stream) => return self.fetch(stream, url, ask).await,
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    async fn open(&self, target: SocketAddr) -> Result<Box<dyn Stream>, FetchError> {
        let stream = TcpStream::connect(self.proxy_addresses.as_slice()).await;
        let stream = stream.map_err(|_| FetchError::Connect)?;
        let mut stream: Box<dyn Stream> = if self.proxy.is_tls() {
            let name = server_name(self.proxy.host())?;
            Box::new(self.tls_connect(name, stream).await?)
        } else {
            Box::new(stream)
        };
        let head = self.proxy.connect_head(target);
        stream.write_all(head.as_bytes()).await.map_err(|_| FetchError::Connect)?;
        tunnel_opened(&mut stream).await?;
        Ok(stream)
    }

    async fn fetch(&self, stream: Box<dyn Stream>, url: &Url, ask: Ask) -> Result<Answer, FetchError> {
        let stream = self.tls_connect(server_name(url.host())?, stream).await?;
        let handshake = http1::handshake::<_, Empty<Bytes>>(TokioIo::new(stream)).await;
        let (mut sender, connection) = handshake.map_err(|_| FetchError::Connect)?;
        let request = request(url, ask.accept)?;
        // The connection is driven here: it lives no longer than its one request.
        let exchange = async {
            let response = sender.send_request(request).await.map_err(|_| FetchError::Connect)?;
            answer(response, ask.bytes_max).await
        };
        let connection = async {
            // Its failure shows at the request; its end must not end the exchange.
            let _ = connection.await;
            std::future::pending::<()>().await;
        };
        tokio::select! {
            answer = exchange => answer,
            () = connection => Err(FetchError::Connect),
        }
    }

    async fn tls_connect<S: Stream>(
        &self,
        name: ServerName<'static>,
        stream: S,
    ) -> Result<tokio_rustls::client::TlsStream<S>, FetchError> {
        let connector = TlsConnector::from(Arc::clone(&self.tls));
        connector.connect(name, stream).await.map_err(|error| {
            let fault = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()).is_some();
            if fault { FetchError::Tls } else { FetchError::Connect }
        })
    }
}

fn server_name(host: Option<Host<&str>>) -> Result<ServerName<'static>, FetchError> {
    let refused = || FetchError::Refused("the address has no host".to_owned());
    match host.ok_or_else(refused)? {
        Host::Domain(name) => ServerName::try_from(name.to_owned()).map_err(|_| refused()),
        Host::Ipv4(address) => Ok(std::net::IpAddr::V4(address).into()),
        Host::Ipv6(address) => Ok(std::net::IpAddr::V6(address).into()),
    }
}

/// Reads the proxy's answer to the last byte of its head: what follows belongs to the tunnel.
async fn tunnel_opened<S: AsyncRead + Unpin>(stream: &mut S) -> Result<(), FetchError> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= PROXY_HEAD_BYTES_MAX {
            return Err(FetchError::Connect);
        }
        head.push(stream.read_u8().await.map_err(|_| FetchError::Connect)?);
    }
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let mut words = line.split(|byte| *byte == b' ');
    let version = words.next().is_some_and(|version| version.starts_with(b"HTTP/1."));
    let opened = words.next().is_some_and(|status| status.len() == 3 && status.starts_with(b"2"));
    if version && opened { Ok(()) } else { Err(FetchError::Connect) }
}

fn request(url: &Url, accept: &'static str) -> Result<Request<Empty<Bytes>>, FetchError> {
    let path = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    let host = url.host_str().unwrap_or_default();
    let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    Request::get(path)
        .header(header::HOST, host)
        .header(header::USER_AGENT, USER_AGENT)
        .header(header::ACCEPT, accept)
        .header(header::CONNECTION, "close")
        .body(Empty::new())
        .map_err(|_| FetchError::Refused("the address cannot be asked for".to_owned()))
}

async fn answer(response: Response<Incoming>, bytes_max: usize) -> Result<Answer, FetchError> {
    if response.status() != StatusCode::OK {
        return Err(FetchError::Status(response.status().as_u16()));
    }
    if response.headers().contains_key(header::CONTENT_ENCODING) {
        return Err(FetchError::NotJson);
    }
    let headers: HeaderMap = response.headers().clone();
    let body = Limited::new(response.into_body(), bytes_max).collect().await.map_err(|error| {
        let too_large = error.is::<http_body_util::LengthLimitError>();
        if too_large { FetchError::TooLarge(bytes_max) } else { FetchError::Connect }
    })?;
    Ok(Answer { headers, body: body.to_bytes().to_vec() })
}
