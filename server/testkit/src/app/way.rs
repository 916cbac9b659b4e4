//! What stands between Portal and its public URL: nothing, or a proxy with faults.

use std::sync::{Mutex, PoisonError, Weak};

use async_trait::async_trait;
use axum::{Router, body::Body};
use http::{HeaderName, HeaderValue, Request, header::HOST};
use http_body_util::BodyExt as _;
use portal_core::ports::{FetchError, SelfProbe, SelfProbeAnswer, SelfProbeRequest};
use tower::ServiceExt as _;

/// What is wrong on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WayFault {
    /// Nothing comes back.
    Unreachable(FetchError),
    /// These headers of requests are dropped.
    RequestHeaders(Vec<&'static str>),
    /// These headers of answers are dropped.
    AnswerHeaders(Vec<&'static str>),
    /// The header Host names another host.
    Host(&'static str),
    /// Whatever is asked, this comes back: status, headers and body.
    Answer(u16, Vec<(&'static str, &'static str)>, &'static str),
    /// In every answer this text stands for that one, headers included.
    Text(&'static str, &'static str),
}

/// Leads to a test's own router.
#[derive(Default)]
pub struct WayToPortal {
    router: Mutex<Option<Router>>,
    fault: Mutex<Option<WayFault>>,
}

impl WayToPortal {
    pub(super) fn lead_to(&self, router: Router) {
        *self.router.lock().unwrap_or_else(PoisonError::into_inner) = Some(router);
    }

    /// Breaks the way, or mends it.
    pub fn set_fault(&self, fault: Option<WayFault>) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    async fn pass(&self, request: Request<Body>) -> SelfProbeAnswer {
        let router = self.router.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let response = router.expect("a router").oneshot(request).await.expect("the router does not fail");
        let (parts, body) = response.into_parts();
        let text = |value: &HeaderValue| value.to_str().unwrap_or_default().to_owned();
        SelfProbeAnswer {
            status: parts.status.as_u16(),
            headers: parts.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
            body: body.collect().await.expect("a body").to_bytes().to_vec(),
        }
    }
}

/// The way as Portal's services hold it: they would keep themselves alive if they owned it.
pub(super) struct BorrowedWay(pub(super) Weak<WayToPortal>);

#[async_trait]
impl SelfProbe for BorrowedWay {
    async fn ask(&self, request: &SelfProbeRequest) -> Result<SelfProbeAnswer, FetchError> {
        self.0.upgrade().expect("the test still runs").ask(request).await
    }
}

impl WayToPortal {
    async fn ask(&self, request: &SelfProbeRequest) -> Result<SelfProbeAnswer, FetchError> {
        let fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(WayFault::Unreachable(error)) = fault {
            return Err(error);
        }
        if let Some(WayFault::Answer(status, headers, body)) = fault {
            let headers =
                headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            return Ok(SelfProbeAnswer { status, headers, body: body.as_bytes().to_vec() });
        }
        let (_, rest) = request.url.split_once("://").expect("a scheme");
        let (authority, path) = rest.split_at(rest.find('/').expect("a path"));
        let method = if request.body.is_some() { "POST" } else { "GET" };
        let mut asked = Request::builder().method(method).uri(path).header(HOST, authority);
        for (name, value) in &request.headers {
            asked = asked.header(*name, value);
        }
        let body = Body::from(request.body.clone().unwrap_or_default());
        let mut asked = asked.body(body).expect("a request");
        match &fault {
            Some(WayFault::RequestHeaders(names)) => {
                for name in names {
                    asked.headers_mut().remove(HeaderName::from_static(name));
                }
            }
            Some(WayFault::Host(host)) => {
                asked.headers_mut().insert(HOST, HeaderValue::from_static(host));
            }
            _ => {}
        }
        let mut answer = self.pass(asked).await;
        match &fault {
            Some(WayFault::AnswerHeaders(names)) => {
                answer.headers.retain(|(name, _)| !names.contains(&name.as_str()));
            }
            Some(WayFault::Text(from, to)) => {
                for (_, value) in &mut answer.headers {
                    *value = value.replace(from, to);
                }
                let text = String::from_utf8_lossy(&answer.body).replace(from, to);
                answer.body = text.into_bytes();
            }
            _ => {}
        }
        Ok(answer)
    }
}
