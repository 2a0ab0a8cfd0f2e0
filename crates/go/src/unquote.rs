//! Go literals read back: `strconv.Unquote`.

/// The text of a literal in double quotes, in backquotes, or of one character in single quotes; `None` where it is no such literal.
///
/// Bytes that are not UTF-8 (`"\xff"`) become U+FFFD.
///
/// ```
/// assert_eq!(go::unquote::unquote(r#""a\tA\"""#).as_deref(), Some("a\tA\""));
/// assert_eq!(go::unquote::unquote(r"`a\t`").as_deref(), Some(r"a\t"));
/// assert_eq!(go::unquote::unquote(r"'\x41'").as_deref(), Some("A"));
/// assert_eq!(go::unquote::unquote(r#""\q""#), None);
/// ```
pub fn unquote(literal: &str) -> Option<String> {
    let mark = literal.chars().next()?;
    let inside = literal.strip_prefix(mark)?.strip_suffix(mark)?;
    match mark {
        '`' => (!inside.contains('`')).then(|| inside.replace('\r', "")),
        '"' | '\'' => {
            let mut bytes = Vec::with_capacity(inside.len());
            let mut rest = inside;
            let mut count = 0;
            while !rest.is_empty() {
                rest = one(rest, mark, &mut bytes)?;
                count += 1;
            }
            (mark == '"' || count == 1).then(|| String::from_utf8_lossy(&bytes).into_owned())
        }
        _ => None,
    }
}

/// Reads one character of a literal, plain or escaped, and answers with what follows.
fn one<'t>(text: &'t str, mark: char, bytes: &mut Vec<u8>) -> Option<&'t str> {
    let mut push = |character: char| bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    let mut characters = text.chars();
    let first = characters.next()?;
    if first == mark || first == '\n' {
        return None;
    }
    if first != '\\' {
        push(first);
        return Some(characters.as_str());
    }
    let escape = characters.next()?;
    let rest = characters.as_str();
    match escape {
        'a' => push('\u{7}'),
        'b' => push('\u{8}'),
        'f' => push('\u{c}'),
        'n' => push('\n'),
        'r' => push('\r'),
        't' => push('\t'),
        'v' => push('\u{b}'),
        '\\' => push('\\'),
        '\'' | '"' if escape == mark => push(mark),
        'x' => {
            bytes.push(u8::try_from(digits(rest, 2, 16)?).ok()?);
            return rest.get(2..);
        }
        'u' => {
            push(char::from_u32(digits(rest, 4, 16)?)?);
            return rest.get(4..);
        }
        'U' => {
            push(char::from_u32(digits(rest, 8, 16)?)?);
            return rest.get(8..);
        }
        '0'..='7' => {
            bytes.push(u8::try_from(digits(text.get(1..)?, 3, 8)?).ok()?);
            return text.get(4..);
        }
        _ => return None,
    }
    Some(rest)
}

fn digits(text: &str, count: usize, radix: u32) -> Option<u32> {
    let digits = text.get(..count)?;
    digits
        .chars()
        .all(|digit| digit.is_digit(radix))
        .then(|| u32::from_str_radix(digits, radix).ok())
        .flatten()
}
