//! Which of a directory's people and groups are taken, by rules of the configuration.
//!
//! The rules are applied here and not by the provider's own filters: those do not work on every path (Graph has none for
//! the members of a group, Okta's leave out statuses), and someone left out by a rule must be seen to be left out.

use portal_core::org::{DirectoryEmail, DirectoryPerson, Exclusion, ExclusionReason, Standing};

/// What the entities of people are named after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LoginForm {
    /// What stands before the `@`.
    #[default]
    LocalPart,
    /// All of it.
    Whole,
}

impl LoginForm {
    /// The login for the provider's own name of a person, such as a user principal name.
    #[must_use]
    pub fn of(self, name: &str) -> String {
        match self {
            Self::LocalPart => name.split('@').next().filter(|local| !local.is_empty()).unwrap_or(name),
            Self::Whole => name,
        }
        .to_owned()
    }
}

/// Rules about people and groups. The default takes everything and vouches for no address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Domains of e-mail addresses, in lower case; people with another one, or none, are left out. Empty takes all.
    pub email_domains: Vec<String>,
    /// Names of groups, `*` at the end for any rest, without regard to case. Empty takes all.
    pub groups: Vec<String>,
    /// Domains, in lower case, in which only the organisation hands out addresses: these count as verified.
    pub verified_domains: Vec<String>,
}

impl Selection {
    /// Whether a group of this name, or with this id, is taken.
    #[must_use]
    pub fn takes_group(&self, name: &str, id: &str) -> bool {
        let fits = |pattern: &String| match pattern.strip_suffix('*') {
            Some(start) => name.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start)),
            None => pattern.eq_ignore_ascii_case(name) || pattern == id,
        };
        self.groups.is_empty() || self.groups.iter().any(fits)
    }

    /// An address, verified where its domain is the organisation's. Blank ones are none.
    #[must_use]
    pub fn email(&self, address: &str, verified: bool) -> Option<DirectoryEmail> {
        let address = address.trim();
        let vouched = domain(address).is_some_and(|domain| self.verified_domains.contains(&domain));
        (!address.is_empty())
            .then(|| DirectoryEmail { address: address.to_owned(), verified: verified || vouched })
    }

    /// Leaves out an active person whom the rules do not take. Other reasons stay: they say more.
    #[must_use]
    pub fn applied(&self, mut person: DirectoryPerson) -> DirectoryPerson {
        if self.email_domains.is_empty() || person.standing != Standing::Active {
            return person;
        }
        let domain = person.email.as_ref().and_then(|email| domain(&email.address));
        if !domain.as_ref().is_some_and(|domain| self.email_domains.contains(domain)) {
            let vendor_status = domain.map_or_else(
                || "no e-mail address".to_owned(),
                |domain| format!("address in {}", shortened(&domain)),
            );
            person.standing =
                Standing::Excluded(Exclusion { reason: ExclusionReason::Filtered, vendor_status });
        }
        person
    }
}

/// The domain of an address, in lower case.
pub(crate) fn domain(address: &str) -> Option<String> {
    let (_, domain) = address.rsplit_once('@')?;
    (!domain.is_empty()).then(|| domain.to_ascii_lowercase())
}

/// A vendor's word as [`Exclusion::vendor_status`] takes it: one line, at most 80 characters.
pub(crate) fn shortened(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(80).collect()
}

/// Someone left out.
pub(crate) fn excluded(reason: ExclusionReason, vendor_status: &str) -> Standing {
    Standing::Excluded(Exclusion { reason, vendor_status: shortened(vendor_status) })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use portal_core::org::Subject;

    use super::*;

    fn person(email: Option<&str>, standing: Standing) -> DirectoryPerson {
        DirectoryPerson {
            subject: Subject("1".to_owned()),
            login: "ada".to_owned(),
            email: email.map(|address| DirectoryEmail { address: address.to_owned(), verified: false }),
            display_name: None,
            picture: None,
            standing,
            annotations: BTreeMap::new(),
        }
    }

    #[test]
    fn groups_are_taken_by_name_beginning_or_id() {
        let rules = Selection {
            groups: vec!["Team-*".to_owned(), "admins".to_owned(), "g-7".to_owned()],
            ..Selection::default()
        };
        for (name, id, taken) in [
            ("team-pay", "g-1", true),
            ("TEAM-", "g-1", true),
            ("Admins", "g-1", true),
            ("other", "g-7", true),
            ("other", "g-77", false),
            ("admins-2", "g-1", false),
            ("tea", "g-1", false),
            ("é", "g-1", false),
        ] {
            assert_eq!(rules.takes_group(name, id), taken, "{name} {id}");
        }
        assert!(Selection::default().takes_group("any", "1"));
    }

    #[test]
    fn people_of_other_domains_are_left_out_and_reasons_of_the_provider_stay() {
        let rules = Selection { email_domains: vec!["acme.example".to_owned()], ..Selection::default() };
        let standing = |email, standing| rules.applied(person(email, standing)).standing;
        assert_eq!(standing(Some("ada@ACME.example"), Standing::Active), Standing::Active);
        for email in [Some("ada@other.example"), Some("ada@acme.example.evil"), Some("ada"), None] {
            let Standing::Excluded(exclusion) = standing(email, Standing::Active) else {
                panic!("{email:?} is taken")
            };
            assert_eq!(exclusion.reason, ExclusionReason::Filtered);
        }
        let suspended = excluded(ExclusionReason::Suspended, "SUSPENDED");
        assert_eq!(standing(None, suspended.clone()), suspended);
    }

    #[test]
    fn only_the_organisations_domains_are_vouched_for() {
        let rules = Selection { verified_domains: vec!["acme.example".to_owned()], ..Selection::default() };
        let verified = |address| rules.email(address, false).map(|email| email.verified);
        assert_eq!(verified("ada@Acme.example"), Some(true));
        assert_eq!(verified("ada@acme.example@evil.example"), Some(false));
        assert_eq!(verified(" "), None);
    }
}
