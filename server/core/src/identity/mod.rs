//! Who someone is: accounts, browser sessions, and the principals that services demand.
//!
//! Order of locks, the same everywhere so that two transactions never wait for each other: first the counter of
//! `Topic::Access` (`change_record`), which also serialises whatever decides about admins and entities of accounts,
//! then the account (`user_set_status` to the status it has), then the rest.

mod accounts;
mod email;
mod federated;
mod hasher;
mod limits;
mod links;
mod local_entity;
mod new_account;
mod password;
mod principal;
mod service;
mod session;
mod sign_in;
mod user;

pub(crate) use federated::an_admin_can_sign_in;
pub use federated::{
    ExpectedIdToken, IdToken, IdTokenClaims, IdTokenFault, PROVIDER_SIGN_IN_MS, PendingSignIn,
    ProviderAnswer, ProviderSignInOutcome, ProviderSignInStart, ProviderSignInStarted, SignInBy,
    SignInProvider,
};
pub(crate) use local_entity::entity_remove;
pub use local_entity::local_location_id;
pub use principal::{Admin, Identity, RequestOrigin, SignedIn};
pub use service::{
    IdentityError, IdentityService, InvitedUser, NewBrowserSession, NewUser, SignIn, SignInOutcome,
    UserChange,
};
pub(crate) use session::access_end;
pub use session::{SESSION_ABSOLUTE_MS, SESSION_IDLE_MS};
pub use user::{BrowserSession, LOCAL_PROVIDER, LinkPurpose, OneTimeLink, PasswordHash, User, UserStatus};
