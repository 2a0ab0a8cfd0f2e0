//! Versions and ranges in the dialect of Masterminds/semver 3, which charts, repositories and `semverCompare` speak.
//!
//! Versions are read leniently: a leading `v`, missing parts and leading zeros are fine. Ranges join comparisons by spaces or commas
//! (all must hold) and by `||` (one must). `1.2` means `1.2.x`, and a pre-release matches only where the range names one.

use std::cmp::Ordering;
use std::fmt;

/// Why a text is no version or no range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is no version.
    #[error("invalid semantic version")]
    Version,
    /// A number of the version does not fit 64 bits.
    #[error("version segment {0:?} is out of range")]
    TooLarge(String),
    /// A part of the pre-release is a number with a leading zero.
    #[error("version segment starts with 0")]
    LeadingZero,
    /// It is no range.
    #[error("improper constraint: {}", go::quote::quote(.0))]
    Constraint(String),
}

/// A version.
///
/// Versions are ordered by precedence: build metadata does not count, so `1.0.0+a` equals `1.0.0+b`.
#[derive(Clone, Debug)]
pub struct Version {
    /// The first number.
    pub major: u64,
    /// The second number; 0 where it was left out.
    pub minor: u64,
    /// The third number; 0 where it was left out.
    pub patch: u64,
    /// What follows `-`; empty for a release.
    pub pre: String,
    /// What follows `+`.
    pub metadata: String,
    original: String,
}

impl Version {
    /// Reads a version, leniently.
    ///
    /// ```
    /// let version = chart::semver::Version::parse("v1.2").unwrap();
    /// assert_eq!(version.to_string(), "1.2.0");
    /// ```
    ///
    /// # Errors
    ///
    /// The text is no version even so.
    pub fn parse(text: &str) -> Result<Version, Error> {
        let (parts, rest) = Parts::read(text, |c| c.is_ascii_digit()).ok_or(Error::Version)?;
        if !rest.is_empty() {
            return Err(Error::Version);
        }
        let number = |segment: Option<&str>| match segment {
            None => Ok(0),
            Some(digits) => digits.parse::<u64>().map_err(|_| Error::TooLarge(digits.to_owned())),
        };
        let pre = parts.pre.unwrap_or_default();
        for part in pre.split('.').filter(|part| part.len() > 1 && part.starts_with('0')) {
            if part.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(Error::LeadingZero);
            }
        }
        Ok(Version {
            major: number(Some(parts.major))?,
            minor: number(parts.minor)?,
            patch: number(parts.patch)?,
            pre: pre.to_owned(),
            metadata: parts.metadata.unwrap_or_default().to_owned(),
            original: text.to_owned(),
        })
    }

    /// The text that was read.
    pub fn original(&self) -> &str {
        &self.original
    }
}

/// All three numbers, the pre-release and the build metadata, without a leading `v`.
impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)?;
        if !self.pre.is_empty() {
            write!(f, "-{}", self.pre)?;
        }
        if !self.metadata.is_empty() {
            write!(f, "+{}", self.metadata)?;
        }
        Ok(())
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Version) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Version {}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Version) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Version) -> Ordering {
        (self.major, self.minor, self.patch)
            .cmp(&(other.major, other.minor, other.patch))
            .then_with(|| compare_pre(&self.pre, &other.pre))
    }
}

/// A release comes after its pre-releases; those are compared part by part.
fn compare_pre(left: &str, right: &str) -> Ordering {
    match (left.is_empty(), right.is_empty()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    let (mut left, mut right) = (left.split('.'), right.split('.'));
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(left), Some(right)) => match (left.parse::<u64>(), right.parse::<u64>()) {
                (Ok(left), Ok(right)) => left.cmp(&right),
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                (Err(_), Err(_)) => left.cmp(right),
            },
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// A range of versions.
#[derive(Clone, Debug)]
pub struct Constraint {
    /// One of these groups must hold.
    groups: Vec<Group>,
}

#[derive(Clone, Debug)]
struct Group {
    /// All of these must hold.
    comparisons: Vec<Comparison>,
    /// Whether one of them names a pre-release; without, no pre-release matches.
    takes_pre: bool,
}

#[derive(Clone, Debug)]
struct Comparison {
    operator: Operator,
    version: Version,
    missing: Missing,
}

/// Which numbers of a comparison were left out or written as `x`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Missing {
    Nothing,
    Patch,
    Minor,
    All,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Tilde,
    Caret,
}

/// Longer spellings first, so that none hides another.
const OPERATORS: [(&str, Operator); 11] = [
    ("!=", Operator::NotEqual),
    (">=", Operator::GreaterOrEqual),
    ("=>", Operator::GreaterOrEqual),
    ("<=", Operator::LessOrEqual),
    ("=<", Operator::LessOrEqual),
    ("~>", Operator::Tilde),
    ("=", Operator::Equal),
    (">", Operator::Greater),
    ("<", Operator::Less),
    ("~", Operator::Tilde),
    ("^", Operator::Caret),
];

impl Constraint {
    /// Reads a range.
    ///
    /// ```
    /// use chart::semver::{Constraint, Version};
    ///
    /// let range = Constraint::parse(">=1.19-0 <2 || ~3.1").unwrap();
    /// assert!(range.matches(&Version::parse("v1.33.4-gke.1").unwrap()));
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Constraint`] with the part that is no comparison.
    pub fn parse(text: &str) -> Result<Constraint, Error> {
        let text = spell_out_hyphens(text);
        let groups = text.split("||").map(Group::parse).collect::<Result<_, _>>()?;
        Ok(Constraint { groups })
    }

    /// Whether a version lies in the range.
    pub fn matches(&self, version: &Version) -> bool {
        self.groups.iter().any(|group| {
            (version.pre.is_empty() || group.takes_pre)
                && group.comparisons.iter().all(|comparison| comparison.holds(version))
        })
    }
}

/// Whether `range` is a range, `version` a version, and the one holds the other: what Helm asks of dependencies and of `kubeVersion`.
pub fn compatible(range: &str, version: &str) -> bool {
    match (Constraint::parse(range), Version::parse(version)) {
        (Ok(range), Ok(version)) => range.matches(&version),
        _ => false,
    }
}

impl Group {
    fn parse(text: &str) -> Result<Group, Error> {
        let improper = || Error::Constraint(text.to_owned());
        let mut comparisons = Vec::new();
        let mut rest = text.trim_start();
        loop {
            let (comparison, after) = Comparison::read(rest).ok_or_else(improper)?;
            comparisons.push(comparison);
            let next = after.trim_start();
            if next.is_empty() {
                break;
            }
            rest = match next.strip_prefix(',') {
                Some(next) => next.trim_start(),
                None if next.len() < after.len() => next,
                None => return Err(improper()),
            };
        }
        let takes_pre = comparisons.iter().any(|comparison| !comparison.version.pre.is_empty());
        Ok(Group { comparisons, takes_pre })
    }
}

impl Comparison {
    /// Reads one comparison from the start of a text, and answers with what follows it.
    fn read(text: &str) -> Option<(Comparison, &str)> {
        let (operator, rest) = OPERATORS
            .iter()
            .find_map(|(spelling, operator)| Some((*operator, text.strip_prefix(spelling)?)))
            .unwrap_or((Operator::Equal, text));
        let (parts, rest) = Parts::read(rest.trim_start(), is_digit_or_x)?;
        let pre = parts.pre.map(|pre| format!("-{pre}")).unwrap_or_default();
        let (missing, version) = match (any(parts.major), parts.minor.map(any), parts.patch.map(any)) {
            (true, ..) => (Missing::All, format!("0.0.0{pre}")),
            (false, None | Some(true), _) => (Missing::Minor, format!("{}.0.0{pre}", parts.major)),
            (false, Some(false), None | Some(true)) => {
                (Missing::Patch, format!("{}.{}.0{pre}", parts.major, parts.minor.unwrap_or_default()))
            }
            _ => (Missing::Nothing, parts.text.to_owned()),
        };
        let version = Version::parse(&version).ok()?;
        Some((Comparison { operator, version, missing }, rest))
    }

    fn holds(&self, version: &Version) -> bool {
        let (own, order) = (&self.version, version.cmp(&self.version));
        match self.operator {
            Operator::Equal if self.missing == Missing::Nothing => order == Ordering::Equal,
            Operator::Equal | Operator::Tilde => self.tilde(version),
            Operator::NotEqual => self.differs(version),
            Operator::Greater => match self.missing {
                Missing::Nothing => order == Ordering::Greater,
                _ if version.major != own.major => version.major > own.major,
                Missing::Minor => false,
                Missing::Patch => version.minor > own.minor,
                Missing::All => order == Ordering::Greater,
            },
            Operator::GreaterOrEqual => order != Ordering::Less,
            Operator::Less => order == Ordering::Less,
            Operator::LessOrEqual => match self.missing {
                Missing::Nothing => order != Ordering::Greater,
                _ if version.major != own.major => version.major < own.major,
                missing => missing == Missing::Minor || version.minor <= own.minor,
            },
            Operator::Caret => order != Ordering::Less && self.caret(version),
        }
    }

    /// The same version as far as it is written out.
    fn tilde(&self, version: &Version) -> bool {
        let own = &self.version;
        if version < own {
            return false;
        }
        // Zero in all places takes everything that is not smaller, and so does `*`.
        let open = (own.major, own.minor, own.patch) == (0, 0, 0);
        if open && matches!(self.missing, Missing::Nothing | Missing::All) {
            return true;
        }
        version.major == own.major && (self.missing == Missing::Minor || version.minor == own.minor)
    }

    fn differs(&self, version: &Version) -> bool {
        let own = &self.version;
        match self.missing {
            Missing::Nothing => version != own,
            _ if version.major != own.major => true,
            Missing::Minor => false,
            _ if version.minor != own.minor => true,
            Missing::Patch => version.pre != own.pre,
            Missing::All => version != own,
        }
    }

    /// No change in the first number that is not zero.
    fn caret(&self, version: &Version) -> bool {
        let own = &self.version;
        if own.major > 0 || self.missing == Missing::Minor {
            return version.major == own.major;
        }
        if version.major > 0 {
            return false;
        }
        if own.minor > 0 || self.missing == Missing::Patch {
            return version.minor == own.minor;
        }
        version.minor == 0 && version.patch == own.patch
    }
}

/// Writes `1.2 - 3` as `>= 1.2, <= 3`.
fn spell_out_hyphens(text: &str) -> String {
    let mut written = String::new();
    let mut rest = text;
    while let Some((start, from, to, end)) = hyphen_range(rest) {
        written.push_str(rest.get(..start).unwrap_or_default());
        written.push_str(&format!(">= {from}, <= {to} "));
        rest = rest.get(end..).unwrap_or_default();
    }
    written.push_str(rest);
    written
}

/// The first hyphen between two versions: where the left one starts, both, and where the right one ends.
fn hyphen_range(text: &str) -> Option<(usize, &str, &str, usize)> {
    for (at, _) in text.match_indices('-') {
        let (before, after) = (text.get(..at)?, text.get(at + 1..)?);
        let (left, right) = (before.trim_end(), after.trim_start());
        if left.len() == before.len() || right.len() == after.len() {
            continue;
        }
        let start = left.rfind(|c: char| !is_version_character(c)).map_or(0, |at| at + 1);
        let from = left.get(start..)?;
        let Some((parts, _)) = Parts::read(from, is_digit_or_x).filter(|(_, rest)| rest.is_empty()) else {
            continue;
        };
        let Some((to, rest)) = Parts::read(right, is_digit_or_x) else { continue };
        return Some((start, parts.text, to.text, text.len() - rest.len()));
    }
    None
}

fn is_digit_or_x(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, 'x' | 'X' | '*')
}

fn is_version_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '*' | '-' | '+')
}

fn any(segment: &str) -> bool {
    matches!(segment, "x" | "X" | "*")
}

/// A version as it is written, in its parts.
struct Parts<'a> {
    text: &'a str,
    major: &'a str,
    minor: Option<&'a str>,
    patch: Option<&'a str>,
    pre: Option<&'a str>,
    metadata: Option<&'a str>,
}

impl<'a> Parts<'a> {
    /// Reads a version from the start of a text, whose numbers are of those characters, and answers with what follows it.
    fn read(text: &'a str, digit: fn(char) -> bool) -> Option<(Parts<'a>, &'a str)> {
        let segment = |text: &'a str| {
            let end = text.find(|c| !digit(c)).unwrap_or(text.len());
            (end > 0).then(|| text.split_at(end))
        };
        let after = |text: &'a str, mark: char| text.strip_prefix(mark).and_then(segment);
        let (major, mut rest) = segment(text.strip_prefix('v').unwrap_or(text))?;
        let (mut minor, mut patch) = (None, None);
        if let Some((found, next)) = after(rest, '.') {
            (minor, rest) = (Some(found), next);
            if let Some((found, next)) = after(rest, '.') {
                (patch, rest) = (Some(found), next);
            }
        }
        let (pre, rest) = identifiers(rest, '-');
        let (metadata, rest) = identifiers(rest, '+');
        let text = text.get(..text.len() - rest.len())?;
        Some((Parts { text, major, minor, patch, pre, metadata }, rest))
    }
}

/// What follows the mark: words of letters, digits and hyphens, joined by dots.
fn identifiers(text: &str, mark: char) -> (Option<&str>, &str) {
    let Some(list) = text.strip_prefix(mark) else { return (None, text) };
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let mut end = 0;
    loop {
        let from = list.get(end..).unwrap_or_default();
        let from = if end == 0 { Some(from) } else { from.strip_prefix('.') };
        let word = from.map_or(0, |from| from.find(|c| !is_word(c)).unwrap_or(from.len()));
        if word == 0 {
            break;
        }
        end += word + usize::from(end > 0);
    }
    if end == 0 { (None, text) } else { (list.get(..end), list.get(end..).unwrap_or_default()) }
}
