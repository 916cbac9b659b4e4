//! A fake on the network.

use std::{
    collections::BTreeMap,
    fmt::{Display, Write as _},
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    response::Response,
};
use http::{HeaderName, HeaderValue, StatusCode};
use http_body_util::BodyExt as _;
use ring::digest;
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinHandle};
use url::{Url, form_urlencoded};

use super::faults::{Fault, Faults};

/// A request as a fake sees it.
#[derive(Debug, Clone)]
pub struct FakeRequest {
    /// `GET`, `POST`, …
    pub method: String,
    /// The path, as it was sent.
    pub path: String,
    /// The query's parameters, decoded, in order.
    pub query: Vec<(String, String)>,
    /// Headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

impl FakeRequest {
    /// A parameter of the query.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// A number among the parameters.
    pub fn number(&self, name: &str) -> Option<usize> {
        self.parameter(name).and_then(|text| text.parse().ok())
    }

    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The body as JSON; null where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The path, the query, and of a GraphQL request the name of its operation, such as `/graphql?#Members`.
    pub fn place(&self) -> String {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.query).finish();
        let json = self.json();
        let text = json.get("query").and_then(Value::as_str).unwrap_or_default();
        let operation = text.split_whitespace().nth(1).and_then(|word| word.split(['(', '{']).next());
        format!("{}?{query}#{}", self.path, operation.unwrap_or_default())
    }
}

/// A fake's answer.
#[derive(Debug, Clone)]
pub struct FakeAnswer {
    /// The status.
    pub status: u16,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl FakeAnswer {
    /// JSON.
    pub fn json(status: u16, body: &Value) -> Self {
        Self { status, headers: Vec::new(), body: body.to_string().into_bytes() }
            .with("content-type", "application/json; charset=utf-8")
    }

    /// Plain text.
    pub fn text(status: u16, body: &str) -> Self {
        Self { status, headers: Vec::new(), body: body.as_bytes().to_vec() }
            .with("content-type", "text/plain")
    }

    /// With one more header.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Display) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }
}

/// What a fake does.
pub trait FakeApi: Send + Sync + 'static {
    /// The answer to a request. `base` is where the server is.
    fn answer(&self, request: &FakeRequest, base: &Url) -> FakeAnswer;
}

/// One request with its answer, before anything went wrong with it.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// The request.
    pub request: FakeRequest,
    /// The answer.
    pub answer: FakeAnswer,
}

struct Shared {
    api: Arc<dyn FakeApi>,
    faults: Arc<Faults>,
    exchanges: Mutex<Vec<Exchange>>,
    base: Url,
}

/// A fake on a port of its own on loopback, until it is dropped.
pub struct FakeServer {
    /// Where it is, such as `http://127.0.0.1:40000/`.
    pub base: Url,
    /// What goes wrong.
    pub faults: Arc<Faults>,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl FakeServer {
    /// Starts it.
    pub async fn start(api: Arc<dyn FakeApi>) -> Self {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await.unwrap();
        let base = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let faults = Arc::new(Faults::default());
        let shared = Arc::new(Shared {
            api,
            faults: Arc::clone(&faults),
            exchanges: Mutex::default(),
            base: base.clone(),
        });
        let router = Router::new().fallback(serve).with_state(Arc::clone(&shared));
        let task = tokio::spawn(async move {
            axum::serve(listener, router).await.unwrap();
        });
        Self { base, faults, shared, task }
    }

    /// Every exchange so far, those that went wrong too.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.shared.exchanges.lock().unwrap().clone()
    }

    /// Forgets the exchanges so far.
    pub fn forget(&self) {
        self.shared.exchanges.lock().unwrap().clear();
    }
}

impl Drop for FakeServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let request = read(request).await;
    let answer = tagged(&request, shared.api.answer(&request, &shared.base));
    let fault = shared.faults.of(&request);
    shared.exchanges.lock().unwrap().push(Exchange { request, answer: answer.clone() });
    match fault {
        None => response(answer),
        Some(Fault::Answer(other)) => response(other),
        Some(Fault::Cut(bytes)) => {
            let mut answer = answer;
            answer.body.truncate(bytes);
            response(answer)
        }
        Some(Fault::Break(bytes)) => {
            let mut answer = answer;
            let whole = answer.body.len();
            answer.body.truncate(bytes);
            broken(answer, whole)
        }
        Some(Fault::Silence) => std::future::pending().await,
    }
}

async fn read(request: Request) -> FakeRequest {
    let (parts, body) = request.into_parts();
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    FakeRequest {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes())
            .into_owned()
            .collect(),
        headers: parts.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
        body: body.collect().await.unwrap().to_bytes().to_vec(),
    }
}

/// Successful GETs carry a weak entity tag; whoever knows it gets 304 without a body.
fn tagged(request: &FakeRequest, answer: FakeAnswer) -> FakeAnswer {
    if request.method != "GET" || answer.status != 200 {
        return answer;
    }
    let hash = digest::digest(&digest::SHA256, &answer.body);
    let mut tag = "W/\"".to_owned();
    for byte in hash.as_ref().iter().take(16) {
        write!(tag, "{byte:02x}").unwrap();
    }
    tag.push('"');
    let known = request.header("if-none-match").is_some_and(|known| known.split(", ").any(|one| one == tag));
    let mut answer = answer.with("etag", &tag);
    if known {
        answer.status = 304;
        answer.body.clear();
    }
    answer
}

fn response(answer: FakeAnswer) -> Response {
    let body = Body::from(answer.body);
    headed(answer.status, &answer.headers, body)
}

fn broken(answer: FakeAnswer, whole: usize) -> Response {
    let pieces = [Ok(Bytes::from(answer.body)), Err(std::io::Error::other("it broke"))];
    let mut headers = answer.headers;
    headers.push(("content-length".to_owned(), whole.to_string()));
    headed(answer.status, &headers, Body::from_stream(futures::stream::iter(pieces)))
}

fn headed(status: u16, headers: &[(String, String)], body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    for (name, value) in headers {
        let name = HeaderName::try_from(name.as_str()).unwrap();
        response.headers_mut().append(name, HeaderValue::try_from(value.as_str()).unwrap());
    }
    response
}
