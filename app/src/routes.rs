//! Every page, in one table.

use leptos::prelude::*;
use leptos_router::{
    SsrMode,
    components::{Route, Router, Routes},
    path,
};

use crate::{page::page, pages};

/// The page that the path names. Every page is rendered whole before its first byte is sent, so that it can still
/// redirect or set its status.
#[component]
pub(crate) fn Pages() -> impl IntoView {
    view! {
        <Router>
            <Routes fallback=|| page(pages::errors::not_found)>
                <Route path=path!("/") view=|| page(pages::home::page) ssr=SsrMode::Async/>
                <Route path=path!("/sign-in") view=|| page(pages::account::sign_in::page) ssr=SsrMode::Async/>
                <Route path=path!("/sign-in/link") view=|| page(pages::account::link::page) ssr=SsrMode::Async/>
                <Route path=path!("/first-admin") view=|| page(pages::account::first_admin::page) ssr=SsrMode::Async/>
                <Route path=path!("/me/password") view=|| page(pages::account::password::page) ssr=SsrMode::Async/>
                <Route path=path!("/me/agents") view=|| page(pages::mcp::agents::page) ssr=SsrMode::Async/>
                <Route path=path!("/me/agents/confirm") view=|| page(pages::mcp::disconnect::page) ssr=SsrMode::Async/>
                <Route path=path!("/mcp/setup") view=|| page(pages::mcp::setup::page) ssr=SsrMode::Async/>
                <Route path=path!("/oauth/consent") view=|| page(pages::consent::page) ssr=SsrMode::Async/>
                <Route path=path!("/catalog") view=|| page(pages::catalog::list::page) ssr=SsrMode::Async/>
                <Route path=path!("/catalog/:namespace/:kind/:name") view=|| page(pages::catalog::entity::page)
                    ssr=SsrMode::Async/>
                <Route path=path!("/settings/general") view=|| page(pages::settings::general::page) ssr=SsrMode::Async/>
                <Route path=path!("/settings/general/confirm") view=|| page(pages::settings::confirm::page)
                    ssr=SsrMode::Async/>
                <Route path=path!("/settings/branding") view=|| page(pages::settings::branding::page) ssr=SsrMode::Async/>
                <Route path=path!("/settings/self-check") view=|| page(pages::settings::self_check::page)
                    ssr=SsrMode::Async/>
                <Route path=path!("/_design") view=|| page(pages::design_page) ssr=SsrMode::Async/>
                <Route path=path!("/settings/users") view=|| page(pages::settings::users::page) ssr=SsrMode::Async/>
                <Route path=path!("/settings/users/confirm") view=|| page(pages::settings::user_confirm::page)
                    ssr=SsrMode::Async/>
                <Route path=path!("/settings/clients") view=|| page(pages::settings::clients::page) ssr=SsrMode::Async/>
                <Route path=path!("/settings/clients/confirm") view=|| page(pages::settings::client_confirm::page)
                    ssr=SsrMode::Async/>
                <Route path=path!("/settings/org-data") view=|| page(pages::settings::org_data::page) ssr=SsrMode::Async/>
                <Route path=path!("/settings/org-data/:provider") view=|| page(pages::settings::provider::page)
                    ssr=SsrMode::Async/>
                <Route path=path!("/settings/offboarding") view=|| page(pages::settings::offboarding::page)
                    ssr=SsrMode::Async/>
                <Route path=path!("/settings/agents") view=|| page(pages::settings::agents::page) ssr=SsrMode::Async/>
                <Route path=path!("/settings/agents/confirm") view=|| page(pages::settings::agents_confirm::page)
                    ssr=SsrMode::Async/>
                <Route path=path!("/settings/external-access") view=|| page(pages::settings::external_access::page)
                    ssr=SsrMode::Async/>
                <Route path=path!("/settings/external-access/confirm") view=|| page(pages::settings::token_confirm::page)
                    ssr=SsrMode::Async/>
                <Route path=path!("/settings/audit") view=|| page(pages::settings::audit::page) ssr=SsrMode::Async/>
            </Routes>
        </Router>
    }
}
