//! Copying to the clipboard.

use leptos::prelude::*;

/// A button that copies `text`; its children are the icons for "copy" and "copied".
#[island]
pub fn CopyButton(
    /// What is copied.
    text: String,
    /// What the button is called, such as "Copy the MCP address".
    label: String,
    /// Two icons.
    children: Children,
) -> impl IntoView {
    let copied = RwSignal::new(false);
    let copy = move |_| {
        #[cfg(feature = "hydrate")]
        copy_text(text.clone(), copied);
        #[cfg(not(feature = "hydrate"))]
        let _ = &text;
    };
    let class = move || {
        if copied.get() { "btn quiet small copy needs-js copied" } else { "btn quiet small copy needs-js" }
    };
    view! {
        <button class=class type="button" aria-label=label on:click=copy>
            {children()}
            <span class="word" role="status">{move || if copied.get() { "Copied" } else { "" }}</span>
        </button>
    }
}

/// Copies, and says so for two seconds.
#[cfg(feature = "hydrate")]
fn copy_text(text: String, copied: RwSignal<bool>) {
    use std::time::Duration;

    leptos::task::spawn_local(async move {
        let clipboard = window().navigator().clipboard();
        if wasm_bindgen_futures::JsFuture::from(clipboard.write_text(&text)).await.is_ok() {
            copied.set(true);
            set_timeout(move || copied.set(false), Duration::from_secs(2));
        }
    });
}
