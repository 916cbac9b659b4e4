//! What Portal answers an agent that asks who it is.

use leptos::prelude::*;
use portal_core::time::UnixMillis;
use portal_model::EntityRef;
use serde_json::Value;

use crate::{
    components::{avatar, entity_link, when},
    text,
};

/// References that are shown of each list.
const REFS_MAX: usize = 12;

/// The answer of `auth_who_am_i`; `None` when the agent gets none.
pub(super) fn panel(answer: Option<&Value>, ends_at: UnixMillis) -> AnyView {
    let body = match answer {
        Some(answer) => facts(answer, ends_at),
        None => view! {
            <p class="pad muted">"The agent cannot ask: the plugin source “Auth” is off, or the token may not use it."</p>
        }
        .into_any(),
    };
    view! {
        <section class="panel" aria-labelledby="who-am-i">
            <header><h3 id="who-am-i">"What Portal answers to “Who am I?”"</h3><code class="faint">"auth_who_am_i"</code></header>
            {body}
        </section>
    }
    .into_any()
}

fn facts(answer: &Value, ends_at: UnixMillis) -> AnyView {
    let text =
        |pointer: &str| answer.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
    let entity = text("/userInfo/userEntityRef").and_then(|found| found.parse::<EntityRef>().ok());
    let name = text("/entity/spec/profile/displayName").or_else(|| text("/entity/metadata/title"));
    let name = name.or_else(|| text("/entity/metadata/name")).unwrap_or_default();
    let name: String = name.chars().take(200).collect();
    view! {
        <dl class="facts lined">
            <dt>"Person"</dt>
            <dd><span class="who">{avatar("av person", &name)}<b class="break"><bdi>{name.clone()}</bdi></b></span></dd>
            <dt>"Entity"</dt>
            <dd>{entity.map(|entity| entity_link(&entity, Some(entity.to_string())))}</dd>
            <dt>"Groups"</dt>
            <dd>{refs(answer.get("groups"), "None")}</dd>
            <dt>"Owns as"</dt>
            <dd>{refs(answer.pointer("/userInfo/ownershipEntityRefs"), "Nothing")}</dd>
            <dt>"Ends"</dt>
            <dd>{when(ends_at, text::date(ends_at))}</dd>
        </dl>
    }
    .into_any()
}

fn refs(list: Option<&Value>, none: &'static str) -> AnyView {
    let found: Vec<EntityRef> = list
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|entity| entity.as_str()?.parse::<EntityRef>().ok())
        .collect();
    if found.is_empty() {
        return none.into_any();
    }
    let more = found.len().saturating_sub(REFS_MAX);
    let shown = found.iter().take(REFS_MAX);
    let items =
        shown.map(|entity| view! { <li>{entity_link(entity, Some(entity.to_string()))}</li> }).collect_view();
    let more = (more > 0).then(|| view! { <li class="muted">{format!("and {more} more")}</li> });
    view! { <ul class="refs">{items}{more}</ul> }.into_any()
}
