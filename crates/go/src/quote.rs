//! Text as a Go literal: `strconv.Quote`, `QuoteToASCII`, `QuoteRune`, `CanBackquote`.

pub use crate::printable::is_print;

/// Which characters stand as they are in a quoted text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Everything that Go calls printable.
    Printable,
    /// Only the printable part of ASCII.
    Ascii,
}

/// A text in double quotes, as `strconv.Quote` writes it.
///
/// ```
/// assert_eq!(go::quote::quote("a\t\"b\" é\u{200b}"), r#""a\t\"b\" é\u200b""#);
/// ```
pub fn quote(text: &str) -> String {
    quote_keeping(text, Keep::Printable)
}

/// A text in double quotes, as `strconv.QuoteToASCII` writes it.
pub fn quote_to_ascii(text: &str) -> String {
    quote_keeping(text, Keep::Ascii)
}

/// A text in double quotes.
pub fn quote_keeping(text: &str, keep: Keep) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        push_escaped(&mut quoted, character, '"', keep);
    }
    quoted.push('"');
    quoted
}

/// A character in single quotes, as `strconv.QuoteRune` writes it.
pub fn quote_char(character: char, keep: Keep) -> String {
    let mut quoted = String::from('\'');
    push_escaped(&mut quoted, character, '\'', keep);
    quoted.push('\'');
    quoted
}

/// Whether a text can stand between backquotes: on one line, with no control character but the tab, no
/// backquote and no byte order mark.
pub fn can_backquote(text: &str) -> bool {
    !text.chars().any(|c| (c < ' ' && c != '\t') || matches!(c, '`' | '\u{7f}' | '\u{feff}'))
}

fn push_escaped(quoted: &mut String, character: char, quote: char, keep: Keep) {
    let stays = match keep {
        Keep::Printable => is_print(character),
        Keep::Ascii => character.is_ascii() && is_print(character),
    };
    match character {
        '\\' => quoted.push_str(r"\\"),
        _ if character == quote => {
            quoted.push('\\');
            quoted.push(quote);
        }
        _ if stays => quoted.push(character),
        '\u{7}' => quoted.push_str(r"\a"),
        '\u{8}' => quoted.push_str(r"\b"),
        '\u{c}' => quoted.push_str(r"\f"),
        '\n' => quoted.push_str(r"\n"),
        '\r' => quoted.push_str(r"\r"),
        '\t' => quoted.push_str(r"\t"),
        '\u{b}' => quoted.push_str(r"\v"),
        '\0'..' ' | '\u{7f}' => quoted.push_str(&format!(r"\x{:02x}", u32::from(character))),
        '\0'..='\u{ffff}' => quoted.push_str(&format!(r"\u{:04x}", u32::from(character))),
        _ => quoted.push_str(&format!(r"\U{:08x}", u32::from(character))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_escapes_come_before_numbers() {
        assert_eq!(quote("\u{7}\u{8}\u{c}\n\r\t\u{b}\\\"'"), r#""\a\b\f\n\r\t\v\\\"'""#);
    }

    #[test]
    fn what_is_not_printable_is_escaped_by_its_size() {
        assert_eq!(quote("\0\u{1f}\u{7f}\u{85}\u{a0}\u{2028}\u{e000}\u{1f600}\u{e0001}"), {
            r#""\x00\x1f\x7f\u0085\u00a0\u2028\ue000😀\U000e0001""#
        });
    }

    #[test]
    fn ascii_escapes_everything_else() {
        assert_eq!(quote_to_ascii("é😀"), r#""\u00e9\U0001f600""#);
        assert_eq!(quote_char('é', Keep::Ascii), r"'\u00e9'");
    }

    #[test]
    fn a_character_escapes_the_single_quote_only() {
        assert_eq!(quote_char('\'', Keep::Printable), r"'\''");
        assert_eq!(quote_char('"', Keep::Printable), "'\"'");
    }

    #[test]
    fn backquotes_hold_one_line_without_surprises() {
        assert!(can_backquote("a\tb \\ \" é"));
        for text in ["a`b", "a\nb", "a\rb", "\u{7f}", "\u{feff}"] {
            assert!(!can_backquote(text), "{text:?}");
        }
    }

    #[test]
    fn the_table_of_printable_characters_is_that_of_go() {
        let count = (0..=0x0010_ffff).filter_map(char::from_u32).filter(|c| is_print(*c)).count();
        assert_eq!(count, GO_COUNTS);
    }

    /// What a loop over all code points counts with Go 1.26.
    const GO_COUNTS: usize = 148_998;
}
