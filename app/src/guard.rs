//! Who may: turns the identity of a request into the principal that a service demands.

use portal_core::identity::{Admin, SignedIn};

use crate::{error::UiError, web_request::WebRequest};

/// The person who sent the request.
///
/// # Errors
/// `sign-in-required`.
pub(crate) fn signed_in(request: &WebRequest) -> Result<&SignedIn, UiError> {
    request.identity.signed_in().map_err(UiError::from)
}

/// The admin who sent the request.
///
/// # Errors
/// `sign-in-required` or `admin-required`.
pub(crate) fn admin(request: &WebRequest) -> Result<Admin, UiError> {
    request.identity.admin().map_err(UiError::from)
}
