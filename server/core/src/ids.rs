//! Identifiers of stored things: 128 random bits in lower-case hexadecimal, each kind its own type.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ports::Rng;

fn random_hex(rng: &dyn Rng) -> String {
    use std::fmt::Write as _;
    let mut bytes = [0_u8; 16];
    rng.fill(&mut bytes);
    bytes.iter().fold(String::with_capacity(32), |mut text, byte| {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
            pub struct $name(pub String);

            impl $name {
                /// A new identifier.
                #[must_use]
                pub fn generate(rng: &dyn Rng) -> Self {
                    Self(random_hex(rng))
                }

                /// The text.
                #[must_use]
                pub fn as_str(&self) -> &str {
                    &self.0
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                    formatter.write_str(&self.0)
                }
            }
        )*
    };
}

ids! {
    /// A person's account.
    UserId;
    /// One authorization of one agent installation: the family of its tokens.
    AgentSessionId;
    /// A registered client: what stands after the prefix of its id.
    RegisteredClientId;
    /// A catalog location.
    LocationId;
    /// One reading of a location or provider.
    RunId;
    /// A row of the audit log.
    AuditId;
    /// A static token.
    StaticTokenId;
}
