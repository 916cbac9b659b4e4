//! GitLab's words for who is in, and what they mean. A word that is not here is never taken for active.

use portal_core::org::{ExclusionReason, Standing};

use crate::selection::excluded;

/// Accounts that GitLab makes for itself.
const INTERNAL: [&str; 14] = [
    "ghost",
    "support-bot",
    "alert-bot",
    "visual-review-bot",
    "migration-bot",
    "security-bot",
    "automation-bot",
    "security-policy-bot",
    "gitlab-admin-bot",
    "gitlab-suggested-reviewers-bot",
    "gitlab-llm-bot",
    "duo-code-review-bot",
    "gitlab-security-bot",
    "gitlab-automation-bot",
];

/// `state` of a user.
pub(super) fn of_user(state: Option<&str>) -> Standing {
    let reason = match state {
        Some("active") => return Standing::Active,
        Some("blocked" | "banned" | "ldap_blocked") => ExclusionReason::Suspended,
        Some("deactivated") => ExclusionReason::Disabled,
        Some("blocked_pending_approval") => ExclusionReason::NotYetActive,
        _ => ExclusionReason::UnknownStatus,
    };
    excluded(reason, state.unwrap_or("state is not told"))
}

/// `membership_state` of a member; older versions do not tell it.
pub(super) fn of_membership(state: Option<&str>) -> Standing {
    match state {
        None | Some("active") => Standing::Active,
        Some("awaiting") => excluded(ExclusionReason::NotYetActive, "awaiting"),
        Some(other) => excluded(ExclusionReason::UnknownStatus, other),
    }
}

/// Whether a user name is one that GitLab gives to bots of tokens, service accounts and to itself.
pub(super) fn is_bot_name(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let of_token = ["project_", "group_"].iter().any(|start| {
        lower.strip_prefix(start).is_some_and(|rest| {
            let (number, rest) = rest.split_once('_').unwrap_or((rest, ""));
            !number.is_empty()
                && number.bytes().all(|byte| byte.is_ascii_digit())
                && (rest == "bot" || rest.starts_with("bot_") || rest.starts_with("bot"))
        })
    });
    let service = lower.strip_prefix("service_account_").is_some_and(|rest| {
        let rest = rest.strip_prefix("group_").or_else(|| rest.strip_prefix("project_")).unwrap_or(rest);
        rest.len() >= 32 && rest.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'_')
    });
    of_token || service || INTERNAL.contains(&lower.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_word_active_is_active() {
        for (state, reason) in [
            ("blocked", ExclusionReason::Suspended),
            ("banned", ExclusionReason::Suspended),
            ("ldap_blocked", ExclusionReason::Suspended),
            ("deactivated", ExclusionReason::Disabled),
            ("blocked_pending_approval", ExclusionReason::NotYetActive),
            ("Active", ExclusionReason::UnknownStatus),
            ("", ExclusionReason::UnknownStatus),
            ("archived", ExclusionReason::UnknownStatus),
        ] {
            assert_eq!(of_user(Some(state)), excluded(reason, state), "{state}");
        }
        assert_eq!(of_user(Some("active")), Standing::Active);
        assert_ne!(of_user(None), Standing::Active);
    }

    #[test]
    fn bots_are_known_by_their_names() {
        for name in [
            "project_123_bot",
            "project_123_bot_4ffca233d8298ea1",
            "group_9_bot1",
            "service_account_0123456789abcdef0123456789abcdef",
            "service_account_group_77_0123456789abcdef0123456789abcdef",
            "ghost",
            "GitLab-Admin-Bot",
        ] {
            assert!(is_bot_name(name), "{name}");
        }
        for name in [
            "project_manager",
            "group_bot",
            "bot",
            "talbot",
            "project_12_robot",
            "service_account_of_ada",
            "ada",
        ] {
            assert!(!is_bot_name(name), "{name}");
        }
    }
}
