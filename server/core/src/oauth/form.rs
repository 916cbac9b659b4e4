//! Parameters of OAuth requests: form-encoded, each at most once (RFC 6749 sections 3.1 and 3.2).

use std::collections::HashMap;

use url::form_urlencoded;

use crate::secret::Secret;

/// Most parameters of one request.
const PARAMETERS_MAX: usize = 64;
/// Longest value, in bytes.
const VALUE_BYTES_MAX: usize = 8_192;

/// The parameters of one request.
#[derive(Debug)]
pub struct Form(HashMap<String, String>);

impl Form {
    /// Reads parameters. Empty values count as absent (RFC 6749 section 3.1).
    ///
    /// # Errors
    /// What is wrong, in words; names a parameter only when it is one of `known`.
    pub fn parse(encoded: &[u8], known: &[&'static str]) -> Result<Self, String> {
        let mut parameters = HashMap::new();
        for (count, (name, value)) in form_urlencoded::parse(encoded).enumerate() {
            if count >= PARAMETERS_MAX {
                return Err("there are too many parameters".to_owned());
            }
            let shown = known.iter().find(|known| **known == name).copied().unwrap_or("a parameter");
            if value.len() > VALUE_BYTES_MAX {
                return Err(format!("{shown} is too long"));
            }
            if parameters.insert(name.into_owned(), value.into_owned()).is_some() {
                return Err(format!("{shown} is there more than once"));
            }
        }
        Ok(Self(parameters))
    }

    /// Takes out a parameter; `None` when it is absent or empty.
    pub fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name).filter(|value| !value.is_empty())
    }

    /// Takes out a parameter that must not be seen.
    pub fn take_secret(&mut self, name: &str) -> Option<Secret> {
        self.take(name).map(Secret::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Form, String> {
        Form::parse(text.as_bytes(), &["code"])
    }

    /// Rule: RFC 6749 section 3.1: a parameter is there at most once
    /// Rule: RFC 6749 section 3.1: a parameter without a value counts as absent
    #[test]
    fn each_parameter_is_there_once() {
        let mut form = parse("code=a%20b&state=&x=1").unwrap_or_else(|fault| panic!("{fault}"));
        assert_eq!(form.take("code").as_deref(), Some("a b"));
        assert_eq!(form.take("state"), None);
        assert_eq!(parse("code=1&code=1").err().as_deref(), Some("code is there more than once"));
        assert_eq!(
            parse("%3Cb%3E=1&%3Cb%3E=2").err().as_deref(),
            Some("a parameter is there more than once")
        );
    }

    #[test]
    fn requests_are_bounded() {
        let many: Vec<String> = (0..=PARAMETERS_MAX).map(|index| format!("p{index}=1")).collect();
        parse(&many.join("&")).err().unwrap();
        parse(&format!("code={}", "x".repeat(VALUE_BYTES_MAX + 1))).err().unwrap();
    }
}
