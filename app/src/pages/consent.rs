//! `/oauth/consent`

use leptos::{nonce::use_nonce, prelude::*};
use portal_core::{
    identity::User,
    oauth::{
        ConsentDecision, ConsentError, ConsentStep, ConsentView,
        records::{ClientSnapshot, DocumentOrigin},
    },
    secret::Secret,
};
use portal_model::{ErrorCode, Scope, ScopeSet};

use super::authorize_error::client_refused;
use crate::{
    components::{Icon, Tone, address, avatar, form_error, hidden, icon, logo_path, note, sheet},
    cookies,
    flash::FormId,
    page::{FormOutcome, Page, PageError, PageRequest, PageResult},
    policy::content_security_policy,
    return_to::ReturnTo,
    text,
    web_request::WebRequest,
};

/// The consent page of a pending request.
pub(crate) fn consent_path(pending: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("request", pending);
    format!("/oauth/consent?{}", query.finish())
}

/// The sign-in page that shows its form although someone is signed in, and leads back to the consent page.
pub(crate) fn sign_in_again_path(pending: &str) -> String {
    let back = ReturnTo::parse(&consent_path(pending));
    back.map_or_else(|| "/sign-in".to_owned(), |back| format!("{}&again=1", back.sign_in_path()))
}

/// Asks the person what an agent may do.
pub(crate) async fn page(page: PageRequest) -> PageResult {
    let request = &page.request;
    let Some(pending) = request.query("request") else { return Err(ErrorCode::AuthorizationExpired.into()) };
    request.set_header(http::header::CACHE_CONTROL, "no-store");
    let browser = request.secret_cookie(cookies::AUTHORIZE);
    let person = request.identity.signed_in().ok();
    let (services, id) = (request.services(), Secret::new(&*pending));
    let view = match services.authorization.view(&id, browser.as_ref(), person).await {
        Ok(view) => view,
        Err(error) => {
            services.attempts.consent_failed(&id, person, request.identity.origin(), &error);
            return refused(request, error);
        }
    };
    let signed_in = page.signed_in()?;
    services.attempts.consent_asked(&id, &signed_in);
    match view.next {
        ConsentStep::SignIn => return Err(PageError::redirect(request, &sign_in_again_path(&pending))),
        ConsentStep::Resume => return resume(&page, &pending, &view).await,
        ConsentStep::Ask => {}
    }
    allow_answer_to(request, &view.redirect_origin);
    let tools = ToolCounts::load(request).await?;
    let account = Account::from(signed_in.user());
    let shown = Shown { pending, view, account, tools, outcome: page.outcome(FormId::Consent) };
    let below = view! { <p>"You did not start this? Choose Cancel, and tell the people who run Portal."</p> };
    Ok(Page { title: "Allow access".into(), body: sheet(shown.form(), Some(below.into_any())) })
}

/// What is said when the page cannot be shown.
fn refused(request: &WebRequest, error: ConsentError) -> PageResult {
    let ConsentError::Client(error) = error else { return Err(error.into()) };
    request.set_status(403);
    Ok(Page { title: "Agent refused".into(), body: client_refused(&error, request.id()) })
}

/// The person has just signed in and has allowed the same before: nothing is asked. Browsers apply the sign-in form's
/// `form-action` to every redirect that follows it, and the client is none of its targets; so there is a page in between,
/// which goes on by itself.
async fn resume(page: &PageRequest, pending: &str, view: &ConsentView) -> PageResult {
    let request = &page.request;
    if request.query("resume").is_none() {
        let on = format!("{}&resume=1", consent_path(pending));
        // As a header: of the elements that Leptos moves into the head, some are lost between threads.
        request.set_header(http::header::REFRESH, &format!("0;url={on}"));
        let content = view! {
            <div class="form">
                <header><h1>"You have allowed this before"</h1></header>
                <p>"You are sent back to "<code class="break"><bdi>{view.redirect_host.clone()}</bdi></code>"."</p>
                <div class="pair-buttons"><a class="btn solid" href=on>"Continue"</a></div>
            </div>
        };
        return Ok(Page { title: "Going on".into(), body: sheet(content.into_any(), None) });
    }
    let browser = request.secret_cookie(cookies::AUTHORIZE);
    let authorization = &request.services().authorization;
    let person = page.signed_in()?;
    let id = Secret::new(pending);
    match authorization.resume(&id, browser.as_ref(), &person).await? {
        Some(location) => {
            let allowed = ConsentDecision::Allow(view.scope.level);
            request.services().attempts.consent_answered(&id, &person, allowed, &Ok(()));
            Err(PageError::redirect(request, &location))
        }
        // Taken back in this very moment: ask.
        None => Err(PageError::redirect(request, &consent_path(pending))),
    }
}

/// The answer to the form redirects to the client, and browsers apply this page's `form-action` to that too.
fn allow_answer_to(request: &WebRequest, origin: &str) {
    let nonce = use_nonce();
    let policy = content_security_policy(nonce.as_deref(), &[origin]);
    request.set_header(http::header::CONTENT_SECURITY_POLICY, &policy);
}

/// How many tools that are on each scope opens.
struct ToolCounts([usize; 3]);

impl ToolCounts {
    async fn load(request: &WebRequest) -> Result<Self, PageError> {
        let settings = request.services().settings.current().await?;
        let sources =
            request.services().actions.sources().iter().filter(|source| settings.source_enabled(source.id));
        let scopes: Vec<Scope> =
            sources.flat_map(|source| &source.tools).map(|tool| tool.attributes.scope()).collect();
        Ok(Self(Scope::ALL.map(|level| scopes.iter().filter(|scope| **scope <= level).count())))
    }

    fn of(&self, level: Scope) -> usize {
        let found = Scope::ALL.into_iter().zip(self.0).find(|(scope, _)| *scope == level);
        found.map_or(0, |(_, count)| count)
    }
}

/// The account that answers.
struct Account {
    name: String,
    /// E-mail, or the reference.
    second: String,
}

impl From<&User> for Account {
    fn from(user: &User) -> Self {
        let second = user.email.clone().unwrap_or_else(|| user.entity_ref.to_string());
        Self { name: user.display_name.clone(), second }
    }
}

struct Shown {
    pending: String,
    view: ConsentView,
    account: Account,
    tools: ToolCounts,
    outcome: FormOutcome,
}

impl Shown {
    fn form(&self) -> AnyView {
        view! {
            <form method="post" action="/_ui/consent">
                {hidden("request", self.pending.clone())}
                {self.asks()}
                {form_error(&self.outcome).map(|error| view! { <div class="part">{error}</div> })}
                {self.destination()}
                <fieldset class="part">
                    <legend class="sr">"What it may do"</legend>
                    <h2 aria-hidden="true">"What it may do"</h2>
                    <div class="scopes">{Scope::ALL.map(|level| self.scope(level)).collect_view()}</div>
                    <p class="hint">"You can give less than it asks for. It never sees more than you may see."</p>
                </fieldset>
                {self.facts()}
                <div class="decide">
                    <button class="btn" type="submit" name="decision" value="cancel" formnovalidate>"Cancel"</button>
                    <button class="btn solid" type="submit" name="decision" value="allow">"Allow"</button>
                </div>
            </form>
        }
        .into_any()
    }

    fn asks(&self) -> AnyView {
        let client = &self.view.client;
        if let Some(shown) = registered(client) {
            return shown;
        }
        let document = client.client_id.split_once("://").map_or(client.client_id.as_str(), |(_, rest)| rest);
        let pinned = match &client.origin {
            DocumentOrigin::Pinned { as_of } => Some(view! {
                <p class="pinned">
                    {icon(Icon::Document)}
                    <span>
                        "pinned copy of "<code class="break">{client.client_id.clone()}</code>
                        ", taken on "<time datetime=as_of.clone()>{as_of.clone()}</time>
                        ". The page itself could not be had."
                    </span>
                </p>
            }),
            _ => None,
        };
        let picture = self.view.logo.as_ref().map(|logo| {
            view! { <img class="logo" src=logo_path(logo) alt="" width="48" height="48"/> }
        });
        let (claims, verified) = match picture {
            Some(_) => ("It shows this picture and calls itself “", "”. Portal has verified neither."),
            None => ("It calls itself “", "”. Portal has not verified this name."),
        };
        view! {
            <header class="asks">
                {picture}
                <h1><span class="big"><bdi>{client.host.clone()}</bdi></span><span class="rest">"asks to use Portal as you"</span></h1>
                <p class="says">
                    {claims}<b><bdi>{client.name.clone()}</bdi></b>{verified}
                </p>
                <p class="says">"Its document: "<code class="break">{document.to_owned()}</code></p>
                {pinned}
            </header>
        }
        .into_any()
    }

    fn destination(&self) -> AnyView {
        let host = self.view.redirect_host.clone();
        if self.view.redirect_is_loopback {
            let words = view! {
                <p><b>"You will be sent to a program on this computer"</b>", at "<code class="break">{host}</code>
                ". Continue only if you have just started the agent here. Portal cannot see which program listens there."</p>
            };
            let warning = view! { <div class="note warn">{icon(Icon::Computer)}<div>{words}</div></div> };
            return view! { <div class="part tight">{warning}</div> }.into_any();
        }
        let words = view! {
            <p>"Afterwards you will be sent to "<code class="break"><b>{host}</b></code>"."</p>
        };
        view! { <div class="part tight">{note(Tone::Plain, words)}</div> }.into_any()
    }

    fn scope(&self, level: Scope) -> AnyView {
        let asked = self.view.scope.level;
        let refused = level > asked;
        let (title, what) = scope_words(level);
        let count = text::count_of(self.tools.of(level), "tool", "tools");
        let description =
            if refused { "This agent did not ask for it.".to_owned() } else { format!("{what} {count}.") };
        let id = format!("scope-{}", title.split_whitespace().last().unwrap_or_default());
        view! {
            <label>
                <input class="radio" type="radio" name="scope" value=level.as_str() checked=level == asked disabled=refused
                    aria-label=title aria-describedby=id.clone()/>
                <span><span class="t">{title}</span><span class="d" id=id>{description}</span></span>
                <code>{level.as_str()}</code>
            </label>
        }
        .into_any()
    }

    fn facts(&self) -> AnyView {
        let Account { name, second } = &self.account;
        let other = sign_in_again_path(&self.pending);
        view! {
            <dl class="facts">
                <dt>"For how long"</dt>
                <dd>{self.duration()}" End it earlier under "<a href="/me/agents">"Portal MCP"</a>"."</dd>
                <dt>"Account"</dt>
                <dd>
                    <span class="who">
                        {avatar("av person", name)}
                        <span><b class="break"><bdi>{name.clone()}</bdi></b>
                            <span class="sub">{address(second)}</span></span>
                    </span>
                    <a class="target" href=other>"Use another account"</a>
                </dd>
            </dl>
        }
        .into_any()
    }

    fn duration(&self) -> String {
        let ends = self.view.ends_at;
        match self.view.token_lifetime_days {
            Some(days) => {
                let idle = text::count(i64::from(days), "day", "days");
                format!("Until {}, or {idle} without use.", text::date(ends))
            }
            None => format!("Until {} on {}.", text::clock_time(ends), text::date(ends)),
        }
    }
}

/// The heading for a client without a document: who registered it stands where the host would.
fn registered(client: &ClientSnapshot) -> Option<AnyView> {
    let says = match &client.origin {
        DocumentOrigin::Registered { by } => {
            let by = by.clone();
            view! { <p class="says">"Registered in this Portal by an admin, "<code class="break"><bdi>{by}</bdi></code>"."</p> }.into_any()
        }
        DocumentOrigin::Dynamic => {
            let words = view! {
                <p><b>"This agent registered itself (legacy)."</b>
                " Nobody vouches for its name. Continue only if you have just started it yourself."</p>
            };
            note(Tone::Warning, words)
        }
        DocumentOrigin::Live | DocumentOrigin::Pinned { .. } => return None,
    };
    let heading = match client.origin {
        DocumentOrigin::Dynamic => "An agent that registered itself".to_owned(),
        _ => client.name.clone(),
    };
    let claim = (client.origin == DocumentOrigin::Dynamic).then(|| {
        view! {
            <p class="says">
                "It calls itself “"<b><bdi>{client.name.clone()}</bdi></b>"”. Portal has not verified this name."
            </p>
        }
    });
    let header = view! {
        <header class="asks">
            <h1><span class="big"><bdi>{heading}</bdi></span><span class="rest">"asks to use Portal as you"</span></h1>
            {claim}
            {says}
            <p class="says">"Its id: "<code class="break">{client.client_id.clone()}</code></p>
        </header>
    };
    Some(header.into_any())
}

/// What stands for a client in lists: the host of its document, or who registered it.
pub(crate) fn client_label(client: &ClientSnapshot) -> String {
    match &client.origin {
        DocumentOrigin::Registered { .. } => "registered by an admin".to_owned(),
        DocumentOrigin::Dynamic => "registered itself, legacy".to_owned(),
        DocumentOrigin::Live | DocumentOrigin::Pinned { .. } => client.host.clone(),
    }
}

/// What a client is called where many stand together: the host of its document, or else the name it was registered under.
pub(crate) fn client_title(client: &ClientSnapshot) -> String {
    if client.host.is_empty() { client.name.clone() } else { client.host.clone() }
}

/// A scope in words: what to call it, and what it opens.
fn scope_words(level: Scope) -> (&'static str, &'static str) {
    match level {
        Scope::Read => ("Read", "Look up entities, owners and APIs."),
        Scope::Write => ("Read and change", "Also register entities and read them anew."),
        Scope::Destructive => ("Read, change and delete", "Also take entities out of the catalog."),
    }
}

/// What a session may do, in words.
pub(crate) fn scope_label(scope: ScopeSet) -> &'static str {
    scope_words(scope.level).0
}

#[cfg(test)]
mod tests {
    use portal_core::{oauth::records::ClientSnapshot, time::UnixMillis};

    use super::*;
    use crate::hostile::{HOSTILE, assert_harmless, html};

    fn shown(origin: DocumentOrigin, loopback: bool) -> Shown {
        let view = ConsentView {
            client: ClientSnapshot {
                client_id: format!("https://agents.example/{HOSTILE}"),
                host: "agents.example".to_owned(),
                name: HOSTILE.to_owned(),
                redirect_uris_hash: String::new(),
                lists_refresh_grant: true,
                confidential: false,
                keys_hash: String::new(),
                origin,
            },
            redirect_uri: String::new(),
            redirect_host: HOSTILE.to_owned(),
            redirect_is_loopback: loopback,
            redirect_origin: "https://agents.example".to_owned(),
            scope: ScopeSet { level: Scope::Write, offline_access: true },
            refreshable: true,
            ends_at: UnixMillis(1_795_000_000_000),
            token_lifetime_days: Some(7),
            expires_at: UnixMillis(1_795_000_000_000),
            next: ConsentStep::Ask,
            logo: None,
        };
        let account = Account { name: HOSTILE.to_owned(), second: HOSTILE.to_owned() };
        let tools = ToolCounts([5, 7, 8]);
        Shown { pending: HOSTILE.to_owned(), view, account, tools, outcome: FormOutcome::default() }
    }

    #[test]
    fn remote_text_stays_text() {
        for loopback in [true, false] {
            let pinned = DocumentOrigin::Pinned { as_of: HOSTILE.to_owned() };
            assert_harmless(&html(|| shown(pinned, loopback).form()));
        }
    }

    #[test]
    fn more_than_was_asked_cannot_be_given_and_the_host_comes_before_the_name() {
        let page = html(|| shown(DocumentOrigin::Live, true).form());
        let input = |value: &str| {
            let start = page.find(&format!("value=\"{value}\"")).unwrap();
            page[start..].split('>').next().unwrap().to_owned()
        };
        assert!(input("mcp:write").contains("checked"));
        assert!(input("mcp:destructive").contains("disabled"));
        assert!(!input("mcp:read").contains("disabled"));
        assert!(page.contains("7 tools"));
        let host = page.find("agents.example").unwrap();
        assert!(host < page.find("It calls itself").unwrap());
        assert!(page.contains("You will be sent to a program on this computer"));
    }
}
