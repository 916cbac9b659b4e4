//! Things to ask a connected agent.

use leptos::prelude::*;
use portal_core::{identity::SignedIn, setup::ExamplePrompt};

use crate::{
    components::copy_button,
    page::{PageError, PageRequest},
};

/// The step in which an agent is tried out: the admins' own examples first, then those that name what is the person's.
pub(super) async fn section(
    page: &PageRequest,
    person: &SignedIn,
    title: &str,
) -> Result<AnyView, PageError> {
    let examples = page.request.services().setup.example_prompts(person).await?;
    let items = examples.into_iter().map(|ExamplePrompt { text, about }| item(text, about)).collect_view();
    let view = view! {
        <section class="step" id="try" aria-labelledby="try-title">
            <span class="n" aria-hidden="true">"4"</span>
            <h2 id="try-title">"Try it"</h2>
            <p class="say">{format!("Paste one of these into {title}.")}</p>
            <div class="panel"><ul class="prompts">{items}</ul></div>
        </section>
    };
    Ok(view.into_any())
}

fn item(text: String, about: &'static str) -> AnyView {
    let label = format!("“{text}”");
    view! {
        <li>
            <span><q><bdi>{text.clone()}</bdi></q><span class="sub">{about}</span></span>
            {copy_button(text, &label)}
        </li>
    }
    .into_any()
}
