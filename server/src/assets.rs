//! The site inside the binary: stylesheet, glue, wasm file and what lies in `public/`, with precompressed copies.
//!
//! The build script writes the table. Addresses with a content hash never change their content and are cached for
//! good; the others carry an entity tag and are asked again after an hour.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::StatusCode;
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue,
    IF_NONE_MATCH, VARY, X_CONTENT_TYPE_OPTIONS,
};

include!(concat!(env!("OUT_DIR"), "/site.rs"));

const CACHE_FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const CACHE_HOUR: HeaderValue = HeaderValue::from_static("public, max-age=3600");
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Where the page's own parts are; each is `None` in a binary that was built without a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AssetPaths {
    /// The stylesheet.
    pub css: Option<&'static str>,
    /// The JavaScript glue, a module whose default export takes the wasm file's address.
    pub js: Option<&'static str>,
    /// The wasm file.
    pub wasm: Option<&'static str>,
}

/// One embedded file.
struct File {
    path: &'static str,
    content_type: &'static str,
    /// The address holds a content hash.
    immutable: bool,
    etag: &'static str,
    plain: &'static [u8],
    brotli: Option<&'static [u8]>,
    gzip: Option<&'static [u8]>,
}

/// The addresses that the page shell links, known when the binary is built.
#[must_use]
pub fn manifest() -> AssetPaths {
    PATHS
}

/// Routes for every embedded file; an unknown address below `/assets/` is 404.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let outside = FILES.iter().filter(|file| !file.path.starts_with("/assets/"));
    outside.fold(Router::new().route("/assets/{*path}", get(serve)), |router, file| {
        router.route(file.path, get(serve))
    })
}

async fn serve(request: Request) -> Response {
    let path = request.uri().path();
    FILES
        .iter()
        .find(|file| file.path == path)
        .map_or_else(|| StatusCode::NOT_FOUND.into_response(), |file| answer(file, request.headers()))
}

fn answer(file: &'static File, request: &HeaderMap) -> Response {
    let (encoding, bytes) = choose(file, request);
    let unchanged = request
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|tag| matches!(tag.trim(), "*") || tag.trim().trim_start_matches("W/") == file.etag);
    let mut response = if unchanged {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Response::new(Body::from(Bytes::from_static(bytes)))
    };
    let headers = response.headers_mut();
    if !unchanged {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(file.content_type));
        if let Some(encoding) = encoding {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
    }
    // Weak (RFC 9110 section 8.8.1): one tag stands for all encodings of the file.
    if let Ok(tag) = HeaderValue::from_str(&format!("W/{}", file.etag)) {
        headers.insert(ETAG, tag);
    }
    headers.insert(CACHE_CONTROL, if file.immutable { CACHE_FOREVER } else { CACHE_HOUR });
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("same-origin"));
    response
}

/// The smallest copy that the browser takes, with the name of its encoding; `None` for the plain file.
fn choose(file: &'static File, request: &HeaderMap) -> (Option<&'static str>, &'static [u8]) {
    let copies = [("br", file.brotli), ("gzip", file.gzip)];
    copies
        .into_iter()
        .find_map(|(name, bytes)| Some((Some(name), bytes?)).filter(|_| accepts(request, name)))
        .unwrap_or((None, file.plain))
}

/// Whether an encoding is listed and its weight is not zero (RFC 9110 section 12.5.3); `*` is not taken as a wish.
fn accepts(request: &HeaderMap, wanted: &str) -> bool {
    request
        .get_all(ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|item| {
            let mut parts = item.split(';').map(str::trim);
            let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(wanted));
            let refused = parts.any(|weight| {
                weight
                    .strip_prefix("q=")
                    .is_some_and(|weight| weight.trim().parse::<f32>().map_or(true, |weight| weight <= 0.0))
            });
            named && !refused
        })
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;

    use super::*;

    static SHEET: File = File {
        path: "/assets/portal.0123456789abcdef.css",
        content_type: "text/css; charset=utf-8",
        immutable: true,
        etag: "\"abc\"",
        plain: b"plain",
        brotli: Some(b"br"),
        gzip: Some(b"gz"),
    };
    static ICON: File = File { path: "/favicon.svg", immutable: false, brotli: None, ..SHEET };

    fn ask(file: &'static File, headers: &[(HeaderName, &str)]) -> Response {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name, HeaderValue::from_str(value).unwrap());
        }
        answer(file, &map)
    }

    async fn body(response: Response) -> Bytes {
        response.into_body().collect().await.unwrap().to_bytes()
    }

    #[tokio::test]
    async fn the_best_copy_that_the_browser_takes_is_sent() {
        for (accepted, encoding, content) in [
            (None, None, "plain"),
            (Some("gzip, deflate, br, zstd"), Some("br"), "br"),
            (Some("GZIP"), Some("gzip"), "gz"),
            (Some("br;q=0, gzip;q=0.5"), Some("gzip"), "gz"),
            (Some("identity, broken"), None, "plain"),
        ] {
            let headers: Vec<_> = accepted.map(|value| (ACCEPT_ENCODING, value)).into_iter().collect();
            let response = ask(&SHEET, &headers);
            let sent =
                response.headers().get(CONTENT_ENCODING).map(|value| value.to_str().unwrap().to_owned());
            assert_eq!(sent.as_deref(), encoding, "{accepted:?}");
            assert_eq!(response.headers()[VARY], "accept-encoding");
            assert_eq!(body(response).await, content, "{accepted:?}");
        }
        let response = ask(&ICON, &[(ACCEPT_ENCODING, "br, gzip")]);
        assert_eq!(body(response).await, "gz");
    }

    #[tokio::test]
    async fn hashed_addresses_are_kept_for_good_and_others_are_asked_again() {
        assert_eq!(ask(&SHEET, &[]).headers()[CACHE_CONTROL], CACHE_FOREVER);
        let first = ask(&ICON, &[]);
        assert_eq!(first.headers()[CACHE_CONTROL], CACHE_HOUR);
        assert_eq!(first.headers()[X_CONTENT_TYPE_OPTIONS], "nosniff");
        let tag = first.headers()[ETAG].to_str().unwrap().to_owned();
        let again = ask(&ICON, &[(IF_NONE_MATCH, &format!("\"other\", {tag}"))]);
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        assert!(body(again).await.is_empty());
        assert_eq!(ask(&ICON, &[(IF_NONE_MATCH, "\"other\"")]).status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn every_embedded_file_is_routed_and_an_unknown_one_is_not_found() {
        let status = async |path: &str| {
            let request = Request::get(path).body(Body::empty()).unwrap();
            routes::<()>().oneshot(request).await.unwrap().status()
        };
        for file in FILES {
            assert_eq!(status(file.path).await, StatusCode::OK, "{}", file.path);
        }
        assert_eq!(status("/assets/portal.ffffffffffffffff.js").await, StatusCode::NOT_FOUND);
        for path in [manifest().css, manifest().js, manifest().wasm].into_iter().flatten() {
            assert!(FILES.iter().any(|file| file.path == path && file.immutable), "{path}");
        }
    }
}
