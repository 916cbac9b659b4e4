//! The announcement, as the people it is for answer it.

use leptos::prelude::*;

use crate::{
    error::UiError,
    flash::FormId,
    form::{Done, Form},
    guard,
    web_request::WebRequest,
};

/// Puts the banner away.
#[server(prefix = "/_ui", endpoint = "rollout_dismiss")]
pub(crate) async fn rollout_dismiss() -> Result<(), UiError> {
    let request = WebRequest::current()?;
    let work = async {
        request.services().rollout.dismiss(guard::signed_in(&request)?).await?;
        Ok(Done::Saved)
    };
    Form::new(&request, FormId::Banner, "/").answer(work).await
}
