//! Notes, badges, states and empty places.

use leptos::prelude::*;

use super::{Door, Icon, glyph, icon};

/// What a note or badge is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Nothing special.
    Plain,
    /// Open, connected, done.
    Good,
    /// Needs attention.
    Warning,
    /// Wrong or refused.
    Bad,
}

impl Tone {
    const fn note_class(self) -> &'static str {
        match self {
            Self::Plain => "note",
            Self::Good => "note ok",
            Self::Warning => "note warn",
            Self::Bad => "note bad",
        }
    }

    const fn badge_class(self) -> &'static str {
        match self {
            Self::Plain => "badge",
            Self::Good => "badge ok",
            Self::Warning => "badge warn",
            Self::Bad => "badge bad",
        }
    }

    const fn dot_class(self) -> &'static str {
        match self {
            Self::Plain => "dot",
            Self::Good => "dot ok",
            Self::Warning => "dot warn",
            Self::Bad => "dot bad",
        }
    }

    const fn icon(self) -> Icon {
        match self {
            Self::Plain => Icon::Document,
            Self::Good => Icon::Check,
            Self::Warning => Icon::Warning,
            Self::Bad => Icon::Fault,
        }
    }
}

/// A note: the fact in bold, then its consequence.
pub(crate) fn note(tone: Tone, content: impl IntoView + 'static) -> AnyView {
    view! { <div class=tone.note_class()>{icon(tone.icon())}<div>{content.into_any()}</div></div> }.into_any()
}

/// A badge, for an exception or a category.
pub(crate) fn badge(tone: Tone, word: impl Into<String>) -> AnyView {
    view! { <span class=tone.badge_class()>{word.into()}</span> }.into_any()
}

/// A state: slanted mark and word.
pub(crate) fn status(tone: Tone, word: impl IntoView + 'static) -> AnyView {
    view! { <span class="status"><span class=tone.dot_class()></span><span>{word.into_any()}</span></span> }
        .into_any()
}

/// The word "Beta" after a title.
pub(crate) fn beta() -> AnyView {
    view! { <span class="beta">"Beta"</span> }.into_any()
}

/// A place with nothing in it yet: one heading, one sentence, at most one action.
pub(crate) fn empty(
    heading: &'static str,
    sentence: impl IntoView + 'static,
    action: Option<AnyView>,
) -> AnyView {
    view! { <div class="empty">{glyph(Door::Empty)}<h2>{heading}</h2><p>{sentence.into_any()}</p>{action}</div> }.into_any()
}
