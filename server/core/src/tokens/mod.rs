//! Static tokens: made here, shown once, with an owner, a scope, an end, and the addresses they work from.

mod new;
mod record;
mod service;
mod upkeep;

pub use new::{EXPIRY_DAYS_DEFAULT, EXPIRY_DAYS_MAX, NewStaticToken, RANGES_MAX, StaticTokenRequest};
pub use record::{StaticToken, StaticTokenEnd, StaticTokenFilter};
pub use service::{MadeStaticToken, OldTokenEnds, ROTATION_GRACE_MS, StaticTokenService};
pub use upkeep::OWNER_MISSING_DAYS_MAX;
