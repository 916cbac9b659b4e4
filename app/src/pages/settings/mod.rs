//! App settings.

pub(crate) mod affected;
pub(crate) mod agents;
pub(crate) mod agents_confirm;
pub(crate) mod audit;
mod cimd;
pub(crate) mod client_confirm;
mod client_forms;
pub(crate) mod clients;
pub(crate) mod confirm;
pub(crate) mod external_access;
pub(crate) mod general;
mod life;
mod listing;
mod local_sign_in;
pub(crate) mod org_data;
mod refresh;
mod rollout;
mod sources;
pub(crate) mod token_confirm;
pub(crate) mod token_form;
pub(crate) mod user_confirm;
pub(crate) mod users;
