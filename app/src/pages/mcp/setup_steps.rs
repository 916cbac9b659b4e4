//! What to do, as blocks to be copied.

use leptos::prelude::*;
use portal_core::setup::Step;

use crate::components::{Icon, chip, code_block, command, icon};

/// The steps of one way, in order.
pub(super) fn steps(steps: &[Step]) -> AnyView {
    steps.iter().map(step).collect_view().into_any()
}

fn step(step: &Step) -> AnyView {
    match step {
        Step::Terminal(text) => command(text.clone()),
        Step::File { path, text } => code_block(*path, text.clone()),
        Step::Link { label, href } => view! {
            <p><a class="btn" href=href.clone()>{icon(Icon::Add)}{*label}</a></p>
        }
        .into_any(),
        Step::Address(address) => {
            view! { <p>{chip("Address", address.clone(), "the MCP address")}</p> }.into_any()
        }
        Step::Words(words) => {
            view! { <p class="then">{icon(Icon::Next)}<span>{*words}</span></p> }.into_any()
        }
    }
}
