//! Regular expressions in Go's dialect.

use std::rc::Rc;

use gotemplate::function::CallError;
use gotemplate::value::Value;
use regex::Regex;

use super::{Answer, Entry, Exactly, Invocation};

pub(super) const TABLE: &[Entry] = &[
    ("regexMatch", Exactly(2), |call| {
        let (pattern, text) = (call.text(0)?, call.text(1)?);
        Ok(compile(call, pattern).is_ok_and(|regex| regex.is_match(text)).into())
    }),
    ("mustRegexMatch", Exactly(2), |call| Ok(first(call)?.is_match(call.text(1)?).into())),
    ("regexFind", Exactly(2), find),
    ("mustRegexFind", Exactly(2), find),
    ("regexFindAll", Exactly(3), find_all),
    ("mustRegexFindAll", Exactly(3), find_all),
    ("regexReplaceAll", Exactly(3), replace),
    ("mustRegexReplaceAll", Exactly(3), replace),
    ("regexReplaceAllLiteral", Exactly(3), replace_literal),
    ("mustRegexReplaceAllLiteral", Exactly(3), replace_literal),
    ("regexSplit", Exactly(3), split),
    ("mustRegexSplit", Exactly(3), split),
    ("regexQuoteMeta", Exactly(1), quote_meta),
];

/// The expression that the first argument is.
fn first(call: &Invocation<'_>) -> Result<Rc<Regex>, CallError> {
    compile(call, call.text(0)?)
}

fn compile(call: &Invocation<'_>, pattern: &str) -> Result<Rc<Regex>, CallError> {
    call.context.regex(pattern, || go_regex(pattern))
}

/// Compiles an expression of Go's; why it is none, in Go's form.
pub(crate) fn go_regex(pattern: &str) -> Result<Regex, String> {
    Regex::new(&translate(pattern)).map_err(|error| {
        let error = error.to_string();
        let reason = error.lines().last().unwrap_or_default().trim_start_matches("error: ");
        format!("regexp: Compile(`{pattern}`): error parsing regexp: {reason}")
    })
}

fn find(call: &mut Invocation<'_>) -> Answer {
    let text = call.text(1)?;
    Ok(first(call)?.find(text).map_or("", |found| found.as_str()).into())
}

fn find_all(call: &mut Invocation<'_>) -> Answer {
    let (text, limit) = (call.text(1)?, usize::try_from(call.int(2)?).unwrap_or(usize::MAX));
    let regex = first(call)?;
    Ok(Value::list(regex.find_iter(text).take(limit).map(|found| found.as_str().into())))
}

fn replace(call: &mut Invocation<'_>) -> Answer {
    let (text, replacement) = (call.text(1)?, call.text(2)?);
    Ok(first(call)?.replace_all(text, replacement).as_ref().into())
}

fn replace_literal(call: &mut Invocation<'_>) -> Answer {
    let (text, replacement) = (call.text(1)?, call.text(2)?);
    Ok(first(call)?.replace_all(text, regex::NoExpand(replacement)).as_ref().into())
}

fn split(call: &mut Invocation<'_>) -> Answer {
    let (text, limit) = (call.text(1)?, call.int(2)?);
    let regex = first(call)?;
    let limit = match limit {
        0 => return Ok(Value::list([])),
        limit => usize::try_from(limit).unwrap_or(usize::MAX),
    };
    if text.is_empty() && !call.text(0)?.is_empty() {
        return Ok(Value::list(["".into()]));
    }
    let mut parts: Vec<Value> = Vec::new();
    let (mut start, mut end) = (0, 0);
    for found in regex.find_iter(text) {
        if parts.len() + 1 >= limit {
            break;
        }
        end = found.start();
        if found.end() != 0 {
            parts.push(text.get(start..end).unwrap_or_default().into());
        }
        start = found.end();
    }
    if end != text.len() {
        parts.push(text.get(start..).unwrap_or_default().into());
    }
    Ok(Value::list(parts))
}

fn quote_meta(call: &mut Invocation<'_>) -> Answer {
    let mut quoted = String::new();
    for c in call.text(0)?.chars() {
        if r"\.+*?()|[]{}^$".contains(c) {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    Ok(quoted.into())
}

/// An expression of Go's in the dialect of the `regex` crate: there `\d`, `\w` and `\s` know all of Unicode, and classes have set operations.
fn translate(pattern: &str) -> String {
    let mut translated = String::with_capacity(pattern.len() + 8);
    let mut characters = pattern.chars().peekable();
    // How many characters of a class were seen; none outside.
    let mut class: Option<usize> = None;
    while let Some(c) = characters.next() {
        match (c, class) {
            ('\\', _) => match characters.next() {
                Some('Q') => {
                    let rest: String = characters.clone().collect();
                    let literal = rest.split("\\E").next().unwrap_or_default();
                    translated.push_str(&regex::escape(literal));
                    let skipped = literal.chars().count() + if literal.len() < rest.len() { 2 } else { 0 };
                    for _ in 0..skipped {
                        characters.next();
                    }
                }
                Some(escaped) => translated.push_str(&escape(escaped, class.is_some())),
                None => translated.push('\\'),
            },
            ('[', None) => {
                translated.push('[');
                if characters.peek() == Some(&'^') {
                    characters.next();
                    translated.push('^');
                }
                class = Some(0);
                // A bracket that closes at once is meant as a character.
                if characters.peek() == Some(&']') {
                    characters.next();
                    translated.push_str("\\]");
                    class = Some(1);
                }
            }
            ('[', Some(_)) if characters.peek() == Some(&':') => translated.push('['),
            (']', Some(_)) => {
                translated.push(']');
                // The end of `[:alpha:]` is not that of the class.
                if !translated.ends_with(":]") {
                    class = None;
                }
            }
            ('[' | '&' | '~', Some(_)) => {
                translated.push('\\');
                translated.push(c);
            }
            // A hyphen that makes no range is meant as a character.
            ('-', Some(_)) => {
                let after_class = translated.ends_with("]") || ends_with_set(&translated);
                let last = characters.peek() == Some(&']');
                let first = translated.ends_with('[') || translated.ends_with("[^");
                translated.push_str(if after_class || last || first { "\\-" } else { "-" });
            }
            // A brace that counts nothing is meant as a character.
            ('{', None) => {
                let rest: String = characters.clone().take_while(|c| *c != '}').collect();
                let counts = rest.split(',').count() <= 2
                    && rest.starts_with(|c: char| c.is_ascii_digit())
                    && rest.chars().all(|c| c.is_ascii_digit() || c == ',')
                    && characters.clone().any(|c| c == '}');
                translated.push_str(if counts { "{" } else { "\\{" });
            }
            (c, _) => translated.push(c),
        }
        if let (Some(seen), true) = (class, c != '[') {
            class = Some(seen + 1);
        }
    }
    translated
}

/// Go's `\d`, `\w`, `\s` and `\b` are about ASCII.
fn escape(c: char, in_class: bool) -> String {
    let set = match c {
        'd' | 'D' => "0-9",
        'w' | 'W' => "0-9A-Za-z_",
        's' | 'S' => r"\t\n\x0c\r ",
        'b' | 'B' if !in_class => return format!("(?-u:\\{c})"),
        'z' => return "\\z".to_owned(),
        c => return format!("\\{c}"),
    };
    // Classes may stand in classes.
    if c.is_ascii_uppercase() { format!("[^{set}]") } else { format!("[{set}]") }
}

fn ends_with_set(translated: &str) -> bool {
    ["\\p{L}", "\\pL"].iter().any(|set| translated.ends_with(set))
}
