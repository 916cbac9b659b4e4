//! The addresses that Portal listens on.

use std::net::SocketAddr;

use axum::serve::{ListenerExt as _, TapIo};
use tokio::net::{TcpListener, TcpStream};

use crate::startup::StartError;

/// A listener whose connections send small answers at once.
pub(super) type PromptListener = TapIo<TcpListener, fn(&mut TcpStream)>;

/// Listens on every address. An address of the default list that this machine does not have (IPv6 may be off) is left
/// out as long as another one works; a written one must work.
pub(super) async fn bind(
    addresses: &[SocketAddr],
    written: bool,
) -> Result<Vec<PromptListener>, StartError> {
    let mut listeners = Vec::new();
    let mut failure = None;
    for address in addresses.iter().copied() {
        match TcpListener::bind(address).await {
            Ok(listener) => listeners.push(listener.tap_io(answer_promptly as fn(&mut TcpStream))),
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

fn answer_promptly(stream: &mut TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection keeps its delay");
    }
}
