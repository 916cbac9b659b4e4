//! Whom the announcement is for: everyone, or chosen groups.

use leptos::prelude::*;
use portal_core::catalog::StoredEntity;
use portal_model::{
    EntityRef, Field,
    settings::{Audience, Settings},
};

use crate::{
    components::{Icon, entity_label, form_error, hidden, icon, live, saved},
    page::FormOutcome,
};

/// The panel; `groups` are those that can be chosen.
pub(super) fn panel(outcome: &FormOutcome, settings: &Settings, groups: &[StoredEntity]) -> AnyView {
    let (said, chosen) = match &settings.rollout_audience {
        Audience::Everyone => ("Everyone who can sign in is told.", &[][..]),
        Audience::Groups(chosen) => {
            ("Members of these groups are told, and members of the groups below them.", chosen.as_slice())
        }
    };
    let rows = chosen.iter().map(|group| row(group, groups, chosen.len() > 1)).collect_view();
    let list = (!chosen.is_empty()).then(|| {
        view! { <ul class="list patterns" aria-label="Groups that are told">{rows}</ul> }
    });
    view! {
        <div class="panel" id="audience">
            <header><h3>"Who is told"</h3>{saved(outcome.done_at())}</header>
            <div class="pad stack-3"><p>{said}</p>{form_error(outcome)}</div>
            {list}
            {add(outcome, groups, chosen.is_empty())}
            {(!chosen.is_empty()).then(everyone)}
        </div>
    }
    .into_any()
}

fn row(group: &EntityRef, groups: &[StoredEntity], removable: bool) -> AnyView {
    let text = group.to_string();
    let known = groups.iter().find(|entity| entity.entity_ref == *group);
    let words = match known {
        Some(entity) => view! { <bdi>{entity_label(entity)}</bdi>" " }.into_any(),
        None => ().into_any(),
    };
    let label = format!("Remove {text}");
    // The last one leaves nobody: whom it is for instead is said by the button below.
    let remove = removable.then(|| {
        let form = view! {
            <form method="post" action="/_ui/settings_audience_remove">
                {hidden("group", text.clone())}
                <button class="btn small" type="submit" aria-label=label>"Remove"</button>
            </form>
        };
        live(false, "", form.into_any())
    });
    view! { <li>{icon(Icon::People)}<span>{words}<code class="break faint">{text.clone()}</code></span>{remove}</li> }
        .into_any()
}

fn add(outcome: &FormOutcome, groups: &[StoredEntity], first: bool) -> AnyView {
    let error = outcome.error_of(Field::Audience);
    let invalid = error.map(|_| "true");
    let options = groups
        .iter()
        .map(|entity| view! { <option value=entity.entity_ref.to_string()>{entity_label(entity)}</option> })
        .collect_view();
    let (label, button) = if first {
        ("Tell only a group", "Tell only this group")
    } else {
        ("Tell another group", "Add group")
    };
    let form = view! {
        <form method="post" action="/_ui/settings_audience_add" class="pad add">
            <div class="field">
                <label for="audience-group">{label}</label>
                <div class="cluster nowrap-row">
                    <input class="input" id="audience-group" name="group" type="text" list="audience-groups" autocomplete="off"
                        spellcheck="false" value=outcome.value(Field::Audience).unwrap_or_default()
                        aria-invalid=invalid aria-describedby="audience-hint"/>
                    <datalist id="audience-groups">{options}</datalist>
                    <button class="btn" type="submit">{button}</button>
                </div>
                {error.map(|code| view! { <p class="err">{icon(Icon::Fault)}<span>{code.message()}</span></p> })}
                <p class="hint" id="audience-hint">"A group of the catalog, by name or reference, such as "<code>"group:default/team-a"</code>"."</p>
            </div>
        </form>
    };
    live(false, "", form.into_any())
}

fn everyone() -> AnyView {
    let form = view! {
        <form method="post" action="/_ui/settings_audience_everyone">
            <footer class="foot-bar"><button class="btn" type="submit">"Tell everyone instead"</button></footer>
        </form>
    };
    live(false, "", form.into_any())
}
