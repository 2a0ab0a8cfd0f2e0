//! .helmignore: which files of a chart folder are left out (Helm's `pkg/ignore`).
//!
//! It looks like .gitignore and is not: the first rule that says something decides, `**` is refused, and a rule that begins with `!`
//! leaves out everything that it does *not* match.

use thiserror::Error;

/// What Helm leaves out of every chart: files in templates/ that begin with a dot.
const DEFAULT: &str = "templates/.?*";

/// Why a rule is none.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}: {what}: {rule}")]
pub struct RulesError {
    /// The line, from 1.
    pub line: usize,
    /// The rule as it is written.
    pub rule: String,
    /// What is wrong with it.
    pub what: &'static str,
}

/// The rules of a .helmignore, and Helm's own one after them.
#[derive(Clone, Debug)]
pub struct Rules(Vec<Rule>);

#[derive(Clone, Debug)]
struct Rule {
    pattern: Pattern,
    /// It begins with `!`.
    negated: bool,
    /// It ends with `/`.
    folders_only: bool,
    /// It has no `/` inside or in front, so it is about the last part of a path.
    last_part: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self(Rule::parse(DEFAULT).into_iter().collect())
    }
}

impl Rules {
    /// Reads a .helmignore.
    ///
    /// ```
    /// let rules = remote::folder::ignore::Rules::parse(b"# editors\n*.swp\n.git/\n").unwrap();
    /// assert!(rules.ignores("templates/map.yaml.swp", false));
    /// assert!(rules.ignores(".git", true));
    /// assert!(!rules.ignores("Chart.yaml", false));
    /// ```
    ///
    /// # Errors
    ///
    /// A rule with `**`, or with a pattern that is none.
    pub fn parse(text: &[u8]) -> Result<Self, RulesError> {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let text = String::from_utf8_lossy(text);
        let mut rules = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let rule = line.trim();
            if rule.is_empty() || rule.starts_with('#') {
                continue;
            }
            let wrong = |what| RulesError { line: index + 1, rule: rule.to_owned(), what };
            if rule.contains("**") {
                return Err(wrong("** is not supported"));
            }
            rules.push(Rule::parse(rule).ok_or_else(|| wrong("the pattern is malformed"))?);
        }
        rules.extend(Self::default().0);
        Ok(Self(rules))
    }

    /// Whether a file or folder is left out; its path is relative to the chart folder, with `/`.
    pub fn ignores(&self, path: &str, is_folder: bool) -> bool {
        for rule in &self.0 {
            let of_wrong_kind = rule.folders_only && !is_folder;
            if rule.negated {
                if of_wrong_kind || !rule.matches(path) {
                    return true;
                }
            } else if !of_wrong_kind && rule.matches(path) {
                return true;
            }
        }
        false
    }
}

impl Rule {
    fn parse(rule: &str) -> Option<Self> {
        let (negated, rest) = rule.strip_prefix('!').map_or((false, rule), |rest| (true, rest));
        let (folders_only, rest) = rest.strip_suffix('/').map_or((false, rest), |rest| (true, rest));
        let (last_part, rest) = match rest.strip_prefix('/') {
            Some(rest) => (false, rest),
            None => (!rest.contains('/'), rest),
        };
        Some(Self { pattern: Pattern::parse(rest)?, negated, folders_only, last_part })
    }

    fn matches(&self, path: &str) -> bool {
        let text = if self.last_part { path.rsplit('/').next().unwrap_or(path) } else { path };
        self.pattern.matches(&text.chars().collect::<Vec<_>>())
    }
}

/// A shell pattern of the dialect of Go's `path.Match`.
#[derive(Clone, Debug)]
struct Pattern(Vec<Part>);

#[derive(Clone, Debug)]
enum Part {
    /// `*`: any number of characters, no `/`.
    Many,
    /// `?`: one character, no `/`.
    One,
    /// `[a-z]` or `[^a-z]`: one character.
    Class { negated: bool, ranges: Vec<(char, char)> },
    /// A character itself.
    Char(char),
}

impl Pattern {
    /// `None` for a malformed pattern.
    fn parse(text: &str) -> Option<Self> {
        let mut chars = text.chars().peekable();
        let mut parts = Vec::new();
        while let Some(char) = chars.next() {
            parts.push(match char {
                '*' => Part::Many,
                '?' => Part::One,
                '[' => Part::class(&mut chars)?,
                '\\' => Part::Char(chars.next()?),
                other => Part::Char(other),
            });
        }
        Some(Self(parts))
    }

    /// Matches the whole text. Goes back to the last `*` only, so it takes at most |pattern| * |text| steps.
    fn matches(&self, text: &[char]) -> bool {
        let (mut part, mut at) = (0, 0);
        let mut last_many: Option<(usize, usize)> = None;
        loop {
            match self.0.get(part) {
                Some(Part::Many) => {
                    last_many = Some((part, at));
                    part += 1;
                    continue;
                }
                Some(one) if text.get(at).is_some_and(|char| one.takes(*char)) => {
                    (part, at) = (part + 1, at + 1);
                    continue;
                }
                None if at == text.len() => return true,
                _ => {}
            }
            match last_many {
                Some((many, from)) if text.get(from).is_some_and(|char| *char != '/') => {
                    last_many = Some((many, from + 1));
                    (part, at) = (many + 1, from + 1);
                }
                _ => return false,
            }
        }
    }
}

impl Part {
    fn takes(&self, char: char) -> bool {
        match self {
            Self::Many => false,
            Self::One => char != '/',
            Self::Class { negated, ranges } => {
                ranges.iter().any(|(low, high)| (*low..=*high).contains(&char)) != *negated
            }
            Self::Char(own) => *own == char,
        }
    }

    /// Reads a class after its `[`.
    fn class(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<Self> {
        let negated = chars.next_if_eq(&'^').is_some();
        let mut ranges = Vec::new();
        loop {
            if !ranges.is_empty() && chars.next_if_eq(&']').is_some() {
                return Some(Self::Class { negated, ranges });
            }
            let low = Self::class_char(chars)?;
            let high = if chars.next_if_eq(&'-').is_some() { Self::class_char(chars)? } else { low };
            ranges.push((low, high));
        }
    }

    fn class_char(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<char> {
        match chars.next()? {
            '-' | ']' => None,
            '\\' => chars.next(),
            other => Some(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Pattern::parse(pattern).unwrap().matches(&text.chars().collect::<Vec<_>>())
    }

    #[test]
    fn patterns_match_as_in_go() {
        for (pattern, text) in [
            ("*.tgz", "a.tgz"),
            ("a*b*c", "aXbYbZc"),
            ("?[a-c]\\*", "xb*"),
            ("[^a]x", "bx"),
            ("a/*/c", "a/b/c"),
            ("", ""),
            ("*", ""),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("*", "a/b"),
            ("?", "/"),
            ("[a-c]", "d"),
            ("[^a-c]", "b"),
            ("a", "ab"),
            ("*a", "ab"),
            ("a*", "ba"),
        ] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn malformed_patterns_are_found() {
        for pattern in ["[", "[]a]", "[a", "[-x]", "a\\", "[a-]"] {
            assert!(Pattern::parse(pattern).is_none(), "{pattern}");
        }
    }

    #[test]
    fn a_pattern_with_many_stars_ends_soon() {
        let text = "a".repeat(3_000);
        assert!(!matches(&"a*".repeat(200).replace("aa", "a"), &format!("{text}b/")));
    }

    #[test]
    fn rules_decide_as_in_helm() {
        let rules = |text: &str| Rules::parse(text.as_bytes()).unwrap();
        assert!(rules("docs/").ignores("docs", true));
        assert!(!rules("docs/").ignores("docs", false));
        assert!(rules("/README.md").ignores("README.md", false));
        assert!(!rules("/README.md").ignores("charts/a/README.md", false));
        assert!(rules("README.md").ignores("charts/a/README.md", false));
        assert!(rules("a/*.txt").ignores("a/b.txt", false));
        assert!(!rules("a/*.txt").ignores("x/a/b.txt", false));
        // Everything but what it matches.
        assert!(rules("!Chart.yaml").ignores("values.yaml", false));
        assert!(!rules("!Chart.yaml").ignores("Chart.yaml", false));
        assert!(Rules::default().ignores("templates/.hidden", false));
        assert!(!Rules::default().ignores("templates/sub/.hidden", false));
        assert!(!Rules::default().ignores(".helmignore", false));
    }

    #[test]
    fn wrong_rules_are_named_by_line() {
        let error = Rules::parse(b"# fine\n*.txt\nfoo/**/bar\n").unwrap_err();
        assert_eq!(error.to_string(), "line 3: ** is not supported: foo/**/bar");
        let error = Rules::parse(b"\xef\xbb\xbfa[\n").unwrap_err();
        assert_eq!(error.to_string(), "line 1: the pattern is malformed: a[");
    }
}
