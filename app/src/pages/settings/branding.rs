//! `/settings/branding`: the product's name, its picture and its accent

use leptos::prelude::*;
use portal_core::branding::{Accent, Branding};
use portal_model::{Field, branding::PRODUCT_NAME_LENGTH_MAX};

use crate::{
    components::{
        Frame, Icon, SettingsSection, brand, brand_picture, error_summary, field_error, icon, saved,
    },
    flash::FormId,
    page::{FormOutcome, PageRequest, PageResult},
};

/// The page.
pub(crate) async fn page(page: PageRequest) -> PageResult {
    page.admin()?;
    let frame = Frame::load(&page).await?;
    let branding = page.request.services().branding.known();
    let content = view! {
        <nav aria-label="Breadcrumb">
            <ol class="crumbs"><li>"App settings"</li><li aria-current="page">"Branding"</li></ol>
        </nav>
        <div class="head">
            <div><h1>"Branding"</h1><p class="lead">"How your people recognize this place: on every page, when they sign in and when an agent asks for consent."</p></div>
        </div>
        <section class="sec" id="name" aria-labelledby="name-title">
            <div class="about">
                <h2 id="name-title">"Name and accent"</h2>
                <p>"The name stands in the top bar, in the title of every page, on the sign-in page and on the consent page."</p>
                <p>"The accent marks what is open, current or on. Each of these keeps its contrast, light and dark."</p>
            </div>
            <div class="stack-4">{look(&page.outcome(FormId::Branding), &branding)}</div>
        </section>
        <section class="sec" id="logo" aria-labelledby="logo-title">
            <div class="about">
                <h2 id="logo-title">"Logo"</h2>
                <p>"A square picture works best. It stands beside the name and in the tab of the browser."</p>
                <p>"Portal makes it anew, at most 128 pixels on a side, so that nothing but its pixels is kept."</p>
            </div>
            <div class="stack-4">{logo(&page.outcome(FormId::Logo), &branding)}</div>
        </section>
    };
    Ok(frame.settings("Branding", SettingsSection::Branding, content.into_any()))
}

fn look(outcome: &FormOutcome, branding: &Branding) -> AnyView {
    let id_of = |field| match field {
        Field::ProductName => Some("product-name"),
        _ => None,
    };
    let error = outcome.error_of(Field::ProductName);
    let invalid = error.map(|_| "true");
    let name = outcome.value(Field::ProductName).unwrap_or_else(|| branding.name.as_str().to_owned());
    let swatches =
        Accent::ALL.into_iter().map(|accent| swatch(accent, accent == branding.accent)).collect_view();
    // Sent the plain way: what changes stands outside the main part, too.
    view! {
        <form method="post" action="/_ui/settings_branding" class="panel" novalidate aria-label="Name and accent">
            <div class="pad stack-4">
                {error_summary(outcome, id_of)}
                <div class="field">
                    <label for="product-name">"Product name"</label>
                    <input class="input" id="product-name" name="name" type="text" autocomplete="off"
                        maxlength=PRODUCT_NAME_LENGTH_MAX.to_string() value=name
                        aria-invalid=invalid aria-describedby="product-name-hint"/>
                    {field_error("product-name", error)}
                    <p class="hint" id="product-name-hint">{format!(
                        "Letters, digits, blanks and - . _ + ! ( ), {PRODUCT_NAME_LENGTH_MAX} characters at most."
                    )}</p>
                </div>
                <fieldset>
                    <legend>"Accent"</legend>
                    <div class="swatches">{swatches}</div>
                </fieldset>
                {preview(branding)}
            </div>
            <footer>
                <span>"Everyone sees it with their next page."</span>
                <span class="cluster">{saved(outcome.done_at())}<button class="btn solid" type="submit">"Save"</button></span>
            </footer>
        </form>
    }
    .into_any()
}

fn swatch(accent: Accent, chosen: bool) -> AnyView {
    view! {
        <label class="choice swatch-choice">
            <input class="radio" type="radio" name="accent" value=accent.as_str() checked=chosen/>
            <span class="swatch" data-accent=accent.as_str() aria-hidden="true"></span>
            <span>{accent.title()}</span>
        </label>
    }
    .into_any()
}

fn preview(branding: &Branding) -> AnyView {
    view! {
        <div class="brand-preview" inert>
            <div class="bar">
                {brand(branding)}
                <span class="cluster"><span class="badge ok">"Connected"</span><span class="btn small solid">"Set up MCP"</span></span>
            </div>
        </div>
    }
    .into_any()
}

fn logo(outcome: &FormOutcome, branding: &Branding) -> AnyView {
    let error = outcome.error_of(Field::Logo);
    let invalid = error.map(|_| "true");
    let own = branding.logo.is_some();
    // Sent the plain way: a file does not travel in place.
    let upload = view! {
        <form method="post" action="/settings/branding/logo" enctype="multipart/form-data">
            <div class="pad stack-4">
                <div class="who top">
                    <span class="logo-now">{brand_picture(branding)}</span>
                    <span>{if own { "Your own picture." } else { "Portal’s own mark." }}</span>
                </div>
                <div class="field">
                    <label for="logo-file">"Picture"</label>
                    <input class="input file" id="logo-file" name="logo" type="file" accept="image/png,image/jpeg,image/webp,image/gif"
                        aria-invalid=invalid aria-describedby="logo-hint"/>
                    {field_error("logo-file", error)}
                    <p class="hint" id="logo-hint">"PNG, JPEG, WebP or GIF, 256 kB at most. Vector pictures (SVG) are not taken, because they can hold scripts."</p>
                </div>
            </div>
            <footer class="foot-bar">{saved(outcome.done_at())}<button class="btn" type="submit">{icon(Icon::Add)}"Use this picture"</button></footer>
        </form>
    };
    let remove = own.then(|| {
        view! {
            <form method="post" action="/_ui/settings_logo_remove">
                <footer class="foot-bar"><button class="btn" type="submit">"Go back to Portal’s mark"</button></footer>
            </form>
        }
    });
    view! { <div class="panel">{upload}{remove}</div> }.into_any()
}
