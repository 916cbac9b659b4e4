//! Points in time.

use leptos::prelude::*;
use portal_core::time::UnixMillis;

use crate::text;

/// A time in the words given, with the full time as its title.
pub(crate) fn when(at: UnixMillis, words: String) -> AnyView {
    view! { <time datetime=at.rfc3339() title=text::full(at)>{words}</time> }.into_any()
}

/// How long ago a time is.
pub(crate) fn when_ago(now: UnixMillis, at: UnixMillis) -> AnyView {
    when(at, text::ago(now, at))
}
