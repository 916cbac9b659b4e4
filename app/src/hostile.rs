//! What tests of remote text share.

use std::sync::Arc;

use hydration_context::SsrSharedContext;
use leptos::prelude::*;

/// Text that breaks out of a page that does not escape.
pub(crate) const HOSTILE: &str =
    "\"></textarea></title><script>alert(1)</script><img src=x onerror='alert(2)' \u{202e}";

/// The HTML of a view, as the server sends it.
pub(crate) fn html<View: IntoView>(view: impl FnOnce() -> View) -> String {
    let owner = Owner::new_root(Some(Arc::new(SsrSharedContext::new())));
    owner.with(|| view().into_view().to_html())
}

/// Panics when the hostile text became markup, or where the test has no hostile text at all.
#[track_caller]
pub(crate) fn assert_harmless(html: &str) {
    assert!(html.contains("alert(1)"), "the hostile text is not there: {html}");
    assert!(!html.contains("<script>alert"), "{html}");
    assert!(!html.contains("<img src=x"), "{html}");
    assert!(!html.contains("\"></textarea>"), "{html}");
    assert!(!html.to_lowercase().contains("href=\"javascript:"), "{html}");
}

#[test]
fn the_check_finds_what_is_not_escaped() {
    let raw = html(|| view! { <p inner_html=HOSTILE></p> });
    assert!(std::panic::catch_unwind(|| assert_harmless(&raw)).is_err());
}
