//! Lifetimes that admins set, with their limits.

use serde::{Deserialize, Serialize};

use crate::codes::ErrorCode;

macro_rules! days {
    ($(#[$doc:meta])* $name:ident, $min:literal, $max:literal, $default:literal, $error:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "u16", into = "u16")]
        pub struct $name(u16);

        impl $name {
            /// Smallest value, in days.
            pub const MIN: u16 = $min;
            /// Largest value, in days.
            pub const MAX: u16 = $max;
            /// The value while nobody has changed it, in days.
            pub const DEFAULT: Self = Self($default);

            /// The number of days.
            #[must_use]
            pub const fn days(self) -> u16 {
                self.0
            }
        }

        impl TryFrom<u16> for $name {
            type Error = ErrorCode;

            fn try_from(days: u16) -> Result<Self, ErrorCode> {
                if (Self::MIN..=Self::MAX).contains(&days) { Ok(Self(days)) } else { Err(ErrorCode::$error) }
            }
        }

        impl From<$name> for u16 {
            fn from(value: $name) -> u16 {
                value.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = ErrorCode;

            fn from_str(text: &str) -> Result<Self, ErrorCode> {
                text.trim().parse::<u16>().map_err(|_| ErrorCode::$error)?.try_into()
            }
        }
    };
}

days!(
    /// How long one refresh token is good for before it must be used, in days.
    TokenLifetimeDays, 1, 14, 7, TokenLifetimeOutOfRange
);
days!(
    /// How long an agent's session lasts across all its refresh tokens, in days.
    SessionLifetimeDays, 1, 90, 30, SessionLifetimeOutOfRange
);

/// Both lifetimes of refresh tokens; the session is never shorter than the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshLifetimes {
    token: TokenLifetimeDays,
    session: SessionLifetimeDays,
}

impl RefreshLifetimes {
    /// The values while nobody has changed them.
    pub const DEFAULT: Self =
        Self { token: TokenLifetimeDays::DEFAULT, session: SessionLifetimeDays::DEFAULT };

    /// Pairs the two lifetimes.
    ///
    /// # Errors
    /// [`ErrorCode::SessionShorterThanToken`] when the session would end before its first token does.
    pub fn new(token: TokenLifetimeDays, session: SessionLifetimeDays) -> Result<Self, ErrorCode> {
        if session.days() < token.days() {
            return Err(ErrorCode::SessionShorterThanToken);
        }
        Ok(Self { token, session })
    }

    /// How long one refresh token is good for.
    #[must_use]
    pub const fn token(self) -> TokenLifetimeDays {
        self.token
    }

    /// How long the whole session lasts.
    #[must_use]
    pub const fn session(self) -> SessionLifetimeDays {
        self.session
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_inclusive() {
        assert_eq!("14".parse::<TokenLifetimeDays>().map(TokenLifetimeDays::days), Ok(14));
        assert_eq!("15".parse::<TokenLifetimeDays>(), Err(ErrorCode::TokenLifetimeOutOfRange));
        assert_eq!("0".parse::<SessionLifetimeDays>(), Err(ErrorCode::SessionLifetimeOutOfRange));
        assert_eq!("90".parse::<SessionLifetimeDays>().map(SessionLifetimeDays::days), Ok(90));
        assert_eq!("1.5".parse::<TokenLifetimeDays>(), Err(ErrorCode::TokenLifetimeOutOfRange));
    }

    #[test]
    fn a_session_is_not_shorter_than_its_token() {
        let token = TokenLifetimeDays::try_from(10).unwrap();
        let session = SessionLifetimeDays::try_from(9).unwrap();
        assert_eq!(RefreshLifetimes::new(token, session), Err(ErrorCode::SessionShorterThanToken));
    }
}
