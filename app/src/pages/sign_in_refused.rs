//! The page for sign-ins with a provider that led nowhere.

use leptos::prelude::*;
use portal_model::ErrorCode;

use super::errors::quote;
use crate::{
    components::{Door, branding, glyph, sheet},
    context::WebContext,
    return_to::ReturnTo,
    shell, web_request,
};

/// What the page says.
pub struct SignInRefused {
    /// Why.
    pub code: ErrorCode,
    /// What the provider is called; `None` when there is no such provider.
    pub provider: Option<String>,
    /// Where the sign-in was to lead.
    pub return_to: Option<String>,
    /// The id to quote.
    pub request_id: Option<String>,
}

/// A whole HTML document that says why someone was not signed in and what to do, without any script.
///
/// `theme` is the value of the theme cookie. The provider's name is escaped; the way back is a path of Portal.
#[must_use]
pub fn sign_in_refused_page(web: &WebContext, theme: Option<&str>, refused: SignInRefused) -> String {
    let theme = web_request::theme(theme);
    let owner = Owner::new();
    owner.with(|| {
        provide_context(web.clone());
        let branding = branding();
        let title = format!("Not signed in · {}", branding.name.as_str());
        let document = view! {
            <!DOCTYPE html>
            <html lang="en" data-theme=theme data-accent=branding.accent.as_str()>
                <head>{shell::head(web.assets, &branding)}<title>{title}</title></head>
                <body>{page(refused)}</body>
            </html>
        };
        document.to_html()
    })
}

fn page(refused: SignInRefused) -> AnyView {
    let SignInRefused { code, provider, return_to, request_id } = refused;
    let back = return_to.as_deref().and_then(ReturnTo::parse);
    let back = back.map_or_else(|| "/sign-in".to_owned(), |path| path.sign_in_path());
    let with = provider.map(|provider| view! { <p class="muted">"Sign-in with "<bdi>{provider}</bdi></p> });
    let content = view! {
        <div class="refusal">
            {glyph(if code == ErrorCode::NotFound { Door::Empty } else { Door::Shut })}
            <h1>{heading(code)}</h1>
            {with}
            <p class="ask">{code.message()}</p>
            <p class="cluster center"><a class="btn" href=back>"Go to the sign-in page"</a></p>
            {quote(code.as_str(), request_id)}
        </div>
    };
    sheet(content.into_any(), None)
}

const fn heading(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::NotFound => "There is no such way to sign in",
        ErrorCode::NotInCatalog => "You are not in the catalog",
        ErrorCode::AccountSuspended | ErrorCode::AccountDisabled => "This account may not sign in",
        ErrorCode::EmailUnverified | ErrorCode::PersonAmbiguous => "It is not clear who you are",
        ErrorCode::SignInCancelled => "You were not signed in",
        ErrorCode::SignInExpired => "This sign-in is over",
        ErrorCode::SignInForeign => "This sign-in belongs to another browser",
        ErrorCode::TooManyAttempts => "Too many attempts",
        ErrorCode::ProviderUnavailable | ErrorCode::DirectoryStale | ErrorCode::Unavailable => {
            "You cannot be signed in right now"
        }
        _ => "That did not work",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hostile::{HOSTILE, assert_harmless, html};

    fn shown(code: ErrorCode, return_to: &str) -> String {
        let refused = SignInRefused {
            code,
            provider: Some(HOSTILE.to_owned()),
            return_to: Some(return_to.to_owned()),
            request_id: Some("abc-1".to_owned()),
        };
        html(|| page(refused))
    }

    #[test]
    fn nothing_on_the_page_comes_alive_or_leads_away() {
        assert_harmless(&shown(ErrorCode::SignInFailed, "/catalog"));
        let page = shown(ErrorCode::SignInFailed, "//evil.test/");
        assert!(!page.contains("evil.test") && page.contains("href=\"/sign-in\""), "{page}");
    }

    #[test]
    fn another_try_leads_where_the_first_one_was_to() {
        let page = shown(ErrorCode::SignInExpired, "/oauth/consent?request=a");
        assert!(page.contains("/sign-in?return_to=%2Foauth%2Fconsent%3Frequest%3Da"), "{page}");
        assert!(page.contains("sign-in-expired"));
    }
}
