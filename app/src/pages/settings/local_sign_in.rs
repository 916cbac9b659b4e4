//! Sign-in with a password: on or off.

use leptos::prelude::*;

use crate::{
    components::{Switch, form_error, saved, switch},
    page::FormOutcome,
};

/// The switch, on the page of users.
pub(super) fn section(outcome: &FormOutcome, on: bool) -> AnyView {
    let words = view! {
        <span>
            <span class="what">"Sign-in with a password"</span>
            <span class="why" id="local-sign-in-why">"For accounts that Portal keeps itself. Off: people sign in with your organization’s providers only; \
                the password page is gone, and links for new passwords work for admins alone. Whoever runs Portal can turn it on again on the command line."</span>
        </span>
    };
    let line = view! { <span class="state">{saved(outcome.done_at())}{form_error(outcome)}</span> };
    let control = Switch {
        id: "local-sign-in-enabled".to_owned(),
        action: "/_ui/settings_local_sign_in",
        label: "Sign-in with a password".to_owned(),
        described_by: Some("local-sign-in-why".to_owned()),
        on,
        confirm: None,
        sends: Vec::new(),
    };
    let row = switch(control, "row", words.into_any(), Some(line.into_any()));
    view! { <section class="panel" id="local-sign-in" aria-label="Sign-in with a password">{row}</section> }
        .into_any()
}
