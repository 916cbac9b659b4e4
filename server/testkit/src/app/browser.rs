//! A browser: keeps cookies, and says where its requests come from.

use std::collections::BTreeMap;

use axum::body::Body;
use http::{Request, header::COOKIE};
use portal_core::{
    identity::{Identity, RequestOrigin, SignedIn},
    secret::Secret,
};

use super::{Answer, TestApp, form};

/// One browser with its cookies.
#[derive(Clone)]
pub struct Browser<'app> {
    app: &'app TestApp,
    cookies: BTreeMap<String, String>,
}

impl<'app> Browser<'app> {
    pub(super) fn new(app: &'app TestApp) -> Self {
        Self { app, cookies: BTreeMap::new() }
    }

    /// Keeps a cookie, by its name without prefix.
    pub fn put_cookie(&mut self, base: &str, value: &str) {
        self.cookies.insert(self.cookie_name(base), value.to_owned());
    }

    /// The value of a cookie, by its name without prefix.
    #[must_use]
    pub fn cookie(&self, base: &str) -> Option<&str> {
        self.cookies.get(&self.cookie_name(base)).map(String::as_str)
    }

    fn cookie_name(&self, base: &str) -> String {
        let prefix = if self.app.url().starts_with("https:") { "__Host-" } else { "" };
        format!("{prefix}{base}")
    }

    /// Sends a request with the cookies, and keeps those that come back.
    pub async fn send(&mut self, mut request: Request<Body>) -> Answer {
        let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !pairs.is_empty() {
            request.headers_mut().insert(COOKIE, pairs.join("; ").parse().expect("cookies"));
        }
        let answer = self.app.send(request).await;
        for (name, value) in answer.cookies() {
            if value.is_empty() {
                self.cookies.remove(&name);
            } else {
                self.cookies.insert(name, value);
            }
        }
        answer
    }

    /// Opens a page.
    pub async fn get(&mut self, path: &str) -> Answer {
        let path = path.strip_prefix(self.app.url()).unwrap_or(path);
        let request =
            Request::get(path).header("accept", "text/html").header("sec-fetch-site", "same-origin");
        self.send(request.body(Body::empty()).expect("a request")).await
    }

    /// Posts a form of a page of Portal.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let request = Request::post(path)
            .header("accept", "text/html")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin")
            .header("referer", format!("{}/", self.app.url()));
        self.send(request.body(Body::from(form(fields))).expect("a request")).await
    }

    /// Who is signed in here.
    pub async fn signed_in(&self) -> SignedIn {
        let cookie = self.cookie("portal_session").map(Secret::new);
        let identity = self
            .app
            .services
            .identity
            .identify(cookie.as_ref(), RequestOrigin::default())
            .await
            .expect("an identity");
        match identity {
            Identity::SignedIn(signed_in) => signed_in,
            Identity::Anonymous(_) => panic!("nobody is signed in"),
        }
    }
}
