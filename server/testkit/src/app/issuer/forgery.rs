//! Lies that an issuer, or whoever plays one, can tell.

/// What is wrong with the next answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Forgery {
    /// Nothing.
    #[default]
    None,
    /// The nonce of another sign-in.
    Nonce,
    /// No nonce.
    NonceMissing,
    /// For another client.
    Audience,
    /// For us and another client, who asked.
    AuthorizedParty,
    /// By another issuer.
    Issuer,
    /// Expired two minutes ago.
    Expired,
    /// Valid in two minutes.
    NotYet,
    /// `alg: none`, without a signature.
    Unsigned,
    /// `alg: HS256`, with the public key as the secret.
    PublicKeyAsSecret,
    /// By a key that the issuer does not publish, under the id of one that it does.
    ForeignKey,
    /// No ID token.
    NoIdToken,
    /// An access token in place of the ID token.
    AccessToken,
    /// `iss` of another issuer with the code (RFC 9207).
    ResponseIssuer,
    /// No `iss` with the code, though the document promises one.
    ResponseIssuerMissing,
    /// The discovery document of another issuer.
    DiscoveryIssuer,
    /// Userinfo about someone else.
    UserInfoSubject,
    /// The token endpoint answers 503.
    Outage,
    /// The token endpoint knows no such client.
    ClientUnknown,
}
