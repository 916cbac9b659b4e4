//! The next page by the `Link` header (RFC 8288).

use http::{HeaderMap, header};
use portal_core::ports::DirectoryError;
use url::Url;

/// The address of the next page (`rel="next"`), `None` on the last one.
///
/// # Errors
/// [`DirectoryError::Malformed`] for a link that cannot be read, and for one that leaves the origin of `base`.
pub fn next_link(headers: &HeaderMap, base: &Url) -> Result<Option<Url>, DirectoryError> {
    let malformed = || DirectoryError::Malformed("the link to the next page cannot be read".to_owned());
    for line in headers.get_all(header::LINK) {
        let mut rest = line.to_str().map_err(|_| malformed())?;
        while let Some((_, after)) = rest.split_once('<') {
            let (address, after) = after.split_once('>').ok_or_else(malformed)?;
            // The parameters of this link end where the next link begins: addresses may hold commas, these may not.
            let end = after.find('<').unwrap_or(after.len());
            let (parameters, next) = after.split_at_checked(end).ok_or_else(malformed)?;
            if parameters.split([';', ',']).any(is_next) {
                let url = base.join(address).map_err(|_| malformed())?;
                if url.origin() != base.origin() {
                    return Err(DirectoryError::Malformed(format!(
                        "the link to the next page leads to {}, another address than the configured {}",
                        url.origin().ascii_serialization(),
                        base.origin().ascii_serialization()
                    )));
                }
                return Ok(Some(url));
            }
            rest = next;
        }
    }
    Ok(None)
}

fn is_next(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else { return false };
    let value = value.trim().trim_matches('"');
    name.trim().eq_ignore_ascii_case("rel") && value.split(' ').any(|word| word.eq_ignore_ascii_case("next"))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn next(lines: &[&str]) -> Result<Option<String>, DirectoryError> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::LINK, HeaderValue::from_str(line).unwrap());
        }
        next_link(&headers, &Url::parse("https://api.example/v1/").unwrap()).map(|url| url.map(String::from))
    }

    #[test]
    fn the_next_page_is_found_among_other_links() {
        let found = Ok(Some("https://api.example/v1/users?page=2&a=1,2".to_owned()));
        let link = "<https://api.example/v1/users?page=2&a=1,2>; rel=\"next\"";
        assert_eq!(next(&[link]), found);
        assert_eq!(next(&["<https://api.example/>; rel=self", link]), found);
        assert_eq!(next(&[&format!("<https://x.example/>; rel=\"prev\", {link}, </z>; rel=last")]), found);
        assert_eq!(next(&["</v1/users?page=2&a=1,2>; title=a; Rel=\"last next\""]), found);
        assert_eq!(next(&[]), Ok(None));
        assert_eq!(
            next(&["<https://api.example/next>; rel=\"prev\", <https://api.example/>; rel=\"first\""]),
            Ok(None)
        );
    }

    #[test]
    fn links_elsewhere_and_broken_ones_stop_the_read() {
        for line in [
            "<https://evil.example/v1/users>; rel=\"next\"",
            "<http://api.example/v1/users>; rel=\"next\"",
            "<https://api.example:444/v1/users>; rel=\"next\"",
            "<https://api.example/v1/users; rel=\"next\"",
            "<//evil.example/x>; rel=next",
        ] {
            assert!(matches!(next(&[line]), Err(DirectoryError::Malformed(_))), "{line}");
        }
    }
}
