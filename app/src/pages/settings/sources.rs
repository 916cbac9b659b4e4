//! Plugin sources: which groups of tools agents may call.

use leptos::prelude::*;
use portal_core::actions::SourceInfo;
use portal_model::settings::Settings;

use crate::{
    components::{Icon, Switch, form_error, icon, saved, switch},
    flash::FormId,
    page::{FormOutcome, PageRequest},
    text,
};

/// The section.
pub(super) fn section(page: &PageRequest, settings: &Settings, registered: &[SourceInfo]) -> AnyView {
    let outcome = page.outcome(FormId::Source);
    let rows =
        registered.iter().map(|source| row(source, settings, &outcome.about(source.id))).collect_view();
    let on = |source: &&SourceInfo| settings.source_enabled(source.id);
    let tools_on: usize = registered.iter().filter(on).map(|source| source.tools.len()).sum();
    let tools_off: usize =
        registered.iter().filter(|source| !on(source)).map(|source| source.tools.len()).sum();
    let tools = registered.iter().filter(on).flat_map(|source| &source.tools);
    let changing = tools.filter(|tool| !tool.attributes.read_only).count();
    view! {
        <section class="sec" id="sources" aria-labelledby="sources-title">
            <div class="about">
                <h2 id="sources-title">"Plugin sources"</h2>
                <p>"Each source is a group of tools that agents may call. A change reaches connected agents at their next call."</p>
            </div>
            <div class="panel">
                <table class="table">
                    <caption class="sr">"Plugin sources"</caption>
                    <thead><tr>
                        <th scope="col">"Source"</th><th scope="col" class="num">"Tools"</th><th scope="col" class="num">"State"</th>
                    </tr></thead>
                    <tbody>{rows}</tbody>
                </table>
                <footer><span><b>{text::count_of(tools_on, "tool on", "tools on")}</b>
                    {format!(", {tools_off} off. {changing} of them change or delete something.")}</span></footer>
            </div>
        </section>
    }
    .into_any()
}

fn row(source: &SourceInfo, settings: &Settings, outcome: &FormOutcome) -> AnyView {
    let on = settings.source_enabled(source.id);
    let flagged = source.id == "auth" && !on;
    let class = if flagged { "flag" } else { "" };
    let why = format!("source-{}-why", source.id);
    let hitch = flagged.then(|| {
        view! { <span class="hitch">{icon(Icon::Warning)}<span>"Agents cannot call "<code>"auth_who_am_i"</code>"."</span></span> }
    });
    let names: Vec<String> = source.tools.iter().map(|tool| tool.tool_name.clone()).collect();
    let control = Switch {
        id: format!("source-{}", source.id),
        action: "/_ui/settings_source",
        label: format!("{} source", source.title),
        described_by: Some(why.clone()),
        on,
        confirm: None,
        sends: vec![("source", source.id.to_owned())],
    };
    view! {
        <tr class=class>
            <td>
                <b>{source.title}</b>" "<code class="faint wide">{source.id}"_*"</code>
                <span class="sub" id=why>{source.description}</span>
                {hitch}
                <details class="tools" id=format!("tools-{}", source.id)>
                    <summary>"Show tools"</summary>
                    <ul>{names.into_iter().map(|name| view! { <li><code class="break">{name}</code></li> }).collect_view()}</ul>
                </details>
                {saved(outcome.done_at())}{form_error(outcome)}
            </td>
            <td class="num">{source.tools.len()}</td>
            <td class="num">{switch(control, "at-end", ().into_any(), None)}</td>
        </tr>
    }
    .into_any()
}
