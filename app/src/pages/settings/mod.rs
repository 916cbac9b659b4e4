//! App settings.

mod cimd;
pub(crate) mod confirm;
pub(crate) mod general;
mod life;
pub(crate) mod org_data;
mod refresh;
mod rollout;
mod sources;
pub(crate) mod user_confirm;
pub(crate) mod users;
