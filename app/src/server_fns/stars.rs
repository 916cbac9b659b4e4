//! Starring entities.

use leptos::prelude::*;
use portal_model::{EntityRef, ErrorCode};

use crate::{
    error::UiError,
    flash::FormId,
    form::{Done, Form},
    guard,
    return_to::ReturnTo,
    web_request::WebRequest,
};

/// Stars an entity, or takes the star back when `starred` is left out, and goes back to `return_to`.
#[server(prefix = "/_ui", endpoint = "star")]
pub(crate) async fn star(
    entity: Option<String>,
    starred: Option<String>,
    return_to: Option<String>,
) -> Result<(), UiError> {
    let request = WebRequest::current()?;
    let page = return_to.as_deref().and_then(ReturnTo::parse);
    let page = page.map_or_else(|| "/catalog".to_owned(), |page| page.as_str().to_owned());
    let entity = entity.unwrap_or_default();
    let work = async {
        let (person, personal) = (guard::signed_in(&request)?, &request.services().personal);
        let entity_ref: EntityRef = entity.parse().map_err(|_| ErrorCode::Invalid)?;
        match starred {
            Some(_) => personal.star(person, &entity_ref).await?,
            None => personal.unstar(person, &entity_ref).await?,
        }
        Ok(Done::Saved)
    };
    Form::new(&request, FormId::Star, page).subject(&entity).answer(work).await
}
