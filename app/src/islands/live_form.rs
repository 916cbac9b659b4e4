//! Forms that are sent without leaving the page.

use leptos::prelude::*;

/// Sends the form inside it in place: the answer's `<main>` takes the place of the present one, so that everything that
/// depends on what was saved is right, and scroll position and focus stay. Any trouble falls back to sending the form the
/// plain way.
#[island]
pub fn LiveForm(
    /// Send as soon as something in the form changes.
    auto: bool,
    /// Id of a `<dialog>` that asks before a switch goes off; empty for none.
    confirm: String,
    /// The form.
    children: Children,
) -> impl IntoView {
    let changed = move |event: leptos::ev::Event| {
        #[cfg(feature = "hydrate")]
        if auto {
            sending::changed(&event, &confirm);
        }
        #[cfg(not(feature = "hydrate"))]
        let _ = (auto, &confirm, event);
    };
    let submitted = move |event: leptos::ev::SubmitEvent| {
        #[cfg(feature = "hydrate")]
        sending::submitted(&event);
        #[cfg(not(feature = "hydrate"))]
        let _ = event;
    };
    view! { <div class="contents" on:change=changed on:submit=submitted>{children()}</div> }
}

#[cfg(feature = "hydrate")]
mod sending {
    use leptos::prelude::*;
    use wasm_bindgen::{JsCast as _, JsValue};
    use wasm_bindgen_futures::JsFuture;
    use web_sys::{
        FormData, Headers, HtmlDialogElement, HtmlFormElement, HtmlInputElement, RequestInit, Response,
        UrlSearchParams,
    };

    use crate::islands::swap::swap;

    /// A control of an automatic form changed.
    pub(super) fn changed(event: &web_sys::Event, confirm: &str) {
        let target = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
        let Some(input) = target else { return };
        let dialog = document()
            .get_element_by_id(confirm)
            .and_then(|found| found.dyn_into::<HtmlDialogElement>().ok());
        match dialog {
            Some(dialog) if !input.checked() => {
                // It stays on until the question is answered.
                input.set_checked(true);
                let _ = dialog.show_modal();
            }
            _ => {
                if let Some(form) = input.form() {
                    let _ = form.request_submit();
                }
            }
        }
    }

    /// A form is being sent.
    pub(super) fn submitted(event: &web_sys::Event) {
        let target = event.target().and_then(|target| target.dyn_into::<HtmlFormElement>().ok());
        let Some(form) = target else { return };
        event.prevent_default();
        let _ = form.set_attribute("aria-busy", "true");
        leptos::task::spawn_local(async move {
            if send(&form).await.is_err() {
                let _ = form.submit();
            }
        });
    }

    async fn send(form: &HtmlFormElement) -> Result<(), JsValue> {
        let body = UrlSearchParams::new_with_str_sequence_sequence(&FormData::new_with_form(form)?.into())?;
        let headers = Headers::new()?;
        headers.set("Accept", "text/html")?;
        let init = RequestInit::new();
        init.set_method("POST");
        init.set_headers(&headers);
        init.set_body(&body);
        let sent = window().fetch_with_str_and_init(&form.action(), &init);
        let response: Response = JsFuture::from(sent).await?.dyn_into()?;
        let location = window().location();
        let elsewhere = web_sys::Url::new(&response.url())?.pathname() != location.pathname()?;
        if elsewhere || !response.ok() {
            return location.assign(&response.url());
        }
        let text = JsFuture::from(response.text()?).await?.as_string().unwrap_or_default();
        swap("#main", &text, Some(form))
    }
}
