//! What a new static token shall be, from text to checked values.

use ipnet::IpNet;
use portal_model::{
    EntityRef, ErrorCode, Field, FieldError, Scope, entity_ref::DEFAULT_NAMESPACE, settings::SOURCES,
};

/// Days until a token ends, unless something else is asked for.
pub const EXPIRY_DAYS_DEFAULT: u16 = 90;
/// Most days until a token ends.
pub const EXPIRY_DAYS_MAX: u16 = 365;
/// Most address ranges of one token.
pub const RANGES_MAX: usize = 50;
/// Longest name, in characters.
pub const NAME_LENGTH_MAX: usize = 100;

/// A new token, as typed into a form or a command.
#[derive(Debug, Clone, Default)]
pub struct StaticTokenRequest {
    /// What people call it.
    pub name: String,
    /// A user or group ref, or the e-mail of an account.
    pub owner: String,
    /// `mcp:read`, `mcp:write` or `mcp:destructive`.
    pub scope: String,
    /// Days until it ends; the default when empty.
    pub expires_days: String,
    /// Plugin sources; all that are on when empty.
    pub sources: Vec<String>,
    /// Address ranges, separated by commas, spaces or lines; all addresses when empty.
    pub ranges: String,
}

/// A new token, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewStaticToken {
    /// What people call it.
    pub name: String,
    /// A user or group.
    pub owner: EntityRef,
    /// What it may do.
    pub scope: Scope,
    /// Days until it ends.
    pub expires_days: u16,
    /// Plugin sources; `None` for all that are on.
    pub sources: Option<Vec<String>>,
    /// Address ranges; empty for all.
    pub ranges: Vec<IpNet>,
}

impl StaticTokenRequest {
    /// Checks everything but the owner, whom the service looks up; `owner` is what it found.
    ///
    /// # Errors
    /// Every fault, each with its field.
    pub fn check(&self, owner: Result<EntityRef, FieldError>) -> Result<NewStaticToken, Vec<FieldError>> {
        let name = self.checked_name();
        let scope = Scope::parse(self.scope.trim()).ok_or(FieldError::on(Field::Scope, ErrorCode::Required));
        let expires_days = self.checked_expiry();
        let sources = self.checked_sources();
        let ranges = self.checked_ranges();
        match (name, owner, scope, expires_days, sources, ranges) {
            (Ok(name), Ok(owner), Ok(scope), Ok(expires_days), Ok(sources), Ok(ranges)) => {
                Ok(NewStaticToken { name, owner, scope, expires_days, sources, ranges })
            }
            (name, owner, scope, expires_days, sources, ranges) => {
                Err([name.err(), owner.err(), scope.err(), expires_days.err(), sources.err(), ranges.err()]
                    .into_iter()
                    .flatten()
                    .collect())
            }
        }
    }

    /// The owner when it is written as a reference; `None` when it looks like an e-mail address.
    ///
    /// # Errors
    /// It is neither.
    pub fn owner_ref(&self) -> Result<Option<EntityRef>, FieldError> {
        let owner = self.owner.trim();
        if owner.is_empty() {
            return Err(FieldError::on(Field::Owner, ErrorCode::Required));
        }
        if owner.contains('@') {
            return Ok(None);
        }
        let parsed = EntityRef::parse_with(owner, Some("user"), DEFAULT_NAMESPACE).ok();
        match parsed.filter(|owner| matches!(owner.kind(), "user" | "group")) {
            Some(owner) => Ok(Some(owner)),
            None => Err(FieldError::on(Field::Owner, ErrorCode::EntityRefInvalid)),
        }
    }

    fn checked_name(&self) -> Result<String, FieldError> {
        let name = self.name.trim();
        if name.is_empty() {
            return Err(FieldError::on(Field::TokenName, ErrorCode::Required));
        }
        if name.chars().count() > NAME_LENGTH_MAX {
            return Err(FieldError::on(Field::TokenName, ErrorCode::TooLong));
        }
        if name.chars().any(char::is_control) {
            return Err(FieldError::on(Field::TokenName, ErrorCode::Invalid));
        }
        Ok(name.to_owned())
    }

    fn checked_expiry(&self) -> Result<u16, FieldError> {
        match self.expires_days.trim() {
            "" => Ok(EXPIRY_DAYS_DEFAULT),
            days => days
                .parse()
                .ok()
                .filter(|days| (1..=EXPIRY_DAYS_MAX).contains(days))
                .ok_or(FieldError::on(Field::ExpiresDays, ErrorCode::TokenExpiryOutOfRange)),
        }
    }

    fn checked_sources(&self) -> Result<Option<Vec<String>>, FieldError> {
        if self.sources.iter().any(|source| !SOURCES.contains(&source.as_str())) {
            return Err(FieldError::on(Field::Sources, ErrorCode::Invalid));
        }
        let mut sources = self.sources.clone();
        sources.sort();
        sources.dedup();
        Ok((!sources.is_empty()).then_some(sources))
    }

    fn checked_ranges(&self) -> Result<Vec<IpNet>, FieldError> {
        let fault = FieldError::on(Field::AddressRanges, ErrorCode::AddressRangeInvalid);
        let words = self.ranges.split([',', ' ', '\n', '\r', '\t']).filter(|word| !word.is_empty());
        let ranges = words
            .map(|word| {
                word.parse::<IpNet>()
                    .or_else(|_| word.parse::<std::net::IpAddr>().map(IpNet::from))
                    .map_err(|_| fault)
            })
            .collect::<Result<Vec<IpNet>, FieldError>>()?;
        if ranges.len() > RANGES_MAX { Err(fault) } else { Ok(ranges) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> StaticTokenRequest {
        StaticTokenRequest {
            name: "CI".into(),
            owner: "user:default/ada".into(),
            scope: "mcp:read".into(),
            ..StaticTokenRequest::default()
        }
    }

    fn check(request: &StaticTokenRequest) -> Result<NewStaticToken, Vec<FieldError>> {
        request.check(request.owner_ref().map(|owner| owner.expect("a reference")))
    }

    #[test]
    fn what_is_not_said_has_its_default() {
        let token = check(&request()).unwrap();
        assert_eq!((token.expires_days, token.sources, token.ranges), (90, None, Vec::new()));
    }

    #[test]
    fn every_fault_is_told_with_its_field() {
        let wrong = StaticTokenRequest {
            name: " ".into(),
            owner: "component:default/pay".into(),
            scope: "admin".into(),
            expires_days: "366".into(),
            sources: vec!["nonsense".into()],
            ranges: "10.0.0.0/8, 300.1.1.1".into(),
        };
        let faults = check(&wrong).unwrap_err();
        let fields: Vec<_> = faults.iter().filter_map(|fault| fault.field).collect();
        let expected = [
            Field::TokenName,
            Field::Owner,
            Field::Scope,
            Field::ExpiresDays,
            Field::Sources,
            Field::AddressRanges,
        ];
        assert_eq!(fields, expected);
    }

    #[test]
    fn single_addresses_are_ranges_of_one() {
        let request = StaticTokenRequest { ranges: "192.0.2.7 2001:db8::/32".into(), ..request() };
        let ranges: Vec<String> = check(&request).unwrap().ranges.iter().map(ToString::to_string).collect();
        assert_eq!(ranges, ["192.0.2.7/32", "2001:db8::/32"]);
    }
}
