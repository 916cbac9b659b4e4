//! API definitions: what they offer, and their text.

use leptos::prelude::*;
use portal_core::catalog::{ApiDefinition, ApiOperation, ApiSummary, OperationGroup, StoredEntity};

use super::table::text_at;
use crate::{
    components::{Tone, badge, code_block, empty, note},
    text,
};

/// Longest definition shown, in characters.
pub(super) const CODE_CHARS_MAX: usize = 200_000;
/// Operations shown where the definition is not the page's subject.
const OPERATIONS_BRIEF: usize = 12;

/// What the definition offers; `more` leads to all of it where only the beginning is shown.
pub(super) fn summary_panel(
    entity: &StoredEntity,
    definition: Option<&ApiDefinition>,
    more: Option<String>,
) -> AnyView {
    let (sub, body) = match definition {
        None => (None, absent(entity)),
        Some(ApiDefinition::Summary(summary)) => (Some(caption(summary)), operations(summary, more)),
        Some(ApiDefinition::Unreadable(reason)) => (None, unreadable(reason)),
        Some(ApiDefinition::TooLong) => (None, plain("The definition is too long to be summarized.", more)),
        Some(ApiDefinition::Other) => {
            (text_at(entity, "/spec/type", 60), plain("Portal shows definitions of this type as text.", more))
        }
    };
    view! {
        <section class="panel" aria-labelledby="operations">
            <header><h2 id="operations">"What it offers"</h2>{sub.map(|sub| view! { <span class="sub"><bdi>{sub}</bdi></span> })}</header>
            {body}
        </section>
    }
    .into_any()
}

fn plain(words: &'static str, more: Option<String>) -> AnyView {
    let link = more.map(|path| view! { " "<a href=path>"Read the definition"</a> });
    view! { <p class="pad small muted">{words}{link}</p> }.into_any()
}

/// No text: none is given, or it stands in a file that could not be read.
fn absent(entity: &StoredEntity) -> AnyView {
    let written = entity.document.pointer("/spec/definition").and_then(|definition| definition.as_object());
    let target = written.and_then(|fields| fields.values().find_map(|target| target.as_str()));
    match target {
        Some(target) => {
            let target: String = target.chars().take(300).collect();
            let words = view! {
                <p><b>"The file with the definition could not be read."</b>" The descriptor names "<code class="break">{target}</code>"."</p>
            };
            view! { <div class="pad">{note(Tone::Warning, words)}</div> }.into_any()
        }
        None => empty("No definition", "The descriptor of this API gives no definition.", None),
    }
}

fn unreadable(reason: &str) -> AnyView {
    let reason: String = reason.chars().take(500).collect();
    let words = view! {
        <p><b>"The definition could not be read."</b>" It is shown as it is; what is wrong: "<bdi class="break">{reason}</bdi></p>
    };
    view! { <div class="pad">{note(Tone::Warning, words)}</div> }.into_any()
}

fn caption(summary: &ApiSummary) -> String {
    let version = summary.version.as_ref().map(|version| format!(", version {version}")).unwrap_or_default();
    format!("{}{version}", summary.format)
}

fn operations(summary: &ApiSummary, more: Option<String>) -> AnyView {
    let brief = more.is_some();
    let mut left = if brief { OPERATIONS_BRIEF } else { usize::MAX };
    let groups = summary.groups.iter().map_while(|group| {
        let shown = group.operations.len().min(left);
        left -= shown;
        (shown > 0).then(|| operation_group(group, shown))
    });
    let groups = groups.collect_view();
    let told: usize = summary.groups.iter().map(|group| group.operations.len()).sum();
    let shown = if brief { told.min(OPERATIONS_BRIEF) } else { told };
    let count = summary.operation_count;
    let words = if shown < count {
        format!("{} of {}", text::thousands_of(shown), text::count_of(count, "operation", "operations"))
    } else {
        text::count_of(count, "operation", "operations")
    };
    let about = (!brief).then(|| facts(summary));
    view! {
        {about}
        {groups}
        <div class="pager"><span>{words}</span>{more.map(|path| view! { <a href=path>"Definition"</a> })}</div>
    }
    .into_any()
}

/// Description and servers. Addresses are text: they may be templates, and lead to machines.
fn facts(summary: &ApiSummary) -> AnyView {
    let servers = summary
        .servers
        .iter()
        .map(|server| view! { <code class="break">{server.clone()}</code><br/> })
        .collect_view();
    view! {
        <dl class="facts lined">
            {summary.title.clone().map(|title| view! { <dt>"Title"</dt><dd><bdi>{title}</bdi></dd> })}
            {summary.description.clone().map(|words| view! { <dt>"Description"</dt><dd><bdi class="break">{words}</bdi></dd> })}
            {(!summary.servers.is_empty()).then(|| view! { <dt>"Servers"</dt><dd>{servers}</dd> })}
        </dl>
    }
    .into_any()
}

fn operation_group(group: &OperationGroup, shown: usize) -> AnyView {
    let rows = group.operations.iter().take(shown).map(operation).collect_view();
    let title = group.tag.clone().map(|tag| view! { <h3 class="ops-tag"><bdi>{tag}</bdi></h3> });
    view! { {title}<ul class="ops">{rows}</ul> }.into_any()
}

fn operation(operation: &ApiOperation) -> AnyView {
    let tone = match operation.method {
        "GET" | "HEAD" | "OPTIONS" | "TRACE" | "RECEIVE" | "SUBSCRIBE" => "method",
        "DELETE" => "method bad",
        _ => "method write",
    };
    view! {
        <li>
            <code class=tone>{operation.method}</code>
            <span>
                <code class="break">{operation.path.clone()}</code>
                {operation.deprecated.then(|| badge(Tone::Warning, "Deprecated"))}
                {operation.summary.clone().map(|words| view! { <span class="sub"><bdi>{words}</bdi></span> })}
            </span>
        </li>
    }
    .into_any()
}

/// The definition as it is.
pub(super) fn definition_panel(entity: &StoredEntity) -> Option<AnyView> {
    let definition = entity.document.pointer("/spec/definition")?.as_str()?;
    let kind_of = text_at(entity, "/spec/type", 40).unwrap_or_else(|| "API".to_owned());
    let cut = definition.chars().nth(CODE_CHARS_MAX).is_some();
    let shown: String = definition.chars().take(CODE_CHARS_MAX).collect();
    let words = cut.then(|| {
        let limit = text::thousands_of(CODE_CHARS_MAX);
        view! { <p class="pad small muted">{format!("The first {limit} characters are shown.")}</p> }
    });
    let view = view! {
        <section class="panel" aria-labelledby="definition">
            <header><h2 id="definition">"Definition"</h2></header>
            {words}
            <div class="pad scroll-code">{code_block(kind_of, shown)}</div>
        </section>
    };
    Some(view.into_any())
}
