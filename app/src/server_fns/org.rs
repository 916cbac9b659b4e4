//! Reading catalog locations again.

use leptos::prelude::*;
use portal_core::ids::LocationId;

use crate::{
    error::UiError,
    flash::FormId,
    form::{Done, Form},
    guard,
    web_request::WebRequest,
};

/// Reads one location again, or all when none is named.
#[server(prefix = "/_ui", endpoint = "location_refresh")]
pub(crate) async fn location_refresh(location: Option<String>) -> Result<(), UiError> {
    let request = WebRequest::current()?;
    let subject = location.clone().unwrap_or_else(|| "all".to_owned());
    let form = Form::new(&request, FormId::Location, "/settings/org-data").subject(&subject);
    let work = async {
        guard::admin(&request)?;
        let ingestion = &request.services().ingestion;
        match location {
            Some(id) => ingestion.refresh(&LocationId(id)).await.map(|_| ())?,
            None => ingestion.refresh_all().await.map(|_| ())?,
        }
        Ok(Done::Saved)
    };
    form.answer(work).await
}
