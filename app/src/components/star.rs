//! Stars: a form of one button, in rows and on pages of entities.

use std::collections::HashSet;

use leptos::prelude::*;
use portal_model::EntityRef;

use super::{Icon, form::form_error, hidden, icon, live, saved};
use crate::{
    flash::FormId,
    page::{PageError, PageRequest},
};

/// What the person has starred, and the page that its forms lead back to.
pub(crate) struct Stars {
    refs: HashSet<EntityRef>,
    back: String,
}

impl Stars {
    /// Reads them for a page.
    ///
    /// # Errors
    /// Nobody is signed in, or the store failed.
    pub(crate) async fn load(page: &PageRequest) -> Result<Self, PageError> {
        let refs = page.request.services().personal.star_refs(&page.signed_in()?).await?;
        Ok(Self::new(refs, page.request.path_and_query().to_owned()))
    }

    /// These.
    pub(crate) fn new(refs: impl IntoIterator<Item = EntityRef>, back: String) -> Self {
        Self { refs: refs.into_iter().collect(), back }
    }

    pub(crate) fn has(&self, entity_ref: &EntityRef) -> bool {
        self.refs.contains(entity_ref)
    }
}

/// The star of a row: only the sign, with its words for assistive technology. What is around it is [`live`].
pub(crate) fn star_button(stars: &Stars, entity_ref: &EntityRef, label: &str) -> AnyView {
    let on = stars.has(entity_ref);
    let words = format!("Star {label}");
    // Without scripting the page comes back at the row.
    let back = format!("{}#{entity_ref}", stars.back);
    view! {
        <form method="post" action="/_ui/star" class="star-form">
            {fields(entity_ref, on, back)}
            <button class="btn quiet small square star" id=format!("star-{entity_ref}") type="submit"
                aria-pressed=pressed(on) aria-label=words title=if on { "Starred" } else { "Star" }>{icon(Icon::Star)}</button>
        </form>
    }
    .into_any()
}

/// The star on an entity's own page, with its word.
pub(crate) fn star_switch(stars: &Stars, entity_ref: &EntityRef) -> AnyView {
    let on = stars.has(entity_ref);
    let form = view! {
        <form method="post" action="/_ui/star" class="star-form">
            {fields(entity_ref, on, stars.back.clone())}
            <button class="btn star" id="star" type="submit" aria-pressed=pressed(on)>
                {icon(Icon::Star)}{if on { "Starred" } else { "Star" }}
            </button>
        </form>
    };
    live(false, "", form.into_any())
}

fn fields(entity_ref: &EntityRef, on: bool, back: String) -> AnyView {
    view! {
        {hidden("entity", entity_ref.to_string())}
        {(!on).then(|| hidden("starred", "on"))}
        {hidden("return_to", back)}
    }
    .into_any()
}

const fn pressed(on: bool) -> &'static str {
    if on { "true" } else { "false" }
}

/// What became of the star given before: an error in sight, success said to assistive technology.
pub(crate) fn star_outcome(page: &PageRequest) -> AnyView {
    let outcome = page.outcome(FormId::Star);
    let done = saved(outcome.done_at()).map(|words| view! { <div class="sr">{words}</div> });
    view! { {form_error(&outcome)}{done} }.into_any()
}
