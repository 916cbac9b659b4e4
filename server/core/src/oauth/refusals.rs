//! Sentences of refusals that other parts of Portal tell apart.

/// The code came too late.
pub const CODE_EXPIRED: &str = "the code has expired";
/// The code came a second time.
pub const CODE_USED: &str = "the code was used before; what it produced has ended";
/// The verifier does not fit (RFC 7636 section 4.6).
pub const PROOF_WRONG: &str = "code_verifier does not fit the code_challenge";
/// The person is disabled, suspended, or signed out everywhere.
pub const PERSON_REFUSED: &str = "the person may not use Portal any more";
/// The person's entity is gone.
pub const PERSON_MISSING: &str = "the person is not in the catalog any more";
/// Client documents are off.
pub const DOCUMENTS_OFF: &str = "sign-in of agents by client documents is switched off in Portal";
/// Dynamic registration is off.
pub const REGISTRATION_OFF: &str = "dynamic client registration is switched off in Portal";
/// No such client.
pub const CLIENT_UNKNOWN: &str = "the client is not registered here";
