//! The organization's picture: given by an admin in a form with a file, and served.

use axum::{
    Extension, Router,
    body::Body,
    extract::{Path, State},
    middleware::{from_fn, from_fn_with_state},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use http::{
    HeaderMap, StatusCode,
    header::{CONTENT_TYPE, LOCATION, SET_COOKIE},
};
use portal_app::{
    cookies,
    flash::{Flash, FlashOutcome, FormId},
};
use portal_core::{
    branding::BrandingError,
    identity::{Admin, Identity},
    oauth::records::LogoId,
    ports::PICTURE_BYTES_MAX,
    services::BRANDING_LOGO_PATH,
};
use portal_model::{ErrorCode, Field, FieldError};

use super::{notice, picture};
use crate::{
    middleware::{identify, limit_upload, same_origin},
    state::AppState,
};

/// Where the form is sent.
const UPLOAD_PATH: &str = "/settings/branding/logo";
/// The page with the form.
const PAGE: &str = "/settings/branding#logo";
/// Most fields of the form that are looked at.
const FIELDS_MAX: usize = 4;

/// The form, with a body limit of its own and behind the middleware that knows who asks.
pub(crate) fn upload_router(state: &AppState) -> Router {
    Router::new()
        .route(UPLOAD_PATH, post(upload))
        .with_state(state.clone())
        .layer(from_fn_with_state(state.clone(), identify))
        .layer(from_fn_with_state(state.clone(), same_origin))
        .layer(from_fn(limit_upload))
}

/// The picture, for everybody: it stands on the sign-in page.
pub(crate) fn router() -> Router<AppState> {
    Router::new().route(&format!("{BRANDING_LOGO_PATH}/{{id}}"), get(logo))
}

async fn upload(
    State(state): State<AppState>,
    Extension(identity): Extension<Identity>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let admin = match identity.admin() {
        Ok(admin) => admin,
        Err(code) => return notice::error(&headers, code, identity.origin().request_id.as_deref()),
    };
    let kept = keep(&state, &admin, &headers, body).await;
    if !notice::wants_html(&headers) {
        return match kept {
            Ok(()) => StatusCode::NO_CONTENT.into_response(),
            Err(code) => notice::error(&headers, code, identity.origin().request_id.as_deref()),
        };
    }
    let outcome = match kept {
        Ok(()) => FlashOutcome::Done(state.services.dependencies.clock.now()),
        Err(code) => FlashOutcome::Refused(vec![FieldError::on(Field::Logo, code)]),
    };
    let flash = Flash { form: FormId::Logo, subject: None, outcome, values: Vec::new(), link: None };
    let mut response = (StatusCode::SEE_OTHER, [(LOCATION, PAGE)]).into_response();
    let cookie = flash.encode().and_then(|value| {
        cookies::set(cookies::FLASH, &value, state.public_url.is_https(), cookies::FLASH_SECONDS)
    });
    if let Some(cookie) = cookie {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

async fn keep(state: &AppState, admin: &Admin, headers: &HeaderMap, body: Body) -> Result<(), ErrorCode> {
    let (kind, bytes) = picture(headers, body).await?;
    match state.services.branding.logo_set(admin, &kind, bytes).await {
        Ok(_) => Ok(()),
        Err(BrandingError::Refused(code)) => Err(code),
        Err(BrandingError::Store(error)) => {
            tracing::error!(%error, "the organization's picture could not be kept");
            Err(ErrorCode::Unavailable)
        }
    }
}

/// The content type and the bytes of the form's file.
async fn picture(headers: &HeaderMap, body: Body) -> Result<(String, Vec<u8>), ErrorCode> {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let boundary = multer::parse_boundary(kind).map_err(|_| ErrorCode::Invalid)?;
    let mut form = multer::Multipart::new(body.into_data_stream(), boundary);
    for _ in 0..FIELDS_MAX {
        let Some(mut field) = form.next_field().await.map_err(|error| unreadable(&error))? else { break };
        if field.name() != Some("logo") {
            continue;
        }
        let kind = field.content_type().map(|kind| kind.essence_str().to_owned()).unwrap_or_default();
        let (mut bytes, mut length) = (Vec::new(), 0_usize);
        // Read to its end, also when it is too large: a browser that is cut off shows no answer.
        while let Some(piece) = field.chunk().await.map_err(|error| unreadable(&error))? {
            length = length.saturating_add(piece.len());
            if length <= PICTURE_BYTES_MAX {
                bytes.extend_from_slice(&piece);
            }
        }
        return if length > PICTURE_BYTES_MAX { Err(ErrorCode::LogoTooLarge) } else { Ok((kind, bytes)) };
    }
    Err(ErrorCode::Required)
}

/// A form that broke off, or went over the limit of the body.
fn unreadable(error: &multer::Error) -> ErrorCode {
    tracing::debug!(%error, "a form with a file could not be read");
    if matches!(error, multer::Error::StreamReadFailed(_)) {
        ErrorCode::LogoTooLarge
    } else {
        ErrorCode::Invalid
    }
}

async fn logo(State(state): State<AppState>, Path(id): Path<String>) -> Response {
    match LogoId::parse(&id) {
        Some(id) => picture::answer(state.services.branding.picture(&id).await),
        None => picture::missing(),
    }
}
