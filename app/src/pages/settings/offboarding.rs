//! `/settings/offboarding`: what somebody's leaving would touch, and what it ended

use leptos::prelude::*;
use portal_core::{
    identity::Admin,
    org::drill::{DrillAccount, DrillError, OffboardingPlan},
    time::UnixMillis,
};
use portal_model::{EntityRef, ErrorCode};

use super::listing::crumbs;
use crate::{
    components::{
        Frame, Icon, SettingsSection, Tone, avatar, badge, empty, entity_label, entity_link, form_error,
        hidden, icon, note, when_ago,
    },
    flash::FormId,
    page::{PageError, PageRequest, PageResult},
    text,
};

/// People shown for a name.
const PEOPLE_FOUND_MAX: u32 = 20;

/// Asks whom it is about; then shows the plan, or what was ended.
pub(crate) async fn page(page: PageRequest) -> PageResult {
    let admin = page.admin()?;
    let frame = Frame::load(&page).await?;
    let typed = page.request.query("person").unwrap_or_default();
    let person = typed.trim().parse::<EntityRef>().ok();
    let now = page.request.now();
    let body = match &person {
        None if typed.trim().is_empty() => ask(&typed),
        None => view! { {ask(&typed)}{found(&page, &typed).await?} }.into_any(),
        Some(person) => plan_or_report(&page, &admin, person, now).await?,
    };
    let content = view! {
        {crumbs("Offboarding")}
        <div class="head">
            <div><h1>"Offboarding"</h1><p class="lead">"What somebody’s leaving touches: sessions, agents, tokens and what they own. Look first; then cut off."</p></div>
        </div>
        {form_error(&page.outcome(FormId::Offboarding)).map(|error| view! { <div class="mb-6">{error}</div> })}
        {body}
    };
    Ok(frame.settings("Offboarding", SettingsSection::Offboarding, content.into_any()))
}

/// The address of the page about one person.
pub(crate) fn offboarding_path(person: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("person", person);
    format!("/settings/offboarding?{}", query.finish())
}

fn ask(typed: &str) -> AnyView {
    view! {
        <section class="panel" aria-label="Whom it is about">
            <form method="get" action="/settings/offboarding">
                <div class="pad stack-4">
                    {crate::components::text_field(
                        ("person", "person", "Person"), ("text", "off"), typed.to_owned(),
                        "A name, an e-mail address, or a reference such as user:default/ada. Nothing is changed by looking.", None,
                    )}
                </div>
                <footer class="foot-bar"><span></span><button class="btn solid" type="submit">"Show what it touches"</button></footer>
            </form>
        </section>
    }
    .into_any()
}

/// The people of the catalog whom the words may mean.
async fn found(page: &PageRequest, typed: &str) -> Result<AnyView, PageError> {
    let catalog = &page.request.services().catalog;
    let people = catalog.search(typed, Some("user"), 0, PEOPLE_FOUND_MAX).await?;
    let body = if people.items.is_empty() {
        empty(
            "Nobody in the catalog is called that",
            "Somebody who is gone from the catalog is found by the reference they had, such as user:default/ada.",
            None,
        )
    } else {
        let items = people.items.iter().map(|person| {
            let (label, entity_ref) = (entity_label(person), person.entity_ref.to_string());
            view! {
                <li>
                    {avatar("av person", &label)}
                    <span><a href=offboarding_path(&entity_ref)><bdi>{label}</bdi></a><span class="sub break">{entity_ref}</span></span>
                </li>
            }
        });
        let items = items.collect_view();
        let more = people.total > i64::from(PEOPLE_FOUND_MAX);
        let more =
            more.then(|| view! { <p class="pad small muted">"There are more. Type more of the name."</p> });
        view! { <ul class="list">{items}</ul>{more} }.into_any()
    };
    let view = view! {
        <section class="panel mt-6" aria-labelledby="found-title">
            <header><h2 id="found-title">"People found"</h2></header>
            {body}
        </section>
    };
    Ok(view.into_any())
}

async fn plan_or_report(
    page: &PageRequest,
    admin: &Admin,
    person: &EntityRef,
    now: UnixMillis,
) -> Result<AnyView, PageError> {
    let offboarding = &page.request.services().offboarding;
    let report = offboarding.last_report(admin, person).await?;
    let plan = match offboarding.plan(admin, person).await {
        Ok(plan) => plan,
        Err(DrillError::Refused(ErrorCode::NotFound)) => {
            let sentence = "Neither an account nor a directory knows this reference.";
            let again = view! { <a class="btn" href="/settings/offboarding">"Ask for somebody else"</a> };
            return Ok(view! { <div class="panel">{empty("Nobody by this reference", sentence, Some(again.into_any()))}</div> }
                .into_any());
        }
        Err(error) => return Err(error.into()),
    };
    let json = {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("person", &person.to_string());
        format!("/settings/offboarding.json?{}", query.finish())
    };
    let done = report.map(|report| done(&report.report, report.at, now));
    Ok(view! {
        {done}
        {totals(&plan)}
        <div class="stack-6">
            {accounts(&plan, now)}
            {tokens(&plan, now)}
            {owned(&plan)}
            {carry_out(&plan, &json)}
        </div>
    }
    .into_any())
}

/// What the last offboarding of this person ended.
fn done(report: &serde_json::Value, at: UnixMillis, now: UnixMillis) -> AnyView {
    let number = |name: &str| report.get(name).and_then(serde_json::Value::as_u64).unwrap_or(0);
    let words = format!(
        " It disabled {} accounts and ended {} browser sessions, {} agent sessions and {} static tokens.",
        number("accounts_disabled"),
        number("browser_sessions_ended"),
        number("agent_sessions_ended"),
        number("static_tokens_ended")
    );
    let words = view! {
        <p><b>"This person was cut off "{when_ago(now, at)}"."</b>{words}
        " From that moment on every call, refresh and page is refused. The audit log keeps the report."</p>
    };
    view! { <div class="mb-6" role="status">{note(Tone::Good, words)}</div> }.into_any()
}

fn totals(plan: &OffboardingPlan) -> AnyView {
    let sum = |count: fn(&DrillAccount) -> i64| plan.accounts.iter().map(count).sum::<i64>();
    view! {
        <dl class="strip">
            <div><dt>"Browser sessions"</dt><dd>{text::thousands(sum(|account| account.browser_session_count))}</dd></div>
            <div><dt>"Agent sessions"</dt><dd>{text::thousands(sum(|account| account.agent_session_count))}</dd></div>
            <div><dt>"Static tokens"</dt><dd>{text::thousands(plan.static_token_count)}</dd></div>
            <div><dt>"Owned entities"</dt><dd>{text::thousands(plan.owned_count)}</dd></div>
        </dl>
    }
    .into_any()
}

fn accounts(plan: &OffboardingPlan, now: UnixMillis) -> AnyView {
    let rows = plan.accounts.iter().map(|account| account_row(account, now)).collect_view();
    let directories = plan.directories.iter().map(|directory| {
        view! { <li><code>{directory.identity.provider.to_string()}</code>" says: "{directory.standing}</li> }
    });
    let directories = directories.collect_view();
    view! {
        <section class="panel" aria-labelledby="accounts-title">
            <header><h2 id="accounts-title">"Accounts, sessions and agents of "<code class="break">{plan.entity_ref.to_string()}</code></h2></header>
            {(!plan.directories.is_empty()).then(|| view! { <ul class="pad small muted plain">{directories}</ul> })}
            <table class="table stacked">
                <caption class="sr">"Accounts"</caption>
                <thead><tr><th scope="col">"Account"</th><th scope="col">"Browsers"</th><th scope="col">"Agents"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </section>
    }
    .into_any()
}

fn account_row(account: &DrillAccount, now: UnixMillis) -> AnyView {
    let state = account.status.map_or("not signed in yet", portal_core::identity::UserStatus::as_str);
    let browsers = account.browser_sessions.iter().map(|session| {
        view! { <li>{session.address.clone()}<span class="faint">", last seen "{when_ago(now, session.seen_at)}</span></li> }
    });
    let agents = account.agent_sessions.iter().map(|session| {
        let used =
            session.used_at.map(|at| view! { <span class="faint">", last used "{when_ago(now, at)}</span> });
        view! { <li><bdi class="break">{session.client_name.clone()}</bdi>{used}</li> }
    });
    view! {
        <tr>
            <td><code class="break">{account.provider.clone()}</code>{account.admin.then(|| badge(Tone::Plain, "Admin"))}
                <span class="sub">{state}</span></td>
            <td>{text::thousands(account.browser_session_count)}<ul class="plain small">{browsers.collect_view()}</ul></td>
            <td>{text::thousands(account.agent_session_count)}<ul class="plain small">{agents.collect_view()}</ul></td>
        </tr>
    }
    .into_any()
}

fn tokens(plan: &OffboardingPlan, now: UnixMillis) -> Option<AnyView> {
    let rows = plan.static_tokens.iter().map(|token| {
        let used = token.used_at.map_or_else(|| "Never".into_any(), |at| when_ago(now, at));
        view! {
            <tr><td><bdi class="break">{token.name.clone()}</bdi><span class="sub"><code>{format!("ptls_…{}", token.ending)}</code></span></td><td>{used}</td></tr>
        }
    });
    let rows = rows.collect_view();
    (!plan.static_tokens.is_empty()).then(|| {
        view! {
            <section class="panel" aria-labelledby="tokens-title">
                <header><h2 id="tokens-title">"Static tokens"</h2></header>
                <table class="table">
                    <caption class="sr">"Static tokens"</caption>
                    <thead><tr><th scope="col">"Token"</th><th scope="col">"Last used"</th></tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </section>
        }
        .into_any()
    })
}

fn owned(plan: &OffboardingPlan) -> Option<AnyView> {
    let items = plan.owned.iter().map(|entity| view! { <li>{entity_link(entity, None)}</li> }).collect_view();
    (!plan.owned.is_empty()).then(|| {
        view! {
            <section class="panel" aria-labelledby="owned-title">
                <header><div><h2 id="owned-title">"Owned by this person alone"</h2>
                    <span class="sub">"They stay in the catalog; somebody else has to take them over."</span></div></header>
                <ul class="pad refs">{items}</ul>
            </section>
        }
        .into_any()
    })
}

fn carry_out(plan: &OffboardingPlan, json: &str) -> AnyView {
    view! {
        <section class="panel" aria-labelledby="end-title">
            <header><h2 id="end-title">"Cut off"</h2></header>
            <form method="post" action="/_ui/offboard">
                {hidden("person", plan.entity_ref.to_string())}
                <div class="pad stack-3">
                    <p>"Disables every account of this person and ends all of the above at once. No directory takes that back; an admin can enable the accounts again."</p>
                    <label class="check"><input type="checkbox" name="confirmed" value="1" required/>
                        <span>"Cut "<code class="break">{plan.entity_ref.to_string()}</code>" off now"</span></label>
                </div>
                <footer class="foot-bar">
                    <a class="btn" href=json.to_owned() rel="external" download="offboarding.json">{icon(Icon::Document)}"As JSON"</a>
                    <button class="btn bad-solid" type="submit">"Cut off"</button>
                </footer>
            </form>
        </section>
    }
    .into_any()
}
