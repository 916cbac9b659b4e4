//! `/sign-in`

use leptos::prelude::*;
use portal_model::Field;

use crate::{
    components::{Tone, form_error, hidden, note, password_field, sheet, text_field},
    flash::FormId,
    page::{FormOutcome, Page, PageError, PageRequest, PageResult},
    return_to::ReturnTo,
};

/// Where a sign-in goes on to, and whether another account is wanted than the one signed in.
struct Way {
    return_to: Option<ReturnTo>,
    again: bool,
}

/// The sign-in page. `return_to` names the path to go on to; `again` shows the form although someone is signed in.
pub(crate) async fn page(page: PageRequest) -> PageResult {
    let return_to = page.request.query("return_to").as_deref().and_then(ReturnTo::parse);
    let way = Way { return_to, again: page.request.query("again").is_some() };
    if page.signed_in().is_ok() && !way.again {
        let to = way.return_to.as_ref().map_or("/", ReturnTo::as_str);
        return Err(PageError::redirect(&page.request, to));
    }
    let identity = &page.request.services().identity;
    let local = identity.local_sign_in_enabled().await?;
    let named = identity.sign_in_providers().iter();
    let providers: Vec<(String, String)> =
        named.map(|provider| (provider.id.as_str().to_owned(), provider.label.clone())).collect();
    let connects = way.return_to.as_ref().is_some_and(|path| path.as_str().starts_with("/oauth/consent"));
    let lead =
        if connects { "Sign in to decide what your agent may do." } else { "Sign in with your account." };
    let outcome = page.outcome(FormId::SignIn);
    let content = view! {
        <div class="form">
            <header><h1>"Sign in to Portal"</h1><p class="muted">{lead}</p></header>
            {provider_buttons(&providers, &way)}
            {(local && !providers.is_empty()).then(|| view! { <p class="or"><span>"or with a password"</span></p> })}
            {local.then(|| local_form(&outcome, &way))}
            {(!local).then(|| form_error(&outcome))}
            {(!local && providers.is_empty()).then(nothing)}
        </div>
    };
    let below = if local {
        "No account, or password forgotten? An admin of Portal can send you a link."
    } else {
        "People of the organization’s catalog can sign in. If you cannot, ask an admin of Portal."
    };
    let below = view! { <p>{below}</p> };
    Ok(Page { title: "Sign in".into(), body: sheet(content.into_any(), Some(below.into_any())) })
}

/// One button a provider. They are links: whoever follows them is asked by the provider, and nothing changes here before
/// the browser comes back.
fn provider_buttons(providers: &[(String, String)], way: &Way) -> Option<AnyView> {
    let button = |(id, label): &(String, String)| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if let Some(path) = &way.return_to {
            query.append_pair("return_to", path.as_str());
        }
        if way.again {
            query.append_pair("again", "1");
        }
        let query = query.finish();
        let start = format!("/auth/start/{id}");
        let address = if query.is_empty() { start } else { format!("{start}?{query}") };
        view! {
            <li>
                <a class="btn tall" href=address rel="nofollow"><span>"Sign in with "<bdi>{label.clone()}</bdi></span></a>
            </li>
        }
    };
    let buttons = providers.iter().map(button).collect_view();
    (!providers.is_empty())
        .then(|| view! { <ul class="ways" aria-label="Providers">{buttons}</ul> }.into_any())
}

fn local_form(outcome: &FormOutcome, way: &Way) -> AnyView {
    view! {
        <form method="post" action="/_ui/sign_in" class="fields" novalidate>
            {form_error(outcome)}
            {way.return_to.as_ref().map(|path| hidden("return_to", path.as_str()))}
            {way.again.then(|| hidden("again", "1"))}
            {text_field(
                ("email", "email", "E-mail"),
                ("email", "username"),
                outcome.value(Field::Email).unwrap_or_default(),
                "",
                outcome.error_of(Field::Email),
            )}
            {password_field(("password", "password", "Password"), "current-password", "", outcome.error_of(Field::Password))}
            <button class="btn solid tall" type="submit">"Sign in"</button>
        </form>
    }
    .into_any()
}

/// Without a configured provider only the command line helps.
fn nothing() -> AnyView {
    note(
        Tone::Warning,
        view! {
            <p><b>"Nobody can sign in right now."</b>" Sign-in with a password is off, and no provider is set up. Whoever runs Portal can turn it on again: "
            <code class="break">"portal settings set sign_in.local.enabled true"</code></p>
        },
    )
}
