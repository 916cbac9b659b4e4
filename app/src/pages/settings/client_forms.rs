//! The forms of the clients' page: registering one by hand, and the switch for those that register themselves.

use leptos::prelude::*;
use portal_core::oauth::Affected;
use portal_model::Field;

use super::confirm::{Asking, dialog, ended_words};

use crate::{
    components::Tone,
    components::{Icon, Switch, badge, form_error, icon, saved, switch, text_field},
    page::FormOutcome,
};

/// Registers a client by hand.
pub(super) fn registration_form(outcome: &FormOutcome) -> AnyView {
    let was = |field| outcome.value(field).unwrap_or_default();
    let chosen = outcome.value(Field::AuthenticationMethod).unwrap_or_else(|| "none".to_owned());
    let choice = |value: &'static str, title: &'static str, why: &'static str| {
        let id = format!("method-{value}");
        let described = id.clone();
        view! {
            <label>
                <input class="radio" type="radio" name="method" value=value checked=chosen == value
                    aria-label=title aria-describedby=described/>
                <span><span class="t">{title}</span><span class="d" id=id>{why}</span></span>
            </label>
        }
    };
    view! {
        <section class="panel" id="register" aria-labelledby="register-title">
            <header><h2 id="register-title">"Register a client"</h2></header>
            <form method="post" action="/_ui/client_register">
                <div class="pad stack-4">
                    {form_error(outcome)}
                    {text_field(
                        ("client-name", "name", "Name"), ("text", "off"), was(Field::ClientName),
                        "What people read when they are asked for their consent.", outcome.error_of(Field::ClientName),
                    )}
                    {redirect_uris(outcome)}
                    <fieldset>
                        <legend>"How it proves who it is"</legend>
                        <div class="scopes">
                            {choice("none", "Not at all (public)", "For programs on people’s own computers, which cannot keep a secret.")}
                            {choice("client_secret_basic", "Secret in the header", "client_secret_basic, for agents that run on a server.")}
                            {choice("client_secret_post", "Secret in the form", "client_secret_post, where an agent knows no other way.")}
                        </div>
                    </fieldset>
                    <label class="choice">
                        <input class="check" type="checkbox" name="refresh" value="on" checked=true/>
                        <span>"It may stay signed in, while refresh tokens are on"</span>
                    </label>
                </div>
                <footer class="foot-bar"><span>"You get its id, and its secret once."</span>
                    <button class="btn solid" type="submit">"Register client"</button></footer>
            </form>
        </section>
    }
    .into_any()
}

fn redirect_uris(outcome: &FormOutcome) -> AnyView {
    let error = outcome.error_of(Field::RedirectUris);
    let invalid = error.map(|_| "true");
    view! {
        <div class="field">
            <label for="redirect-uris">"Return addresses"</label>
            <textarea class="input mono" id="redirect-uris" name="redirect_uris" rows="3" autocomplete="off" spellcheck="false"
                aria-invalid=invalid aria-describedby="redirect-uris-hint">
                {outcome.value(Field::RedirectUris).unwrap_or_default()}
            </textarea>
            {error.map(|code| view! { <p class="err">{icon(Icon::Fault)}<span>{code.message()}</span></p> })}
            <p class="hint" id="redirect-uris-hint">"One a line, compared byte for byte. On "<code>"http://127.0.0.1"</code>
                " and "<code>"http://localhost"</code>" any port is taken."</p>
        </div>
    }
    .into_any()
}

/// Whether agents may register themselves.
pub(super) fn registration_switch(outcome: &FormOutcome, on: bool, affected: &Affected) -> AnyView {
    let words = view! {
        <span>
            <span class="what">"Allow dynamic client registration"{badge(Tone::Warning, "Legacy")}</span>
            <span class="why" id="dcr-why">"For agents without a document, such as older ones: whoever reaches Portal can then register a client under any name. \
                People are told so when they are asked. Off: such agents can neither sign in nor renew their sign-in. Unused ones are deleted after 30 days."</span>
        </span>
    };
    let line = view! { <span class="state cluster">{saved(outcome.done_at())}{ended_words(outcome)}{form_error(outcome)}</span> };
    let control = Switch {
        id: "dcr-enabled".to_owned(),
        action: "/_ui/settings_dcr",
        label: "Allow dynamic client registration".to_owned(),
        described_by: Some("dcr-why".to_owned()),
        on,
        confirm: Some("dcr-question"),
        sends: Vec::new(),
    };
    let row = switch(control, "row", words.into_any(), Some(line.into_any()));
    view! {
        <section class="panel" id="dcr" aria-label="Dynamic client registration">{row}</section>
        {dialog(Asking::Dcr, affected)}
    }
    .into_any()
}
