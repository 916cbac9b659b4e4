//! What a failed request means.

use std::{error::Error, io};

use portal_core::ports::FetchError;

/// The failure in the words of the port.
pub(crate) fn fetch_error(error: &reqwest::Error) -> FetchError {
    if let Some(judged) = judgement(error) {
        return judged.clone();
    }
    if error.is_timeout() {
        return FetchError::Timeout;
    }
    if has_tls_fault(error) {
        return FetchError::Tls;
    }
    FetchError::Connect
}

/// What was judged while the connection was made, such as the addresses of the host.
fn judgement<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a FetchError> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(judged) = error.downcast_ref() {
            return Some(judged);
        }
        next = error.source();
    }
    None
}

/// TLS faults travel inside io errors, whose own `source` skips them.
fn has_tls_fault(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if error.is::<rustls::Error>() || inner.is_some_and(|inner| has_tls_fault(inner)) {
            return true;
        }
        next = error.source();
    }
    false
}
