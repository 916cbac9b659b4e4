//! `/settings/self-check`: discovery as an agent would do it, and what is wrong with it

use leptos::prelude::*;
use portal_core::self_check::{SelfCheckFinding, SelfCheckReport, SelfCheckVerdict};

use crate::{
    components::{Frame, Icon, SettingsSection, Tone, icon, note, when},
    page::{PageRequest, PageResult},
    text,
};

/// The page: it runs the check each time it is opened, and changes nothing.
pub(crate) async fn page(page: PageRequest) -> PageResult {
    let admin = page.admin()?;
    let frame = Frame::load(&page).await?;
    let report = page.request.services().self_check.run(&admin).await?;
    let findings = report.findings.iter().map(line).collect_view();
    let content = view! {
        <nav aria-label="Breadcrumb">
            <ol class="crumbs"><li>"App settings"</li><li><a href="/settings/general#mcp">"MCP"</a></li><li aria-current="page">"Self-check"</li></ol>
        </nav>
        <div class="head">
            <div><h1>"Self-check"</h1><p class="lead">"Portal connects to itself from its public URL, as an agent would on its first visit."</p></div>
            {button("Run again")}
        </div>
        <div class="mb-6">{summary(&report)}</div>
        <section class="panel" aria-labelledby="found">
            <header><h2 id="found">"What was found"</h2><span class="sub">"Checked "{when(report.at, text::clock_time(report.at))}</span></header>
            <ol class="log">{findings}</ol>
        </section>
        <p class="small muted mt-4">"The same check runs with "<code>"portal doctor"</code>". It sees what this machine sees: where names resolve differently inside your organization, try an agent from outside, too."</p>
    };
    Ok(frame.settings("Self-check", SettingsSection::General, content.into_any()))
}

/// The button that opens the page, from this page and from the settings.
pub(super) fn button(words: &'static str) -> AnyView {
    view! {
        <form method="get" action="/settings/self-check">
            <button class="btn" type="submit">{icon(Icon::Refresh)}{words}</button>
        </form>
    }
    .into_any()
}

fn summary(report: &SelfCheckReport) -> AnyView {
    let failed = report.count(SelfCheckVerdict::Failed);
    let warned = report.count(SelfCheckVerdict::Warning);
    if failed > 0 {
        let words = text::count_of(failed, "thing is", "things are");
        return note(
            Tone::Bad,
            view! { <p><b>{format!("Agents cannot connect: {words} wrong.")}</b>" Mend the first one first; those below may follow from it."</p> },
        );
    }
    if warned > 0 {
        let words = text::count_of(warned, "warning", "warnings");
        return note(Tone::Warning, view! { <p><b>{format!("Agents can connect, with {words}.")}</b></p> });
    }
    note(
        Tone::Good,
        view! { <p><b>"Agents can connect."</b>" Everything that they need on their first visit is there."</p> },
    )
}

fn line(finding: &SelfCheckFinding) -> AnyView {
    let (class, sign, word) = match finding.verdict {
        SelfCheckVerdict::Good => ("", Icon::Check, "OK"),
        SelfCheckVerdict::Warning => ("warn", Icon::Warning, "Warning"),
        SelfCheckVerdict::Failed => ("bad", Icon::Fault, "Failed"),
        SelfCheckVerdict::Skipped => ("skipped", Icon::Next, "Skipped"),
    };
    let advice =
        (!finding.advice.is_empty()).then(|| view! { <span class="d said">{finding.advice.clone()}</span> });
    view! {
        <li class=class>
            {icon(sign)}
            <span><b>{finding.subject.title()}</b><span class="d said break">{finding.found.clone()}</span>{advice}</span>
            <span class="r">{word}</span>
        </li>
    }
    .into_any()
}
