//! The mark: a doorframe that reads as a P, its leaf ajar. Also a state.

use leptos::prelude::*;

/// How the door stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    /// Connected, or simply Portal.
    Open,
    /// Something is being waited for.
    Waiting,
    /// Nothing yet.
    Empty,
    /// Refused.
    Shut,
}

const FRAME: &str = "M4 2.5h16v12h-3.6V6.1H7.6v15.4H4z";

fn door(class: &'static str, leaf: &'static str) -> AnyView {
    view! {
        <svg class=class viewBox="0 0 24 24" aria-hidden="true">
            <path class="frame" d=FRAME></path>
            <path class="leaf" d=leaf></path>
        </svg>
    }
    .into_any()
}

/// The mark beside the name.
pub(crate) fn mark() -> AnyView {
    door("mark", "M9.7 8.2h4.7v8.3l-4.7 5z")
}

/// The mark as a state.
pub(crate) fn glyph(state: Door) -> AnyView {
    match state {
        Door::Open => door("glyph", "M9.7 8.2h4.7v8.3l-4.7 5z"),
        Door::Waiting => door("glyph wait", "M10.2 8.7h3.7v7.6l-3.7 3.9z"),
        Door::Empty => door("glyph none", "M10.2 8.7h3.7v7.6l-3.7 3.9z"),
        Door::Shut => door("glyph shut", "M9.2 7.7h5.6v13.8H9.2z"),
    }
}
