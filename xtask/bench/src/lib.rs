//! HTTP/1.1 as the load generator needs it: requests made once, answers read to their end.

mod reply;

pub use reply::{Reply, ReplyError, ReplyReader};

/// The bytes of a POST request with a JSON body, for a connection that is kept.
#[must_use]
pub fn post(host: &str, path: &str, headers: &[String], body: &str) -> Vec<u8> {
    let headers: String = headers.iter().flat_map(|header| [header.as_str(), "\r\n"]).collect();
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n{headers}\
         content-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_says_how_long_its_body_is() {
        let request = post("localhost:1", "/mcp", &["accept: application/json".to_owned()], "{}");
        assert_eq!(
            String::from_utf8(request).unwrap(),
            "POST /mcp HTTP/1.1\r\nhost: localhost:1\r\ncontent-type: application/json\r\n\
             accept: application/json\r\ncontent-length: 2\r\n\r\n{}"
        );
    }
}
