//! The REST API.

use serde_json::{Value, json};
use url::{Url, form_urlencoded};

use super::{
    super::server::{FakeAnswer, FakeRequest},
    state::{FakeGroup, FakeMember, FakeToken, FakeUser, State},
};

/// Entries up to which pages by number go.
const OFFSET_MAX: usize = 50_000;

struct Ask<'a> {
    state: &'a State,
    token: FakeToken,
    request: &'a FakeRequest,
    base: &'a Url,
}

pub(super) fn answer(state: &State, token: FakeToken, request: &FakeRequest, base: &Url) -> FakeAnswer {
    let ask = Ask { state, token, request, base };
    let Some(path) = request.path.strip_prefix("/api/v4/") else { return not_found("404 Not Found") };
    let steps: Vec<_> = path.split('/').collect();
    match steps.as_slice() {
        ["user"] => ask.own(),
        ["users"] => ask.users(),
        ["users", id] => ask.user(id),
        ["users", id, "memberships"] => ask.memberships(id),
        ["groups"] => ask.groups(),
        ["groups", id] => ask.with_group(id, |group| FakeAnswer::json(200, &ask.group_json(group))),
        ["groups", id, "descendant_groups"] => ask.with_group(id, |group| {
            ask.numbered(state.descendants(group.id).into_iter().map(|group| ask.group_json(group)).collect())
        }),
        ["groups", id, "members"] => ask.with_group(id, |group| {
            ask.numbered(
                group.members.iter().filter_map(|(id, member)| ask.member(*id, member, group)).collect(),
            )
        }),
        ["groups", id, "members", "all"] => ask.with_group(id, |group| {
            let all = state.all_members(group.id);
            ask.numbered(all.iter().filter_map(|(id, member)| ask.member(*id, member, group)).collect())
        }),
        ["groups", id, "members", "all", user] => ask.with_group(id, |group| {
            let all = state.all_members(group.id);
            Ask::one_member(user, |id| all.get(&id).and_then(|member| ask.member(id, member, group)))
        }),
        ["groups", id, "members", user] => ask.with_group(id, |group| {
            Ask::one_member(user, |id| {
                group.members.get(&id).and_then(|member| ask.member(id, member, group))
            })
        }),
        _ => not_found("404 Not Found"),
    }
}

fn not_found(words: &str) -> FakeAnswer {
    FakeAnswer::json(404, &json!({ "message": words }))
}

impl Ask<'_> {
    fn own(&self) -> FakeAnswer {
        let mut user = self.user_json(&self.state.users[&self.token.user]);
        // Told to administrators about themselves only.
        if self.token.administrator {
            user["is_admin"] = json!(true);
        }
        FakeAnswer::json(200, &user)
    }

    fn users(&self) -> FakeAnswer {
        if let Some(name) = self.request.parameter("username") {
            let found = self.state.users.values().filter(|user| user.username.eq_ignore_ascii_case(name));
            return self.numbered(found.map(|user| self.user_json(user)).collect());
        }
        let visible = |user: &&FakeUser| self.token.administrator || user.state == "active";
        let internal = |user: &&FakeUser| {
            self.request.parameter("exclude_internal") != Some("true")
                || !matches!(user.username.as_str(), "ghost" | "support-bot")
        };
        let users: Vec<_> = self.state.users.values().filter(visible).filter(internal).collect();
        if self.request.parameter("pagination") == Some("keyset") {
            return self.by_key(&users);
        }
        self.numbered(users.into_iter().map(|user| self.user_json(user)).collect())
    }

    fn user(&self, id: &str) -> FakeAnswer {
        let user = id.parse().ok().and_then(|id: u64| self.state.users.get(&id));
        user.map_or_else(
            || not_found("404 User Not Found"),
            |user| FakeAnswer::json(200, &self.user_json(user)),
        )
    }

    fn memberships(&self, id: &str) -> FakeAnswer {
        if !self.token.administrator {
            return FakeAnswer::json(403, &json!({ "message": "403 Forbidden" }));
        }
        let id: u64 = id.parse().unwrap_or_default();
        let of = |group: &FakeGroup| {
            group.members.get(&id).map(|member| {
                json!({
                    "source_id": group.id, "source_name": group.name, "source_type": "Namespace",
                    "access_level": member.access_level
                })
            })
        };
        self.numbered(self.state.groups.values().filter_map(of).collect())
    }

    fn groups(&self) -> FakeAnswer {
        self.numbered(self.state.groups.values().map(|group| self.group_json(group)).collect())
    }

    fn with_group(&self, id: &str, then: impl Fn(&FakeGroup) -> FakeAnswer) -> FakeAnswer {
        let path = id.replace("%2F", "/");
        let group = self
            .state
            .groups
            .values()
            .find(|group| group.id.to_string() == path || group.full_path.eq_ignore_ascii_case(&path));
        let member = |group: &FakeGroup| {
            self.token.administrator
                || self.state.all_members(self.root_of(group)).contains_key(&self.token.user)
        };
        match group.filter(|group| member(group)) {
            Some(group) => then(group),
            None => not_found("404 Group Not Found"),
        }
    }

    fn root_of(&self, group: &FakeGroup) -> u64 {
        self.state.with_ancestors(group.id).last().map_or(group.id, |root| root.id)
    }

    fn one_member(user: &str, find: impl Fn(u64) -> Option<Value>) -> FakeAnswer {
        let found = user.parse().ok().and_then(find);
        found.map_or_else(|| not_found("404 Not found"), |member| FakeAnswer::json(200, &member))
    }

    /// Pages by number, with a `Link` header; no further than GitLab goes.
    fn numbered(&self, entries: Vec<Value>) -> FakeAnswer {
        let page = self.request.number("page").unwrap_or(1).max(1);
        let size = self.request.number("per_page").unwrap_or(20).min(100).min(self.state.page_max);
        if page * size > OFFSET_MAX {
            let words = "Offset pagination has a maximum allowed offset of 50000 for requests that return objects of type Project. Remaining records can be retrieved using keyset pagination.";
            return FakeAnswer::json(405, &json!({ "error": words }));
        }
        let total = entries.len();
        let found: Vec<_> = entries.into_iter().skip((page - 1) * size).take(size).collect();
        let mut links = vec![self.link("first", &[("page", "1".to_owned())])];
        if page * size < total {
            links.push(self.link("next", &[("page", (page + 1).to_string())]));
        }
        let answer = FakeAnswer::json(200, &json!(found)).with("link", links.join(", "));
        if self.state.tells_total { answer.with("x-total", total).with("x-page", page) } else { answer }
    }

    /// Pages by key: ids above the last one.
    fn by_key(&self, users: &[&FakeUser]) -> FakeAnswer {
        let after = self.request.number("id_after").unwrap_or(0) as u64;
        let size = self.request.number("per_page").unwrap_or(20).min(100).min(self.state.page_max);
        let rest: Vec<_> = users.iter().filter(|user| user.id > after).collect();
        let found: Vec<_> = rest.iter().take(size).map(|user| self.user_json(user)).collect();
        let answer = FakeAnswer::json(200, &json!(found));
        match rest.get(size.wrapping_sub(1)).filter(|_| rest.len() > size) {
            Some(last) => answer.with("link", self.link("next", &[("id_after", last.id.to_string())])),
            None => answer,
        }
    }

    fn link(&self, relation: &str, changes: &[(&str, String)]) -> String {
        let mut query = self.request.query.clone();
        for (name, value) in changes {
            query.retain(|(found, _)| found != name);
            query.push(((*name).to_owned(), value.clone()));
        }
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&query).finish();
        let path = self.request.path.trim_start_matches('/');
        format!("<{}{path}?{query}>; rel=\"{relation}\"", self.base)
    }

    fn basic(&self, user: &FakeUser) -> Value {
        json!({
            "id": user.id, "username": user.username, "name": user.name, "state": user.state, "locked": false,
            "avatar_url": format!("https://secure.gravatar.com/avatar/{}", user.id),
            "web_url": format!("{}{}", self.base, user.username), "public_email": ""
        })
    }

    fn user_json(&self, user: &FakeUser) -> Value {
        let mut json = self.basic(user);
        json["bot"] = json!(user.bot);
        if self.token.administrator {
            json["email"] = json!(user.email);
            json["external"] = json!(user.external);
            json["confirmed_at"] = json!(user.confirmed.then_some("2025-01-01T00:00:00.000Z"));
            json["identities"] = json!([]);
        }
        json
    }

    fn group_json(&self, group: &FakeGroup) -> Value {
        let path = group.full_path.rsplit('/').next();
        json!({
            "id": group.id, "name": group.name, "path": path, "full_path": group.full_path,
            "full_name": group.name, "description": "", "visibility": "private", "parent_id": group.parent_id,
            "avatar_url": null, "web_url": format!("{}groups/{}", self.base, group.full_path),
            "marked_for_deletion_on": group.marked_for_deletion.then_some("2026-01-05")
        })
    }

    /// A member; the one whom nobody may know is none.
    fn member(&self, id: u64, member: &FakeMember, group: &FakeGroup) -> Option<Value> {
        let user = self.state.users.get(&id)?;
        let mut json = self.basic(user);
        json["access_level"] = json!(member.access_level);
        json["created_at"] = json!("2025-01-01T00:00:00.000Z");
        json["expires_at"] = json!(member.expires_at);
        json["membership_state"] = json!(member.membership_state);
        let root = self.root_of(group);
        if self.state.tells_seats && self.request.parameter("show_seat_info") == Some("true") {
            let seat =
                user.state == "active" && !user.banned_from_group && !user.bot && member.access_level >= 20;
            json["is_using_seat"] = json!(seat);
        }
        if self.state.is_owner(self.token.user, root) {
            if user.enterprise {
                json["email"] = json!(user.email);
            }
            json["group_saml_identity"] =
                json!(user.saml_uid.as_ref().map(
                    |uid| json!({ "extern_uid": uid, "provider": "group_saml", "saml_provider_id": 1 })
                ));
            json["group_scim_identity"] = json!(user.scim_active.map(
                |active| json!({ "extern_uid": format!("scim-{id}"), "group_id": root, "active": active })
            ));
        }
        Some(json)
    }
}
