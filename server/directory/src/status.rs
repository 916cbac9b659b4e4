//! The words for a person's status in Portal's own formats: descriptors of a file provider, the contract of a custom one.

use portal_core::org::{ExclusionReason, Standing};

use crate::selection::excluded;

/// The words, and what each means; `None` for someone who is a person of the organisation.
pub const STATUS_WORDS: [(&str, Option<ExclusionReason>); 7] = [
    ("active", None),
    ("suspended", Some(ExclusionReason::Suspended)),
    ("disabled", Some(ExclusionReason::Disabled)),
    ("deleted", Some(ExclusionReason::Deleted)),
    ("invited", Some(ExclusionReason::NotYetActive)),
    ("guest", Some(ExclusionReason::Guest)),
    ("bot", Some(ExclusionReason::Bot)),
];

/// What a word means. One that is not in the list is never taken for active.
#[must_use]
pub fn standing(word: &str) -> Standing {
    match STATUS_WORDS.into_iter().find(|(known, _)| *known == word) {
        Some((_, None)) => Standing::Active,
        Some((_, Some(reason))) => excluded(reason, word),
        None => excluded(ExclusionReason::UnknownStatus, word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_word_is_active() {
        assert_eq!(standing("active"), Standing::Active);
        for word in ["Active", " active", "enabled", "", "true", "inactive"] {
            let Standing::Excluded(exclusion) = standing(word) else { panic!("{word:?} is active") };
            assert_eq!(exclusion.reason, ExclusionReason::UnknownStatus, "{word:?}");
        }
        let Standing::Excluded(long) = standing(&"x".repeat(500)) else { panic!("active") };
        assert!(long.vendor_status.len() <= 100);
    }
}
