//! GitHub: OAuth without OpenID Connect, for OAuth apps and for the users of a GitHub App alike. Who someone is says
//! `GET /user`, by the numeric id that the directory has too (node ids were changed once, logins change).

use std::sync::Arc;

use async_trait::async_trait;
use portal_core::{
    identity::SignInBy,
    org::Subject,
    ports::{SignInClient, SignInError, SignInQuestion, SignInReply, VERIFIED_EMAILS_MAX, VouchedPerson},
};
use portal_fetch::IssuerClient;
use serde::Deserialize;

use super::{
    SignInOptions,
    exchange::{Endpoints, Registration},
    network::Network,
};

/// The media type of the REST API.
const ACCEPT: &str = "application/vnd.github+json";

/// Signs people in with github.com, a subdomain of ghe.com, or an Enterprise Server.
pub(super) struct GithubSignIn {
    registration: Registration,
    by: SignInBy,
    network: Network,
    web: String,
    authorization: String,
    token: String,
    api: String,
}

#[derive(Deserialize)]
struct Account {
    id: u64,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct Email {
    email: String,
    verified: bool,
}

impl GithubSignIn {
    pub(super) fn new(options: SignInOptions, client: Arc<IssuerClient>) -> Result<Self, SignInError> {
        let web = options.issuer.trim_end_matches('/').to_owned();
        let api = options.api.map_or_else(|| api_address(&web), |api| api.trim_end_matches('/').to_owned());
        Ok(Self {
            network: Network::new(client, &[&web, &api])?,
            registration: Registration { client_id: options.client_id, client_secret: options.client_secret },
            by: options.by,
            authorization: format!("{web}/login/oauth/authorize"),
            token: format!("{web}/login/oauth/access_token"),
            web,
            api,
        })
    }

    fn endpoints(&self) -> Endpoints<'_> {
        Endpoints { authorization: &self.authorization, token: &self.token, secret_in_form: true }
    }
}

/// Where the REST API of a GitHub is: github.com and its subdomains for enterprises have a host for it, a server of one's
/// own has a path.
fn api_address(web: &str) -> String {
    match web.split_once("://") {
        Some((scheme, host)) if host == "github.com" || host.ends_with(".ghe.com") => {
            format!("{scheme}://api.{host}")
        }
        _ => format!("{web}/api/v3"),
    }
}

#[async_trait]
impl SignInClient for GithubSignIn {
    async fn question(&self, question: SignInQuestion<'_>) -> Result<String, SignInError> {
        let scopes: &[&str] = match self.by {
            SignInBy::Subject => &[],
            SignInBy::VerifiedEmail => &["user:email"],
        };
        let mut extra = vec![("allow_signup", "false")];
        if question.again {
            extra.push(("prompt", "select_account"));
        }
        self.registration.question(self.endpoints(), question, scopes, &extra)
    }

    async fn person(&self, reply: SignInReply<'_>) -> Result<VouchedPerson, SignInError> {
        // GitHub's issuer in the sense of RFC 9207 is the address before its endpoints.
        if reply.issuer.is_some_and(|issuer| issuer != format!("{}/login/oauth", self.web)) {
            return Err(SignInError::NotTrusted("iss is another issuer".to_owned()));
        }
        let tokens = self.registration.exchange(&self.network, self.endpoints(), reply).await?;
        let address = format!("{}/user", self.api);
        let account: Account = self.network.read(&address, ACCEPT, Some(&tokens.access_token)).await?;
        if account.kind != "User" {
            return Err(SignInError::NotTrusted("the account is not a person's".to_owned()));
        }
        let verified_emails = match self.by {
            SignInBy::Subject => Vec::new(),
            SignInBy::VerifiedEmail => {
                let address = format!("{}/user/emails", self.api);
                let emails: Vec<Email> =
                    self.network.read(&address, ACCEPT, Some(&tokens.access_token)).await?;
                let verified = emails.into_iter().filter(|email| email.verified);
                verified.map(|email| email.email).take(VERIFIED_EMAILS_MAX).collect()
            }
        };
        Ok(VouchedPerson { subject: Subject(account.id.to_string()), verified_emails })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_api_is_where_the_vendor_puts_it() {
        assert_eq!(api_address("https://github.com"), "https://api.github.com");
        assert_eq!(api_address("https://acme.ghe.com"), "https://api.acme.ghe.com");
        assert_eq!(api_address("https://git.acme.example"), "https://git.acme.example/api/v3");
        assert_eq!(api_address("https://evilghe.com"), "https://evilghe.com/api/v3");
    }
}
