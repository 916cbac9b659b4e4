//! Only requests for `public_url`'s host are answered, so that a name that was rebound to this machine gets nothing.

use axum::extract::Request;
use http::header::HOST;

use crate::config::PublicUrl;

/// Probes ask by address; what they get is the same for everybody.
const EXEMPT: [&str; 2] = ["/healthz", "/readyz"];

/// Whether the request names this Portal, exactly once.
pub(super) fn is_ours(request: &Request, public_url: &PublicUrl) -> bool {
    if EXEMPT.contains(&request.uri().path()) {
        return true;
    }
    let mut hosts = request.headers().get_all(HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().ok(),
        // HTTP/2 has it in the address.
        (None, None) => request.uri().authority().map(http::uri::Authority::as_str),
        _ => None,
    };
    host.is_some_and(|host| public_url.matches_host(host))
}
