//! The name a client gives itself: remote text, made harmless to show.

/// Longest name, in characters; longer ones are cut and end with an ellipsis.
pub const CLIENT_NAME_LENGTH_MAX: usize = 100;

/// The name without characters that hide, reorder or break text, white space folded, cut to
/// [`CLIENT_NAME_LENGTH_MAX`] characters. Empty when nothing is left.
pub(in crate::oauth) fn presentable(name: &str) -> String {
    let shown: String =
        name.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|c| !is_hidden(*c)).collect();
    let folded = shown.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    if folded.chars().count() <= CLIENT_NAME_LENGTH_MAX {
        return folded;
    }
    let mut cut: String = folded.chars().take(CLIENT_NAME_LENGTH_MAX - 1).collect();
    cut.push('…');
    cut
}

/// Control, bidirectional, zero-width, tag and filler characters.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'
        )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ordinary_names_stay_as_they_are() {
        for name in [
            "Claude Code",
            "Visual Studio Code",
            "Ünïcode エージェント",
            "<b>bold</b> & \"quoted\"",
            "👩 agent",
        ] {
            assert_eq!(presentable(name), name);
        }
    }

    /// Attack: 1.1: a client's name with markup, bidi marks, homoglyphs, 4 kB
    #[test]
    fn hidden_characters_go_and_white_space_folds() {
        assert_eq!(presentable(" Good\u{202e}live\u{2066}\n\tAgent\u{0} "), "Goodlive Agent");
        assert_eq!(presentable("A\u{200b}B\u{feff}C\u{ad}D\u{e0041}"), "ABCD");
        assert_eq!(presentable("\u{2028}\u{200f} \u{3164}"), "");
    }

    #[test]
    fn long_names_are_cut() {
        assert_eq!(presentable(&"é".repeat(100)), "é".repeat(100));
        assert_eq!(presentable(&"é".repeat(101)), format!("{}…", "é".repeat(99)));
    }

    proptest! {
        #[test]
        fn what_is_presented_is_presentable(name in "\\PC{0,150}|[\\x00-\\x40\u{2000}-\u{2100}]{0,150}") {
            let shown = presentable(&name);
            prop_assert!(shown.chars().count() <= CLIENT_NAME_LENGTH_MAX);
            prop_assert!(!shown.chars().any(is_hidden));
            prop_assert_eq!(presentable(&shown), shown);
        }
    }
}
