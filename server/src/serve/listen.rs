//! The addresses that Portal listens on, and the connections to them.

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::ConnectInfo, response::Response};
use http::Request;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_util::sync::CancellationToken;
use tower::Service as _;

use crate::startup::StartError;

/// Most connections at once to one address; more wait to be accepted.
const CONNECTIONS_MAX: usize = 8_192;
/// Longest wait for a whole request head, and for the next request on an open connection.
const HEAD_DURATION_MAX: Duration = Duration::from_mins(1);
/// Pause after the system could not give another connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Listens on every address. An address of the default list that this machine does not have (IPv6 may be off) is left
/// out as long as another one works; a written one must work.
pub(super) async fn bind(addresses: &[SocketAddr], written: bool) -> Result<Vec<TcpListener>, StartError> {
    let mut listeners = Vec::new();
    let mut failure = None;
    for address in addresses.iter().copied() {
        match TcpListener::bind(address).await {
            Ok(listener) => listeners.push(listener),
            Err(source) if written || source.kind() == std::io::ErrorKind::AddrInUse => {
                return Err(StartError::Listen { address, source });
            }
            Err(source) => failure = Some(StartError::Listen { address, source }),
        }
    }
    match failure {
        Some(failure) if listeners.is_empty() => Err(failure),
        _ => Ok(listeners),
    }
}

/// Answers connections until `stop`; then takes no new ones, and returns when those there have ended.
pub(super) async fn answer(listener: TcpListener, app: Router, stop: CancellationToken) {
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let connections = GracefulShutdown::new();
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_DURATION_MAX);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(HEAD_DURATION_MAX);
    loop {
        let next = async {
            let place = Arc::clone(&room).acquire_owned().await.ok()?;
            Some((accept(&listener).await, place))
        };
        let Some(((stream, peer), place)) = (tokio::select! {
            next = next => next,
            () = stop.cancelled() => None,
        }) else {
            break;
        };
        let app = app.clone();
        let service = service_fn(move |request| hand_over(app.clone(), request, peer));
        let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(error, "a connection broke");
            }
            drop(place);
        });
    }
    drop(listener);
    connections.shutdown().await;
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Answers are small: they shall not wait for more.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "a connection keeps its delay");
                }
                return (stream, peer);
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn hand_over(
    mut app: Router,
    mut request: Request<Incoming>,
    peer: SocketAddr,
) -> Result<Response, Infallible> {
    request.extensions_mut().insert(ConnectInfo(peer));
    app.call(request.map(Body::new)).await
}
