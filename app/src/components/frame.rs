//! The frame around pages: top bar, profile menu, settings navigation, footer; and the sheet of pages that stand alone.

use std::borrow::Cow;

use leptos::prelude::*;
use portal_core::{identity::SignedIn, rollout::RolloutView};

use super::{Icon, address, avatar, brand, branding, hidden, icon};
use crate::{
    islands::MenuDismiss,
    page::{Page, PageError, PageRequest},
};

/// A part of the top navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    /// Home.
    Home,
    /// Catalog.
    Catalog,
    /// App settings.
    Settings,
    /// The person's own pages.
    Mine,
}

/// A page of the app settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SettingsSection {
    /// General, with MCP.
    General,
    /// Name, picture and accent.
    Branding,
    /// Users.
    Users,
    /// Org data.
    OrgData,
    /// Somebody's leaving.
    Offboarding,
    /// Registered clients.
    Clients,
    /// Everyone's agents.
    Agents,
    /// Static tokens.
    ExternalAccess,
    /// The audit log.
    Audit,
}

impl SettingsSection {
    const ALL: [Self; 9] = [
        Self::General,
        Self::Branding,
        Self::Users,
        Self::OrgData,
        Self::Offboarding,
        Self::Clients,
        Self::Agents,
        Self::ExternalAccess,
        Self::Audit,
    ];

    const fn link(self) -> (&'static str, &'static str) {
        match self {
            Self::General => ("/settings/general", "General"),
            Self::Branding => ("/settings/branding", "Branding"),
            Self::Users => ("/settings/users", "Users"),
            Self::OrgData => ("/settings/org-data", "Org data"),
            Self::Offboarding => ("/settings/offboarding", "Offboarding"),
            Self::Agents => ("/settings/agents", "Connected agents"),
            Self::ExternalAccess => ("/settings/external-access", "External access"),
            Self::Audit => ("/settings/audit", "Audit log"),
            Self::Clients => ("/settings/clients", "Clients"),
        }
    }
}

/// What the frame shows of the person signed in.
pub(crate) struct Frame {
    pub(crate) signed_in: SignedIn,
    pub(crate) rollout: RolloutView,
    version: &'static str,
    host: String,
    theme: Option<&'static str>,
    path: String,
}

impl Frame {
    /// The frame for the person who sent the request.
    ///
    /// # Errors
    /// Nobody is signed in, or the store failed.
    pub(crate) async fn load(page: &PageRequest) -> Result<Self, PageError> {
        let signed_in = page.signed_in()?;
        let rollout = page.request.services().rollout.view(&signed_in).await?;
        let web = &page.request.web;
        let host =
            web.public_url.split_once("://").map_or(web.public_url.as_ref(), |(_, host)| host).to_owned();
        let path = page.request.path_and_query().to_owned();
        Ok(Self { signed_in, rollout, version: web.version, host, theme: page.request.theme(), path })
    }

    /// A page of full width.
    pub(crate) fn page(
        &self,
        title: impl Into<Cow<'static, str>>,
        section: Section,
        content: AnyView,
    ) -> Page {
        let body = view! {
            {self.top_bar(section)}
            <main id="main" class="page" tabindex="-1">{content}</main>
            {self.footer()}
        };
        Page { title: title.into(), body: body.into_any() }
    }

    /// A page of the app settings, with their navigation.
    pub(crate) fn settings(&self, title: &'static str, section: SettingsSection, content: AnyView) -> Page {
        let body = view! {
            {self.top_bar(Section::Settings)}
            <div class="with-nav">
                {settings_navigation(section)}
                <main id="main" tabindex="-1">{content}{self.footer()}</main>
            </div>
        };
        Page { title: Cow::Borrowed(title), body: body.into_any() }
    }

    fn top_bar(&self, section: Section) -> AnyView {
        let current = |this: Section| (this == section).then_some("page");
        let admin = self.signed_in.user().admin;
        view! {
            <a class="skip" href="#main">"Skip to content"</a>
            <header class="bar">
                {brand(&branding())}
                <nav aria-label="Main">
                    <a href="/" aria-current=current(Section::Home)>"Home"</a>
                    <a href="/catalog" aria-current=current(Section::Catalog)>"Catalog"</a>
                    {admin.then(|| view! {
                        <a class="wide" href="/settings/general" aria-current=current(Section::Settings)>"App settings"</a>
                    })}
                </nav>
                <form class="find" role="search" action="/catalog" method="get">
                    <label class="sr" for="find">"Search the catalog"</label>
                    {icon(Icon::Search)}
                    <input class="input" id="find" name="q" type="search" placeholder="Search services, APIs, people"/>
                </form>
                <a class="btn quiet square find-small" href="/catalog" aria-label="Open the search">{icon(Icon::Search)}</a>
                {self.profile_menu()}
            </header>
        }
        .into_any()
    }

    fn profile_menu(&self) -> AnyView {
        let user = self.signed_in.user();
        let name = user.display_name.clone();
        let second = user.email.clone().unwrap_or_else(|| user.entity_ref.to_string());
        let menu = view! {
                <details class="profile">
                    <summary class="me">
                        <span class="sr"><bdi>{name.clone()}</bdi>", profile menu"</span>
                        {avatar("av person self", &name)}
                        {icon(Icon::Down)}
                    </summary>
                    <div class="pop menu">
                        <div class="id">
                            {avatar("av person lg self", &name)}
                            <div><b class="break"><bdi>{name.clone()}</bdi></b><span class="sub">{address(&second)}</span></div>
                        </div>
                        <ul>
                            <li><a href=user.entity_ref.path()>{icon(Icon::Person)}"My page"</a></li>
                            {self.rollout.menu_entry.then(|| view! {
                                <li><a href="/me/agents">{icon(Icon::Plug)}"Portal MCP"</a></li>
                            })}
                            <li><a href="/me/password">{icon(Icon::Key)}"Password"</a></li>
                            {user.admin.then(|| view! {
                                <li><a href="/settings/general">{icon(Icon::Gear)}"App settings"</a></li>
                            })}
                        </ul>
                        {self.theme_choice()}
                        <ul>
                            <li><form method="post" action="/_ui/sign_out">
                                <button type="submit">{icon(Icon::SignOut)}"Sign out"</button>
                            </form></li>
                            <li><form method="post" action="/_ui/sign_out_everywhere">
                                <button type="submit">{icon(Icon::SignOut)}"Sign out everywhere"</button>
                            </form></li>
                        </ul>
                    </div>
                </details>
        };
        dismissable(menu.into_any())
    }

    fn theme_choice(&self) -> AnyView {
        let choice = |value: &'static str, word: &'static str| {
            let pressed = self.theme.unwrap_or("system") == value;
            view! {
                <button type="submit" name="theme" value=value aria-pressed=if pressed { "true" } else { "false" }>{word}</button>
            }
        };
        view! {
            <form method="post" action="/_ui/theme" class="line">
                {hidden("return_to", self.path.clone())}
                <span id="theme-label">"Theme"</span>
                <span class="seg" role="group" aria-labelledby="theme-label">
                    {choice("system", "System")}
                    {choice("light", "Light")}
                    {choice("dark", "Dark")}
                </span>
            </form>
        }
        .into_any()
    }

    /// The footer of pages of full width.
    fn footer(&self) -> AnyView {
        view! {
            <footer class="foot"><span>"Portal "{self.version}</span><span class="break">{self.host.clone()}</span></footer>
        }
        .into_any()
    }
}

/// A `<details>` menu that closes on Escape and on a click elsewhere.
pub(crate) fn dismissable(menu: AnyView) -> AnyView {
    view! { <MenuDismiss>{menu}</MenuDismiss> }.into_any()
}

fn settings_navigation(section: SettingsSection) -> AnyView {
    let links = || {
        let link = |this: SettingsSection| {
            let (path, word) = this.link();
            let current = this == section;
            let below = (this == SettingsSection::General).then(|| {
                view! { <ul><li><a href="/settings/general#mcp" aria-current=current.then_some("true")>"MCP"</a></li></ul> }
            });
            view! { <li><a href=path aria-current=current.then_some("page")>{word}</a>{below}</li> }
        };
        SettingsSection::ALL.into_iter().map(link).collect_view()
    };
    view! {
        <details class="side-m">
            <summary><span><span class="muted">"App settings"</span>" "<b>{section.link().1}</b></span>{icon(Icon::Down)}</summary>
            <nav aria-label="App settings"><ul>{links()}</ul></nav>
        </details>
        <nav class="side" aria-label="App settings"><p class="title">"App settings"</p><ul>{links()}</ul></nav>
    }
    .into_any()
}

/// A page that stands alone, without navigation.
pub(crate) fn sheet(content: AnyView, below: Option<AnyView>) -> AnyView {
    view! {
        <main class="sheet" id="main">
            {brand(&branding())}
            <div class="panel">{content}</div>
            {below.map(|below| view! { <div class="below">{below}</div> })}
        </main>
    }
    .into_any()
}
