//! Small pages that stand outside the pages of the app, without scripts: errors before any page can be, and explanations.

use axum::response::{Html, IntoResponse, Response};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{ACCEPT, CONTENT_SECURITY_POLICY, RETRY_AFTER},
};
use portal_model::ErrorCode;

use crate::assets;

/// The style sheet and nothing else.
const POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'");

/// Seconds after which a client may try again when the store is away.
pub(crate) const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("2");

/// Whether the client wants a page rather than JSON.
pub(crate) fn wants_html(headers: &HeaderMap) -> bool {
    let accepts = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepts
        .flat_map(|value| value.split(','))
        .any(|item| item.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("text/html")))
}

/// The answer for an error of the closed set.
pub(crate) fn error(headers: &HeaderMap, code: ErrorCode, request_id: Option<&str>) -> Response {
    let status = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = if wants_html(headers) {
        page(status, "This did not work", code.message(), request_id)
    } else {
        let body = serde_json::json!({ "code": code, "field": null, "message": code.message() });
        (status, axum::Json(body)).into_response()
    };
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(RETRY_AFTER, RETRY_AFTER_SECONDS);
    }
    response
}

/// A page with a title, a sentence and the request's id. All three are escaped.
pub(crate) fn page(status: StatusCode, title: &str, sentence: &str, request_id: Option<&str>) -> Response {
    let title = escape(title);
    let sentence = escape(sentence);
    let id =
        request_id.map(|id| format!("<p>Request id: <code>{}</code></p>", escape(id))).unwrap_or_default();
    let body =
        format!("<p class=\"muted\">{sentence}</p>{id}<p><a class=\"btn\" href=\"/\">Go to Portal</a></p>");
    (status, document(&title, &body)).into_response()
}

/// A page in Portal's look, of HTML that is safe already.
pub(crate) fn document(title: &str, body: &str) -> impl IntoResponse + use<> {
    let style = assets::manifest()
        .css
        .map(|path| format!("<link rel=\"stylesheet\" href=\"{}\">", escape(path)))
        .unwrap_or_default();
    let html = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\">{style}<title>{title} · Portal</title></head>\
         <body><main id=\"main\" class=\"sheet\"><a href=\"/\" class=\"brand\">Portal</a>\
         <div class=\"panel\"><div class=\"form\"><h1>{title}</h1>{body}</div></div></main></body></html>"
    );
    ([(CONTENT_SECURITY_POLICY, POLICY)], Html(html))
}

/// Text made safe between tags and in quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Attack: 1.7: scripts in every parameter of every page
    #[test]
    fn remote_text_stays_text() {
        assert_eq!(escape("<a href='x' title=\"&\">"), "&lt;a href=&#39;x&#39; title=&quot;&amp;&quot;&gt;");
    }
}
