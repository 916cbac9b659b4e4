//! A proxy that knows some hosts, and remembers what it was asked.

#![expect(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use std::{
    collections::HashMap,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
};

pub struct Proxy {
    pub address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// A proxy to whom these hosts are at these addresses; others do not exist.
    pub async fn start(hosts: &[(&str, SocketAddr)]) -> Self {
        let hosts: HashMap<String, SocketAddr> =
            hosts.iter().map(|(host, address)| ((*host).to_owned(), *address)).collect();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        let hosts = Arc::new(hosts);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (seen, hosts) = (Arc::clone(&seen), Arc::clone(&hosts));
                tokio::spawn(async move { serve(stream, &hosts, &seen).await });
            }
        });
        Self { address, requests }
    }

    /// The heads of all requests, in lower case.
    pub fn asked(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

async fn serve(
    mut stream: TcpStream,
    hosts: &HashMap<String, SocketAddr>,
    seen: &Mutex<Vec<String>>,
) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let text = String::from_utf8_lossy(&head).to_lowercase();
    seen.lock().unwrap().push(text.clone());
    let target = text.split(' ').nth(1).unwrap_or_default();
    let host = target.trim_start_matches("http://").split(['/', ':']).next().unwrap_or_default();
    let Some(address) = hosts.get(host) else {
        return stream.write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n").await;
    };
    let mut inner = TcpStream::connect(address).await?;
    if text.starts_with("connect ") {
        stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
    } else {
        // What is for the proxy stays with the proxy.
        let lines = String::from_utf8_lossy(&head).into_owned();
        let kept: Vec<_> = lines
            .split("\r\n")
            .filter(|line| !line.to_lowercase().starts_with("proxy-authorization"))
            .collect();
        inner.write_all(kept.join("\r\n").as_bytes()).await?;
    }
    copy_bidirectional(&mut stream, &mut inner).await?;
    Ok(())
}
