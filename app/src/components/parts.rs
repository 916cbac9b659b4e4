//! Parts that hold others: tabs, dialogs, toasts, headings that sort, steps, and what stands in while something loads.

use std::borrow::Cow;

use leptos::prelude::*;

use super::{Icon, Tone, icon};

/// A tab: a link to a page of its own, so that it works without scripting.
pub(crate) struct Tab {
    pub(crate) href: String,
    pub(crate) label: &'static str,
    /// How many things are behind it; `None` for not said.
    pub(crate) count: Option<i64>,
    pub(crate) current: bool,
}

/// Tabs in a row; `label` tells what they choose between.
pub(crate) fn tabs(label: &'static str, tabs: Vec<Tab>) -> AnyView {
    let link = |tab: Tab| {
        let count =
            tab.count.map(|count| view! { <span class="count">{crate::text::thousands(count)}</span> });
        view! { <a href=tab.href aria-current=tab.current.then_some("page")>{tab.label}{count}</a> }
    };
    view! { <nav class="tabs" aria-label=label>{tabs.into_iter().map(link).collect_view()}</nav> }.into_any()
}

/// What just happened, over the page; said to assistive technology, too.
pub(crate) fn toast(tone: Tone, words: impl Into<Cow<'static, str>>) -> AnyView {
    let (class, sign) = match tone {
        Tone::Bad | Tone::Warning => ("toast bad", Icon::Fault),
        Tone::Good | Tone::Plain => ("toast", Icon::Check),
    };
    view! { <div class=class role="status">{icon(sign)}<span>{words.into()}</span></div> }.into_any()
}

/// The shape of what is to come, in so many lines.
pub(crate) fn skeleton(lines: usize, label: &'static str) -> AnyView {
    let bars = (0..lines.min(24)).map(|_| view! { <i></i> }).collect_view();
    view! { <div class="skeleton" role="status"><span class="sr">{label}</span>{bars}</div> }.into_any()
}

/// A question in a dialog: opened by the island of the form that asks, closed by its own form. `id` names it.
pub(crate) fn dialog(id: &'static str, heading: &'static str, body: AnyView, answers: AnyView) -> AnyView {
    let title = format!("{id}-title");
    let labelled = title.clone();
    view! {
        <dialog class="pop dialog" id=id aria-labelledby=labelled>
            <header><h2 id=title>{heading}</h2></header>
            <div class="body stack-3">{body}</div>
            <footer>{answers}</footer>
        </dialog>
    }
    .into_any()
}

/// How a column is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sorted {
    /// Not by this column.
    No,
    /// Smallest first.
    Up,
    /// Largest first.
    Down,
}

/// A heading that sorts by its column: a link to the list in that order.
pub(crate) fn sort_heading(label: &'static str, href: String, sorted: Sorted) -> AnyView {
    let order = match sorted {
        Sorted::No => None,
        Sorted::Up => Some("ascending"),
        Sorted::Down => Some("descending"),
    };
    let mark = (sorted != Sorted::No).then(|| view! { <span class="sort" aria-hidden="true"></span> });
    view! { <th scope="col" aria-sort=order><a class="name" href=href>{label}</a>{mark}</th> }.into_any()
}

/// Where one is in a task: (words, whether it is done); the first that is not is the present one.
pub(crate) fn steps(label: &'static str, steps: &[(&'static str, bool)]) -> AnyView {
    let now = steps.iter().position(|(_, done)| !done);
    let step = |(index, (words, done)): (usize, &(&'static str, bool))| {
        let class = match (*done, now == Some(index)) {
            (true, _) => "n done",
            (false, true) => "n now",
            (false, false) => "n",
        };
        let sign = if *done { icon(Icon::Check) } else { (index + 1).to_string().into_any() };
        let current = (now == Some(index)).then_some("step");
        let said = done.then(|| view! { <span class="sr">" (done)"</span> });
        view! { <li><span class="step-line" aria-current=current><span class=class>{sign}</span>{*words}{said}</span></li> }
    };
    view! { <nav class="steps-nav" aria-label=label><ol>{steps.iter().enumerate().map(step).collect_view()}</ol></nav> }
        .into_any()
}
