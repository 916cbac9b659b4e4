//! The REST API.

use std::sync::LazyLock;

use portal_core::time::UnixMillis;
use serde_json::{Value, json};
use url::Url;

use super::{
    super::{
        schemas::Schemas,
        server::{Exchange, FakeAnswer, FakeRequest},
    },
    APP_ID, INSTALLATION,
    state::{Account, Belonging, FakeIdentity, Limit, LimitStyle, State, node_id},
};

static SCHEMAS: LazyLock<Schemas> = LazyLock::new(|| {
    Schemas::new(&serde_json::from_str(include_str!("../../../specs/github/rest.json")).unwrap())
});

/// Holds a REST answer of the fake against GitHub's description. Returns whether there is one for it.
///
/// # Panics
/// The answer contradicts it.
pub fn demand_valid(exchange: &Exchange) -> bool {
    let path = exchange.request.path.trim_start_matches("/api/v3").trim_start_matches('/');
    let steps: Vec<_> = path.split('/').collect();
    let schema = match (exchange.answer.status, steps.as_slice()) {
        (304, _) => return true,
        (400.., ["scim", ..]) => "scim-error",
        (400.., _) => "basic-error",
        (_, ["user" | "users", _]) => "public-user",
        (_, ["orgs", _, "memberships", _]) => "org-membership",
        (_, ["orgs", _, "installation"]) => "installation",
        (_, ["app"]) => "integration",
        (_, ["app", "installations", _, "access_tokens"]) => "installation-token",
        (_, ["scim", "v2", "enterprises", _, "Users"]) => "scim-enterprise-user-list",
        (_, ["scim", "v2", "enterprises", _, "Users", _]) => "scim-enterprise-user-response",
        _ => return false,
    };
    SCHEMAS.demand(schema, &serde_json::from_slice(&exchange.answer.body).unwrap_or_default());
    true
}

pub(super) fn message(status: u16, words: &str) -> FakeAnswer {
    let documentation = "https://docs.github.com/rest";
    FakeAnswer::json(
        status,
        &json!({ "message": words, "documentation_url": documentation, "status": status.to_string() }),
    )
}

fn not_found() -> FakeAnswer {
    message(404, "Not Found")
}

pub(super) fn limited(limit: &Limit, graphql: bool) -> FakeAnswer {
    let primary = "API rate limit exceeded for installation ID 99.";
    let secondary =
        "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
    let with_reset = |answer: FakeAnswer| {
        answer
            .with("x-ratelimit-limit", 5_000)
            .with("x-ratelimit-remaining", 0)
            .with("x-ratelimit-reset", limit.reset_at.0 / 1_000)
    };
    match limit.style {
        LimitStyle::PrimaryForbidden | LimitStyle::PrimaryTooMany if graphql => {
            let error = json!({ "type": "RATE_LIMITED", "message": primary });
            with_reset(FakeAnswer::json(200, &json!({ "errors": [error] })))
        }
        LimitStyle::PrimaryForbidden => with_reset(message(403, primary)),
        LimitStyle::PrimaryTooMany => with_reset(message(429, primary)),
        LimitStyle::SecondaryRetryAfter => {
            message(403, secondary).with("retry-after", 17).with("x-ratelimit-remaining", 4_000)
        }
        LimitStyle::SecondaryWords => message(403, secondary).with("x-ratelimit-remaining", 4_000),
    }
}

/// What the app itself may ask, by its JWT.
pub(super) fn app(
    state: &mut State,
    path: &str,
    request: &FakeRequest,
    expires_at: UnixMillis,
    base: &Url,
) -> FakeAnswer {
    let steps: Vec<_> = path.split('/').collect();
    match steps.as_slice() {
        ["app"] => FakeAnswer::json(200, &integration()),
        ["orgs", organization, "installation"] if organization.eq_ignore_ascii_case(&state.organization) => {
            FakeAnswer::json(200, &installation(state, base))
        }
        ["app", "installations", id, "access_tokens"] if *id == INSTALLATION.to_string() => {
            if state.installation_suspended {
                return message(403, "This installation has been suspended");
            }
            if !state.members_readable && request.json().pointer("/permissions/members").is_some() {
                return message(422, "The permissions requested are not granted to this installation.");
            }
            let token = format!("ghs_fake{}", state.installation_tokens.len());
            state.installation_tokens.insert(token.clone(), expires_at);
            let expires_at = expires_at.rfc3339();
            let permissions = json!({ "members": "read" });
            FakeAnswer::json(
                201,
                &json!({ "token": token, "expires_at": expires_at, "permissions": permissions, "repository_selection": "all" }),
            )
        }
        _ => not_found(),
    }
}

pub(super) fn answer(state: &State, path: &str, request: &FakeRequest, base: &Url) -> FakeAnswer {
    let steps: Vec<_> = path.split('/').collect();
    let account = |found: Option<&Account>| {
        found.map_or_else(not_found, |account| FakeAnswer::json(200, &public_user(account, base)))
    };
    match steps.as_slice() {
        ["user", id] => account(id.parse().ok().and_then(|id: u64| state.accounts.get(&id))),
        ["users", login] => account(state.account(login)),
        ["orgs", organization, "memberships", login]
            if organization.eq_ignore_ascii_case(&state.organization) =>
        {
            membership(state, login, base)
        }
        ["scim", "v2", "enterprises", slug, "Users"] if state.enterprise.as_deref() == Some(slug) => {
            scim_page(state, request)
        }
        ["scim", "v2", "enterprises", slug, "Users", guid] if state.enterprise.as_deref() == Some(slug) => {
            let identity = state.identities.iter().find(|identity| identity.guid == *guid);
            identity
                .map_or_else(scim_not_found, |identity| FakeAnswer::json(200, &scim_user(state, identity)))
        }
        _ => not_found(),
    }
}

fn membership(state: &State, login: &str, base: &Url) -> FakeAnswer {
    let Some(account) = state.account(login) else { return not_found() };
    let word = match state.belonging.get(&account.id) {
        Some(Belonging::Member) => "active",
        Some(Belonging::Pending) => "pending",
        Some(Belonging::OutsideCollaborator) | None => return not_found(),
    };
    let organization = &state.organization;
    let url = format!("{base}orgs/{organization}");
    let of = |rest: &str| format!("{url}/{rest}");
    FakeAnswer::json(
        200,
        &json!({
            "url": of(&format!("memberships/{login}")),
            "state": word,
            "role": "member",
            "organization_url": url,
            "organization": {
                "login": organization, "id": 1, "node_id": node_id("O", 1), "url": url, "repos_url": of("repos"),
                "events_url": of("events"), "hooks_url": of("hooks"), "issues_url": of("issues"),
                "members_url": of("members{/member}"), "public_members_url": of("public_members{/member}"),
                "avatar_url": "https://avatars.githubusercontent.com/u/1?v=4", "description": null
            },
            "user": simple_user(account, base),
        }),
    )
}

fn simple_user(account: &Account, base: &Url) -> Value {
    let url = format!("{base}users/{}", account.login);
    let of = |rest: &str| format!("{url}/{rest}");
    json!({
        "login": account.login, "id": account.id, "node_id": node_id("U", account.id),
        "avatar_url": format!("https://avatars.githubusercontent.com/u/{}?v=4", account.id), "gravatar_id": "",
        "url": url, "html_url": format!("{base}{}", account.login), "followers_url": of("followers"),
        "following_url": of("following{/other_user}"), "gists_url": of("gists{/gist_id}"),
        "starred_url": of("starred{/owner}{/repo}"), "subscriptions_url": of("subscriptions"),
        "organizations_url": of("orgs"), "repos_url": of("repos"), "events_url": of("events{/privacy}"),
        "received_events_url": of("received_events"), "type": account.kind, "site_admin": false
    })
}

fn public_user(account: &Account, base: &Url) -> Value {
    let mut user = simple_user(account, base);
    let more = json!({
        "name": account.name, "company": null, "blog": "", "location": null,
        "email": Some(&account.email).filter(|email| !email.is_empty()), "hireable": null, "bio": null,
        "public_repos": 0, "public_gists": 0, "followers": 0, "following": 0,
        "created_at": "2020-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z", "user_view_type": "public"
    });
    user.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    user
}

fn integration() -> Value {
    json!({
        "id": 4711, "slug": "portal-sync", "client_id": APP_ID, "node_id": node_id("A", 4711),
        "owner": simple_user(&owner(), &Url::parse("https://api.github.com/").unwrap()), "name": "Portal sync",
        "description": null, "external_url": "https://portal.example", "html_url": "https://github.com/apps/portal-sync",
        "created_at": "2025-01-01T00:00:00Z", "updated_at": "2025-01-01T00:00:00Z",
        "permissions": { "members": "read" }, "events": ["organization", "membership", "team"]
    })
}

fn owner() -> Account {
    Account {
        id: 1,
        login: "acme".to_owned(),
        kind: "Organization".to_owned(),
        name: None,
        email: String::new(),
        verified_emails: Vec::new(),
        suspended: false,
    }
}

fn installation(state: &State, base: &Url) -> Value {
    let url = format!("{base}app/installations/{INSTALLATION}");
    json!({
        "id": INSTALLATION, "app_id": 4711, "app_slug": "portal-sync", "target_id": 1, "target_type": "Organization",
        "account": simple_user(&owner(), base), "repository_selection": "all", "single_file_name": null,
        "access_tokens_url": format!("{url}/access_tokens"),
        "html_url": format!("https://github.com/organizations/{}/settings/installations/{INSTALLATION}", state.organization),
        "repositories_url": format!("{base}installation/repositories"), "events": ["organization"],
        "permissions": { "members": "read" }, "created_at": "2025-01-01T00:00:00Z", "updated_at": "2025-01-01T00:00:00Z",
        "suspended_by": null, "suspended_at": null
    })
}

fn scim_not_found() -> FakeAnswer {
    let schemas = ["urn:ietf:params:scim:api:messages:2.0:Error"];
    FakeAnswer::json(404, &json!({ "schemas": schemas, "status": 404, "detail": "Resource not found" }))
}

fn scim_page(state: &State, request: &FakeRequest) -> FakeAnswer {
    let start = request.number("startIndex").unwrap_or(1).max(1);
    let count = request.number("count").unwrap_or(30).min(state.page_max);
    let found: Vec<_> = state
        .identities
        .iter()
        .skip(start - 1)
        .take(count)
        .map(|identity| scim_user(state, identity))
        .collect();
    FakeAnswer::json(
        200,
        &json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": state.identities.len(),
            "itemsPerPage": found.len(), "startIndex": start, "Resources": found
        }),
    )
}

fn scim_user(state: &State, identity: &FakeIdentity) -> Value {
    let login =
        identity.user.and_then(|id| state.accounts.get(&id)).map_or("unknown", |account| &account.login);
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "id": identity.guid,
        "externalId": format!("E{login}"), "active": identity.active, "userName": format!("{login}@acme.example"),
        "name": { "formatted": login, "familyName": login, "givenName": login }, "displayName": login,
        "emails": [{ "value": format!("{login}@acme.example"), "type": "work", "primary": true }],
        "roles": [{ "value": "user", "primary": false }],
        "meta": {
            "resourceType": "User", "created": "2025-01-01T00:00:00Z", "lastModified": "2025-01-01T00:00:00Z",
            "location": format!("https://api.github.com/scim/v2/enterprises/acme/Users/{}", identity.guid)
        }
    })
}
