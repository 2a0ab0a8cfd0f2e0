//! Patterns for file names as `.Files.Glob` takes them (gobwas/glob with `/`): `*`, `**`, `?`, `[a-z]`, `[!a]`, `{a,b}`, `\`.

/// A pattern.
pub(crate) struct Glob {
    /// One of these must match.
    alternatives: Vec<Vec<Token>>,
}

#[derive(Clone, Debug)]
enum Token {
    Char(char),
    /// `?`: any character but `/`.
    One,
    /// `*`: any number of them.
    Many,
    /// `**`: any number of characters, `/` too.
    Everything,
    /// One of these, or none of these.
    Class(Vec<(char, char)>, bool),
}

/// How many patterns braces may spell out.
const MAX_ALTERNATIVES: usize = 1000;

impl Glob {
    /// Reads a pattern; one that is none matches everything, as in Helm.
    pub(crate) fn new(pattern: &str) -> Glob {
        let characters: Vec<char> = pattern.chars().collect();
        let alternatives = expand(&characters)
            .and_then(|patterns| patterns.iter().map(|pattern| tokens(pattern)).collect::<Option<Vec<_>>>());
        Glob { alternatives: alternatives.unwrap_or_else(|| vec![vec![Token::Everything]]) }
    }

    pub(crate) fn matches(&self, name: &str) -> bool {
        let name: Vec<char> = name.chars().collect();
        self.alternatives.iter().any(|tokens| matches(tokens, &name))
    }
}

/// Spells out braces.
fn expand(pattern: &[char]) -> Option<Vec<Vec<char>>> {
    let Some(open) = find(pattern, 0, &['{']) else { return Some(vec![pattern.to_vec()]) };
    let (mut depth, mut from, mut at) = (1, open + 1, open + 1);
    let mut parts = Vec::new();
    loop {
        at = find(pattern, at, &['{', '}', ','])?;
        match pattern.get(at)? {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 || (depth == 1 && pattern.get(at) == Some(&',')) {
            parts.push(pattern.get(from..at)?);
            from = at + 1;
        }
        if depth == 0 {
            break;
        }
        at += 1;
    }
    let mut patterns = Vec::new();
    for part in parts {
        let joined = [pattern.get(..open)?, part, pattern.get(at + 1..)?].concat();
        patterns.extend(expand(&joined)?);
        if patterns.len() > MAX_ALTERNATIVES {
            return None;
        }
    }
    Some(patterns)
}

/// The first of these characters from a place on, that no backslash stands before.
fn find(pattern: &[char], from: usize, wanted: &[char]) -> Option<usize> {
    let mut at = from;
    while let Some(c) = pattern.get(at) {
        match c {
            '\\' => at += 1,
            c if wanted.contains(c) => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}

fn tokens(pattern: &[char]) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut characters = pattern.iter().copied().peekable();
    while let Some(c) = characters.next() {
        tokens.push(match c {
            '\\' => Token::Char(characters.next()?),
            '?' => Token::One,
            '*' if characters.peek() == Some(&'*') => {
                characters.next();
                Token::Everything
            }
            '*' => Token::Many,
            '[' => {
                let negated = characters.next_if_eq(&'!').is_some();
                let mut ranges = Vec::new();
                loop {
                    match characters.next()? {
                        ']' if !ranges.is_empty() => break,
                        first => {
                            let first = if first == '\\' { characters.next()? } else { first };
                            let last = match characters.next_if_eq(&'-') {
                                Some(_) => characters.next()?,
                                None => first,
                            };
                            ranges.push((first, last));
                        }
                    }
                }
                Token::Class(ranges, negated)
            }
            c => Token::Char(c),
        });
    }
    Some(tokens)
}

/// Follows all ways through the pattern at once.
fn matches(tokens: &[Token], name: &[char]) -> bool {
    let mut reached = vec![false; tokens.len() + 1];
    reached[0] = true;
    skip(tokens, &mut reached);
    for c in name {
        let mut next = vec![false; tokens.len() + 1];
        for (at, token) in tokens.iter().enumerate().filter(|(at, _)| reached[*at]) {
            let (stays, passes) = match token {
                Token::Char(wanted) => (false, wanted == c),
                Token::One => (false, *c != '/'),
                Token::Many => (*c != '/', false),
                Token::Everything => (true, false),
                Token::Class(ranges, negated) => {
                    (false, ranges.iter().any(|(first, last)| first <= c && c <= last) != *negated)
                }
            };
            next[at] |= stays;
            next[at + 1] |= passes;
        }
        skip(tokens, &mut next);
        reached = next;
    }
    reached[tokens.len()]
}

/// Stars may stand for nothing.
fn skip(tokens: &[Token], reached: &mut [bool]) {
    for (at, token) in tokens.iter().enumerate() {
        if reached[at] && matches!(token, Token::Many | Token::Everything) {
            reached[at + 1] = true;
        }
    }
}
