//! Servers and name servers that say what a test wants.
#![expect(
    dead_code,
    clippy::unwrap_used,
    reason = "each test file uses its own part; a test stops where it cannot go on"
)]

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use portal_fetch::{FetchOptions, HardenedFetcher, Resolver};
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

/// Answers with these bytes, then acts.
#[derive(Clone)]
pub struct Script {
    pub bytes: Vec<u8>,
    pub then: Then,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Then {
    Close,
    /// Sends the same byte for ever.
    Repeat(u8),
    /// Keeps the connection and says nothing.
    Stall,
}

impl Script {
    pub fn new(head: &str, body: &[u8]) -> Self {
        let mut bytes = head.replace('\n', "\r\n").into_bytes();
        bytes.extend_from_slice(b"\r\n\r\n");
        bytes.extend_from_slice(body);
        Self { bytes, then: Then::Close }
    }

    /// 200 and `application/json`.
    pub fn json(body: &str) -> Self {
        let head = format!("HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Length: {}", body.len());
        Self::new(&head, body.as_bytes())
    }

    pub fn then(mut self, then: Then) -> Self {
        self.then = then;
        self
    }
}

/// A server on loopback that plays one script to everybody and remembers what it was asked.
pub struct Server {
    pub address: SocketAddr,
    pub requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub async fn plain(script: Script) -> Self {
        Self::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), script, None).await
    }

    pub async fn plain_at(address: SocketAddr, script: Script) -> Self {
        Self::start(address, script, None).await
    }

    pub async fn tls(script: Script, certificate: rcgen::CertifiedKey<rcgen::KeyPair>) -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let key = PrivatePkcs8KeyDer::from(certificate.signing_key.serialize_der());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.cert.der().clone()], key.into())
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Self::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), script, Some(acceptor)).await
    }

    async fn start(address: SocketAddr, script: Script, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (script, seen, tls) = (script.clone(), Arc::clone(&seen), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => play(stream, &script, &seen).await,
                        Some(tls) => match tls.accept(stream).await {
                            Ok(stream) => play(stream, &script, &seen).await,
                            Err(_) => Ok(()),
                        },
                    }
                });
            }
        });
        Self { address, requests }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn asked(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

async fn play<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    script: &Script,
    seen: &Mutex<Vec<String>>,
) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    seen.lock().unwrap().push(String::from_utf8_lossy(&head).to_lowercase());
    stream.write_all(&script.bytes).await?;
    stream.flush().await?;
    match script.then {
        Then::Close => stream.shutdown().await,
        Then::Stall => std::future::pending().await,
        Then::Repeat(byte) => loop {
            stream.write_all(&[byte; 4096]).await?;
        },
    }
}

/// A name server with one answer after another; the last one stays.
pub struct Names {
    answers: Vec<Option<Vec<IpAddr>>>,
    asked: AtomicUsize,
    silent: bool,
}

impl Names {
    pub fn always(addresses: &[&str]) -> Arc<Self> {
        Self::in_turn(&[addresses])
    }

    pub fn in_turn(answers: &[&[&str]]) -> Arc<Self> {
        let parse = |answer: &&[&str]| Some(answer.iter().map(|text| text.parse().unwrap()).collect());
        Arc::new(Self {
            answers: answers.iter().map(parse).collect(),
            asked: AtomicUsize::new(0),
            silent: false,
        })
    }

    pub fn failing() -> Arc<Self> {
        Arc::new(Self { answers: vec![None], asked: AtomicUsize::new(0), silent: false })
    }

    pub fn silent() -> Arc<Self> {
        Arc::new(Self { answers: vec![None], asked: AtomicUsize::new(0), silent: true })
    }

    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Resolver for Names {
    async fn resolve(&self, _host: &str) -> io::Result<Vec<IpAddr>> {
        let turn = self.asked.fetch_add(1, Ordering::SeqCst);
        if self.silent {
            std::future::pending::<()>().await;
        }
        let answer = self.answers.get(turn).or(self.answers.last()).cloned().flatten();
        answer.ok_or_else(|| io::Error::other("no such name"))
    }
}

/// Production options with these names.
pub fn options(names: &Arc<Names>) -> FetchOptions {
    FetchOptions { resolver: Some(Arc::<Names>::clone(names)), ..FetchOptions::default() }
}

/// A fetcher of a Portal that itself is on loopback.
pub fn loopback_fetcher() -> HardenedFetcher {
    let options = FetchOptions { allow_loopback: true, ..options(&Names::always(&["127.0.0.1"])) };
    HardenedFetcher::new(&options).unwrap()
}

/// The same, that soon loses patience.
pub fn impatient_fetcher() -> HardenedFetcher {
    let options = FetchOptions {
        allow_loopback: true,
        total_timeout: Duration::from_millis(200),
        ..options(&Names::always(&["127.0.0.1"]))
    };
    HardenedFetcher::new(&options).unwrap()
}
