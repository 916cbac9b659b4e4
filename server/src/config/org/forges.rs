//! The tables of GitHub and GitLab.

use portal_directory::{
    github::{GithubCredential, GithubEnterprise, GithubOptions},
    gitlab::{GitlabOptions, GitlabScope},
};

use super::{
    raw::{RawGithub, RawGitlab},
    scope::Scope,
};
use crate::config::ConfigError;

pub(super) fn github(raw: RawGithub, scope: &Scope<'_>) -> Result<GithubOptions, ConfigError> {
    let selection = scope.selection("github", raw.email_domains, raw.verified_domains, raw.groups)?;
    let base_url = raw.base_url.as_deref().unwrap_or(GithubOptions::BASE_URL);
    let base_url = scope.origin("github.base_url", base_url)?;
    let api_url =
        raw.api_url.as_deref().map(|address| scope.address("github.api_url", address)).transpose()?;
    let organization = scope.words("github.organization", &raw.organization)?;
    slug("github.organization", &organization, scope)?;
    let token = scope.secret("github.token", raw.token)?;
    let private_key = scope.private_key("github.private_key", raw.private_key)?;
    let credential = match (token, raw.app_id, private_key) {
        (Some(token), None, None) if raw.installation_id.is_none() => GithubCredential::Token(token),
        (None, Some(app_id), Some(private_key)) => GithubCredential::App {
            app_id: match app_id {
                super::raw::RawAppId::Number(number) => number.to_string(),
                super::raw::RawAppId::Text(text) => scope.words("github.app_id", &text)?,
            },
            private_key,
            installation_id: raw.installation_id,
        },
        _ => {
            let message =
                "expected either token, or app_id and private_key (and installation_id, if need be)";
            return Err(scope.error("github", message));
        }
    };
    let enterprise = match raw.enterprise {
        None => None,
        Some(enterprise) => {
            slug("github.enterprise.slug", &enterprise.slug, scope)?;
            let token = scope.secret("github.enterprise.token", Some(enterprise.token))?;
            token.map(|token| GithubEnterprise { slug: enterprise.slug, token })
        }
    };
    Ok(GithubOptions {
        base_url,
        api_url,
        organization,
        credential,
        enterprise,
        selection,
        webhook_secret: scope.secret("github.webhook_secret", raw.webhook_secret)?,
    })
}

/// A part of an address: letters, digits, `-`, `_` and `.`.
fn slug(key: &str, text: &str, scope: &Scope<'_>) -> Result<(), ConfigError> {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if !text.is_empty() && text.len() <= 100 && text.bytes().all(legal) {
        return Ok(());
    }
    Err(scope.error(key, format!("expected a name as it stands in GitHub's addresses, found {text:?}")))
}

pub(super) fn gitlab(raw: RawGitlab, scope: &Scope<'_>) -> Result<GitlabOptions, ConfigError> {
    let selection = scope.selection("gitlab", raw.email_domains, raw.verified_domains, raw.groups)?;
    let base_url = raw.base_url.as_deref().unwrap_or(GitlabOptions::BASE_URL);
    let base_url = scope.address("gitlab.base_url", base_url)?;
    if base_url.query().is_some() {
        return Err(scope.error("gitlab.base_url", "expected an address without a part after ?"));
    }
    let scope_read = match (raw.group, raw.instance) {
        (Some(group), false) => GitlabScope::Group(scope.words("gitlab.group", &group)?),
        (None, true) if base_url.host_str() == Some("gitlab.com") => {
            return Err(scope.error("gitlab.instance", "gitlab.com is read by group; expected group"));
        }
        (None, true) => GitlabScope::Instance,
        _ => return Err(scope.error("gitlab", "expected either group, or instance = true")),
    };
    let Some(token) = scope.secret("gitlab.token", Some(raw.token))? else {
        return Err(scope.error("gitlab.token", "expected a token"));
    };
    Ok(GitlabOptions {
        base_url,
        token,
        scope: scope_read,
        external_users: raw.external_users,
        seat_required: raw.seat_required,
        selection,
        webhook_secret: scope.secret("gitlab.webhook_secret", raw.webhook_secret)?,
        webhook_signing_token: scope.secret("gitlab.webhook_signing_token", raw.webhook_signing_token)?,
    })
}
