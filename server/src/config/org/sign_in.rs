//! `[org.providers.sign_in]`: how people sign in with a provider.

use portal_core::{identity::SignInBy, org::ProviderKind};
use portal_directory::{AdapterOptions, SignInOptions};
use serde::Deserialize;
use url::Url;

use super::scope::Scope;
use crate::config::{ConfigError, raw::RawSecret};

/// Longest issuer, in bytes.
const ISSUER_BYTES_MAX: usize = 512;
/// Longest label, in characters.
const LABEL_LENGTH_MAX: usize = 60;
/// Tenants of Microsoft that stand for whoever has an account anywhere.
const TENANTS_OF_EVERYBODY: [&str; 3] = ["common", "organizations", "consumers"];

/// `[org.providers.sign_in]` as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct RawSignIn {
    pub client_id: String,
    pub client_secret: Option<RawSecret>,
    pub by: Option<RawSignInBy>,
    pub label: Option<String>,
    pub issuer: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::config) enum RawSignInBy {
    Subject,
    VerifiedEmail,
}

/// How people sign in with a provider, checked.
#[derive(Debug, Clone)]
pub struct SignInConfig {
    /// What stands after "Sign in with".
    pub label: String,
    /// Everything that the adapter needs.
    pub options: SignInOptions,
}

/// Checks the table of a provider whose other keys are checked already.
pub(super) fn resolve(
    raw: RawSignIn,
    title: &str,
    adapter: &AdapterOptions,
    scope: &Scope<'_>,
) -> Result<SignInConfig, ConfigError> {
    let kind = kind(adapter);
    let label = scope.words("sign_in.label", raw.label.as_deref().unwrap_or(title))?;
    if label.chars().take(LABEL_LENGTH_MAX + 1).count() > LABEL_LENGTH_MAX {
        return Err(scope.error("sign_in.label", format!("expected at most {LABEL_LENGTH_MAX} characters")));
    }
    let client_secret = scope.secret("sign_in.client_secret", raw.client_secret)?;
    if kind == ProviderKind::Github && client_secret.is_none() {
        return Err(scope.error(
            "sign_in",
            "expected client_secret too: GitHub has no sign-in for applications without one",
        ));
    }
    let by = match raw.by {
        Some(RawSignInBy::VerifiedEmail) => SignInBy::VerifiedEmail,
        Some(RawSignInBy::Subject) | None => SignInBy::Subject,
    };
    let options = SignInOptions {
        kind,
        issuer: issuer(raw.issuer, adapter, scope)?,
        api: api(adapter),
        client_id: scope.words("sign_in.client_id", &raw.client_id)?,
        client_secret,
        by,
    };
    Ok(SignInConfig { label, options })
}

const fn kind(adapter: &AdapterOptions) -> ProviderKind {
    match adapter {
        AdapterOptions::Github(_) => ProviderKind::Github,
        AdapterOptions::Gitlab(_) => ProviderKind::Gitlab,
        AdapterOptions::Entra(_) => ProviderKind::Entra,
        AdapterOptions::Okta(_) => ProviderKind::Okta,
        AdapterOptions::File(_) => ProviderKind::File,
        AdapterOptions::Custom(_) => ProviderKind::Custom,
    }
}

/// Where GitHub's API is, when that does not follow from where people open it.
fn api(adapter: &AdapterOptions) -> Option<String> {
    match adapter {
        AdapterOptions::Github(options) => options.api_url.as_ref().map(plain),
        _ => None,
    }
}

/// The issuer: as written, byte for byte, else what follows from where the directory is.
fn issuer(
    written: Option<String>,
    adapter: &AdapterOptions,
    scope: &Scope<'_>,
) -> Result<String, ConfigError> {
    let error = |message: &str| Err(scope.error("sign_in.issuer", message));
    let issuer = match (written, adapter) {
        (Some(_), AdapterOptions::Github(_)) => {
            return error("GitHub has none: leave this out, and say where it is with github.base_url");
        }
        (Some(issuer), _) => issuer,
        (None, AdapterOptions::Github(options)) => plain(&options.base_url),
        (None, AdapterOptions::Gitlab(options)) => plain(&options.base_url),
        (None, AdapterOptions::Okta(options)) => plain(&options.url),
        (None, AdapterOptions::Entra(options)) => {
            if !is_tenant_id(&options.tenant_id) {
                return Err(scope.error(
                    "entra.tenant_id",
                    "expected the tenant's id, such as 8f5a2c1e-…, for sign-in: it stands in what the tenant signs",
                ));
            }
            format!("{}/{}/v2.0", plain(&options.cloud.login_url), options.tenant_id.to_ascii_lowercase())
        }
        (None, AdapterOptions::File(_) | AdapterOptions::Custom(_)) => {
            return Err(scope.error(
                "sign_in",
                "expected issuer too: the address of the OpenID Connect issuer that vouches for these people",
            ));
        }
    };
    let url = scope.address("sign_in.issuer", &issuer)?;
    if url.query().is_some() || issuer.len() > ISSUER_BYTES_MAX {
        return error("expected the issuer as its discovery document writes it, without a query");
    }
    let of_everybody = |segment: &str| TENANTS_OF_EVERYBODY.contains(&segment);
    if matches!(adapter, AdapterOptions::Entra(_))
        && url.path_segments().is_some_and(|mut path| path.any(of_everybody))
    {
        return error(
            "expected one tenant: everybody who has an account at Microsoft could sign in otherwise",
        );
    }
    Ok(issuer)
}

/// An address as people write it: without a slash at the end.
fn plain(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}

fn is_tenant_id(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    lengths == [8, 4, 4, 4, 12]
        && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenants_are_known_by_their_id() {
        assert!(is_tenant_id("8f5a2c1e-0b7d-4d0e-9c55-6a1f0e2b3c4d"));
        for text in [
            "",
            "acme.onmicrosoft.com",
            "common",
            "8f5a2c1e-0b7d-4d0e-9c55-6a1f0e2b3c4",
            "8f5a2c1e0b7d4d0e9c556a1f0e2b3c4d",
        ] {
            assert!(!is_tenant_id(text), "{text}");
        }
    }
}
