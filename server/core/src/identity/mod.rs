//! Who someone is: accounts, browser sessions, and the principals that services demand.

mod principal;
mod service;
mod user;

pub use principal::{Admin, Identity, RequestOrigin, SignedIn};
pub use service::{
    IdentityError, IdentityService, InvitedUser, NewBrowserSession, NewUser, SignIn, SignInOutcome, UserChange,
};
pub use user::{BrowserSession, LOCAL_PROVIDER, LinkPurpose, OneTimeLink, PasswordHash, User, UserStatus};
