//! Where to go after signing in: a path of Portal, never another site.

/// Longest path with its query, in bytes.
const LENGTH_MAX: usize = 1_024;

/// A path of this Portal, with its query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnTo(String);

impl ReturnTo {
    /// Takes an absolute path with an optional query. `None` for anything that a browser could read as another site
    /// (`//host`, `/\host`, a scheme), for control characters and spaces, for pages that would lead back to the sign-in
    /// page, and for addresses that only take forms.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix('/')?;
        let safe =
            text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'"' | b'<' | b'>'));
        let path = text.split(['?', '#']).next().unwrap_or_default();
        let dots = path.split('/').any(|segment| segment == "." || segment == "..");
        let excluded =
            ["/sign-in", "/auth/", "/_ui", "/first-admin"].iter().any(|start| path.starts_with(start));
        if rest.starts_with('/') || !safe || dots || excluded || text.len() > LENGTH_MAX {
            return None;
        }
        Some(Self(text.to_owned()))
    }

    /// The path with its query.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The sign-in page that leads back here.
    #[must_use]
    pub fn sign_in_path(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("return_to", &self.0);
        format!("/sign-in?{}", query.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_portal_are_taken() {
        for text in ["/", "/catalog?kind=api&q=a%20b", "/oauth/consent?request=abc", "/settings/general#mcp"]
        {
            assert_eq!(ReturnTo::parse(text).map(|path| path.0).as_deref(), Some(text));
        }
        let consent = ReturnTo::parse("/oauth/consent?request=a&b=c").unwrap();
        assert_eq!(consent.sign_in_path(), "/sign-in?return_to=%2Foauth%2Fconsent%3Frequest%3Da%26b%3Dc");
    }

    /// Attack: 1.7: ways back that lead to other sites, 16 tries
    #[test]
    fn other_sites_and_loops_are_not() {
        let refused = [
            "",
            "catalog",
            "https://evil.test/",
            "//evil.test",
            "/\\evil.test",
            "/\t/evil.test",
            "/a b",
            "/a\r\nSet-Cookie:x",
            "/sign-in",
            "/sign-in?return_to=/",
            "/_ui/sign_out",
            "/auth/start/github",
            "/./sign-in",
            "/a/../sign-in",
            "/é",
            "javascript:alert(1)",
        ];
        for text in refused {
            assert_eq!(ReturnTo::parse(text), None, "{text:?}");
        }
        assert_eq!(ReturnTo::parse(&format!("/{}", "a".repeat(LENGTH_MAX))), None);
    }
}
