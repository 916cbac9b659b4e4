//! Why something that was typed into a form or a command was not done.

use portal_model::{ErrorCode, FieldError};
use thiserror::Error;

use crate::ports::StoreError;

/// Why something that was typed into a form or a command was not done.
#[derive(Debug, Error)]
pub enum FormError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The input was refused; at least one fault.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))]
    Refused(Vec<FieldError>),
}

impl From<ErrorCode> for FormError {
    fn from(code: ErrorCode) -> Self {
        Self::Refused(vec![code.into()])
    }
}
