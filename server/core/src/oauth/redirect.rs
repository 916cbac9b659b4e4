//! Answers that travel through the browser to the client's redirect URI (RFC 6749 section 4.1.2, RFC 9207).

use url::form_urlencoded;

/// The redirect URI with parameters added to its query; what was there stays byte for byte. Parameters without a
/// value are left out.
#[must_use]
pub fn answer(redirect_uri: &str, parameters: &[(&str, Option<&str>)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in parameters {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    let separator = match redirect_uri.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some((_, written)) if written.ends_with('&') => "",
        Some(_) => "&",
    };
    format!("{redirect_uri}{separator}{}", query.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_join_what_is_there() {
        let parameters = [("code", Some("a b")), ("state", None), ("iss", Some("https://p.example"))];
        let expected = "code=a+b&iss=https%3A%2F%2Fp.example";
        for (uri, separator) in
            [("https://c.example/cb", "?"), ("https://c.example/cb?", ""), ("http://[::1]:9/?x=1", "&")]
        {
            assert_eq!(answer(uri, &parameters), format!("{uri}{separator}{expected}"));
        }
    }

    /// Rule: RFC 6749 section 4.1.2: state comes back as it was sent
    /// Attack: 1.1: a state with line breaks, markup, parameters, 4 kB
    #[test]
    fn state_cannot_break_out_of_its_parameter() {
        let answer = answer("https://c.example/cb", &[("state", Some("\r\nX: y&code=evil#\"<"))]);
        assert_eq!(answer, "https://c.example/cb?state=%0D%0AX%3A+y%26code%3Devil%23%22%3C");
    }
}
