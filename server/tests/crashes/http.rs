//! One request on a connection of its own, so that the test can go away before the answer comes.

use std::io;

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body; null when it is no JSON.
    pub json: Value,
}

impl Answer {
    /// A text of the body.
    pub fn text(&self, name: &str) -> Option<String> {
        self.json.get(name).and_then(Value::as_str).map(str::to_owned)
    }
}

/// A request that is ready to be sent.
pub struct Request(Vec<u8>);

impl Request {
    /// A form to an endpoint of the authorization server.
    pub fn form(port: u16, path: &str, fields: &[(&str, &str)]) -> Self {
        let body = portal_testkit::app::form(fields);
        Self::post(port, path, "content-type: application/x-www-form-urlencoded\r\n", &body)
    }

    /// A ping at the MCP endpoint.
    pub fn ping(port: u16, access_token: &str) -> Self {
        let headers = format!(
            "content-type: application/json\r\naccept: application/json, text/event-stream\r\n\
             mcp-protocol-version: 2025-11-25\r\nauthorization: Bearer {access_token}\r\n"
        );
        let path = portal_core::services::MCP_PATH;
        Self::post(port, path, &headers, r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#)
    }

    fn post(port: u16, path: &str, headers: &str, body: &str) -> Self {
        let length = body.len();
        Self(
            format!(
                "POST {path} HTTP/1.1\r\nhost: localhost:{port}\r\n{headers}connection: close\r\n\
                 content-length: {length}\r\n\r\n{body}"
            )
            .into_bytes(),
        )
    }

    /// Sends it and waits for the answer; an error when the server goes away.
    pub async fn send(self, port: u16) -> io::Result<Answer> {
        let mut stream = self.begin(port).await?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await?;
        read(&bytes).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    /// Sends it and goes away when the answer begins to come: it is lost on the way.
    pub async fn abandon(self, port: u16) -> io::Result<()> {
        let mut stream = self.begin(port).await?;
        stream.read_u8().await.map(drop)
    }

    async fn begin(self, port: u16) -> io::Result<TcpStream> {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.write_all(&self.0).await?;
        Ok(stream)
    }
}

/// A whole answer; `None` when it was cut off.
fn read(bytes: &[u8]) -> Option<Answer> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    // Answers of these endpoints have a length: a shorter body was cut off.
    if length.is_some_and(|length| body.len() != length) {
        return None;
    }
    Some(Answer { status, json: serde_json::from_str(body).unwrap_or_default() })
}
