//! Text of others on a terminal.

use std::borrow::Cow;
use std::fmt::Write;

/// The text without anything that steers a terminal or makes up lines: control characters,
/// separators of lines and overrides of the writing direction are shown as `\u{1b}`.
pub fn display_safe(text: &str) -> Cow<'_, str> {
    if !text.contains(steers) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if steers(c) {
            // Writing to a string cannot fail.
            let _ = write!(safe, "{}", c.escape_unicode());
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

/// The text in at most so many characters; what was left out at its end shows as one `…`.
pub fn cut(text: &str, width: usize) -> Cow<'_, str> {
    if text.chars().count() <= width {
        return Cow::Borrowed(text);
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    Cow::Owned(if width == 0 { String::new() } else { format!("{kept}…") })
}

fn steers(c: char) -> bool {
    let direction = matches!(
        c,
        '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'
    );
    c.is_control() || direction || matches!(c, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_where_it_does_not_fit() {
        for (width, expected) in [(5, "größe"), (4, "grö…"), (1, "…"), (0, "")] {
            assert_eq!(cut("größe", width), expected);
        }
    }

    #[test]
    fn what_steers_a_terminal_is_shown() {
        for (text, safe) in [
            ("\u{1b}[31mred", r"\u{1b}[31mred"),
            ("a\r\n\tb", r"a\u{d}\u{a}\u{9}b"),
            ("\u{9b}2J\u{7f}\0", r"\u{9b}2J\u{7f}\u{0}"),
            ("gnp.\u{202e}exe", r"gnp.\u{202e}exe"),
            ("a\u{2028}b", r"a\u{2028}b"),
        ] {
            assert_eq!(display_safe(text), safe);
        }
        assert!(matches!(display_safe("Größe · 大きさ"), Cow::Borrowed(_)));
    }
}
