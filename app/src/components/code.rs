//! Machine text, and how to copy it.

use leptos::prelude::*;

use super::{Icon, icon};
use crate::islands::CopyButton;

/// A button that copies a text; hidden without scripting.
pub(crate) fn copy_button(text: impl Into<String>, what: &str) -> AnyView {
    let label = format!("Copy {what}");
    view! {
        <CopyButton text=text.into() label=label>
            {icon(Icon::Copy)}
            {icon(Icon::Check)}
        </CopyButton>
    }
    .into_any()
}

/// A short machine text in a box of its own.
pub(crate) fn chip(caption: &'static str, text: String, what: &str) -> AnyView {
    view! {
        <span class="chip">
            {(!caption.is_empty()).then(|| view! { <span class="faint tiny wide">{caption}</span> })}
            <span class="break">{text.clone()}</span>
            {copy_button(text, what)}
        </span>
    }
    .into_any()
}

/// A block of code under its caption (a file path, or "Terminal").
pub(crate) fn code_block(caption: impl Into<String>, text: String) -> AnyView {
    let caption = caption.into();
    let button = copy_button(text.clone(), &caption);
    view! {
        <div class="code">
            <div class="cap"><span class="break">{caption}</span>{button}</div>
            <pre tabindex="0"><code>{text}</code></pre>
        </div>
    }
    .into_any()
}

/// A command for a terminal.
pub(crate) fn command(text: String) -> AnyView {
    view! {
        <div class="code">
            <div class="cap"><span>"Terminal"</span>{copy_button(text.clone(), "the command")}</div>
            <pre class="cmd"><code>{text}</code></pre>
        </div>
    }
    .into_any()
}

/// A value shown once, in a read-only field with a copy button.
pub(crate) fn copy_line(id: &'static str, label: &'static str, text: String) -> AnyView {
    copy_line_of(id, label, "the link", text)
}

/// A line of text to be copied; `what` completes "Copy".
pub(crate) fn copy_line_of(
    id: &'static str,
    label: &'static str,
    what: &'static str,
    text: String,
) -> AnyView {
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <div class="copyline">
                <input id=id type="text" readonly value=text.clone()/>
                {copy_button(text, what)}
            </div>
        </div>
    }
    .into_any()
}
