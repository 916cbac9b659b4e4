//! How a server function answers: a browser gets 303 back to the page and the outcome in a cookie, any other caller gets
//! JSON with its status.

use std::future::Future;

use portal_core::secret::Secret;
use portal_model::Field;

use crate::{
    error::UiError,
    flash::{Flash, FlashOutcome, FormId},
    web_request::WebRequest,
};

/// Longest subject, in characters; of whatever was sent only this much comes back.
const SUBJECT_CHARS_MAX: usize = 50;

/// What a form that succeeded leads to.
pub(crate) enum Done {
    /// Back to the form's page, which says that it was done.
    Saved,
    /// Back to the form's page, which shows the link of this token once.
    Link(Secret),
    /// To another address; nothing is said.
    Go(String),
}

/// One form that was sent.
pub(crate) struct Form<'request> {
    request: &'request WebRequest,
    id: FormId,
    page: String,
    refused_page: Option<String>,
    subject: Option<String>,
    values: Vec<(Field, String)>,
}

impl<'request> Form<'request> {
    /// A form of the page at this address.
    pub(crate) fn new(request: &'request WebRequest, form: FormId, page: impl Into<String>) -> Self {
        Self { request, id: form, page: page.into(), refused_page: None, subject: None, values: Vec::new() }
    }

    /// The request that it came with.
    pub(crate) const fn request(&self) -> &'request WebRequest {
        self.request
    }

    /// Where it leads when it is refused, if not where it leads otherwise: to the form's own place on the page.
    pub(crate) fn refused_at(mut self, page: &str) -> Self {
        self.refused_page = Some(page.to_owned());
        self
    }

    /// What it is about, when the page has several of this form.
    pub(crate) fn subject(mut self, subject: &str) -> Self {
        self.subject = Some(subject.chars().take(SUBJECT_CHARS_MAX).collect());
        self
    }

    /// Keeps what was typed, to be shown again beside its error. Not for secrets.
    pub(crate) fn keep(mut self, field: Field, value: &str) -> Self {
        self.values.push((field, value.to_owned()));
        self
    }

    /// Does the work and answers.
    ///
    /// # Errors
    /// Those of the work, for callers that read JSON.
    pub(crate) async fn answer(
        self,
        work: impl Future<Output = Result<Done, UiError>> + Send,
    ) -> Result<(), UiError> {
        let result = work.await;
        if self.request.accepts_html() {
            self.redirect(&result);
        } else if let Err(error) = &result {
            self.request.set_status(error.status());
        }
        result.map(|_| ())
    }

    fn redirect(self, result: &Result<Done, UiError>) {
        let (outcome, link) = match result {
            Ok(Done::Go(to)) => return self.request.redirect(to),
            Ok(Done::Saved) => (FlashOutcome::Done(self.request.now()), None),
            Ok(Done::Link(link)) => (FlashOutcome::Done(self.request.now()), Some(link.clone())),
            Err(error) => (FlashOutcome::Refused(error.errors().collect()), None),
        };
        let values = if result.is_err() { self.values } else { Vec::new() };
        self.request.leave_flash(&Flash { form: self.id, subject: self.subject, outcome, values, link });
        let page = self.refused_page.filter(|_| result.is_err()).unwrap_or(self.page);
        self.request.redirect(&page);
    }
}
