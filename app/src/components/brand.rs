//! The organization's name and picture, or Portal's own.

use leptos::prelude::*;
use portal_core::{branding::Branding, services::BRANDING_LOGO_PATH};

use super::mark;
use crate::context::WebContext;

/// What the organization chose, as far as it is known; Portal's own looks outside a request.
pub(crate) fn branding() -> Branding {
    use_context::<WebContext>().map(|web| web.services.branding.known()).unwrap_or_default()
}

/// The name with its picture, leading home.
pub(crate) fn brand(branding: &Branding) -> AnyView {
    let name = branding.name.as_str().to_owned();
    view! { <a class="brand" href="/">{brand_picture(branding)}<span class="name">{name}</span></a> }
        .into_any()
}

/// The picture alone.
pub(crate) fn brand_picture(branding: &Branding) -> AnyView {
    match logo_path(branding) {
        Some(path) => {
            view! { <img class="brand-logo" src=path alt="" width="24" height="24" decoding="async"/> }
                .into_any()
        }
        None => mark(),
    }
}

/// Where the picture is served.
pub(crate) fn logo_path(branding: &Branding) -> Option<String> {
    branding.logo.as_ref().map(|logo| format!("{BRANDING_LOGO_PATH}/{}", logo.as_str()))
}
