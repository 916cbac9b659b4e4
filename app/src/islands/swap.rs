//! Putting a part of a fresh page in place of the present one.

use js_sys::{Function, Reflect};
use leptos::prelude::*;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{DomParser, Element, HtmlElement, HtmlFormElement, HtmlInputElement, SupportedType};

/// Puts the part of the page `text` that `selector` names in place of the present one. What was typed stays, but for the
/// form whose answer the page is.
pub(super) fn swap(selector: &str, text: &str, sent: Option<&HtmlFormElement>) -> Result<(), JsValue> {
    let answer = DomParser::new()?.parse_from_string(text, SupportedType::TextHtml)?;
    let fresh = answer.query_selector(selector)?.ok_or("no such part")?;
    let present = document().query_selector(selector)?.ok_or("no such part")?;
    let focused = document().active_element().map(|element| element.id()).unwrap_or_default();
    let opened = open_details(&present)?;
    let typed = typed_elsewhere(&present, sent)?;
    present.replace_with_with_node_1(&fresh)?;
    for id in opened {
        if let Some(details) = document().get_element_by_id(&id) {
            details.set_attribute("open", "")?;
        }
    }
    for (id, value) in typed {
        let field = document().get_element_by_id(&id).and_then(|it| it.dyn_into::<HtmlInputElement>().ok());
        if let Some(field) = field {
            field.set_value(&value);
        }
    }
    if let Some(element) =
        document().get_element_by_id(&focused).and_then(|it| it.dyn_into::<HtmlElement>().ok())
    {
        element.focus()?;
    }
    announce(&fresh)?;
    let hydrate: Function = Reflect::get(&window(), &"portalHydrate".into())?.dyn_into()?;
    hydrate.call1(&JsValue::NULL, &fresh).map(|_| ())
}

fn open_details(root: &Element) -> Result<Vec<String>, JsValue> {
    let found = root.query_selector_all("details[open][id]")?;
    let ids = (0..found.length()).filter_map(|index| found.get(index)?.dyn_into::<Element>().ok());
    Ok(ids.map(|element| element.id()).collect())
}

/// What is typed into the other forms and not sent yet: ids and values.
fn typed_elsewhere(root: &Element, sent: Option<&HtmlFormElement>) -> Result<Vec<(String, String)>, JsValue> {
    let found = root.query_selector_all("input.input[id]")?;
    let fields = (0..found.length())
        .filter_map(|index| found.get(index)?.dyn_into::<HtmlInputElement>().ok())
        .filter(|field| !sent.is_some_and(|sent| sent.contains(Some(field.as_ref()))))
        .filter(|field| field.value() != field.default_value());
    Ok(fields.map(|field| (field.id(), field.value())).collect())
}

/// What was saved or refused is also said: a live region that is new on the page is not read out.
fn announce(fresh: &Element) -> Result<(), JsValue> {
    let outcome = fresh.query_selector("[role=alert], .saved")?.and_then(|element| element.text_content());
    if let Some(region) = document().get_element_by_id("announcement") {
        region.set_text_content(outcome.as_deref());
    }
    Ok(())
}
