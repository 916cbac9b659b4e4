//! The closed set of errors that a page can show.
//!
//! Errors reach a page without scripting as codes, never as text from outside; the words stand here.

use serde::{Deserialize, Serialize};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $status:literal, $message:literal;)*) => {
        /// What went wrong, in one word that can be quoted to whoever runs Portal.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum ErrorCode {
            $($(#[$doc])* $name,)*
        }

        impl ErrorCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The code as shown and as sent, in kebab case.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The HTTP status for callers that read one.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            /// The sentence shown to people: what happened and what to do.
            #[must_use]
            pub const fn message(self) -> &'static str {
                match self { $(Self::$name => $message,)* }
            }
        }
    };
}

codes! {
    /// Nobody is signed in.
    SignInRequired = "sign-in-required", 401, "Sign in to continue.";
    /// The person is not an admin.
    AdminRequired = "admin-required", 403, "Only admins can do this. Ask an admin of Portal.";
    /// The request came from another site.
    CrossSite = "cross-site", 403, "The request did not come from a page of Portal. Open the page again and repeat.";
    /// The thing does not exist, or not for this person.
    NotFound = "not-found", 404, "This does not exist, or not any more.";
    /// The person has as many stars as one can have.
    StarsFull = "stars-full", 409, "You have starred 500 entities, which is the most. Take a star back first.";
    /// Someone changed it meanwhile.
    Conflict = "conflict", 409, "Someone else changed this meanwhile. Look at the current values and repeat.";
    /// The store cannot be reached.
    Unavailable = "unavailable", 503, "Portal cannot reach its database right now. Nothing was changed. Try again in a moment.";
    /// A fault of ours.
    Internal = "internal", 500, "Something went wrong in Portal. Nothing was changed. Quote the request id to whoever runs Portal.";
    /// A required field is empty.
    Required = "required", 422, "Fill in this field.";
    /// A value that the form does not offer.
    Invalid = "invalid", 422, "This value cannot be used here.";
    /// A text is too long.
    TooLong = "too-long", 422, "This text is too long.";
    /// E-mail and password do not fit.
    CredentialsWrong = "credentials-wrong", 401, "This e-mail and password do not fit together.";
    /// Too many attempts.
    TooManyAttempts = "too-many-attempts", 429, "Too many attempts. Wait a minute, then try again.";
    /// The account is disabled.
    AccountDisabled = "account-disabled", 403, "This account is disabled. Ask an admin of Portal.";
    /// A directory says that the person is suspended or gone.
    AccountSuspended = "account-suspended", 403, "The organisation's directory says that this person is suspended or has left. Only the directory can change that: ask whoever looks after it.";
    /// Portal waits for a directory to be read again.
    DirectoryStale = "directory-stale", 503, "Portal has not been able to read the organisation's directory for too long, and lets nobody in meanwhile. Try again later, or ask an admin of Portal.";
    /// The role comes from a group of a directory.
    AdminByGroup = "admin-by-group", 409, "This person is an admin through a group of the organisation's directory. Take them out of that group there.";
    /// Not an e-mail address.
    EmailInvalid = "email-invalid", 422, "Write an e-mail address, such as ada@example.com.";
    /// The e-mail is taken.
    EmailTaken = "email-taken", 409, "Another account has this e-mail address.";
    /// The password is too short.
    PasswordTooShort = "password-too-short", 422, "Use at least 12 characters.";
    /// The password is too long.
    PasswordTooLong = "password-too-long", 422, "Use at most 256 characters.";
    /// The password is a well-known one or repeats the e-mail.
    PasswordTooCommon = "password-too-common", 422, "This password is easy to guess. Use another one.";
    /// The current password is wrong.
    PasswordWrong = "password-wrong", 422, "This is not your current password.";
    /// A one-time link is unknown, used or expired.
    LinkInvalid = "link-invalid", 410, "This link has been used, has expired or was replaced by a newer one. Ask for a new one.";
    /// A sign-in with a provider took too long or was finished before.
    SignInExpired = "sign-in-expired", 410, "This sign-in took too long or was finished before. Start again.";
    /// A sign-in with a provider came back to another browser.
    SignInForeign = "sign-in-foreign", 403, "This sign-in was started in another browser, or cookies are blocked. Start again in this one.";
    /// The provider says that the person did not go through with it.
    SignInCancelled = "sign-in-cancelled", 403, "The provider did not sign you in: it was cancelled there, or you may not use Portal there. Start again, or ask an admin.";
    /// The provider's answer proves nothing.
    SignInFailed = "sign-in-failed", 403, "The provider's answer could not be trusted, so nobody was signed in. Start again; if it stays so, tell an admin of Portal.";
    /// The provider cannot be reached.
    ProviderUnavailable = "provider-unavailable", 503, "The sign-in provider cannot be reached right now. Try again in a moment.";
    /// The provider's configuration does not fit.
    ProviderMisconfigured = "provider-misconfigured", 500, "Sign-in with this provider is not set up correctly. Tell an admin of Portal; the log says what is wrong.";
    /// The provider vouches for someone whom the catalog does not know.
    NotInCatalog = "not-in-catalog", 403, "Your account there is good, but it is not in this organization's catalog. Ask an admin of Portal to add you, or sign in with another account.";
    /// Nobody can be told apart by e-mail address.
    EmailUnverified = "email-unverified", 403, "The provider does not vouch for an e-mail address of yours, and people are recognized by it here. Verify your address there, or ask an admin of Portal.";
    /// Several people have the e-mail address.
    PersonAmbiguous = "person-ambiguous", 403, "More than one person in the directory has your e-mail address, so it does not say who you are. Ask an admin of Portal.";
    /// Local accounts cannot sign in.
    LocalSignInOff = "local-sign-in-off", 403, "Sign-in with a password is turned off. Sign in with your organization's provider.";
    /// Without local sign-in no admin could sign in.
    LocalSignInNeeded = "local-sign-in-needed", 409, "No admin could sign in any more. Let an admin sign in with a provider first, then turn this off.";
    /// The last admin would be lost.
    LastAdmin = "last-admin", 409, "This is the last admin who can sign in. Make someone else an admin first.";
    /// Not a reference to a user or group.
    EntityRefInvalid = "entity-ref-invalid", 422, "Write a reference such as user:default/ada.";
    /// The user entity belongs to another account.
    EntityTaken = "entity-taken", 409, "Another account is tied to this user of the catalog.";
    /// Token lifetime outside 1 to 14.
    TokenLifetimeOutOfRange = "token-lifetime-out-of-range", 422, "Write a whole number of days from 1 to 14.";
    /// Session lifetime outside 1 to 90.
    SessionLifetimeOutOfRange = "session-lifetime-out-of-range", 422, "Write a whole number of days from 1 to 90.";
    /// Session shorter than token.
    SessionShorterThanToken = "session-shorter-than-token", 422, "A session cannot be shorter than the token lifetime.";
    /// Announcing without a way to sign in.
    NothingToAnnounce = "nothing-to-announce", 409, "Agents cannot sign in yet. Enable client ID metadata documents first, then announce MCP.";
    /// A client pattern is not host and path prefix.
    ClientPatternInvalid = "client-pattern-invalid", 422, "Write a host with an optional path, such as agents.example.com/oauth/.";
    /// A redirect URI is neither https nor loopback, or there are too many.
    RedirectUriInvalid = "redirect-uri-invalid", 422, "Write 1 to 20 addresses, one a line: https, or http on 127.0.0.1, [::1] or localhost, without #.";
    /// The pending authorization is gone.
    AuthorizationExpired = "authorization-expired", 410, "This request to connect an agent has expired or was already answered. Start again in the agent.";
    /// The pending authorization belongs to another browser.
    AuthorizationForeign = "authorization-foreign", 403, "This request to connect an agent was started in another browser. Start again in the agent.";
    /// No user or group of the catalog is meant.
    OwnerUnknown = "owner-unknown", 422, "The catalog has no such user or group, and no account has this e-mail address.";
    /// A static token's days outside 1 to 365.
    TokenExpiryOutOfRange = "token-expiry-out-of-range", 422, "Write a whole number of days from 1 to 365.";
    /// Not a list of address ranges.
    AddressRangeInvalid = "address-range-invalid", 422, "Write addresses or ranges such as 192.0.2.0/24, at most 50.";
    /// Personal tokens are off.
    PersonalTokensOff = "personal-tokens-off", 409, "Personal tokens are turned off. Ask an admin of Portal.";
    /// The product's name has other characters, or too many.
    ProductNameInvalid = "product-name-invalid", 422, "Use at most 40 letters, digits, blanks and - . _ + ! ( ).";
    /// A vector picture.
    LogoVector = "logo-vector", 422, "Vector pictures (SVG) are not taken, because they can hold scripts. Use PNG, JPEG, WebP or GIF.";
    /// A picture above the limit.
    LogoTooLarge = "logo-too-large", 413, "This picture is larger than 256 kB. Use a smaller one.";
    /// No picture.
    LogoInvalid = "logo-invalid", 422, "This file cannot be read as a picture. Use PNG, JPEG, WebP or GIF, at most 2,048 pixels on a side.";
    /// No group of this name.
    GroupUnknown = "group-unknown", 422, "The catalog has no such group. Write its name or its reference, such as group:default/team-a.";
    /// Several groups of this name.
    GroupAmbiguous = "group-ambiguous", 422, "Several groups have this name. Write the whole reference, such as group:default/team-a.";
    /// More example prompts than an announcement takes.
    TooManyPrompts = "too-many-prompts", 422, "Write at most five prompts, one a line.";
    /// Too many personal tokens.
    TooManyTokens = "too-many-tokens", 409, "You have as many tokens as one person can have. Revoke one first.";
    /// A directory could not be read.
    ProviderFailed = "provider-failed", 502, "The directory could not be read. Test the connection to see why.";
    /// A box has to be ticked first.
    ConfirmationRequired = "confirmation-required", 422, "Tick the box to confirm, then repeat.";
    /// A catalog location cannot be used.
    LocationInvalid = "location-invalid", 422, "This location cannot be used.";
}

impl ErrorCode {
    /// The code with this spelling; `None` for anything else, so that a crafted link shows nothing.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|known| known.as_str() == code)
    }
}

impl std::fmt::Display for ErrorCode {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.message())
    }
}

/// The form field an error belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// An e-mail address.
    Email,
    /// A password, or a new one.
    Password,
    /// The password in force.
    CurrentPassword,
    /// A person's name.
    DisplayName,
    /// A reference to an entity.
    EntityRef,
    /// Token lifetime in days.
    TokenLifetimeDays,
    /// Maximum session lifetime in days.
    SessionLifetimeDays,
    /// Patterns of client documents.
    ClientPatterns,
    /// The admin's own words.
    Message,
    /// Who an announcement is for.
    Audience,
    /// Example prompts of an announcement.
    Prompts,
    /// What Portal is called.
    ProductName,
    /// The organization's picture.
    Logo,
    /// A catalog location's target.
    Target,
    /// What a client is called.
    ClientName,
    /// Where a client's answers may go.
    RedirectUris,
    /// How a client proves who it is.
    AuthenticationMethod,
    /// What a static token is called.
    TokenName,
    /// Whom a static token belongs to.
    Owner,
    /// How much may be done.
    Scope,
    /// Days until it ends.
    ExpiresDays,
    /// Plugin sources.
    Sources,
    /// Address ranges.
    AddressRanges,
    /// How old a directory may be, in hours.
    FreshnessHours,
    /// How many people may vanish unexplained, in percent.
    RemovalLimitPercent,
    /// What happens when a directory is too old.
    WhenStale,
    /// Groups whose members are admins.
    AdminGroups,
}

/// An error, and the field it belongs to when it belongs to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{code}")]
pub struct FieldError {
    /// What is wrong.
    pub code: ErrorCode,
    /// The field that shows it; `None` for the whole form.
    pub field: Option<Field>,
}

impl FieldError {
    /// An error of one field.
    #[must_use]
    pub const fn on(field: Field, code: ErrorCode) -> Self {
        Self { code, field: Some(field) }
    }
}

impl From<ErrorCode> for FieldError {
    fn from(code: ErrorCode) -> Self {
        Self { code, field: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Attack: 1.7: words in the address that pretend to be messages of Portal
    #[test]
    fn codes_read_back_and_are_sent_as_spelled() {
        for code in ErrorCode::ALL {
            assert_eq!(ErrorCode::parse(code.as_str()), Some(*code));
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        }
        assert_eq!(ErrorCode::parse("<script>"), None);
    }
}
