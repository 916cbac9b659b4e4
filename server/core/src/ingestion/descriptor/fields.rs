//! The rules of single values, as the format has them.

use url::Url;

/// Longest name, namespace, kind, tag, and part of a key.
const PART_LENGTH_MAX: usize = 63;
/// Longest prefix of a key, a DNS subdomain.
const PREFIX_LENGTH_MAX: usize = 253;

/// Schemes that links may have: none of them runs anything in the reader's browser.
pub(super) const LINK_SCHEMES: [&str; 12] =
    ["http", "https", "mailto", "tel", "sms", "slack", "msteams", "zoommtg", "ssh", "git", "ftp", "sftp"];

pub(super) const NAME_FORM: &str =
    "1 to 63 letters, digits, '-', '_' or '.', with a letter or digit at both ends and no space";
pub(super) const NAMESPACE_FORM: &str =
    "1 to 63 lower-case letters, digits or '-', with a letter or digit at both ends";
pub(super) const KIND_FORM: &str = "1 to 63 letters or digits, a letter first, as in Component";
pub(super) const API_VERSION_FORM: &str = "a version, as in backstage.io/v1alpha1";
pub(super) const TAG_FORM: &str =
    "1 to 63 lower-case letters, digits, '+', '#' or ':', in words joined by '-', without spaces";
pub(super) const KEY_FORM: &str =
    "a key of the form name or dns.domain/name, the name 1 to 63 letters, digits, '-', '_' or '.'";
pub(super) const LABEL_VALUE_FORM: &str = "nothing, or 1 to 63 letters, digits, '-', '_' or '.'";

/// Letters, digits and `-_.`, with a letter or digit at both ends.
pub(super) fn is_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    let ends = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    bytes.len() <= PART_LENGTH_MAX
        && ends(bytes.first())
        && ends(bytes.last())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

/// A DNS label in lower case.
pub(super) fn is_namespace(text: &str) -> bool {
    is_name(text)
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// A kind.
pub(super) fn is_kind(text: &str) -> bool {
    text.len() <= PART_LENGTH_MAX
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// `version` or `group/version`.
pub(super) fn is_api_version(text: &str) -> bool {
    let (group, version) =
        text.split_once('/').map_or((None, text), |(group, version)| (Some(group), version));
    group.is_none_or(is_subdomain) && is_name(version)
}

fn is_subdomain(text: &str) -> bool {
    text.len() <= PREFIX_LENGTH_MAX && text.split('.').all(is_namespace)
}

/// A key of labels and annotations.
pub(super) fn is_key(text: &str) -> bool {
    let (prefix, name) = text.split_once('/').map_or((None, text), |(prefix, name)| (Some(prefix), name));
    prefix.is_none_or(is_subdomain) && is_name(name)
}

/// A value of a label.
pub(super) fn is_label_value(text: &str) -> bool {
    text.is_empty() || is_name(text)
}

/// A tag.
pub(super) fn is_tag(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+#:".contains(&byte);
    text.len() <= PART_LENGTH_MAX && text.split('-').all(|word| !word.is_empty() && word.bytes().all(allowed))
}

/// An address that a link may lead to.
pub(super) fn is_link(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| LINK_SCHEMES.contains(&url.scheme()))
}
