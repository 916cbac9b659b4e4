//! `/settings/users/confirm`

use leptos::prelude::*;
use portal_core::{identity::UserChange, ids::UserId};
use portal_model::ErrorCode;

use crate::{
    components::{address, avatar, hidden, sheet},
    page::{Page, PageRequest, PageResult},
    server_fns::users::{change_word, parse_change},
};

/// The page that asks before a change to an account.
pub(crate) fn confirm_path(user: &UserId, change: UserChange) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("user", user.as_str()).append_pair("change", change_word(change));
    format!("/settings/users/confirm?{}", query.finish())
}

/// Asks, naming the person and what follows.
pub(crate) async fn page(page: PageRequest) -> PageResult {
    let admin = page.admin()?;
    let change = page.request.query("change").as_deref().and_then(parse_change).ok_or(ErrorCode::NotFound)?;
    let name = page.request.query("user").unwrap_or_default();
    let user = page.request.services().identity.user_find(&admin, &name).await?.ok_or(ErrorCode::NotFound)?;
    let (heading, consequence, go_on, class) = words(change);
    let content = view! {
        <form method="post" action="/_ui/user_change" class="form">
            {hidden("user", user.id.as_str())}{hidden("change", change_word(change))}{hidden("confirmed", "1")}
            <header><h1>{heading}</h1></header>
            <p class="who">
                {avatar("av person lg", &user.display_name)}
                <span><b class="break"><bdi>{user.display_name.clone()}</bdi></b><span class="sub">{user.email.as_deref().map(address)}</span></span>
            </p>
            <p>{consequence}</p>
            <div class="pair-buttons">
                <a class="btn" href="/settings/users">"Cancel"</a>
                <button class=class type="submit">{go_on}</button>
            </div>
        </form>
    };
    Ok(Page { title: "Confirm a change to an account".into(), body: sheet(content.into_any(), None) })
}

const fn words(change: UserChange) -> (&'static str, &'static str, &'static str, &'static str) {
    match change {
        UserChange::Disable => (
            "Disable this account?",
            "The person is signed out everywhere at once, and every agent that acts for them is refused. You can enable the account again; agents then have to sign in anew.",
            "Disable account",
            "btn bad-solid",
        ),
        UserChange::Enable => {
            ("Enable this account?", "The person may sign in again.", "Enable account", "btn solid")
        }
        UserChange::GrantAdmin => (
            "Make this person an admin?",
            "Admins change every setting, see every account, and can make other admins.",
            "Make admin",
            "btn solid",
        ),
        UserChange::RevokeAdmin => (
            "Take the admin role away?",
            "The person is signed out of every browser and can sign in again as a plain user.",
            "Take admin role away",
            "btn bad-solid",
        ),
    }
}
