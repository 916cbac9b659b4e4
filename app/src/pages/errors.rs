//! Pages that say what went wrong.

use leptos::prelude::*;
use portal_model::ErrorCode;

use crate::{
    components::{Door, glyph, sheet},
    error::UiError,
    page::{Page, PageRequest, PageResult},
    web_request::WebRequest,
};

/// For addresses that name no page.
pub(crate) async fn not_found(_page: PageRequest) -> PageResult {
    Err(ErrorCode::NotFound.into())
}

/// The page of an error, with its code to quote.
pub(crate) fn page(request: &WebRequest, error: &UiError) -> Page {
    let code = error.first.code;
    let (title, heading) = words(code);
    let signed_in = request.identity.signed_in().is_ok();
    let id = request.id();
    let content = view! {
        <div class="refusal">
            {glyph(if code == ErrorCode::NotFound { Door::Empty } else { Door::Shut })}
            <h1>{heading}</h1>
            <p>{code.message()}</p>
            <p class="cluster center">
                <a class="btn" href="/">"Go to the home page"</a>
                {(!signed_in).then(|| view! { <a class="btn quiet" href="/sign-in">"Sign in"</a> })}
            </p>
            {quote(code.as_str(), id)}
        </div>
    };
    Page { title: title.into(), body: sheet(content.into_any(), None) }
}

/// The code and the request id, for whoever is asked for help.
pub(crate) fn quote(code: &'static str, request_id: Option<String>) -> AnyView {
    view! {
        <dl class="quote">
            <dt>"Code"</dt><dd><code>{code}</code></dd>
            {request_id.map(|id| view! { <dt>"Request"</dt><dd><code class="break">{id}</code></dd> })}
        </dl>
    }
    .into_any()
}

const fn words(code: ErrorCode) -> (&'static str, &'static str) {
    match code {
        ErrorCode::NotFound => ("Not found", "There is nothing here"),
        ErrorCode::AdminRequired => ("Not allowed", "This page is for admins"),
        ErrorCode::LinkInvalid => ("Link does not work", "This link does not work any more"),
        ErrorCode::AuthorizationExpired => ("Request expired", "This request is over"),
        ErrorCode::AuthorizationForeign => ("Other browser", "This request belongs to another browser"),
        ErrorCode::Unavailable => ("Unavailable", "Portal cannot answer right now"),
        _ => ("Something went wrong", "That did not work"),
    }
}
