//! The steps of connecting an agent, and the ways in which it fails.

/// An enum with a name for the store.
macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $word:literal;)*) => {
        /// A step of connecting an agent, or a way in which it failed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum AttemptKind {
            $($(#[$doc])* $variant,)*
        }

        impl AttemptKind {
            /// Every kind, the steps first, in their order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name in the store.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// The kind with this name; `None` for any other word.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|kind| kind.as_str() == word)
            }
        }
    };
}

kinds! {
    /// The agent sent the person's browser to Portal.
    AuthorizationBegun = "authorization-begun";
    /// The person allowed it, now or before.
    ConsentGiven = "consent-given";
    /// The agent fetched its token.
    CodeExchanged = "code-exchanged";
    /// The first call in a session.
    FirstCall = "first-call";
    /// The first call with a static token.
    TokenUsed = "token-used";
    /// Client ID metadata documents are off.
    DocumentsOff = "documents-off";
    /// The agent registered itself, and that is off now.
    RegistrationOff = "registration-off";
    /// The agent's document could not be fetched.
    DocumentUnreachable = "document-unreachable";
    /// The agent's document breaks a rule.
    DocumentInvalid = "document-invalid";
    /// The client id is no usable address.
    ClientIdInvalid = "client-id-invalid";
    /// The agent is not on the list of allowed ones.
    ClientNotAllowed = "client-not-allowed";
    /// No client of this id is registered.
    ClientUnknown = "client-unknown";
    /// The agent did not prove who it is.
    ClientUnproved = "client-unproved";
    /// The redirect address is not one that the client lists.
    RedirectMismatch = "redirect-mismatch";
    /// The authorization request breaks a rule of the protocol.
    RequestInvalid = "request-invalid";
    /// The person said no.
    Cancelled = "cancelled";
    /// The page that asks had expired or was answered.
    RequestExpired = "request-expired";
    /// The page that asks was opened in another browser.
    OtherBrowser = "other-browser";
    /// The code came too late.
    CodeExpired = "code-expired";
    /// The code had been used.
    CodeUsed = "code-used";
    /// The proof key does not fit the code.
    CodeProofWrong = "code-proof-wrong";
    /// The code was refused for another reason.
    CodeRefused = "code-refused";
    /// The code was never exchanged. Told by what did not happen, never stored.
    CodeNotExchanged = "code-not-exchanged";
    /// The access token has expired and cannot be renewed.
    AccessExpired = "access-expired";
    /// The session has ended.
    SessionEnded = "session-ended";
    /// The static token has expired or was revoked.
    StaticTokenEnded = "static-token-ended";
    /// The token is none of Portal's.
    TokenUnknown = "token-unknown";
    /// The refresh token was refused.
    RefreshRefused = "refresh-refused";
    /// The static token may not be used from this address.
    AddressRefused = "address-refused";
    /// The scope is too small for the tool.
    ScopeTooSmall = "scope-too-small";
    /// The tool's plugin source is off.
    SourceOff = "source-off";
    /// The token may not use the tool's plugin source.
    SourceNotAllowed = "source-not-allowed";
    /// A web page of another origin called.
    OriginRefused = "origin-refused";
    /// The person may not use Portal any more.
    PersonSuspended = "person-suspended";
    /// What is known of the person is too old.
    DirectoryStale = "directory-stale";
}

impl AttemptKind {
    /// Whether something went wrong.
    #[must_use]
    pub const fn is_failure(self) -> bool {
        !matches!(
            self,
            Self::AuthorizationBegun
                | Self::ConsentGiven
                | Self::CodeExchanged
                | Self::FirstCall
                | Self::TokenUsed
        )
    }

    /// Whether the agent was let in and has called.
    #[must_use]
    pub const fn is_connected(self) -> bool {
        matches!(self, Self::FirstCall | Self::TokenUsed)
    }
}
