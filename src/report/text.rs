//! Text of others on a terminal.

use std::borrow::Cow;
use std::fmt::Write;

use unicode_width::UnicodeWidthChar;
use unicode_width::UnicodeWidthStr;

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

/// How many columns of a terminal the text takes: letters of East Asia take two.
pub fn width(text: &str) -> usize {
    text.width()
}

/// The text in at most so many columns; what was left out at its end shows as one `…`.
pub fn cut(text: &str, columns: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    let mut room = columns.saturating_sub(1);
    let fits = |c: &char| {
        let left = room.checked_sub(c.width().unwrap_or_default());
        room = left.unwrap_or_default();
        left.is_some()
    };
    let kept: String = text.chars().take_while(fits).collect();
    Cow::Owned(if columns == 0 { String::new() } else { format!("{kept}…") })
}

/// The text with spaces behind it up to so many columns.
pub fn pad(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
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
        for (width, expected) in [(6, "大きさ"), (5, "大き…"), (4, "大…"), (2, "…")] {
            assert_eq!(cut("大きさ", width), expected);
        }
        assert_eq!(
            (width("大きさ"), pad("大き", 5).as_str(), pad("größe", 4).as_str()),
            (6, "大き ", "größe")
        );
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
