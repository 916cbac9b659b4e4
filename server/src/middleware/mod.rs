//! What stands between the network and the handlers, in the order in which a request meets it.
//!
//! [`edge`] is around everything: request id, client address, host check, panics, headers, the access log. Routes
//! with cookies have [`same_origin`] and [`identify`] besides; all but MCP, which reads bodies itself, [`limit_body`].

mod body_limit;
mod client_address;
mod edge;
mod headers;
mod host;
mod identity;
mod request_id;
mod same_origin;

pub(crate) use body_limit::{BODY_PAUSE_MAX, limit_body, limit_upload};
pub(crate) use edge::edge;
pub(crate) use identity::identify;
pub(crate) use request_id::RequestIds;
pub(crate) use same_origin::same_origin;
