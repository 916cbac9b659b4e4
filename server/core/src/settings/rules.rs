//! What must hold of the settings as a whole.

use portal_model::{
    ErrorCode, Field, FieldError,
    settings::{
        AUDIENCE_GROUPS_MAX, Audience, CLIENT_PATTERNS_MAX, ROLLOUT_MESSAGE_LENGTH_MAX,
        ROLLOUT_PROMPT_LENGTH_MAX, ROLLOUT_PROMPTS_MAX, Settings,
    },
};

/// Puts lists in one order and drops twins and outer blanks, so that equal settings are stored equally.
pub(super) fn tidy(settings: &mut Settings) {
    let mut patterns = Vec::with_capacity(settings.cimd_allowed.len());
    for pattern in settings.cimd_allowed.drain(..) {
        if !patterns.contains(&pattern) {
            patterns.push(pattern);
        }
    }
    settings.cimd_allowed = patterns;
    if let Audience::Groups(groups) = &mut settings.rollout_audience {
        groups.sort_unstable();
        groups.dedup();
    }
    let message = settings.rollout_message.trim();
    if message.len() < settings.rollout_message.len() {
        settings.rollout_message = message.to_owned();
    }
    let prompts = settings.rollout_prompts.iter().map(|prompt| prompt.trim().to_owned());
    settings.rollout_prompts = prompts.filter(|prompt| !prompt.is_empty()).collect();
}

/// Checks settings that shall replace others.
///
/// Announcing is refused while agents cannot sign in. Turning off the last way in later does not take the announcement
/// back: it is not shown meanwhile, and is there again with the way in, so that a pause of one switch is not a change of two.
/// `registered` says whether a client that an admin has registered can sign in.
///
/// # Errors
/// `nothing-to-announce`, or the fault of one field.
pub(super) fn check(before: &Settings, after: &Settings, registered: bool) -> Result<(), FieldError> {
    let refuse = |field, code| Err(FieldError::on(field, code));
    if after.cimd_allowed.len() > CLIENT_PATTERNS_MAX {
        return refuse(Field::ClientPatterns, ErrorCode::TooLong);
    }
    if let Audience::Groups(groups) = &after.rollout_audience {
        if groups.is_empty() {
            return refuse(Field::Audience, ErrorCode::Required);
        }
        if groups.len() > AUDIENCE_GROUPS_MAX {
            return refuse(Field::Audience, ErrorCode::TooLong);
        }
        if groups.iter().any(|group| group.kind() != "group") {
            return refuse(Field::Audience, ErrorCode::EntityRefInvalid);
        }
    }
    if after.rollout_message.chars().take(ROLLOUT_MESSAGE_LENGTH_MAX + 1).count() > ROLLOUT_MESSAGE_LENGTH_MAX
    {
        return refuse(Field::Message, ErrorCode::TooLong);
    }
    let plain = |character: char| !character.is_control() || matches!(character, '\n' | '\r' | '\t');
    if !after.rollout_message.chars().all(plain) {
        return refuse(Field::Message, ErrorCode::Invalid);
    }
    check_prompts(&after.rollout_prompts)?;
    let agents_can_sign_in = registered || after.agents_can_introduce_themselves();
    if after.rollout_announce && !before.rollout_announce && !agents_can_sign_in {
        return Err(ErrorCode::NothingToAnnounce.into());
    }
    Ok(())
}

fn check_prompts(prompts: &[String]) -> Result<(), FieldError> {
    let refuse = |code| Err(FieldError::on(Field::Prompts, code));
    if prompts.len() > ROLLOUT_PROMPTS_MAX {
        return refuse(ErrorCode::TooManyPrompts);
    }
    let too_long = |prompt: &String| prompt.chars().nth(ROLLOUT_PROMPT_LENGTH_MAX).is_some();
    if prompts.iter().any(too_long) {
        return refuse(ErrorCode::TooLong);
    }
    if prompts.iter().any(|prompt| prompt.chars().any(char::is_control)) {
        return refuse(ErrorCode::Invalid);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_from_default(after: &Settings) -> Result<(), FieldError> {
        check(&Settings::default(), after, false)
    }

    #[test]
    fn there_must_be_something_to_announce() {
        let announced = Settings { rollout_announce: true, ..Settings::default() };
        assert_eq!(check_from_default(&announced), Err(ErrorCode::NothingToAnnounce.into()));
        let both = Settings { cimd_enabled: true, ..announced.clone() };
        assert_eq!(check_from_default(&both), Ok(()));
        assert_eq!(check(&both, &announced, false), Ok(()), "turning the way in off is no announcement");
        let registering = Settings { dcr_enabled: true, ..announced.clone() };
        assert_eq!(check_from_default(&registering), Ok(()));
        assert_eq!(check(&Settings::default(), &announced, true), Ok(()), "an admin has registered a client");
    }

    #[test]
    fn an_audience_is_made_of_groups() {
        let of = |refs: &[&str]| {
            let groups = refs.iter().map(|text| text.parse().unwrap()).collect();
            let mut settings = Settings { rollout_audience: Audience::Groups(groups), ..Settings::default() };
            tidy(&mut settings);
            settings
        };
        assert_eq!(
            of(&["group:default/b", "group:default/a", "group:default/b"]),
            of(&["group:default/a", "group:default/b"])
        );
        let invalid = FieldError::on(Field::Audience, ErrorCode::EntityRefInvalid);
        assert_eq!(check_from_default(&of(&["user:default/ada"])), Err(invalid));
        assert_eq!(check_from_default(&of(&[])), Err(FieldError::on(Field::Audience, ErrorCode::Required)));
    }

    #[test]
    fn prompts_are_few_and_short() {
        let with = |prompts: &[&str]| {
            let prompts = prompts.iter().map(|&prompt| prompt.to_owned()).collect();
            let mut settings = Settings { rollout_prompts: prompts, ..Settings::default() };
            tidy(&mut settings);
            (check_from_default(&settings), settings.rollout_prompts)
        };
        let (verdict, kept) = with(&[" Who owns billing? ", "", "  "]);
        assert_eq!((verdict, kept.as_slice()), (Ok(()), ["Who owns billing?".to_owned()].as_slice()));
        let refused = |code| Err(FieldError::on(Field::Prompts, code));
        assert_eq!(with(&["a"; 5]).0, Ok(()));
        assert_eq!(with(&["a"; 6]).0, refused(ErrorCode::TooManyPrompts));
        assert_eq!(with(&[&"ä".repeat(200)]).0, Ok(()));
        assert_eq!(with(&[&"a".repeat(201)]).0, refused(ErrorCode::TooLong));
        assert_eq!(with(&["a\u{1b}[31m"]).0, refused(ErrorCode::Invalid));
    }

    #[test]
    fn a_message_is_short_and_plain() {
        let with = |message: String| {
            let mut settings = Settings { rollout_message: message, ..Settings::default() };
            tidy(&mut settings);
            check_from_default(&settings)
        };
        assert_eq!(with(format!("  {}\n", "ä".repeat(ROLLOUT_MESSAGE_LENGTH_MAX))), Ok(()));
        let long = "a".repeat(ROLLOUT_MESSAGE_LENGTH_MAX + 1);
        assert_eq!(with(long), Err(FieldError::on(Field::Message, ErrorCode::TooLong)));
        assert_eq!(with("a\u{1b}[31m".to_owned()), Err(FieldError::on(Field::Message, ErrorCode::Invalid)));
    }
}
