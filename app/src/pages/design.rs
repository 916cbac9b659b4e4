//! `/_design`: every token and component of the design system, in its states. In development builds only.

use leptos::prelude::*;
use portal_core::branding::Accent;

use super::design_parts;
use crate::{
    components::{Frame, Section},
    page::{PageRequest, PageResult},
};

/// Colours by their names in the style sheet.
const COLOURS: [&str; 21] = [
    "bg",
    "surface",
    "sunken",
    "raised",
    "hover",
    "line",
    "line-2",
    "line-field",
    "ink",
    "ink-2",
    "ink-3",
    "accent",
    "accent-ink",
    "accent-tint",
    "accent-line",
    "solid",
    "warn-ink",
    "warn-tint",
    "bad-ink",
    "bad-tint",
    "bad-solid",
];

/// The page.
pub(crate) async fn page(page: PageRequest) -> PageResult {
    page.admin()?;
    let frame = Frame::load(&page).await?;
    let content = view! {
        <div class="head">
            <div><h1>"Design system"</h1><p class="lead">"Tokens and components in their states. Switch the theme in the profile menu, the accent under Branding."</p></div>
        </div>
        {part("colour", "Colour", "OKLCH, each once as light and dark. Ink is what can be done; the accent means open.", colours())}
        {part("accents", "Accents", "Eight hues of one lightness: at least 5.7 : 1 on every ground that they stand on.", accents())}
        {part("type", "Type", "People read sans, machines read mono.", type_scale())}
        {part("space", "Space", "A grid of 4 px.", spaces())}
        {part("motion", "Focus and motion", "Two pixels of accent around what has the focus; 120 to 140 ms for what slides; none where less motion is asked for.", focus())}
        {design_parts::all()}
    };
    Ok(frame.page("Design system", Section::Home, content.into_any()))
}

/// A section of the page.
pub(super) fn part(id: &'static str, title: &'static str, words: &'static str, content: AnyView) -> AnyView {
    let title_id = format!("{id}-title");
    let labelled = title_id.clone();
    view! {
        <section class="sec" id=id aria-labelledby=labelled>
            <div class="about"><h2 id=title_id>{title}</h2><p>{words}</p></div>
            <div class="stack-4">{content}</div>
        </section>
    }
    .into_any()
}

fn colours() -> AnyView {
    let token = |name: &&'static str| {
        view! { <div class="token"><span class=format!("sample t-{name}")></span><code>{format!("--{name}")}</code></div> }
    };
    view! { <div class="design-grid">{COLOURS.iter().map(token).collect_view()}</div> }.into_any()
}

fn accents() -> AnyView {
    let one = |accent: Accent| {
        view! { <span><span class="swatch" data-accent=accent.as_str()></span>{accent.title()}</span> }
    };
    view! { <div class="swatch-row">{Accent::ALL.into_iter().map(one).collect_view()}</div> }.into_any()
}

fn type_scale() -> AnyView {
    view! {
        <div class="scale">
            <p class="t-24">"24 Page title"</p><p class="t-20">"20 Figure"</p><p class="t-16">"16 Input on phones"</p>
            <p class="t-14">"14 Text"</p><p class="t-13">"13 Explanation"</p><p class="t-12">"12 Caption"</p>
            <p class="mono-13">"13 component:default/rider-app"</p>
        </div>
    }
    .into_any()
}

fn spaces() -> AnyView {
    let steps = [
        ("s-1", "4"),
        ("s-2", "8"),
        ("s-3", "12"),
        ("s-4", "16"),
        ("s-6", "24"),
        ("s-8", "32"),
        ("s-12", "48"),
        ("s-16", "64"),
    ];
    let one = |(class, px): (&'static str, &'static str)| view! { <div class="token"><i class=class></i><code>{px}</code></div> };
    view! { <div class="design-grid space">{steps.into_iter().map(one).collect_view()}</div> }.into_any()
}

fn focus() -> AnyView {
    view! { <div class="cluster"><a class="btn" href="#motion">"Tab to me"</a><a href="#motion">"and to me"</a></div> }.into_any()
}
