//! `/settings/users`

use leptos::prelude::*;
use portal_core::{
    identity::{User, UserStatus},
    ids::UserId,
    time::UnixMillis,
};
use portal_model::Field;

use super::{
    listing::{Listing, ROWS_READ, crumbs, pager},
    local_sign_in,
    user_confirm::confirm_path,
};
use crate::{
    components::{
        Frame, Icon, SettingsSection, Tone, address, avatar, badge, copy_line, dismissable, empty,
        entity_link, form_error, hidden, icon, note, text_field, when_ago,
    },
    flash::FormId,
    page::{FormOutcome, PageRequest, PageResult},
    server_fns::users::change_word,
    text,
};
use portal_core::identity::UserChange;

/// Accounts: who may sign in, and who is an admin.
pub(crate) async fn page(page: PageRequest) -> PageResult {
    let admin = page.admin()?;
    let frame = Frame::load(&page).await?;
    let listing = Listing::of(&page, "/settings/users");
    let after = listing.after.clone().map(UserId);
    let identity = &page.request.services().identity;
    let mut users = identity.user_list(&admin, &listing.search, after.as_ref(), ROWS_READ).await?;
    let next = listing.cut(&mut users, &[], |user| user.id.as_str());
    let own = frame.signed_in.user().id.clone();
    let now = page.request.now();
    let local = identity.local_sign_in_enabled().await?;
    let content = view! {
        {crumbs("Users")}
        <div class="head">
            <div><h1>"Users"</h1><p class="lead">"Accounts that Portal keeps itself, and those of people who have signed in with a provider."</p></div>
            <a class="btn" href="#invite">{icon(Icon::Add)}"Invite someone"</a>
        </div>
        {link_shown(&page, &users)}
        {outcome(&page.outcome(FormId::User), &users)}
        {form_error(&page.outcome(FormId::Reset))}
        {listing.search_form("Find an account", "Name, e-mail or user reference", None)}
        <section class="panel" aria-label="Accounts">{table(&users, &own, now, next)}</section>
        {invite_form(&page.outcome(FormId::Invite))}
        {local_sign_in::section(&page.outcome(FormId::LocalSignIn), local)}
    };
    Ok(frame.settings("Users", SettingsSection::Users, content.into_any()))
}

/// The link of an invitation or reset that was just made, once.
fn link_shown(page: &PageRequest, users: &[User]) -> Option<AnyView> {
    let (invited, reset) = (page.outcome(FormId::Invite), page.outcome(FormId::Reset));
    let (outcome, what) =
        if invited.link().is_some() { (invited, "invitation") } else { (reset, "password") };
    let token = outcome.link()?;
    let link = format!("{}/sign-in/link?token={}", page.request.web.public_url, token.expose());
    let subject = outcome.subject().unwrap_or_default();
    let named = users.iter().find(|user| user.id.as_str() == subject).map(|user| user.display_name.clone());
    let named = named.unwrap_or_else(|| subject.to_owned());
    let words = view! {
        <p><b>{format!("The {what} link for ")}<bdi>{named}</bdi>" is ready."</b>
        " Send it to them yourself. It works once, within 24 hours, and is not shown again."</p>
    };
    let view = view! {
        <section class="panel once" role="status">
            <div class="pad stack-3">{note(Tone::Good, words)}{copy_line("one-time-link", "One-time link", link)}</div>
        </section>
    };
    Some(view.into_any())
}

fn outcome(outcome: &FormOutcome, users: &[User]) -> AnyView {
    let about = users.iter().find(|user| Some(user.id.as_str()) == outcome.subject());
    let done = outcome.done_at().map(|at| {
        let name = about.map_or_else(|| "The account".to_owned(), |user| user.display_name.clone());
        let words =
            view! { <p><b><bdi>{name}</bdi>" was changed."</b>" Saved at "{text::clock_time(at)}"."</p> };
        view! { <div class="mb-6" role="status">{note(Tone::Good, words)}</div> }
    });
    view! { {done} {form_error(outcome).map(|error| view! { <div class="mb-6">{error}</div> })} }.into_any()
}

fn table(users: &[User], own: &UserId, now: UnixMillis, next: Option<String>) -> AnyView {
    if users.is_empty() {
        return empty("Nobody fits", "No account has this text in its name, e-mail or reference.", None);
    }
    let rows = users.iter().map(|user| row(user, user.id == *own, now)).collect_view();
    view! {
        <table class="table">
            <caption class="sr">"Accounts"</caption>
            <thead><tr>
                <th scope="col">"Person"</th>
                <th scope="col" class="wide">"Catalog user"</th>
                <th scope="col" class="wide">"Last sign-in"</th>
                <th scope="col"><span class="sr">"Actions"</span></th>
            </tr></thead>
            <tbody>{rows}</tbody>
        </table>
        {pager(text::count_of(users.len(), "account", "accounts"), next)}
    }
    .into_any()
}

fn row(user: &User, own: bool, now: UnixMillis) -> AnyView {
    let status = match user.status {
        UserStatus::Active => None,
        UserStatus::Invited => Some(badge(Tone::Plain, "Invited")),
        UserStatus::Disabled => Some(badge(Tone::Bad, "Disabled")),
        UserStatus::Suspended => Some(badge(Tone::Bad, "Suspended by directory")),
    };
    let seen = user
        .last_sign_in_at
        .map_or_else(|| view! { <span class="faint">"Never"</span> }.into_any(), |at| when_ago(now, at));
    view! {
        <tr>
            <td><span class="who">
                {avatar("av person", &user.display_name)}
                <span>
                    <span class="cluster tight">
                        <b class="break"><bdi>{user.display_name.clone()}</bdi></b>
                        {user.admin.then(|| badge(Tone::Good, "Admin"))}{status}{own.then(|| badge(Tone::Plain, "You"))}
                    </span>
                    <span class="sub">{user.email.as_deref().map(address)}</span>
                </span>
            </span></td>
            <td class="wide">{entity_link(&user.entity_ref, Some(user.entity_ref.to_string()))}</td>
            <td class="wide nowrap">{seen}</td>
            <td class="num">{actions(user)}</td>
        </tr>
    }
    .into_any()
}

/// What can be done to an account, in a menu that needs no scripting.
fn actions(user: &User) -> AnyView {
    let item = |change: UserChange, words: &'static str| {
        view! { <li><a href=confirm_path(&user.id, change)>{words}</a></li> }.into_any()
    };
    let enable = || {
        view! {
            <li><form method="post" action="/_ui/user_change">
                {hidden("user", user.id.as_str())}{hidden("change", change_word(UserChange::Enable))}
                <button type="submit">"Enable account"</button>
            </form></li>
        }
        .into_any()
    };
    let disabled = user.status == UserStatus::Disabled;
    let role = if user.admin {
        item(UserChange::RevokeAdmin, "Take admin role away…")
    } else {
        item(UserChange::GrantAdmin, "Make admin…")
    };
    let reset = (!user.status.is_refused()).then(|| {
        let words = if user.status == UserStatus::Invited { "New invitation link" } else { "Reset password" };
        view! {
            <li><form method="post" action="/_ui/user_reset_password">
                {hidden("user", user.id.as_str())}<button type="submit">{words}</button>
            </form></li>
        }
    });
    let name = user.display_name.clone();
    let menu = view! {
            <details class="row-menu">
                <summary class="btn small">"Change"<span class="sr">" "<bdi>{name}</bdi></span>{icon(Icon::Down)}</summary>
                <div class="pop menu"><ul>
                    {reset}
                    {(!disabled).then_some(role)}
                    {if disabled { enable() } else { item(UserChange::Disable, "Disable account…") }}
                </ul></div>
            </details>
    };
    dismissable(menu.into_any())
}

fn invite_form(outcome: &FormOutcome) -> AnyView {
    let was = |field| outcome.value(field).unwrap_or_default();
    view! {
        <section class="panel" id="invite" aria-labelledby="invite-title">
            <header><h2 id="invite-title">"Invite someone"</h2></header>
            <form method="post" action="/_ui/user_invite" novalidate>
                <div class="pad stack-4">
                    {form_error(outcome)}
                    <div class="pair">
                        {text_field(
                            ("invite-email", "email", "E-mail"), ("email", "off"), was(Field::Email), "",
                            outcome.error_of(Field::Email),
                        )}
                        {text_field(
                            ("invite-name", "name", "Name"), ("text", "off"), was(Field::DisplayName),
                            "Taken from the e-mail when empty.", outcome.error_of(Field::DisplayName),
                        )}
                        {text_field(
                            ("invite-entity", "entity_ref", "Catalog user"), ("text", "off"), was(Field::EntityRef),
                            "Such as user:default/ada. A new one is made when empty.", outcome.error_of(Field::EntityRef),
                        )}
                    </div>
                    <label class="choice">
                        <input class="check" type="checkbox" name="admin" value="on"/>
                        <span>"Make this person an admin"</span>
                    </label>
                </div>
                <footer class="foot-bar"><span>"You get a link to send to them. Portal sends no mail."</span>
                    <button class="btn solid" type="submit">"Create invitation"</button></footer>
            </form>
        </section>
    }
    .into_any()
}
