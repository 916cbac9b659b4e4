//! Signing in, and one's own account.

pub(crate) mod first_admin;
pub(crate) mod link;
pub(crate) mod password;
pub(crate) mod sign_in;

use portal_core::secret::Secret;

use crate::{cookies, page::PageError, web_request::WebRequest};

/// What passwords must be, as their hint.
const PASSWORD_HINT: &str = "At least 12 characters. A few words are better than one with signs in it.";

/// The one-time token of this visit: out of its cookie, or, when the address still holds it, into the cookie and on to the
/// clean address, so that it stays out of the history and of Referer headers.
fn one_time_token(request: &WebRequest, cookie: &str, path: &str) -> Result<Option<Secret>, PageError> {
    if let Some(token) = request.query("token") {
        request.set_header(http::header::REFERRER_POLICY, "no-referrer");
        request.set_header(http::header::CACHE_CONTROL, "no-store");
        request.set_cookie(cookie, &token, cookies::LINK_SECONDS);
        return Err(PageError::redirect(request, path));
    }
    Ok(request.secret_cookie(cookie))
}
