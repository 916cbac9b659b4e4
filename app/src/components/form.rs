//! Form controls: labels, hints, errors, switches.

use leptos::prelude::*;
use portal_core::time::UnixMillis;
use portal_model::{ErrorCode, Field, FieldError};

use super::{Icon, Tone, icon, note};
use crate::{islands::LiveForm, page::FormOutcome, text};

/// A value that the form sends along.
pub(crate) fn hidden(name: &'static str, value: impl Into<String>) -> AnyView {
    view! { <input type="hidden" name=name value=value.into()/> }.into_any()
}

/// The sentence of a code, and the code to quote.
pub(crate) fn error_words(code: ErrorCode) -> AnyView {
    view! { <span>{code.message()}" "<code class="faint">{code.as_str()}</code></span> }.into_any()
}

/// The errors of a form that belong to none of its fields.
pub(crate) fn form_error(outcome: &FormOutcome) -> Option<AnyView> {
    let errors: Vec<ErrorCode> =
        outcome.errors().iter().filter(|error| error.field.is_none()).map(|error| error.code).collect();
    (!errors.is_empty()).then(|| {
        let lines = errors.into_iter().map(|code| view! { <p>{error_words(code)}</p> }).collect_view();
        view! { <div role="alert">{note(Tone::Bad, lines)}</div> }.into_any()
    })
}

/// All errors of a form in one place, each leading to its field.
pub(crate) fn error_summary(
    outcome: &FormOutcome,
    id_of: impl Fn(Field) -> Option<&'static str>,
) -> Option<AnyView> {
    let errors = outcome.errors();
    (!errors.is_empty()).then(|| {
        let lines = errors.iter().map(|error| summary_line(*error, &id_of)).collect_view();
        view! { <div role="alert" tabindex="-1">{note(Tone::Bad, lines)}</div> }.into_any()
    })
}

fn summary_line(error: FieldError, id_of: &impl Fn(Field) -> Option<&'static str>) -> AnyView {
    match error.field.and_then(id_of) {
        Some(id) => view! { <p><a href=format!("#{id}")>{error.code.message()}</a></p> }.into_any(),
        None => view! { <p>{error_words(error.code)}</p> }.into_any(),
    }
}

pub(crate) fn field_error(id: &str, code: Option<ErrorCode>) -> Option<AnyView> {
    code.map(|code| {
        view! { <p class="err" id=format!("{id}-error")>{icon(Icon::Fault)}<span>{code.message()}</span></p> }
            .into_any()
    })
}

fn described_by(id: &str, hint: bool, error: bool) -> Option<String> {
    match (error, hint) {
        (true, _) => Some(format!("{id}-error")),
        (false, true) => Some(format!("{id}-hint")),
        (false, false) => None,
    }
}

/// A line of text. The error takes the place of the hint.
pub(crate) fn text_field(
    (id, name, label): (&'static str, &'static str, &'static str),
    (kind, autocomplete): (&'static str, &'static str),
    value: String,
    hint: &'static str,
    error: Option<ErrorCode>,
) -> AnyView {
    let invalid = error.map(|_| "true");
    let hint = (!hint.is_empty() && error.is_none()).then_some(hint);
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <input class="input" id=id name=name type=kind autocomplete=autocomplete value=value
                aria-invalid=invalid aria-describedby=described_by(id, hint.is_some(), error.is_some())/>
            {field_error(id, error)}
            {hint.map(|hint| view! { <p class="hint" id=format!("{id}-hint")>{hint}</p> })}
        </div>
    }
    .into_any()
}

/// A password; never filled in by the server.
pub(crate) fn password_field(
    ids: (&'static str, &'static str, &'static str),
    autocomplete: &'static str,
    hint: &'static str,
    error: Option<ErrorCode>,
) -> AnyView {
    text_field(ids, ("password", autocomplete), String::new(), hint, error)
}

/// A whole number with its unit.
pub(crate) struct UnitField {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) limits: (u16, u16),
    pub(crate) value: String,
    pub(crate) hint: String,
    pub(crate) error: Option<ErrorCode>,
}

/// Draws a number field.
pub(crate) fn unit_field(field: UnitField) -> AnyView {
    let UnitField { id, name, label, unit, limits, value, hint, error } = field;
    let invalid = error.map(|_| "true");
    let described = match error {
        Some(_) => format!("{id}-error {id}-hint"),
        None => format!("{id}-hint"),
    };
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <div class="unit">
                <input class="input" id=id name=name type="number" inputmode="numeric" autocomplete="off"
                    min=limits.0.to_string() max=limits.1.to_string() value=value
                    aria-invalid=invalid aria-describedby=described/>
                <span class="muted">{unit}</span>
            </div>
            {field_error(id, error)}
            <p class="hint" id=format!("{id}-hint")>{hint}</p>
        </div>
    }
    .into_any()
}

/// The visible confirmation that something was saved.
pub(crate) fn saved(at: Option<UnixMillis>) -> Option<AnyView> {
    at.map(|at| {
        let words = format!("Saved at {}", text::clock_time(at));
        view! { <span class="saved" role="status">{icon(Icon::Check)}{words}</span> }.into_any()
    })
}

/// A form that is sent in place where there is scripting. `auto` sends it as soon as something changes; `confirm` is the id
/// of a dialog that asks before a switch goes off, or empty.
pub(crate) fn live(auto: bool, confirm: &'static str, form: AnyView) -> AnyView {
    view! { <LiveForm auto=auto confirm=confirm.to_owned()>{form}</LiveForm> }.into_any()
}

/// A switch: a form of its own that saves at once.
pub(crate) struct Switch {
    /// Id of the control; the anchor of its row.
    pub(crate) id: String,
    /// Server function.
    pub(crate) action: &'static str,
    /// Label, and for a row what it does.
    pub(crate) label: String,
    /// Id of the text that explains it.
    pub(crate) described_by: Option<String>,
    pub(crate) on: bool,
    /// Id of the dialog that asks before it is switched off.
    pub(crate) confirm: Option<&'static str>,
    /// What the form sends besides `enabled`.
    pub(crate) sends: Vec<(&'static str, String)>,
}

/// Draws a switch without its words: the label is for assistive technology, the row shows it.
pub(crate) fn switch(switch: Switch, class: &'static str, words: AnyView, state: Option<AnyView>) -> AnyView {
    let Switch { id, action, label, described_by, on, confirm, sends } = switch;
    let hidden_fields = sends.into_iter().map(|(name, value)| hidden(name, value)).collect_view();
    let labelled = id.clone();
    let form = view! {
        <form method="post" action=action class="switch-form">
            {hidden_fields}
            <label class=class for=labelled>
                {words}
                <span class="switch">
                    <input type="checkbox" role="switch" id=id name="enabled" value="on" checked=on
                        aria-label=label aria-describedby=described_by/>
                    <span class="word" aria-hidden="true"></span>
                </span>
                {state}
            </label>
            <button class="btn small apply" type="submit">"Apply"</button>
        </form>
    };
    live(true, confirm.unwrap_or_default(), form.into_any())
}
