//! The document around every page.

use leptos::{nonce::use_nonce, prelude::*};
use leptos_meta::{MetaTags, provide_meta_context};
use portal_core::branding::Branding;

use crate::{
    components::{brand_logo_path, branding},
    context::{AssetPaths, WebContext},
    routes::Pages,
    web_request::WebRequest,
};

/// The script that loads the browser half and brings islands to life.
const START: &str = include_str!("start.js");

/// The whole document of a request, with the page that its path names.
#[must_use]
pub fn document() -> impl IntoView {
    provide_meta_context();
    let assets = use_context::<WebContext>().map(|web| web.assets).unwrap_or_default();
    let branding = branding();
    let accent = branding.accent.as_str();
    let theme = WebRequest::current().ok().and_then(|request| request.theme());
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme data-accent=accent>
            <head>
                {head(assets, &branding)}
                {scripts(assets)}
                <MetaTags/>
            </head>
            <body>
                <Pages/>
                <p id="announcement" class="sr" role="status"></p>
            </body>
        </html>
    }
}

/// What every document's head holds.
pub(crate) fn head(assets: AssetPaths, branding: &Branding) -> impl IntoView + use<> {
    let picture = brand_logo_path(branding);
    let icon = match picture {
        Some(path) => view! { <link rel="icon" type="image/png" href=path/> }.into_any(),
        None => view! { <link rel="icon" type="image/svg+xml" href="/favicon.svg"/> }.into_any(),
    };
    view! {
        <meta charset="utf-8"/>
        <meta name="viewport" content="width=device-width, initial-scale=1"/>
        <meta name="color-scheme" content="light dark"/>
        {icon}
        {assets.css.map(|path| view! { <link rel="stylesheet" href=path/> })}
    }
}

/// Loads the browser half. Leptos' own component reads a file beside the binary, and writes the nonce into attributes
/// where it does not belong (leptos issue 4843).
fn scripts(assets: AssetPaths) -> Option<AnyView> {
    let (js, wasm) = (assets.js?, assets.wasm?);
    let nonce = use_nonce()?;
    let start = format!("({START})({js:?}, {wasm:?});");
    let view = view! {
        <link rel="modulepreload" href=js nonce=nonce.clone()/>
        <link rel="preload" href=wasm r#as="fetch" r#type="application/wasm" crossorigin="anonymous"/>
        <script type="module" nonce=nonce>{start}</script>
    };
    Some(view.into_any())
}
