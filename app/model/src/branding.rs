//! How Portal looks for one organization.

use serde::{Deserialize, Serialize};

use crate::codes::ErrorCode;

/// Longest product name, in characters.
pub const PRODUCT_NAME_LENGTH_MAX: usize = 40;

/// What Portal is called here: 1 to 40 letters, digits, blanks and `-._+!()`, so that it needs no escaping anywhere, page
/// titles included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProductName(String);

impl ProductName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for ProductName {
    fn default() -> Self {
        Self("Portal".to_owned())
    }
}

impl TryFrom<String> for ProductName {
    type Error = ErrorCode;

    fn try_from(text: String) -> Result<Self, ErrorCode> {
        let name = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let allowed = |character: char| {
            character.is_alphanumeric() || matches!(character, ' ' | '-' | '.' | '_' | '+' | '!' | '(' | ')')
        };
        if name.is_empty() {
            return Err(ErrorCode::Required);
        }
        if name.chars().nth(PRODUCT_NAME_LENGTH_MAX).is_some() || !name.chars().all(allowed) {
            return Err(ErrorCode::ProductNameInvalid);
        }
        Ok(Self(name))
    }
}

impl From<ProductName> for String {
    fn from(name: ProductName) -> Self {
        name.0
    }
}

/// The one accent: a closed set of hues whose contrast is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Accent {
    /// Green-blue, Portal's own.
    #[default]
    Verdigris,
    /// Green.
    Fern,
    /// Cyan.
    Lagoon,
    /// Light blue.
    Azure,
    /// Blue.
    Indigo,
    /// Violet.
    Violet,
    /// Purple-red.
    Plum,
    /// Almost grey.
    Slate,
}

impl Accent {
    /// Every accent.
    pub const ALL: [Self; 8] = [
        Self::Verdigris,
        Self::Fern,
        Self::Lagoon,
        Self::Azure,
        Self::Indigo,
        Self::Violet,
        Self::Plum,
        Self::Slate,
    ];

    /// The word in settings and in the style sheet.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Verdigris => "verdigris",
            Self::Fern => "fern",
            Self::Lagoon => "lagoon",
            Self::Azure => "azure",
            Self::Indigo => "indigo",
            Self::Violet => "violet",
            Self::Plum => "plum",
            Self::Slate => "slate",
        }
    }

    /// Its name for people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Verdigris => "Verdigris",
            Self::Fern => "Fern",
            Self::Lagoon => "Lagoon",
            Self::Azure => "Azure",
            Self::Indigo => "Indigo",
            Self::Violet => "Violet",
            Self::Plum => "Plum",
            Self::Slate => "Slate",
        }
    }

    /// The accent of this word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|accent| accent.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Result<ProductName, ErrorCode> {
        ProductName::try_from(text.to_owned())
    }

    #[test]
    fn a_name_needs_no_escaping() {
        assert_eq!(name("  Acme   Developer-Portal ").unwrap().as_str(), "Acme Developer-Portal");
        assert_eq!(name("Øresund 2.0 (beta)!").unwrap().as_str(), "Øresund 2.0 (beta)!");
        assert_eq!(name(" \n"), Err(ErrorCode::Required));
        for bad in ["<b>", "A & B", "\"x\"", "it's", "a/b", "a\u{202e}b", &"x".repeat(41)] {
            assert_eq!(name(bad), Err(ErrorCode::ProductNameInvalid), "{bad}");
        }
        assert!(name(&"x".repeat(40)).is_ok());
    }

    #[test]
    fn accents_are_spelled_one_way() {
        for accent in Accent::ALL {
            assert_eq!(Accent::parse(accent.as_str()), Some(accent));
            assert_eq!(serde_json::to_value(accent).unwrap(), accent.as_str());
        }
        assert_eq!(Accent::parse("red"), None);
    }
}
