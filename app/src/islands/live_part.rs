//! A part of a page that renews itself.

use leptos::prelude::*;

/// Listens to `source` for versions of a part of this page, and fetches the page anew when there is another than the one
/// shown; only the part is put in place, as the server rendered it.
///
/// Its child is the part; it holds a way to renew the page by hand for where this does not run.
#[island]
pub fn LivePart(
    /// Where versions come from, such as `/_live/setup`: server-sent events named `version`.
    source: String,
    /// Id of the element inside it that is renewed.
    part: String,
    /// The version that is shown.
    version: String,
    /// The part.
    children: Children,
) -> impl IntoView {
    #[cfg(feature = "hydrate")]
    {
        let _ = listening::start(source, part, version);
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = (source, part, version);
    view! { <div class="contents">{children()}</div> }
}

#[cfg(feature = "hydrate")]
mod listening {
    use std::{cell::RefCell, rc::Rc};

    use leptos::prelude::*;
    use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
    use wasm_bindgen_futures::JsFuture;
    use web_sys::{EventSource, MessageEvent, Response};

    use crate::islands::swap::swap;

    /// Streams after which nobody is waiting any more; each lasts ten minutes at most.
    const STREAMS_MAX: u32 = 12;

    struct Listener {
        source: EventSource,
        part: String,
        shown: String,
        latest: String,
        fetching: bool,
        streams: u32,
    }

    #[expect(clippy::needless_pass_by_value, reason = "a property of the island, which owns it, ends here")]
    pub(super) fn start(source: String, part: String, version: String) -> Result<(), JsValue> {
        let source = EventSource::new(&source)?;
        let listener = Rc::new(RefCell::new(Listener {
            source: source.clone(),
            part,
            shown: version.clone(),
            latest: version,
            fetching: false,
            streams: 0,
        }));
        let opened = {
            let listener = Rc::clone(&listener);
            Closure::<dyn Fn()>::new(move || {
                let mut listener = listener.borrow_mut();
                listener.streams += 1;
                if listener.streams > STREAMS_MAX {
                    listener.source.close();
                }
            })
        };
        source.set_onopen(Some(opened.as_ref().unchecked_ref()));
        let told = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            hear(&listener, &event.data().as_string().unwrap_or_default());
        });
        source.add_event_listener_with_callback("version", told.as_ref().unchecked_ref())?;
        // They live as long as the page.
        opened.forget();
        told.forget();
        Ok(())
    }

    fn hear(listener: &Rc<RefCell<Listener>>, version: &str) {
        let mut known = listener.borrow_mut();
        if document().get_element_by_id(&known.part).is_none() {
            // Something else took the part's place.
            known.source.close();
            return;
        }
        version.clone_into(&mut known.latest);
        if !known.fetching && known.latest != known.shown {
            known.fetching = true;
            drop(known);
            leptos::task::spawn_local(renew(Rc::clone(listener)));
        }
    }

    /// Fetches the page until what is shown is the latest that was heard of.
    async fn renew(listener: Rc<RefCell<Listener>>) {
        loop {
            let (part, latest) = {
                let mut known = listener.borrow_mut();
                if known.latest == known.shown {
                    known.fetching = false;
                    return;
                }
                let latest = known.latest.clone();
                known.shown.clone_from(&latest);
                (format!("#{}", known.part), latest)
            };
            if fetch(&part).await.is_err() {
                let mut known = listener.borrow_mut();
                known.fetching = false;
                // Nothing came: the next word, even the same one, tries again.
                known.shown = format!("not {latest}");
                return;
            }
        }
    }

    async fn fetch(part: &str) -> Result<(), JsValue> {
        let location = window().location();
        let address = format!("{}{}", location.pathname()?, location.search()?);
        let response: Response = JsFuture::from(window().fetch_with_str(&address)).await?.dyn_into()?;
        if !response.ok() || response.redirected() {
            return Err("no page".into());
        }
        let text = JsFuture::from(response.text()?).await?.as_string().unwrap_or_default();
        swap(part, &text, None)
    }
}
