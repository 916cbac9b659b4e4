//! GraphQL, run on GitHub's own schema.

use std::sync::LazyLock;

use apollo_compiler::{
    ExecutableDocument, Schema,
    resolvers::{Execution, FieldError, ObjectValue, ResolveInfo, ResolvedValue},
    response::{JsonMap, JsonValue},
    validation::Valid,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{
    super::server::{FakeAnswer, FakeRequest},
    state::{Account, FakeIdentity, FakeTeam, Mode, State, node_id},
};

const PUBLIC: &str = include_str!("../../../specs/github/schema.graphql");
/// What Enterprise Server has and github.com has not.
const SERVER: &str = "extend type User { suspendedAt: DateTime }\nscalar DateTime\n";

static SCHEMAS: LazyLock<[Valid<Schema>; 2]> = LazyLock::new(|| {
    let parse = |text: String| Schema::parse_and_validate(text, "schema.graphql").unwrap();
    [parse(PUBLIC.to_owned()), parse(format!("{PUBLIC}\n{SERVER}"))]
});

/// Most entries of a page, by GitHub's rule.
const FIRST_MAX: u64 = 100;

pub(super) fn answer(state: &State, request: &FakeRequest) -> FakeAnswer {
    let body = request.json();
    let schema = &SCHEMAS[usize::from(state.mode == Mode::Server)];
    let text = body.get("query").and_then(Value::as_str).unwrap_or_default();
    let document = match ExecutableDocument::parse_and_validate(schema, text, "query.graphql") {
        Ok(document) => document,
        Err(faults) => {
            let errors: Vec<_> = faults.errors.iter().map(|fault| invalid(&fault.to_string())).collect();
            return FakeAnswer::json(200, &json!({ "errors": errors }));
        }
    };
    let variables: JsonMap =
        serde_json::from_value(body.get("variables").cloned().unwrap_or_default()).unwrap_or_default();
    let execution = Execution::new(schema, &document).raw_variable_values(&variables);
    let answer = match execution.execute_sync(&Object::Query(state)) {
        Ok(answer) => serde_json::to_value(answer).unwrap(),
        Err(error) => {
            return FakeAnswer::json(200, &json!({ "errors": [{ "message": error.message().to_string() }] }));
        }
    };
    FakeAnswer::json(200, &typed(answer))
}

/// GitHub's words for a field that there is not.
fn invalid(fault: &str) -> Value {
    let mut names = fault.split('`').skip(1).step_by(2);
    if fault.contains("does not have a field")
        && let (Some(kind), Some(field)) = (names.next(), names.next())
    {
        let message = format!("Field '{field}' doesn't exist on type '{kind}'");
        let extensions = json!({ "code": "undefinedField", "typeName": kind, "fieldName": field });
        return json!({ "message": message, "extensions": extensions, "path": ["query"] });
    }
    json!({ "message": format!("Parse error: {fault}") })
}

/// Errors carry GitHub's types, which stand before their message here.
fn typed(mut answer: Value) -> Value {
    for error in answer.get_mut("errors").and_then(Value::as_array_mut).into_iter().flatten() {
        let message = error["message"].as_str().unwrap_or_default().to_owned();
        if let Some((kind, words)) = message.split_once('|') {
            error["type"] = json!(kind.rsplit(' ').next());
            error["message"] = json!(words);
        }
    }
    answer
}

fn fault(kind: &str, words: impl Into<String>) -> FieldError {
    FieldError { message: format!("{kind}|{}", words.into()) }
}

enum Object<'s> {
    Query(&'s State),
    Organization(&'s State),
    User(&'s Account),
    Team(&'s State, &'s FakeTeam),
    Enterprise(&'s State),
    OwnerInfo(&'s State),
    IdentityProvider(&'s State),
    Identity(&'s State, &'s FakeIdentity),
    Connection(&'static str, Page<'s>),
    PageInfo(bool, Option<String>),
}

/// A page of a connection: entries with their keys, in the order of the keys.
struct Page<'s> {
    entries: Vec<(u64, Object<'s>)>,
    total: usize,
    more: bool,
}

impl ObjectValue for Object<'_> {
    fn type_name(&self) -> &str {
        match self {
            Self::Query(_) => "Query",
            Self::Organization(_) => "Organization",
            Self::User(..) => "User",
            Self::Team(..) => "Team",
            Self::Enterprise(_) => "Enterprise",
            Self::OwnerInfo(_) => "EnterpriseOwnerInfo",
            Self::IdentityProvider(_) => "EnterpriseIdentityProvider",
            Self::Identity(..) => "ExternalIdentity",
            Self::Connection(name, _) => name,
            Self::PageInfo(..) => "PageInfo",
        }
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        let field = info.field_name();
        let leaf = |value: Value| Ok(ResolvedValue::leaf(value));
        match self {
            Self::Query(state) => query(state, info),
            Self::Organization(state) => organization(state, info),
            Self::User(account) => user(account, info),
            Self::Team(state, team) => self::team(state, team, info),
            Self::Enterprise(state) if field == "ownerInfo" => {
                Ok(ResolvedValue::object(Object::OwnerInfo(state)))
            }
            Self::OwnerInfo(state) if field == "samlIdentityProvider" => {
                Ok(ResolvedValue::object(Object::IdentityProvider(state)))
            }
            Self::OwnerInfo(_) => leaf(Value::Null),
            Self::IdentityProvider(state) => identities(state, info),
            Self::Identity(state, identity) => match field {
                "guid" => leaf(json!(identity.guid)),
                "user" => {
                    let account = identity.user.and_then(|id| state.accounts.get(&id));
                    Ok(ResolvedValue::nullable_object(account.map(Object::User)))
                }
                _ => Err(self.unknown_field_error(info)),
            },
            Self::Connection(_, page) => match field {
                "totalCount" => leaf(json!(page.total)),
                "nodes" => Ok(ResolvedValue::list(
                    page.entries.iter().map(|(_, node)| ResolvedValue::object(Borrowed(node))),
                )),
                "pageInfo" => {
                    let last = page.entries.last().map(|(key, _)| cursor(*key));
                    Ok(ResolvedValue::object(Object::PageInfo(page.more, last)))
                }
                _ => Err(self.unknown_field_error(info)),
            },
            Self::PageInfo(more, last) => match field {
                "hasNextPage" => leaf(json!(more)),
                "endCursor" => leaf(json!(last)),
                _ => Err(self.unknown_field_error(info)),
            },
            Self::Enterprise(_) => Err(self.unknown_field_error(info)),
        }
    }
}

struct Borrowed<'a, 's>(&'a Object<'s>);

impl ObjectValue for Borrowed<'_, '_> {
    fn type_name(&self) -> &str {
        self.0.type_name()
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        self.0.resolve_field(info)
    }
}

fn argument<'a>(info: &ResolveInfo<'a>, name: &str) -> Option<&'a str> {
    info.arguments().get(name).and_then(|value| value.as_str())
}

fn query<'a>(state: &'a State, info: &ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
    match info.field_name() {
        "organization" => {
            let login = argument(info, "login").unwrap_or_default();
            if !login.eq_ignore_ascii_case(&state.organization) {
                let words = format!("Could not resolve to an Organization with the login of '{login}'.");
                return Err(fault("NOT_FOUND", words));
            }
            Ok(ResolvedValue::object(Object::Organization(state)))
        }
        "user" => {
            let login = argument(info, "login").unwrap_or_default();
            let account = state.account(login).filter(|account| account.kind == "User");
            let account = account.ok_or_else(|| {
                fault("NOT_FOUND", format!("Could not resolve to a User with the login of '{login}'."))
            })?;
            Ok(ResolvedValue::object(Object::User(account)))
        }
        "node" => {
            let id = argument(info, "id").unwrap_or_default();
            let team = state.teams.values().find(|team| node_id("T", team.id) == id);
            let team = team.ok_or_else(|| {
                fault("NOT_FOUND", format!("Could not resolve to a node with the global id of '{id}'"))
            })?;
            Ok(ResolvedValue::object(Object::Team(state, team)))
        }
        "viewer" => {
            let account = state
                .accounts
                .values()
                .next()
                .ok_or_else(|| fault("FORBIDDEN", "Resource not accessible"))?;
            Ok(ResolvedValue::object(Object::User(account)))
        }
        "enterprise" => match &state.enterprise {
            Some(slug) if argument(info, "slug") == Some(slug) => {
                Ok(ResolvedValue::object(Object::Enterprise(state)))
            }
            _ => Err(fault("NOT_FOUND", "Could not resolve to a Business with that slug.")),
        },
        other => Err(fault("NOT_FOUND", other)),
    }
}

fn organization<'a>(state: &'a State, info: &ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
    if !state.members_readable {
        return Err(fault("FORBIDDEN", "Resource not accessible by integration"));
    }
    match info.field_name() {
        "membersWithRole" => {
            let nodes = state.members().map(|account| (account.id, Object::User(account)));
            page(state, info, "OrganizationMemberConnection", nodes.collect())
        }
        "teams" => {
            let logins: Option<Vec<String>> = info.arguments().get("userLogins").and_then(|value| {
                Some(value.as_array()?.iter().filter_map(|login| login.as_str().map(str::to_owned)).collect())
            });
            let wanted = |team: &&FakeTeam| {
                logins.as_ref().is_none_or(|logins| {
                    let members = state.members_with_children(team.id);
                    logins
                        .iter()
                        .filter_map(|login| state.account(login))
                        .any(|one| members.contains(&one.id))
                })
            };
            let nodes = state.teams.values().filter(wanted).map(|team| (team.id, Object::Team(state, team)));
            page(state, info, "TeamConnection", nodes.collect())
        }
        other => Err(fault("NOT_FOUND", other)),
    }
}

fn user<'a>(account: &'a Account, info: &ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
    Ok(ResolvedValue::leaf(match info.field_name() {
        "databaseId" => json!(account.id),
        "id" => json!(node_id("U", account.id)),
        "login" => json!(account.login),
        "name" => json!(account.name),
        "email" => json!(account.email),
        "avatarUrl" => json!(format!("https://avatars.githubusercontent.com/u/{}?v=4", account.id)),
        "organizationVerifiedDomainEmails" => {
            let emails = account.verified_emails.iter().map(|email| ResolvedValue::leaf(email.as_str()));
            return Ok(ResolvedValue::list(emails));
        }
        "suspendedAt" => json!(account.suspended.then_some("2026-01-01T00:00:00Z")),
        other => return Err(fault("NOT_FOUND", other)),
    }))
}

fn team<'a>(
    state: &'a State,
    team: &'a FakeTeam,
    info: &ResolveInfo<'a>,
) -> Result<ResolvedValue<'a>, FieldError> {
    Ok(ResolvedValue::leaf(match info.field_name() {
        "databaseId" => json!(team.id),
        "id" => json!(node_id("T", team.id)),
        "slug" => json!(team.slug),
        "combinedSlug" => json!(format!("{}/{}", state.organization, team.slug)),
        "name" => json!(team.name),
        "description" => json!(null),
        "avatarUrl" => json!(format!("https://avatars.githubusercontent.com/t/{}?v=4", team.id)),
        "parentTeam" => {
            let parent = team.parent.and_then(|id| state.teams.get(&id));
            return Ok(ResolvedValue::nullable_object(parent.map(|parent| Object::Team(state, parent))));
        }
        "members" => {
            let direct = argument(info, "membership") == Some("IMMEDIATE");
            let ids = if direct { team.members.clone() } else { state.members_with_children(team.id) };
            let like = argument(info, "query").unwrap_or_default().to_ascii_lowercase();
            let people = ids.iter().filter_map(|id| state.accounts.get(id));
            let people = people.filter(|account| account.login.to_ascii_lowercase().contains(&like));
            let nodes = people.map(|account| (account.id, Object::User(account)));
            return page(state, info, "TeamMemberConnection", nodes.collect());
        }
        other => return Err(fault("NOT_FOUND", other)),
    }))
}

fn identities<'a>(state: &'a State, info: &ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
    let user = argument(info, "login").map(|login| state.account(login).map(|account| account.id));
    let nodes = state.identities.iter().enumerate().filter(|(_, identity)| match user {
        None => true,
        Some(id) => id.is_some() && identity.user == id,
    });
    let nodes = nodes.map(|(place, identity)| (place as u64 + 1, Object::Identity(state, identity)));
    page(state, info, "ExternalIdentityConnection", nodes.collect())
}

fn cursor(key: u64) -> String {
    STANDARD.encode(format!("cursor:v2:{key}"))
}

fn page<'a>(
    state: &'a State,
    info: &ResolveInfo<'a>,
    name: &'static str,
    nodes: Vec<(u64, Object<'a>)>,
) -> Result<ResolvedValue<'a>, FieldError> {
    let first = info.arguments().get("first").and_then(JsonValue::as_u64);
    let Some(first) = first else {
        return Err(fault("MISSING_PAGINATION_BOUNDARIES", "You must provide a `first` or `last` value"));
    };
    if first > FIRST_MAX {
        return Err(fault(
            "EXCESSIVE_PAGINATION",
            format!("Requesting {first} records exceeds the `first` limit of 100"),
        ));
    }
    let after = match argument(info, "after") {
        None => 0,
        Some(text) => {
            let key = STANDARD.decode(text).ok().and_then(|text| String::from_utf8(text).ok());
            let key = key.and_then(|text| text.strip_prefix("cursor:v2:")?.parse::<u64>().ok());
            key.ok_or_else(|| {
                fault("INVALID_CURSOR_ARGUMENTS", format!("`{text}` does not appear to be a valid cursor."))
            })?
        }
    };
    let total = nodes.len();
    let mut entries: Vec<_> = nodes.into_iter().filter(|(key, _)| *key > after).collect();
    let size = usize::try_from(first).unwrap().min(state.page_max);
    let more = entries.len() > size;
    entries.truncate(size);
    Ok(ResolvedValue::object(Object::Connection(name, Page { entries, total, more })))
}
