//! Names and attributes of all cookies.
//!
//! Every cookie is `HttpOnly`, `SameSite=Lax` and for the whole path. Where Portal is served over https it is also
//! `Secure` and carries the `__Host-` prefix, so that no sibling host can plant one (RFC 6265bis section 4.1.3).

use http::{HeaderMap, HeaderValue, header::COOKIE};

/// The browser session.
pub const SESSION: &str = "portal_session";
/// A browser that has signed in before.
pub const BROWSER: &str = "portal_browser";
/// Binds pending authorizations to this browser.
pub const AUTHORIZE: &str = "portal_authorize";
/// Binds sign-ins with a provider to this browser.
pub const SIGN_IN: &str = "portal_sign_in";
/// What became of the form that was just sent.
pub const FLASH: &str = "portal_flash";
/// The first-admin token, once taken out of the address.
pub const FIRST_ADMIN: &str = "portal_first_admin";
/// The token of an invitation or password reset, once taken out of the address.
pub const LINK: &str = "portal_link";
/// `light` or `dark`; absent to follow the system.
pub const THEME: &str = "portal_theme";

/// How long a browser session can last, in seconds: 7 days.
pub const SESSION_SECONDS: u32 = 7 * 24 * 60 * 60;
/// How long a sign-in with a provider may take, in seconds: 10 minutes.
pub const SIGN_IN_SECONDS: u32 = 10 * 60;
/// How long a browser is known again, and its theme kept, in seconds: 400 days, the most that browsers allow.
pub const BROWSER_SECONDS: u32 = 400 * 24 * 60 * 60;
/// How long a one-time token may wait in its cookie, in seconds.
pub const LINK_SECONDS: u32 = 60 * 60;
/// How long the outcome of a form may wait for its page, in seconds.
pub const FLASH_SECONDS: u32 = 60;

/// The cookie's name as sent: prefixed where cookies are secure.
#[must_use]
pub fn name(base: &str, secure: bool) -> String {
    if secure { format!("__Host-{base}") } else { base.to_owned() }
}

/// The value of a cookie in a request; `None` when it is absent or named more than once.
#[must_use]
pub fn value<'headers>(headers: &'headers HeaderMap, base: &str, secure: bool) -> Option<&'headers str> {
    let mut values = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(found, _)| is_name(found, base, secure))
        .map(|(_, value)| value);
    let first = values.next()?;
    values.next().is_none().then_some(first)
}

fn is_name(found: &str, base: &str, secure: bool) -> bool {
    let found = if secure { found.strip_prefix("__Host-") } else { Some(found) };
    found == Some(base)
}

/// A `Set-Cookie` value that stores a cookie for `max_age_seconds`. `None` when the value has a character that cookies
/// cannot hold.
#[must_use]
pub fn set(base: &str, value: &str, secure: bool, max_age_seconds: u32) -> Option<HeaderValue> {
    let allowed = |byte: u8| matches!(byte, 0x21 | 0x23..=0x2b | 0x2d..=0x3a | 0x3c..=0x5b | 0x5d..=0x7e);
    if !value.bytes().all(allowed) {
        return None;
    }
    let name = name(base, secure);
    let secure = if secure { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/; Max-Age={max_age_seconds}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::from_str(&text).ok()
}

/// A `Set-Cookie` value that deletes a cookie.
#[must_use]
pub fn clear(base: &str, secure: bool) -> HeaderValue {
    set(base, "", secure, 0).unwrap_or_else(|| HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(cookies: &[&str]) -> HeaderMap {
        cookies.iter().map(|text| (COOKIE, HeaderValue::from_str(text).unwrap())).collect()
    }

    #[test]
    fn secure_cookies_carry_the_host_prefix_and_only_those_are_read() {
        let header = set(SESSION, "abc", true, 60).unwrap();
        let expected = "__Host-portal_session=abc; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure";
        assert_eq!(header.to_str().unwrap(), expected);
        let sent = headers(&["portal_session=planted; __Host-portal_session=abc"]);
        assert_eq!(value(&sent, SESSION, true), Some("abc"));
        assert_eq!(value(&headers(&["portal_session=planted"]), SESSION, true), None);
    }

    /// Attack: 1.7: cookies for other hosts, plain http, scripts
    #[test]
    fn a_cookie_sent_twice_counts_as_absent() {
        let sent = headers(&["portal_theme=dark", "a=b; portal_theme=light"]);
        assert_eq!(value(&sent, THEME, false), None);
    }

    #[test]
    fn values_cannot_add_attributes() {
        assert_eq!(set(FLASH, "x; Domain=evil.test", false, 1), None);
        assert!(clear(FLASH, false).to_str().unwrap().contains("Max-Age=0"));
    }
}
