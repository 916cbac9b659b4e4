//! One page of a list.

use portal_core::ports::DirectoryError;
use serde::de::DeserializeOwned;

use super::{Gitlab, cursor::List};
use crate::api::{ApiRequest, next_link};

/// Entries of one page.
const PAGE: u64 = 100;
/// How often a list is read again because it shrank meanwhile.
const ATTEMPTS_MAX: u8 = 5;

/// A page, and what comes after it.
pub(super) struct ListPage<T> {
    pub(super) entries: Vec<T>,
    pub(super) next: ListNext,
}

pub(super) enum ListNext {
    /// Another page.
    More(List),
    /// All was read.
    End,
}

impl Gitlab {
    /// Reads the page at `list`; `first` asks for the first one.
    pub(super) async fn list_page<T: DeserializeOwned>(
        &self,
        list: &List,
        first: ApiRequest,
    ) -> Result<ListPage<T>, DirectoryError> {
        let what = first.what().to_owned();
        let request = match &list.next {
            None => first.query("per_page", PAGE),
            Some(address) => ApiRequest::get_address(address.clone(), what.clone()),
        };
        let answer = self.api.answer(request).await?;
        if !answer.is_success() {
            return Err(self.refusal(&answer, &what));
        }
        let entries: Vec<T> = answer.json()?;
        let total = answer.header("x-total").and_then(|text| text.trim().parse::<u64>().ok());
        if matches!((list.total, total), (Some(before), Some(now)) if now < before) {
            return Ok(ListPage { entries, next: ListNext::More(again(list, &what)?) });
        }
        let seen = list.seen.saturating_add(u64::try_from(entries.len()).unwrap_or(u64::MAX));
        let Some(next) = next_link(&answer.headers, self.api.base_url())? else {
            if total.is_some_and(|total| seen < total) {
                return Ok(ListPage { entries, next: ListNext::More(again(list, &what)?) });
            }
            return Ok(ListPage { entries, next: ListNext::End });
        };
        if list.next.as_ref() == Some(&next) {
            return Err(DirectoryError::Malformed(format!("{what}: the next page is the same page")));
        }
        let next = List { next: Some(next), seen, total, attempt: list.attempt };
        Ok(ListPage { entries, next: ListNext::More(next) })
    }
}

/// The list from its beginning: what was read stays, as it counts once.
fn again(list: &List, what: &str) -> Result<List, DirectoryError> {
    if list.attempt >= ATTEMPTS_MAX {
        return Err(DirectoryError::Malformed(format!(
            "{what}: the list is never complete; it ends early or keeps changing"
        )));
    }
    Ok(List { attempt: list.attempt + 1, ..List::default() })
}
