//! The functions that Helm gives to templates: Sprig's, and its own.
//!
//! One table from name to function; each family has a file. Functions that charts do not need here, or that would need
//! keys and ciphers, are in the table too, so that templates parse; calling one is an error that names it.

mod arguments;
mod cast;
mod crypto_hashes;
mod data;
mod dates;
mod dicts;
mod encoding;
mod flow;
mod lists;
mod math;
mod paths;
mod random;
mod regex;
mod semver;
mod strings;
mod types;

use std::rc::Rc;

use gotemplate::function::{CallError, Functions};
use gotemplate::value::Value;

pub(crate) use arguments::{Answer, Invocation};
pub(crate) use flow::without_no_value;
pub(crate) use paths::unescape as percent_decoded;
pub(crate) use regex::go_regex;
pub(crate) use strings::TextMap;
use types::deep_equal;

use crate::context::Context;

/// A function, how many arguments it takes, and its name.
type Entry = (&'static str, Takes, fn(&mut Invocation<'_>) -> Answer);

/// How many arguments a function takes.
#[derive(Clone, Copy)]
enum Takes {
    /// So many.
    Exactly(usize),
    /// So many, and any number more.
    AtLeast(usize),
}

use Takes::{AtLeast, Exactly};

/// Numbers of arguments in Go's words: exactly, and at least.
const COUNTS: [(&str, &str); 5] =
    [("0", "at least 0"), ("1", "at least 1"), ("2", "at least 2"), ("3", "at least 3"), ("4", "at least 4")];

const FAMILIES: [&[Entry]; 14] = [
    crypto_hashes::TABLE,
    data::TABLE,
    dates::TABLE,
    dicts::TABLE,
    encoding::TABLE,
    flow::TABLE,
    lists::TABLE,
    math::TABLE,
    paths::TABLE,
    random::TABLE,
    regex::TABLE,
    semver::TABLE,
    strings::TABLE,
    types::TABLE,
];

/// What Helm has and this engine has not (`known_differences.md`).
const UNSUPPORTED: [&str; 20] = [
    "bcrypt",
    "buildCustomCert",
    "decryptAES",
    "derivePassword",
    "encryptAES",
    "fromToml",
    "genCA",
    "genCAWithKey",
    "genPrivateKey",
    "genSelfSignedCert",
    "genSelfSignedCertWithKey",
    "genSignedCert",
    "genSignedCertWithKey",
    "htpasswd",
    "mustToDate",
    "mustToToml",
    "toDate",
    "toDecimal",
    "toToml",
    "urlJoin",
];

/// All functions, for one render.
pub(crate) fn table(context: &Rc<Context>) -> Functions {
    let mut functions = Functions::new();
    for (name, takes, function) in FAMILIES.into_iter().flatten().copied() {
        let context = Rc::clone(context);
        functions.add(name, move |running, arguments| {
            let got = arguments.len();
            match takes {
                Exactly(want) if got != want => {
                    return Err(CallError::Count(COUNTS.get(want).map_or("", |words| words.0)));
                }
                AtLeast(want) if got < want => {
                    return Err(CallError::Count(COUNTS.get(want).map_or("", |words| words.1)));
                }
                _ => {}
            }
            function(&mut Invocation { running, context: &context, arguments })
        });
    }
    for name in UNSUPPORTED {
        functions.add(name, move |_, _| Err(format!("the function {name} is not supported").into()));
    }
    functions
}

/// How long a text may become that one call makes, in bytes, and how many elements a list may have: a template can ask for any number.
const MAX_MADE: usize = 32 * 1024 * 1024;

/// Refuses to make something larger than [`MAX_MADE`].
fn within_limit(size: Option<usize>) -> Result<(), CallError> {
    match size {
        Some(size) if size <= MAX_MADE => Ok(()),
        _ => Err(format!("the result is larger than {MAX_MADE} bytes or elements").into()),
    }
}

/// Bytes that were cut somewhere, as text: half a character becomes `U+FFFD`.
fn text_of_bytes(bytes: &[u8]) -> Value {
    String::from_utf8_lossy(bytes).as_ref().into()
}
