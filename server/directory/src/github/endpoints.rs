//! Where the APIs of a GitHub are.

use url::{Host, Url};

use crate::api::SetupError;

/// The addresses of one GitHub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Endpoints {
    /// The REST API, with a slash at the end.
    pub(super) rest: Url,
    /// The GraphQL API, of the same origin.
    pub(super) graphql: Url,
    /// Whether it is an Enterprise Server.
    pub(super) is_server: bool,
    /// Whether the host alone says so; else its answers are asked.
    pub(super) is_known: bool,
}

impl Endpoints {
    /// The addresses that follow from the one that people open: `api.github.com`, `api.<name>.ghe.com`, or `/api` of an
    /// Enterprise Server. Written out API addresses are taken too.
    pub(super) fn of(base: &Url, api: Option<&Url>) -> Result<Self, SetupError> {
        if let Some(api) = api {
            let mut rest = api.clone();
            rest.set_path(&format!("{}/", api.path().trim_end_matches('/')));
            let invalid =
                |_| SetupError::new("api_url", "expected an address such as https://api.github.com");
            let graphql = rest.join("graphql").map_err(invalid)?;
            return Ok(Self { rest, graphql, is_server: false, is_known: false });
        }
        let invalid = || SetupError::new("base_url", "expected an address such as https://github.com");
        let host = base.host_str().ok_or_else(invalid)?.to_ascii_lowercase();
        let hosted = host == "github.com" || host.ends_with(".ghe.com") || host == "api.github.com";
        if hosted && matches!(base.host(), Some(Host::Domain(_))) {
            let api = if host.starts_with("api.") { host } else { format!("api.{host}") };
            let rest = Url::parse(&format!("https://{api}/")).map_err(|_| invalid())?;
            let graphql = rest.join("graphql").map_err(|_| invalid())?;
            return Ok(Self { rest, graphql, is_server: false, is_known: true });
        }
        let mut root = base.clone();
        root.set_query(None);
        root.set_fragment(None);
        let path =
            base.path().trim_end_matches('/').trim_end_matches("/api/v3").trim_end_matches('/').to_owned();
        root.set_path(&format!("{path}/api/v3/"));
        let rest = root.clone();
        root.set_path(&format!("{path}/api/graphql"));
        Ok(Self { rest, graphql: root, is_server: true, is_known: false })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(base: &str) -> (String, String, bool) {
        let found = Endpoints::of(&Url::parse(base).unwrap(), None).unwrap();
        (found.rest.to_string(), found.graphql.to_string(), found.is_server)
    }

    #[test]
    fn apis_follow_from_the_address_that_people_open() {
        let hosted = |api: &str| (format!("https://{api}/"), format!("https://{api}/graphql"), false);
        assert_eq!(addresses("https://github.com"), hosted("api.github.com"));
        assert_eq!(addresses("https://api.github.com/"), hosted("api.github.com"));
        assert_eq!(addresses("https://acme.ghe.com/"), hosted("api.acme.ghe.com"));
        let server = |root: &str| (format!("{root}/api/v3/"), format!("{root}/api/graphql"), true);
        assert_eq!(addresses("https://git.acme.example"), server("https://git.acme.example"));
        assert_eq!(addresses("https://git.acme.example/api/v3/"), server("https://git.acme.example"));
        assert_eq!(addresses("http://127.0.0.1:9000"), server("http://127.0.0.1:9000"));
        assert_eq!(addresses("https://github.com.evil.example"), server("https://github.com.evil.example"));
    }
}
