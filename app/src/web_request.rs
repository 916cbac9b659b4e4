//! The request at hand, as pages and server functions see it.

use std::sync::Arc;

use http::{
    HeaderName, HeaderValue, StatusCode,
    header::{ACCEPT, LOCATION, SET_COOKIE},
    request::Parts,
};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;
use portal_core::{
    identity::{Identity, NewBrowserSession, RequestOrigin},
    secret::Secret,
    services::Services,
    time::UnixMillis,
};
use portal_model::ErrorCode;

use crate::{context::WebContext, cookies, error::UiError, flash::Flash};

/// The request, who sent it, and the answer's status and headers.
#[derive(Clone)]
pub(crate) struct WebRequest {
    pub(crate) web: WebContext,
    pub(crate) identity: Identity,
    parts: Arc<Parts>,
    response: ResponseOptions,
}

impl WebRequest {
    /// The request that this Leptos owner serves.
    ///
    /// # Errors
    /// `internal` outside a request.
    pub(crate) fn current() -> Result<Self, UiError> {
        let found = (use_context::<WebContext>(), use_context::<Parts>(), use_context::<ResponseOptions>());
        let (Some(web), Some(parts), Some(response)) = found else {
            return Err(ErrorCode::Internal.into());
        };
        let nobody = || Identity::Anonymous(RequestOrigin::default());
        let identity = parts.extensions.get::<Identity>().cloned().unwrap_or_else(nobody);
        Ok(Self { web, identity, parts: Arc::new(parts), response })
    }

    pub(crate) const fn services(&self) -> &Services {
        &self.web.services
    }

    pub(crate) fn now(&self) -> UnixMillis {
        self.web.services.dependencies.clock.now()
    }

    /// Path and query, for coming back after signing in.
    pub(crate) fn path_and_query(&self) -> &str {
        self.parts.uri.path_and_query().map_or("/", |path| path.as_str())
    }

    /// The first value of a query parameter, when it is not longer than 2,048 bytes.
    pub(crate) fn query(&self, key: &str) -> Option<String> {
        let query = self.parts.uri.query()?;
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        let value = pairs.find(|(found, _)| found == key)?.1.into_owned();
        (value.len() <= 2_048).then_some(value)
    }

    /// The first values of a query parameter, at most `most`, those longer than 2,048 bytes and empty ones left out.
    pub(crate) fn query_all(&self, key: &str, most: usize) -> Vec<String> {
        let query = self.parts.uri.query().unwrap_or_default();
        let values = form_urlencoded::parse(query.as_bytes()).filter(|(found, _)| found == key);
        let values = values.map(|(_, value)| value.into_owned());
        values.filter(|value| !value.is_empty() && value.len() <= 2_048).take(most).collect()
    }

    /// The id in the log, to be quoted.
    pub(crate) fn id(&self) -> Option<String> {
        self.identity.origin().request_id.clone()
    }

    /// Whether a browser sent it that wants a page.
    pub(crate) fn accepts_html(&self) -> bool {
        let accept = self.parts.headers.get(ACCEPT).and_then(|value| value.to_str().ok());
        accept.is_some_and(|accept| accept.contains("text/html"))
    }

    pub(crate) fn cookie(&self, base: &str) -> Option<&str> {
        cookies::value(&self.parts.headers, base, self.web.secure_cookies).filter(|value| !value.is_empty())
    }

    pub(crate) fn secret_cookie(&self, base: &str) -> Option<Secret> {
        self.cookie(base).map(Secret::new)
    }

    pub(crate) fn set_cookie(&self, base: &str, value: &str, max_age_seconds: u32) {
        if let Some(header) = cookies::set(base, value, self.web.secure_cookies, max_age_seconds) {
            self.response.append_header(SET_COOKIE, header);
        }
    }

    pub(crate) fn clear_cookie(&self, base: &str) {
        self.response.append_header(SET_COOKIE, cookies::clear(base, self.web.secure_cookies));
    }

    /// Hands the browser its new session.
    pub(crate) fn sign_in(&self, session: &NewBrowserSession) {
        self.set_cookie(cookies::SESSION, session.cookie.expose(), cookies::SESSION_SECONDS);
        self.set_cookie(cookies::BROWSER, session.known_browser.expose(), cookies::BROWSER_SECONDS);
    }

    pub(crate) fn leave_flash(&self, flash: &Flash) {
        if let Some(value) = flash.encode() {
            self.set_cookie(cookies::FLASH, &value, cookies::FLASH_SECONDS);
        }
    }

    /// The outcome of the form sent before; it is gone afterwards.
    pub(crate) fn take_flash(&self) -> Option<Flash> {
        let flash = Flash::decode(self.cookie(cookies::FLASH)?);
        self.clear_cookie(cookies::FLASH);
        flash
    }

    /// Answers with 303 to an address (RFC 9110 section 15.4.4).
    pub(crate) fn redirect(&self, to: &str) {
        let Ok(location) = HeaderValue::from_str(to) else {
            tracing::error!("an address to redirect to is no header value");
            self.set_status(500);
            return;
        };
        self.response.set_status(StatusCode::SEE_OTHER);
        self.response.insert_header(LOCATION, location);
    }

    pub(crate) fn set_status(&self, status: u16) {
        self.response.set_status(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    }

    pub(crate) fn set_header(&self, name: HeaderName, value: &str) {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.response.insert_header(name, value);
        }
    }

    /// The theme chosen; `None` to follow the system.
    pub(crate) fn theme(&self) -> Option<&'static str> {
        theme(self.cookie(cookies::THEME))
    }
}

/// The theme that a cookie or a form names; `None` to follow the system.
pub(crate) fn theme(word: Option<&str>) -> Option<&'static str> {
    match word {
        Some("light") => Some("light"),
        Some("dark") => Some("dark"),
        _ => None,
    }
}
