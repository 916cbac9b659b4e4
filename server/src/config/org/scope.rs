//! One provider's part of the configuration: its keys, and the rules that several kinds share.

use std::path::Path;

use portal_core::secret::Secret;
use portal_directory::{LoginForm, Selection};
use portal_fetch::is_loopback_url;
use url::Url;

use super::raw::RawLogin;
use crate::config::{ConfigError, PublicUrl, raw::RawSecret, resolve, source::Sources};

/// Where a provider stands in the configuration.
pub(super) struct Scope<'config> {
    /// `org.providers[0]`.
    pub key: String,
    /// The folder of the configuration file.
    pub folder: &'config Path,
    pub sources: &'config Sources,
    pub public_url: &'config PublicUrl,
}

impl Scope<'_> {
    /// The full name of one of the provider's keys.
    pub fn name(&self, key: &str) -> String {
        format!("{}.{key}", self.key)
    }

    /// A fault of one of the provider's keys.
    pub fn error(&self, key: &str, message: impl Into<String>) -> ConfigError {
        self.sources.error(&self.name(key), message)
    }

    /// A secret, where there is one; an empty one is a fault.
    pub fn secret(&self, key: &str, raw: Option<RawSecret>) -> Result<Option<Secret>, ConfigError> {
        let Some(raw) = raw else { return Ok(None) };
        let secret = resolve::secret(&self.name(key), raw, self.folder, self.sources)?;
        if secret.expose().trim().is_empty() {
            return Err(self.error(key, "expected a secret, found nothing"));
        }
        Ok(Some(secret))
    }

    /// A key in PEM.
    pub fn private_key(&self, key: &str, raw: Option<RawSecret>) -> Result<Option<Secret>, ConfigError> {
        let secret = self.secret(key, raw)?;
        if secret.as_ref().is_some_and(|secret| !secret.expose().contains("PRIVATE KEY-----")) {
            return Err(self.error(key, "expected a private key in PEM, as in { file = \"key.pem\" }"));
        }
        Ok(secret)
    }

    /// A text that is not blank.
    pub fn words(&self, key: &str, text: &str) -> Result<String, ConfigError> {
        if text.trim().is_empty() || text.chars().any(char::is_control) {
            return Err(self.error(key, "expected a text"));
        }
        Ok(text.trim().to_owned())
    }

    /// The address of a service that gets a credential: https, or http on this machine.
    pub fn address(&self, key: &str, text: &str) -> Result<Url, ConfigError> {
        let expected = "expected an https address, such as https://acme.example.com";
        let url = Url::parse(text).map_err(|_| self.error(key, format!("{expected}; {text:?} is none")))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(self.error(key, format!("{expected}, without user name and password")));
        }
        if url.fragment().is_some() {
            return Err(self.error(key, format!("{expected}, without a part after #")));
        }
        if url.scheme() != "https" && !(url.scheme() == "http" && is_loopback_url(&url)) {
            return Err(self.error(key, format!("{expected}; http is for this machine only")));
        }
        Ok(url)
    }

    /// Scheme, host and port of a service.
    pub fn origin(&self, key: &str, text: &str) -> Result<Url, ConfigError> {
        let url = self.address(key, text)?;
        if url.path() != "/" || url.query().is_some() {
            return Err(self.error(key, "expected scheme and host only, such as https://acme.example.com"));
        }
        Ok(url)
    }

    /// Domains, in lower case.
    pub fn domains(&self, key: &str, texts: Vec<String>) -> Result<Vec<String>, ConfigError> {
        let check = |text: String| {
            let domain = text.to_ascii_lowercase();
            let label = |label: &str| {
                !label.is_empty()
                    && label.len() <= 63
                    && label.chars().all(|letter| letter.is_alphanumeric() || letter == '-')
            };
            if domain.len() <= 253 && domain.contains('.') && domain.split('.').all(label) {
                return Ok(domain);
            }
            Err(self.error(key, format!("expected domains such as example.com, found {text:?}")))
        };
        texts.into_iter().map(check).collect()
    }

    /// The rules about people and groups.
    pub fn selection(
        &self,
        table: &str,
        email_domains: Vec<String>,
        verified_domains: Vec<String>,
        groups: Vec<String>,
    ) -> Result<Selection, ConfigError> {
        let key = format!("{table}.groups");
        if groups.iter().any(|pattern| pattern.trim().is_empty()) {
            return Err(self.error(&key, "expected names of groups, with * at the end for any rest"));
        }
        if let Some(pattern) = groups.iter().find(|pattern| pattern.trim_end_matches('*').contains('*')) {
            return Err(self.error(&key, format!("expected * at the end only, found {pattern:?}")));
        }
        Ok(Selection {
            email_domains: self.domains(&format!("{table}.email_domains"), email_domains)?,
            verified_domains: self.domains(&format!("{table}.verified_domains"), verified_domains)?,
            groups,
        })
    }
}

pub(super) fn login(raw: RawLogin) -> LoginForm {
    match raw {
        RawLogin::LocalPart => LoginForm::LocalPart,
        RawLogin::Whole => LoginForm::Whole,
    }
}
