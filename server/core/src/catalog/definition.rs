//! API definitions: what an `OpenAPI` or `AsyncAPI` document offers, in a few lines. The document is remote text: it is read
//! within limits, and whatever is not as expected is left out or told.

use serde_json::{Map, Value};

use crate::ingestion::yaml::load_one;

/// Longest definition that is read, in bytes; longer ones are shown as they are.
pub const DEFINITION_BYTES_MAX: usize = 1024 * 1024;
/// Most operations told of one definition.
pub const OPERATIONS_MAX: usize = 500;
/// Most operations remembered of all definitions.
pub(super) const OPERATIONS_REMEMBERED_MAX: u64 = 20_000;
/// Longest text taken over, in characters.
const TEXT_CHARS_MAX: usize = 300;
/// Most servers told.
const SERVERS_MAX: usize = 10;
/// The methods of a path, in the order told.
const METHODS: [&str; 8] = ["get", "post", "put", "patch", "delete", "head", "options", "trace"];

/// An API definition, as far as it can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApiDefinition {
    /// An `OpenAPI` or `AsyncAPI` document.
    Summary(ApiSummary),
    /// It should be one and is not: why.
    Unreadable(String),
    /// It is longer than [`DEFINITION_BYTES_MAX`].
    TooLong,
    /// Another kind of definition.
    Other,
}

/// What an `OpenAPI` or `AsyncAPI` document says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ApiSummary {
    /// Such as "OpenAPI 3.1.0".
    pub format: String,
    /// `info.title`.
    pub title: Option<String>,
    /// `info.version`.
    pub version: Option<String>,
    /// `info.description`, cut.
    pub description: Option<String>,
    /// Addresses of servers, at most ten.
    pub servers: Vec<String>,
    /// Operations by their first tag, in the order of the document; at most [`OPERATIONS_MAX`] in all.
    pub groups: Vec<OperationGroup>,
    /// How many operations there are, those left out included.
    pub operation_count: usize,
}

/// Operations with the same first tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationGroup {
    /// The tag; `None` for operations without one.
    pub tag: Option<String>,
    /// The operations.
    pub operations: Vec<ApiOperation>,
}

/// One operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiOperation {
    /// `GET`, or what the document's application does with the channel: `SEND`, `RECEIVE`, `PUBLISH`, `SUBSCRIBE`.
    pub method: &'static str,
    /// Path or channel.
    pub path: String,
    /// Summary, or the operation's id.
    pub summary: Option<String>,
    /// Whether it should not be used any more.
    pub deprecated: bool,
}

/// Reads a definition whose entity says that it is of this type.
pub(super) fn read(stated_type: &str, text: &str) -> ApiDefinition {
    if text.len() > DEFINITION_BYTES_MAX {
        return ApiDefinition::TooLong;
    }
    let stated = matches!(stated_type.to_lowercase().as_str(), "openapi" | "asyncapi");
    let unreadable =
        |reason: String| if stated { ApiDefinition::Unreadable(reason) } else { ApiDefinition::Other };
    let document = match load_one(text) {
        Ok(Some(node)) => node.to_json(),
        Ok(None) => return unreadable("it is empty".to_owned()),
        Err(fault) => return unreadable(format!("line {}: {fault}", fault.line)),
    };
    let version = |key: &str| words(document.get(key));
    let read: (String, fn(&Value, &mut Collected)) =
        match (version("openapi"), version("swagger"), version("asyncapi")) {
            (Some(version), _, _) => (format!("OpenAPI {version}"), open_api),
            (_, Some(version), _) => (format!("Swagger {version}"), open_api),
            (_, _, Some(version)) => (format!("AsyncAPI {version}"), async_api),
            _ => return unreadable("it does not begin with openapi, swagger or asyncapi".to_owned()),
        };
    let (format, collect) = read;
    let mut collected = Collected::default();
    collect(&document, &mut collected);
    ApiDefinition::Summary(ApiSummary {
        format,
        title: words(document.pointer("/info/title")),
        version: words(document.pointer("/info/version")),
        description: words(document.pointer("/info/description")),
        servers: servers(&document),
        groups: collected.groups,
        operation_count: collected.count,
    })
}

/// What a definition weighs in the memory of operations.
pub(super) fn weight(definition: &ApiDefinition) -> usize {
    match definition {
        ApiDefinition::Summary(summary) => 1 + summary.operation_count.min(OPERATIONS_MAX),
        _ => 1,
    }
}

/// A text, or a number as text, on one line of its own, cut.
fn words(value: Option<&Value>) -> Option<String> {
    let text = match value? {
        Value::String(text) => text.trim().chars().take(TEXT_CHARS_MAX).collect(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!String::is_empty(&text)).then_some(text)
}

fn object(value: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    value.and_then(Value::as_object).into_iter().flat_map(Map::iter)
}

#[derive(Default)]
struct Collected {
    groups: Vec<OperationGroup>,
    count: usize,
}

impl Collected {
    fn add(&mut self, tag: Option<String>, operation: ApiOperation) {
        self.count += 1;
        if self.count > OPERATIONS_MAX {
            return;
        }
        match self.groups.iter_mut().find(|group| group.tag == tag) {
            Some(group) => group.operations.push(operation),
            None => self.groups.push(OperationGroup { tag, operations: vec![operation] }),
        }
    }
}

fn summary_of(operation: &Value) -> Option<String> {
    ["summary", "title", "description", "operationId"].iter().find_map(|key| words(operation.get(key)))
}

fn first_tag(operation: &Value) -> Option<String> {
    let tag = operation.get("tags")?.get(0)?;
    words(Some(tag)).or_else(|| words(tag.get("name")))
}

fn open_api(document: &Value, collected: &mut Collected) {
    for (path, item) in object(document.get("paths")) {
        for method in METHODS {
            let Some(operation) = item.get(method).filter(|operation| operation.is_object()) else {
                continue;
            };
            let operation_told = ApiOperation {
                method: upper(method),
                path: path.chars().take(TEXT_CHARS_MAX).collect(),
                summary: summary_of(operation).or_else(|| words(item.get("summary"))),
                deprecated: operation.get("deprecated") == Some(&Value::Bool(true)),
            };
            collected.add(first_tag(operation), operation_told);
        }
    }
}

fn upper(method: &str) -> &'static str {
    match method {
        "get" => "GET",
        "post" => "POST",
        "put" => "PUT",
        "patch" => "PATCH",
        "delete" => "DELETE",
        "head" => "HEAD",
        "options" => "OPTIONS",
        "trace" => "TRACE",
        "send" => "SEND",
        "receive" => "RECEIVE",
        "publish" => "PUBLISH",
        _ => "SUBSCRIBE",
    }
}

/// Version 3 lists operations that point at channels; version 2 has the operations in the channels.
fn async_api(document: &Value, collected: &mut Collected) {
    for (name, operation) in object(document.get("operations")) {
        let action = operation.get("action").and_then(Value::as_str).unwrap_or_default();
        if !matches!(action, "send" | "receive") {
            continue;
        }
        let channel = operation.pointer("/channel/$ref").and_then(Value::as_str).unwrap_or_default();
        let pointer = channel.strip_prefix('#').unwrap_or_default();
        let address = document.pointer(pointer).and_then(|channel| words(channel.get("address")));
        let last = channel.rsplit('/').next().filter(|last| !last.is_empty()).unwrap_or(name);
        let path = address.unwrap_or_else(|| last.chars().take(TEXT_CHARS_MAX).collect());
        let told = ApiOperation {
            method: upper(action),
            path,
            summary: summary_of(operation).or_else(|| Some(name.chars().take(TEXT_CHARS_MAX).collect())),
            deprecated: false,
        };
        collected.add(first_tag(operation), told);
    }
    for (path, channel) in object(document.get("channels")) {
        for action in ["publish", "subscribe"] {
            let Some(operation) = channel.get(action).filter(|operation| operation.is_object()) else {
                continue;
            };
            let told = ApiOperation {
                method: upper(action),
                path: path.chars().take(TEXT_CHARS_MAX).collect(),
                summary: summary_of(operation).or_else(|| words(channel.get("description"))),
                deprecated: false,
            };
            collected.add(first_tag(operation), told);
        }
    }
}

/// `servers` of both formats, and `host` with `basePath` of the older one.
fn servers(document: &Value) -> Vec<String> {
    let of = |server: &Value| {
        let host = || {
            let host = words(server.get("host"))?;
            let scheme =
                words(server.get("protocol")).map(|scheme| format!("{scheme}://")).unwrap_or_default();
            Some(format!("{scheme}{host}{}", words(server.get("pathname")).unwrap_or_default()))
        };
        words(server.get("url")).or_else(host)
    };
    let listed = match document.get("servers") {
        Some(Value::Array(servers)) => servers.iter().filter_map(of).take(SERVERS_MAX).collect(),
        Some(Value::Object(servers)) => servers.values().filter_map(of).take(SERVERS_MAX).collect(),
        _ => Vec::new(),
    };
    let older = || {
        let host = words(document.get("host"))?;
        Some(format!("{host}{}", words(document.get("basePath")).unwrap_or_default()))
    };
    if listed.is_empty() { older().into_iter().collect() } else { listed }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tag, and its operations: method, path, summary.
    type Told<'summary> = (Option<&'summary str>, Vec<(&'summary str, &'summary str, Option<&'summary str>)>);

    fn told(summary: &ApiSummary) -> Vec<Told<'_>> {
        summary
            .groups
            .iter()
            .map(|group| {
                let operations = group
                    .operations
                    .iter()
                    .map(|it| (it.method, it.path.as_str(), it.summary.as_deref()))
                    .collect();
                (group.tag.as_deref(), operations)
            })
            .collect()
    }

    fn summary(kind: &str, text: &str) -> ApiSummary {
        match read(kind, text) {
            ApiDefinition::Summary(summary) => summary,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn open_api_documents_tell_their_operations_by_tag() {
        let found = summary(
            "openapi",
            "openapi: 3.1.0\ninfo: {title: Pets, version: 1.2}\nservers: [{url: https://a.example}]\npaths:\n  /pets:\n    \
             summary: All pets\n    post: {tags: [write], summary: Add one, deprecated: true}\n    get: {operationId: listPets}\n  \
             /pets/{id}:\n    get: {tags: [read, more]}\n    parameters: []\n",
        );
        assert_eq!((found.format.as_str(), found.version.as_deref()), ("OpenAPI 3.1.0", Some("1.2")));
        assert_eq!(found.servers, ["https://a.example"]);
        assert_eq!(found.operation_count, 3);
        assert_eq!(
            told(&found),
            [
                (None, vec![("GET", "/pets", Some("listPets"))]),
                (Some("write"), vec![("POST", "/pets", Some("Add one"))]),
                (Some("read"), vec![("GET", "/pets/{id}", None)]),
            ]
        );
        assert!(found.groups[1].operations[0].deprecated);
        let older = summary(
            "openapi",
            r#"{"swagger": "2.0", "host": "a.example", "basePath": "/v1", "paths": {"/x": {"put": {}}}}"#,
        );
        assert_eq!((older.format.as_str(), older.servers[0].as_str()), ("Swagger 2.0", "a.example/v1"));
    }

    #[test]
    fn async_api_documents_of_both_shapes_are_read() {
        let third = summary(
            "asyncapi",
            "asyncapi: 3.0.0\nchannels:\n  rides: {address: rides.ended}\noperations:\n  onRide:\n    action: receive\n    \
             channel: {$ref: '#/channels/rides'}\n    tags: [{name: rides}]\n  odd: {action: dance}\n",
        );
        assert_eq!(told(&third), [(Some("rides"), vec![("RECEIVE", "rides.ended", Some("onRide"))])]);
        let second = summary(
            "asyncapi",
            "asyncapi: 2.6.0\nservers: {main: {url: mqtt://a.example}}\nchannels:\n  x/y:\n    publish: {summary: Tell}\n    \
             subscribe: {}\n",
        );
        assert_eq!(
            told(&second),
            [(None, vec![("PUBLISH", "x/y", Some("Tell")), ("SUBSCRIBE", "x/y", None)])]
        );
    }

    #[test]
    fn what_cannot_be_read_is_told_and_never_fails() {
        for text in ["", "[1, 2]", "openapi: [", "a: b", "openapi: {}", "&a [*a]", "\u{0}", "{\"openapi\":"] {
            assert!(matches!(read("OpenAPI", text), ApiDefinition::Unreadable(_)), "{text:?}");
            assert_eq!(read("graphql", text), ApiDefinition::Other, "{text:?}");
        }
        for odd in
            ["openapi: 3.0.0", "openapi: 3.0.0\npaths: 7", "asyncapi: 2.0.0\nchannels: [a]\noperations: x"]
        {
            assert_eq!(summary("openapi", odd).operation_count, 0, "{odd}");
        }
        assert_eq!(read("openapi", &"x".repeat(DEFINITION_BYTES_MAX + 1)), ApiDefinition::TooLong);
    }

    #[test]
    fn many_operations_are_counted_and_some_told() {
        let paths: Vec<String> = (0..700).map(|number| format!("  /p{number}: {{get: {{}}}}\n")).collect();
        let paths = paths.concat();
        let found = summary("openapi", &format!("openapi: 3.0.0\npaths:\n{paths}"));
        assert_eq!((found.operation_count, found.groups[0].operations.len()), (700, OPERATIONS_MAX));
    }
}
