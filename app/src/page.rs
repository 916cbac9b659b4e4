//! How a page is made: a function of the request that returns a title and a body, or says why there is no page.

use std::{borrow::Cow, future::Future};

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::params::ParamsMap;
use portal_core::identity::{Admin, SignedIn};
use portal_model::{ErrorCode, Field, FieldError};

use crate::{
    components::branding,
    error::UiError,
    flash::{Flash, FlashOutcome, FormId},
    guard,
    pages::errors,
    return_to::ReturnTo,
    web_request::WebRequest,
};

/// What a page is made from.
pub(crate) struct PageRequest {
    pub(crate) request: WebRequest,
    /// Parts of the path.
    pub(crate) params: ParamsMap,
    /// The outcome of the form sent before.
    pub(crate) flash: Option<Flash>,
}

impl PageRequest {
    /// The person signed in.
    ///
    /// # Errors
    /// To the sign-in page.
    pub(crate) fn signed_in(&self) -> Result<SignedIn, PageError> {
        Ok(guard::signed_in(&self.request)?.clone())
    }

    /// The admin signed in.
    ///
    /// # Errors
    /// To the sign-in page, or the page that says who may.
    pub(crate) fn admin(&self) -> Result<Admin, PageError> {
        Ok(guard::admin(&self.request)?)
    }

    /// The outcome of one form of this page.
    pub(crate) fn outcome(&self, form: FormId) -> FormOutcome {
        FormOutcome(self.flash.clone().filter(|flash| flash.form == form))
    }
}

/// What a form shows of the time it was sent before.
#[derive(Clone, Default)]
pub(crate) struct FormOutcome(Option<Flash>);

impl FormOutcome {
    /// The part of it that is about one subject.
    pub(crate) fn about(&self, subject: &str) -> Self {
        Self(self.0.clone().filter(|flash| flash.subject.as_deref() == Some(subject)))
    }

    pub(crate) fn subject(&self) -> Option<&str> {
        self.0.as_ref()?.subject.as_deref()
    }

    pub(crate) fn errors(&self) -> &[FieldError] {
        match self.0.as_ref().map(|flash| &flash.outcome) {
            Some(FlashOutcome::Refused(errors)) => errors,
            _ => &[],
        }
    }

    pub(crate) fn error_of(&self, field: Field) -> Option<ErrorCode> {
        self.errors().iter().find(|error| error.field == Some(field)).map(|error| error.code)
    }

    pub(crate) fn done_at(&self) -> Option<portal_core::time::UnixMillis> {
        match self.0.as_ref()?.outcome {
            FlashOutcome::Done(at) => Some(at),
            FlashOutcome::Refused(_) => None,
        }
    }

    pub(crate) fn link(&self) -> Option<&portal_core::secret::Secret> {
        self.0.as_ref()?.link.as_ref()
    }

    /// What was typed into a field.
    pub(crate) fn value(&self, field: Field) -> Option<String> {
        let values = &self.0.as_ref()?.values;
        values.iter().find(|(found, _)| *found == field).map(|(_, value)| value.clone())
    }
}

/// A page.
pub(crate) struct Page {
    /// A constant, or made of characters that need no escaping: `leptos_meta` does not escape it.
    pub(crate) title: Cow<'static, str>,
    pub(crate) body: AnyView,
}

/// Why there is no page.
pub(crate) enum PageError {
    /// The browser is sent elsewhere; status and headers are set.
    Redirected,
    /// A page that says what is wrong.
    Refused(UiError),
}

impl PageError {
    /// Sends the browser to another address.
    pub(crate) fn redirect(request: &WebRequest, to: &str) -> Self {
        request.redirect(to);
        Self::Redirected
    }
}

impl<E: Into<UiError>> From<E> for PageError {
    fn from(error: E) -> Self {
        Self::Refused(error.into())
    }
}

/// The result of a page function.
pub(crate) type PageResult = Result<Page, PageError>;

/// Makes a route's view of a page function.
pub(crate) fn page<Function, Pending>(function: Function) -> AnyView
where
    Function: FnOnce(PageRequest) -> Pending,
    Pending: Future<Output = PageResult> + Send + 'static,
{
    let Ok(request) = WebRequest::current() else {
        // The list of routes is being made: nobody reads this.
        return ().into_any();
    };
    let flash = request.take_flash();
    // Outside the table of routes there are none.
    let params = use_context::<ArcMemo<ParamsMap>>().map(|params| params.get_untracked()).unwrap_or_default();
    let pending = function(PageRequest { request: request.clone(), params, flash });
    let rendered = async move {
        match pending.await {
            Ok(page) => render(page),
            Err(error) => refuse(&request, error),
        }
    };
    Suspend::new(rendered).into_any()
}

fn render(page: Page) -> AnyView {
    // The name holds nothing that needs escaping.
    let name = branding().name;
    view! { <Title text=format!("{} · {}", page.title, name.as_str())/> {page.body} }.into_any()
}

fn refuse(request: &WebRequest, error: PageError) -> AnyView {
    let PageError::Refused(error) = error else { return ().into_any() };
    if error.first.code == ErrorCode::SignInRequired {
        let back = ReturnTo::parse(request.path_and_query());
        request.redirect(&back.map_or_else(|| "/sign-in".to_owned(), |back| back.sign_in_path()));
        return ().into_any();
    }
    request.set_status(error.status());
    render(errors::page(request, &error))
}
