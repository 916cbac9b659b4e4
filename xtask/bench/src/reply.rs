//! Reading answers from a kept connection.

use std::fmt;

use tokio::io::{AsyncRead, AsyncReadExt as _};

/// The most bytes that one answer may have.
const REPLY_BYTES_MAX: usize = 4 * 1024 * 1024;
const READ_BYTES: usize = 16 * 1024;

/// What the load generator wants to know of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Length of the body as sent, in bytes.
    pub body_bytes: usize,
}

/// Why an answer could not be read.
#[derive(Debug)]
pub enum ReplyError {
    /// The connection failed or ended.
    Connection(std::io::Error),
    /// The bytes are no HTTP/1.1 answer with a length, or the answer is too long.
    Malformed(&'static str),
}

impl fmt::Display for ReplyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connection(cause) => write!(formatter, "connection: {cause}"),
            Self::Malformed(what) => write!(formatter, "malformed answer: {what}"),
        }
    }
}

impl std::error::Error for ReplyError {}

/// Reads one answer after the other; keeps what came too early.
#[derive(Debug, Default)]
pub struct ReplyReader {
    buffer: Vec<u8>,
    /// The body of the last answer, kept for looking at one that was not expected.
    last: Vec<u8>,
}

enum Length {
    Known(usize),
    Chunked,
}

impl ReplyReader {
    /// Reads one answer to its end.
    ///
    /// # Errors
    /// When the connection ends or the answer cannot be understood.
    pub async fn read(&mut self, stream: &mut (impl AsyncRead + Unpin)) -> Result<Reply, ReplyError> {
        let head_end = loop {
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                break end + 4;
            }
            self.fill(stream).await?;
        };
        let (status, length) = head(self.buffer.get(..head_end).unwrap_or_default())?;
        let end = match length {
            Length::Known(bytes) => head_end + bytes,
            Length::Chunked => self.chunks_end(stream, head_end).await?,
        };
        if end > REPLY_BYTES_MAX {
            return Err(ReplyError::Malformed("the answer is too long"));
        }
        while self.buffer.len() < end {
            self.fill(stream).await?;
        }
        self.last.clear();
        self.last.extend_from_slice(self.buffer.get(head_end..end).unwrap_or_default());
        self.buffer.drain(..end);
        Ok(Reply { status, body_bytes: end - head_end })
    }

    /// The body of the last answer, chunk sizes included where it was sent in chunks.
    #[must_use]
    pub fn last_body(&self) -> &[u8] {
        &self.last
    }

    async fn fill(&mut self, stream: &mut (impl AsyncRead + Unpin)) -> Result<(), ReplyError> {
        if self.buffer.len() > REPLY_BYTES_MAX {
            return Err(ReplyError::Malformed("the answer is too long"));
        }
        self.buffer.reserve(READ_BYTES);
        match stream.read_buf(&mut self.buffer).await {
            Ok(0) => Err(ReplyError::Connection(std::io::ErrorKind::UnexpectedEof.into())),
            Ok(_) => Ok(()),
            Err(cause) => Err(ReplyError::Connection(cause)),
        }
    }

    async fn chunks_end(
        &mut self,
        stream: &mut (impl AsyncRead + Unpin),
        mut position: usize,
    ) -> Result<usize, ReplyError> {
        loop {
            let line_end = loop {
                let rest = self.buffer.get(position..).unwrap_or_default();
                if let Some(end) = find(rest, b"\r\n") {
                    break position + end;
                }
                self.fill(stream).await?;
            };
            let line = self.buffer.get(position..line_end).unwrap_or_default();
            let size = std::str::from_utf8(line)
                .ok()
                .and_then(|line| line.split(';').next())
                .and_then(|digits| usize::from_str_radix(digits.trim(), 16).ok())
                .filter(|size| *size <= REPLY_BYTES_MAX)
                .ok_or(ReplyError::Malformed("a chunk without a size"))?;
            // Each chunk ends with CR LF; the last one is empty and no server here sends trailers.
            position = line_end + 2 + size + 2;
            if size == 0 {
                return Ok(position);
            }
            while self.buffer.len() < position {
                self.fill(stream).await?;
            }
        }
    }
}

fn head(bytes: &[u8]) -> Result<(u16, Length), ReplyError> {
    let text = std::str::from_utf8(bytes).map_err(|_| ReplyError::Malformed("the head is not UTF-8"))?;
    let mut lines = text.split("\r\n");
    let status = lines
        .next()
        .and_then(|line| line.strip_prefix("HTTP/1.1 "))
        .and_then(|rest| rest.get(..3))
        .and_then(|digits| digits.parse().ok())
        .ok_or(ReplyError::Malformed("no status"))?;
    let mut length = (status == 204 || status == 304).then_some(Length::Known(0));
    for line in lines {
        let Some((name, value)) = line.split_once(':') else { continue };
        if name.eq_ignore_ascii_case("content-length") {
            let bytes = value.trim().parse().map_err(|_| ReplyError::Malformed("content-length"))?;
            length = Some(Length::Known(bytes));
        } else if name.eq_ignore_ascii_case("transfer-encoding")
            && value.trim().eq_ignore_ascii_case("chunked")
        {
            length = Some(Length::Chunked);
        }
    }
    Ok((status, length.ok_or(ReplyError::Malformed("no length"))?))
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn replies(mut bytes: &[u8]) -> Vec<(u16, String)> {
        let mut reader = ReplyReader::default();
        let mut found = Vec::new();
        while let Ok(reply) = reader.read(&mut bytes).await {
            found.push((reply.status, String::from_utf8(reader.last_body().to_vec()).unwrap()));
        }
        found
    }

    #[tokio::test]
    async fn answers_that_arrive_together_are_told_apart() {
        let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 204 No Content\r\n\r\n\
            HTTP/1.1 401 Unauthorized\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n\
            HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nz";
        assert_eq!(
            replies(bytes).await,
            [
                (200, "abc".to_owned()),
                (204, String::new()),
                (401, "2\r\nab\r\n0\r\n\r\n".to_owned()),
                (200, "z".to_owned()),
            ]
        );
    }

    #[tokio::test]
    async fn half_an_answer_and_nonsense_are_errors() {
        for bytes in [
            &b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc"[..],
            b"HTTP/1.1 200 OK\r\n\r\nabc",
            b"SSH-2.0-OpenSSH\r\n\r\n",
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        ] {
            assert!(ReplyReader::default().read(&mut &*bytes).await.is_err());
        }
    }
}
