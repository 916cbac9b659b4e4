//! Closing a menu.

use leptos::prelude::*;

/// Closes the `<details>` inside it on Escape and on a click elsewhere.
#[island]
pub fn MenuDismiss(
    /// The `<details>` element.
    children: Children,
) -> impl IntoView {
    let root = NodeRef::<leptos::html::Div>::new();
    #[cfg(feature = "hydrate")]
    dismiss(root);
    view! { <div node_ref=root class="contents">{children()}</div> }
}

#[cfg(feature = "hydrate")]
fn dismiss(root: NodeRef<leptos::html::Div>) {
    use wasm_bindgen::JsCast as _;

    let close = move |keep: Option<&web_sys::Node>, focus: bool| {
        let Some(root) = root.get_untracked() else { return };
        let open = root.query_selector("details[open]").ok().flatten();
        let Some(open) = open.filter(|open| !open.contains(keep)) else { return };
        let _ = open.remove_attribute("open");
        if focus && let Ok(Some(summary)) = open.query_selector("summary") {
            let _ = summary.unchecked_into::<web_sys::HtmlElement>().focus();
        }
    };
    let clicks = window_event_listener(leptos::ev::click, move |event| {
        let target = event.target().and_then(|target| target.dyn_into::<web_sys::Node>().ok());
        close(target.as_ref(), false);
    });
    let keys = window_event_listener(leptos::ev::keydown, move |event| {
        if event.key() == "Escape" {
            close(None, true);
        }
    });
    // The bar lives as long as the page.
    std::mem::forget((clicks, keys));
}
