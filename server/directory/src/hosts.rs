//! Which addresses may be read, and where their text really is.

use portal_fetch::is_loopback_url;
use url::Url;

/// The host that serves the files of github.com as they are.
const GITHUB_RAW_HOST: &str = "raw.githubusercontent.com";

/// Hosts that an admin allows.
pub(crate) struct AllowedHosts(Vec<String>);

impl AllowedHosts {
    /// From the configuration: `host`, `host:port`, or `http://host:port` for hosts on loopback.
    pub(crate) fn new(hosts: &[String]) -> Self {
        Self(hosts.iter().map(|host| host.trim().trim_end_matches('/').to_ascii_lowercase()).collect())
    }

    /// The address to fetch for an address that was named, if it may be fetched.
    ///
    /// # Errors
    /// Why not, for the admin.
    pub(crate) fn vetted(&self, named: &Url) -> Result<Url, String> {
        let url = raw_address(named);
        if !url.username().is_empty() || url.password().is_some() {
            return Err("the address holds a user name or password".to_owned());
        }
        let Some(host) = url.host_str() else { return Err("the address has no host".to_owned()) };
        let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        match url.scheme() {
            "https" if self.has(&host) || self.has(&format!("https://{host}")) => Ok(url),
            "https" => Err(format!("the host {host} is not in [catalog] allowed_hosts")),
            "http" if is_loopback_url(&url) && self.has(&format!("http://{host}")) => Ok(url),
            _ => Err("only https addresses are read".to_owned()),
        }
    }

    fn has(&self, host: &str) -> bool {
        self.0.iter().any(|allowed| allowed == host)
    }
}

/// Where the file itself is, for addresses of pages that show a file: `…/blob/…` of GitHub, `…/-/blob/…` of GitLab.
fn raw_address(named: &Url) -> Url {
    let mut url = named.clone();
    url.set_fragment(None);
    if url.scheme() == "https" && url.host_str() == Some("github.com") && url.port().is_none() {
        let mut steps = url.path().trim_start_matches('/').splitn(4, '/');
        if let (Some(owner), Some(repository), Some("blob"), Some(rest)) =
            (steps.next(), steps.next(), steps.next(), steps.next())
        {
            let path = format!("/{owner}/{repository}/{rest}");
            // A constant host is always accepted.
            if url.set_host(Some(GITHUB_RAW_HOST)).is_ok() {
                url.set_query(None);
                url.set_path(&path);
            }
        }
    } else if url.path().contains("/-/blob/") {
        let path = url.path().replacen("/-/blob/", "/-/raw/", 1);
        url.set_path(&path);
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vetted(hosts: &[&str], url: &str) -> Result<String, String> {
        let hosts = AllowedHosts::new(&hosts.iter().map(ToString::to_string).collect::<Vec<_>>());
        hosts.vetted(&Url::parse(url).unwrap()).map(String::from)
    }

    #[test]
    fn only_allowed_hosts_by_https() {
        let hosts = [
            "Raw.example.org",
            "files.example.org:8443",
            "http://127.0.0.1:9000",
            "http://plain.example.org",
        ];
        for url in
            ["https://raw.example.org/a.yaml", "https://files.example.org:8443/a", "http://127.0.0.1:9000/a"]
        {
            assert_eq!(vetted(&hosts, url).as_deref(), Ok(url));
        }
        for url in [
            "http://raw.example.org/a.yaml",
            "https://other.example.org/a",
            "https://raw.example.org.evil.example/a",
            "https://raw.example.org:444/a",
            "https://files.example.org/a",
            "https://user@raw.example.org/a",
            "http://127.0.0.1:9001/a",
            "http://plain.example.org/a",
            "ftp://raw.example.org/a",
        ] {
            assert!(vetted(&hosts, url).is_err(), "{url}");
        }
    }

    #[test]
    fn pages_that_show_a_file_lead_to_the_file_on_an_allowed_host() {
        let page = "https://github.com/acme/shop/blob/main/docs/api.yaml?plain=1#L3";
        let file = "https://raw.githubusercontent.com/acme/shop/main/docs/api.yaml";
        assert_eq!(vetted(&["raw.githubusercontent.com"], page).as_deref(), Ok(file));
        assert!(vetted(&["github.com"], page).unwrap_err().contains("raw.githubusercontent.com"));
        assert_eq!(
            vetted(&["git.example.org"], "https://git.example.org/a/b/-/blob/main/x.yaml").as_deref(),
            Ok("https://git.example.org/a/b/-/raw/main/x.yaml")
        );
        assert_eq!(
            vetted(&["github.com"], "https://github.com/acme").as_deref(),
            Ok("https://github.com/acme")
        );
    }
}
