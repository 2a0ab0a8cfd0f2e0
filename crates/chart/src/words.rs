//! Upper and lower case, and names made of words: `fooBar`, `foo_bar`, `foo-bar` (Go's `strings`, and `huandu/xstrings` as Sprig uses it).

/// The upper-case letter, where it is one letter.
pub(crate) fn upper(c: char) -> char {
    one(c, c.to_uppercase())
}

/// The lower-case letter, where it is one letter.
pub(crate) fn lower(c: char) -> char {
    one(c, c.to_lowercase())
}

/// Go maps letter to letter: what becomes several stays.
fn one(c: char, mut mapped: impl Iterator<Item = char>) -> char {
    match (mapped.next(), mapped.next()) {
        (Some(mapped), None) => mapped,
        _ => c,
    }
}

/// Every word begins with an upper-case letter (`strings.Title`).
pub(crate) fn title(text: &str) -> String {
    let mut before = ' ';
    let capital = |c: char| {
        let starts = match before {
            c if c.is_ascii() => !c.is_ascii_alphanumeric() && c != '_',
            c => c.is_whitespace(),
        };
        before = c;
        if starts { upper(c) } else { c }
    };
    text.chars().map(capital).collect()
}

/// Every word begins with a lower-case letter.
pub(crate) fn untitle(text: &str) -> String {
    let mut starts = true;
    let small = |c: char| {
        let first = starts && !c.is_whitespace();
        starts = c.is_whitespace();
        if first { lower(c) } else { c }
    };
    text.chars().map(small).collect()
}

/// Upper case becomes lower and the other way round.
pub(crate) fn swap_case(text: &str) -> String {
    text.chars().map(|c| if c.is_uppercase() { lower(c) } else { upper(c) }).collect()
}

fn is_connector(c: char) -> bool {
    c == '-' || c == '_' || c.is_whitespace()
}

/// `foo_bar` as `FooBar`. Connectors at the start stay.
pub(crate) fn pascal_case(text: &str) -> String {
    let start = text.find(|c| !is_connector(c)).unwrap_or(text.len());
    let (connectors, rest) = text.split_at(start);
    let mut cased = connectors.to_owned();
    let mut characters = rest.chars();
    let Some(first) = characters.next() else {
        // Where there is nothing else, the last connector is written twice.
        cased.extend(connectors.chars().next_back());
        return cased;
    };
    let mut after_upper = first.is_uppercase();
    let mut pending = upper(first);
    for c in characters {
        let before = pending;
        pending = c;
        if is_connector(before) {
            if is_connector(c) {
                cased.push(before);
            } else {
                after_upper = c.is_uppercase();
                pending = upper(c);
            }
            continue;
        }
        if after_upper {
            if c.is_uppercase() {
                pending = lower(c);
            } else {
                after_upper = false;
            }
        }
        cased.push(before);
    }
    cased.push(pending);
    cased
}

/// What a piece of a name is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Upper,
    Alphabet,
    Connector,
    Punctuation,
    Other,
}

fn is_alphabet(c: char) -> bool {
    c.is_alphabetic()
        && !matches!(c, '\u{3400}'..='\u{4db5}' | '\u{4e00}'..='\u{9fcc}' | '\u{20000}'..='\u{2b81d}')
}

fn is_punctuation(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_punctuation() && !matches!(c, '$' | '+' | '<' | '=' | '>' | '^' | '`' | '|' | '~');
    }
    matches!(c, '¡' | '§' | '«' | '¶' | '·' | '»' | '¿' | '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}' | '\u{3001}'..='\u{3003}' | '\u{3008}'..='\u{3011}')
}

/// The first piece of a name, its kind, and what follows.
fn next_word(text: &str) -> Option<(Kind, &str, &str)> {
    let first = text.chars().next()?;
    let length = |matches: &dyn Fn(char) -> bool| text.find(|c| !matches(c)).unwrap_or(text.len());
    let small = |c: char| is_alphabet(c) && !c.is_uppercase();
    let (kind, end) = if is_connector(first) {
        (Kind::Connector, length(&is_connector))
    } else if is_punctuation(first) {
        (Kind::Punctuation, length(&is_punctuation))
    } else if first.is_uppercase() {
        (Kind::Upper, upper_end(text, first))
    } else if is_alphabet(first) {
        (Kind::Alphabet, length(&small))
    } else if first.is_numeric() {
        (Kind::Number, length(&char::is_numeric))
    } else {
        let other = |c: char| !(is_connector(c) || is_alphabet(c) || c.is_numeric() || is_punctuation(c));
        (Kind::Other, length(&other))
    };
    let (word, rest) = text.split_at(end);
    Some((kind, word, rest))
}

/// Where a piece ends that begins with an upper-case letter: `Foo` and `HTTP` are one, `HTTPStatus` are two.
fn upper_end(text: &str, first: char) -> usize {
    let rest = text.get(first.len_utf8()..).unwrap_or_default();
    let Some(second) = rest.chars().next() else { return text.len() };
    if second.is_uppercase() {
        let run = text.find(|c: char| !c.is_uppercase()).unwrap_or(text.len());
        let (capitals, after) = text.split_at(run);
        return match (after.chars().next(), capitals.chars().next_back()) {
            (Some(next), Some(last)) if is_alphabet(next) => run - last.len_utf8(),
            _ => run,
        };
    }
    let small = rest.find(|c: char| !is_alphabet(c) || c.is_uppercase()).unwrap_or(rest.len());
    first.len_utf8() + small
}

/// `FooBar` as `foo_bar`, or with another connector.
pub(crate) fn separated(text: &str, connector: char) -> String {
    let mut written = String::new();
    let mut current = next_word(text);
    while let Some((kind, word, rest)) = current {
        if rest.is_empty() {
            write_word(&mut written, kind, word, connector);
            break;
        }
        if kind != Kind::Connector {
            write_word(&mut written, kind, word, connector);
        }
        current = next_word(rest);
        match kind {
            Kind::Number => current = letters_and_numbers(&mut written, current, connector),
            Kind::Connector => write_word(&mut written, kind, word, connector),
            Kind::Punctuation => {}
            Kind::Upper | Kind::Alphabet | Kind::Other => match current {
                Some((Kind::Number, number, rest)) if !rest.is_empty() => {
                    let next = next_word(rest);
                    if matches!(next, Some((Kind::Alphabet, ..))) {
                        // `HTTP2xx`: the number belongs to what follows.
                        written.push(connector);
                        write_word(&mut written, Kind::Number, number, connector);
                        current = letters_and_numbers(&mut written, next, connector);
                    } else {
                        write_word(&mut written, Kind::Number, number, connector);
                        separate(&mut written, next.map(|(kind, ..)| kind), connector);
                        current = next;
                    }
                }
                Some((Kind::Number, ..)) => {}
                next => separate(&mut written, next.map(|(kind, ..)| kind), connector),
            },
        }
    }
    written
}

/// Writes small letters and numbers as they come, and a connector before what follows them.
fn letters_and_numbers<'t>(
    written: &mut String,
    mut current: Option<(Kind, &'t str, &'t str)>,
    connector: char,
) -> Option<(Kind, &'t str, &'t str)> {
    while let Some((kind @ (Kind::Alphabet | Kind::Number), word, rest)) = current {
        write_word(written, kind, word, connector);
        current = next_word(rest);
    }
    separate(written, current.map(|(kind, ..)| kind), connector);
    current
}

fn separate(written: &mut String, next: Option<Kind>, connector: char) {
    if !matches!(next, None | Some(Kind::Connector | Kind::Punctuation)) {
        written.push(connector);
    }
}

fn write_word(written: &mut String, kind: Kind, word: &str, connector: char) {
    match kind {
        Kind::Connector => written.extend(word.chars().map(|_| connector)),
        Kind::Upper => written.extend(word.chars().map(lower)),
        _ => written.push_str(word),
    }
}
