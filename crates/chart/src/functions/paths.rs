//! Paths with `/` and addresses.

use gotemplate::value::Value;

use super::{Answer, Entry, Exactly, Invocation};
use crate::path;

pub(super) const TABLE: &[Entry] = &[
    ("base", Exactly(1), |call| Ok(path::base(call.text(0)?).into())),
    ("osBase", Exactly(1), |call| Ok(path::base(call.text(0)?).into())),
    ("dir", Exactly(1), |call| Ok(path::dir(call.text(0)?).into())),
    ("osDir", Exactly(1), |call| Ok(path::dir(call.text(0)?).into())),
    ("clean", Exactly(1), |call| Ok(path::clean(call.text(0)?).into())),
    ("osClean", Exactly(1), |call| Ok(path::clean(call.text(0)?).into())),
    ("ext", Exactly(1), |call| Ok(path::extension(call.text(0)?).into())),
    ("osExt", Exactly(1), |call| Ok(path::extension(call.text(0)?).into())),
    ("isAbs", Exactly(1), |call| Ok(call.text(0)?.starts_with('/').into())),
    ("osIsAbs", Exactly(1), |call| Ok(call.text(0)?.starts_with('/').into())),
    ("urlParse", Exactly(1), url_parse),
];

/// The parts of an address, as Go's `net/url` names them.
fn url_parse(call: &mut Invocation<'_>) -> Answer {
    let text = call.text(0)?;
    let (rest, fragment) = text.split_once('#').unwrap_or((text, ""));
    let scheme_end = rest.find(':').filter(|end| {
        let scheme = rest.get(..*end).unwrap_or_default();
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    });
    let (scheme, rest) = match scheme_end {
        Some(end) => (rest.get(..end).unwrap_or_default(), rest.get(end + 1..).unwrap_or_default()),
        None => ("", rest),
    };
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path, opaque) = match rest.strip_prefix("//") {
        Some(rest) => {
            let end = rest.find('/').unwrap_or(rest.len());
            let (authority, path) = rest.split_at(end);
            (authority, path, "")
        }
        None if !scheme.is_empty() && !rest.starts_with('/') => ("", "", rest),
        None => ("", rest, ""),
    };
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let hostname = match host.strip_prefix('[').and_then(|host| host.split_once(']')) {
        Some((address, _)) => address,
        None => host.rsplit_once(':').map_or(host, |(hostname, _)| hostname),
    };
    Ok(Value::map([
        ("scheme", scheme.to_ascii_lowercase().into()),
        ("userinfo", user.into()),
        ("host", host.into()),
        ("hostname", hostname.into()),
        ("path", unescape(path).into()),
        ("opaque", opaque.into()),
        ("query", query.into()),
        ("fragment", Value::from(unescape(fragment))),
    ]))
}

/// A text whose `%20` and the like are decoded.
pub(crate) fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code =
            after.get(..2).filter(|_| *first == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        match code.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
