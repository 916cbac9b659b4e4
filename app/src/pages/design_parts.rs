//! The components of the design system, each in its states.

use leptos::prelude::*;
use portal_core::time::UnixMillis;
use portal_model::ErrorCode;

use super::design::part;
use crate::components::{
    Icon, Switch, Tone, UnitField, avatar, badge, banner, beta, chip, code_block, command, copy_line,
    dismissable, empty, icon, note,
    parts::{Sorted, Tab, dialog, skeleton, sort_heading, steps, tabs, toast},
    saved, status, switch, text_field, unit_field,
};

/// A time to show.
const THEN: UnixMillis = UnixMillis(1_795_000_000_000);

/// Every component.
pub(super) fn all() -> AnyView {
    view! {
        {part("buttons", "Buttons", "One solid button a form. Ink, never accent.", buttons())}
        {part("fields", "Fields", "A label above, a hint below; the error takes its place.", fields())}
        {part("switches", "Switches and choices", "A switch saves by itself and says so.", switches())}
        {part("panels", "Panels", "The only container: a hairline, no shadow.", panels())}
        {part("badges", "Badges and states", "A word beside every colour.", badges())}
        {part("avatars", "Avatars", "People are round, groups square, agents outlined.", avatars())}
        {part("tables", "Tables", "Sort by a heading, narrow by a filter, go on page by page: all of them links and forms.", table())}
        {part("sorting", "Headings that sort", "The present order is said by an arrow and to assistive technology.", sorting())}
        {part("tabs", "Tabs", "Links, each with an address.", tabs("Parts of an entity", vec![
            Tab { href: "#tabs".to_owned(), label: "Overview", count: None, current: true },
            Tab { href: "#tabs".to_owned(), label: "Relations", count: Some(12), current: false },
            Tab { href: "#tabs".to_owned(), label: "APIs", count: Some(1_204), current: false },
        ]))}
        {part("dialogs", "Dialogs", "They ask, with the consequence in words. Without scripting a page asks the same.", dialogs())}
        {part("menus", "Menus", "A disclosure that closes on Escape and on a click elsewhere.", menus())}
        {part("code", "Code", "With a copy button where there is scripting.", code())}
        {part("banners", "Banners", "One on a page, and it can be put away.", banner(&portal_core::rollout::Banner { message: String::new(), seen: true }))}
        {part("toasts", "Toasts and confirmations", "What was done, and when.", toasts())}
        {part("notes", "Notes and errors", "The fact in bold, then its consequence.", notes())}
        {part("steps", "Steps", "Where one is in a task.", steps("Steps of an example", &[("Choose your agent", true), ("Add Portal", false), ("Sign in and try it", false)]))}
        {part("empty", "Empty and loading", "One heading, one sentence, at most one action; or the shape of what is to come.", empties())}
    }
    .into_any()
}

fn buttons() -> AnyView {
    view! {
        <div class="cluster">
            <button class="btn solid" type="button">"Save"</button>
            <button class="btn" type="button">"Cancel"</button>
            <button class="btn quiet" type="button">"Not now"</button>
            <button class="btn bad" type="button">"Revoke"</button>
            <button class="btn bad-solid" type="button">"Turn off"</button>
            <button class="btn small" type="button">"Remove"</button>
            <button class="btn" type="button">{icon(Icon::Refresh)}"Run again"</button>
            <button class="btn square" type="button" aria-label="Search">{icon(Icon::Search)}</button>
            <button class="btn" type="button" disabled>"Disabled"</button>
        </div>
    }
    .into_any()
}

fn fields() -> AnyView {
    let days = UnitField {
        id: "design-days",
        name: "days",
        label: "Token lifetime (days)",
        unit: "days",
        limits: (1, 14),
        value: "7".to_owned(),
        hint: "1 to 14.".to_owned(),
        error: None,
    };
    view! {
        <div class="panel pad stack-4">
            <div class="pair">
                {text_field(("design-name", "name", "Name"), ("text", "off"), "Ada".to_owned(), "As colleagues know you.", None)}
                {text_field(("design-mail", "mail", "E-mail"), ("text", "off"), "ada@".to_owned(), "", Some(ErrorCode::EmailInvalid))}
            </div>
            <div class="pair">
                {unit_field(days)}
                <div class="field">
                    <label for="design-select">"Scope"</label>
                    <select class="input" id="design-select"><option>"Read"</option><option>"Read and change"</option></select>
                </div>
            </div>
            <div class="field"><label for="design-area">"Example prompts"</label><textarea class="input" id="design-area" rows="2">"Who owns billing?"</textarea></div>
            <div class="field"><label for="design-file">"Picture"</label><input class="input file" id="design-file" type="file"/></div>
            {copy_line("design-copy", "One-time link", "https://portal.example.com/sign-in/link?token=…".to_owned())}
        </div>
    }
    .into_any()
}

fn switches() -> AnyView {
    let one = |id: &'static str, label: &'static str, on: bool| {
        let words = view! { <span><span class="what">{label}</span><span class="why">"What it does, in a sentence."</span></span> };
        let line = view! { <span class="state">{on.then(|| saved(Some(THEN)))}</span> };
        let control = Switch {
            id: id.to_owned(),
            action: "/_design",
            label: label.to_owned(),
            described_by: None,
            on,
            confirm: None,
            sends: Vec::new(),
        };
        switch(control, "row", words.into_any(), Some(line.into_any()))
    };
    view! {
        <div class="panel rows" inert>{one("design-on", "Switched on", true)}{one("design-off", "Switched off", false)}</div>
        <div class="cluster">
            <label class="choice"><input class="check" type="checkbox" checked/><span>"Chosen"</span></label>
            <label class="choice"><input class="check" type="checkbox"/><span>"Not chosen"</span></label>
            <label class="choice"><input class="radio" type="radio" name="design-radio" checked/><span>"This"</span></label>
            <label class="choice"><input class="radio" type="radio" name="design-radio"/><span>"or that"</span></label>
        </div>
    }
    .into_any()
}

fn panels() -> AnyView {
    view! {
        <section class="panel" aria-label="Example panel">
            <header><h3>"Heading"</h3><span class="sub">"said beside it"</span></header>
            <div class="pad">"Content"</div>
            <footer><span>"What follows from it."</span><button class="btn solid" type="button">"Save"</button></footer>
        </section>
        <dl class="strip inner">
            <div><dt>"Seen"</dt><dd>"1,204"<span>" 67 %"</span></dd></div>
            <div><dt>"Opened"</dt><dd>"310"<span>" 17 %"</span></dd></div>
            <div><dt>"Connected"</dt><dd>"42"<span>" 2 %"</span></dd></div>
            <div><dt>"Audience"</dt><dd>"1,800"</dd></div>
        </dl>
    }
    .into_any()
}

fn badges() -> AnyView {
    view! {
        <div class="cluster">
            {badge(Tone::Plain, "service")}{badge(Tone::Good, "connected")}{badge(Tone::Warning, "stale")}{badge(Tone::Bad, "suspended")}
            <h3>"Title"{beta()}</h3><span class="tag">"rust"</span>
        </div>
        <div class="cluster">
            {status(Tone::Good, "Connected")}{status(Tone::Plain, "No session")}{status(Tone::Warning, "Waits for a decision")}{status(Tone::Bad, "Refused")}
        </div>
        {chip("Address", "https://portal.example.com/api/mcp-actions/v1".to_owned(), "the address")}
    }
    .into_any()
}

fn avatars() -> AnyView {
    view! {
        <div class="cluster">
            {avatar("av person", "Ada Lindqvist")}{avatar("av person self", "Noor Haddad")}{avatar("av person lg", "Kim")}
            {avatar("av group", "fleet")}{avatar("av agent", "Claude Code")}
        </div>
    }
    .into_any()
}

fn table() -> AnyView {
    let row = |name: &'static str, owner: &'static str, calls: &'static str, flag: bool| {
        view! { <tr class=flag.then_some("flag")><td><a class="name" href="#tables">{name}</a></td><td>{owner}</td><td>{calls}</td></tr> }
    };
    view! {
        <form class="filters" action="/_design#tables" method="get" role="search" aria-label="Example filter">
            <div class="find"><label class="sr" for="design-q">"Filter"</label>{icon(Icon::Search)}<input class="input" id="design-q" name="q" type="search" placeholder="Filter"/></div>
            <button class="btn" type="submit">"Search"</button>
        </form>
        <div class="panel">
            <table class="table">
                <caption class="sr">"Example table"</caption>
                <thead><tr>
                    {sort_heading("Name", "/_design?sort=-name#tables".to_owned(), Sorted::Up)}
                    {sort_heading("Owner", "/_design?sort=owner#tables".to_owned(), Sorted::No)}
                    {sort_heading("Calls", "/_design?sort=calls#tables".to_owned(), Sorted::No)}
                </tr></thead>
                <tbody>{row("bookings", "fleet", "18,406", false)}{row("rider-app", "riders", "1,204", true)}{row("routes", "fleet", "7", false)}</tbody>
            </table>
            <div class="pager"><span>"1 to 3 of 42"</span><a href="#tables">"Next page"</a></div>
        </div>
    }
    .into_any()
}

fn sorting() -> AnyView {
    view! {
        <div class="panel"><table class="table">
            <caption class="sr">"Example of an order"</caption>
            <thead><tr>
                {sort_heading("Name", "#sorting".to_owned(), Sorted::No)}{sort_heading("Last used", "#sorting".to_owned(), Sorted::Down)}
            </tr></thead>
            <tbody><tr><td>"bookings"</td><td>"4 minutes ago"</td></tr></tbody>
        </table></div>
    }
    .into_any()
}

fn dialogs() -> AnyView {
    let answers = view! { <button class="btn" type="button">"Keep it on"</button><button class="btn bad-solid" type="button">"Turn it off"</button> };
    let shown = view! {
        <div class="pop dialog still" role="group" aria-label="A dialog as it looks">
            <header><h3>"Turn off refresh tokens?"</h3></header>
            <div class="body stack-3"><p>"This touches "<b>"2 agent sessions of 2 people"</b>"."</p></div>
            <footer>{answers}</footer>
        </div>
    };
    let close = view! { <form method="dialog"><button class="btn" type="submit">"Close"</button></form> };
    view! { {shown}{dialog("design-dialog", "A dialog", view! { <p>"Opened by a form."</p> }.into_any(), close.into_any())} }.into_any()
}

fn menus() -> AnyView {
    let menu = view! {
        <details class="row-menu">
            <summary class="btn">"More"{icon(Icon::Down)}</summary>
            <div class="pop menu"><ul><li><a href="#menus">"Open"</a></li><li><a href="#menus">"Disconnect"</a></li></ul></div>
        </details>
    };
    dismissable(menu.into_any())
}

fn code() -> AnyView {
    view! {
        {command("claude mcp add --transport http portal https://portal.example.com/api/mcp-actions/v1".to_owned())}
        {code_block(".mcp.json", "{\n  \"mcpServers\": { \"portal\": { \"type\": \"http\" } }\n}".to_owned())}
    }
    .into_any()
}

fn toasts() -> AnyView {
    view! { {toast(Tone::Good, "Saved")}{toast(Tone::Bad, "Not saved: someone else changed this meanwhile")}{saved(Some(THEN))} }.into_any()
}

fn notes() -> AnyView {
    let words = |fact: &'static str| view! { <p><b>{fact}</b>" What follows from it, and what to do."</p> };
    view! {
        {note(Tone::Plain, words("A fact."))}{note(Tone::Good, words("It worked."))}
        {note(Tone::Warning, words("Something is missing."))}{note(Tone::Bad, words("It was refused."))}
    }
    .into_any()
}

fn empties() -> AnyView {
    let action = view! { <a class="btn" href="/catalog">"Open the catalog"</a> };
    view! {
        <div class="panel">{empty("You own no components yet", "A component is yours when its descriptor names you.", Some(action.into_any()))}</div>
        <div class="panel">{skeleton(4, "Loading")}</div>
    }
    .into_any()
}
