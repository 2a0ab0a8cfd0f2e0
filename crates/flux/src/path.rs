//! The place of a field inside an object: `spec.ref.branch`, `spec.patches[0].patch`.
//!
//! A path has two spellings. The text form is for people and for messages; the JSON pointer (RFC 6901) is
//! for findings of policies. The pointer cannot tell the list element `0` from a key that is called `0`, so
//! [`FieldPath::overlaps`] and [`FieldPath::get`] take the two for the same step.

use std::fmt;
use std::str::FromStr;

use serde_json::Value;

/// The place of a field inside an object; the empty path is the object itself.
///
/// ```
/// use flux::path::FieldPath;
///
/// let path: FieldPath = r#"metadata.annotations["a.b/c"]"#.parse().unwrap();
/// assert_eq!(path.pointer(), "/metadata/annotations/a.b~1c");
/// assert_eq!(path.to_string(), r#"metadata.annotations["a.b/c"]"#);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldPath(pub Vec<Step>);

/// One step from an object to something inside it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Into a mapping, by key.
    Key(String),
    /// Into a list, by position; the first element is 0.
    Index(usize),
}

impl FieldPath {
    /// The empty path: the object itself.
    pub const fn root() -> FieldPath {
        FieldPath(Vec::new())
    }

    /// A path of keys alone: `FieldPath::of(["spec", "url"])`.
    pub fn of<const N: usize>(keys: [&str; N]) -> FieldPath {
        FieldPath(keys.into_iter().map(Step::from).collect())
    }

    /// This path and one more key.
    #[must_use]
    pub fn child(&self, key: impl Into<String>) -> FieldPath {
        self.step(Step::Key(key.into()))
    }

    /// This path and one more list position.
    #[must_use]
    pub fn index(&self, position: usize) -> FieldPath {
        self.step(Step::Index(position))
    }

    /// This path and one more step.
    #[must_use]
    pub fn step(&self, step: Step) -> FieldPath {
        let mut steps = Vec::with_capacity(self.0.len() + 1);
        steps.extend_from_slice(&self.0);
        steps.push(step);
        FieldPath(steps)
    }

    /// This path and more steps.
    #[must_use]
    pub fn join(mut self, steps: impl IntoIterator<Item = Step>) -> FieldPath {
        self.0.extend(steps);
        self
    }

    /// The path that this one is a child of; the object itself has none.
    pub fn parent(&self) -> Option<FieldPath> {
        self.0.split_last().map(|(_, before)| FieldPath(before.to_vec()))
    }

    /// The steps, outermost first.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Whether this is the object itself.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `prefix` is this path or one of its ancestors.
    pub fn starts_with(&self, prefix: &FieldPath) -> bool {
        self.0.len() >= prefix.0.len() && self.0.iter().zip(&prefix.0).all(|(a, b)| a.same(b))
    }

    /// Whether one of the two paths is the other, or inside the other.
    ///
    /// This is the question behind "cannot tell": a rule that reads `spec.ref` cannot be decided while
    /// `spec.ref.branch` is unknown, nor one that reads `spec.ref.branch` while `spec.ref` is.
    pub fn overlaps(&self, other: &FieldPath) -> bool {
        self.0.iter().zip(&other.0).all(|(a, b)| a.same(b))
    }

    /// The value at this path, where there is one.
    pub fn get<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        self.0.iter().try_fold(value, |value, step| match value {
            Value::Object(map) => match step {
                Step::Key(key) => map.get(key),
                Step::Index(position) => map.get(&position.to_string()),
            },
            Value::Array(items) => items.get(step.position()?),
            _ => None,
        })
    }

    /// The same as [`FieldPath::get`], to be changed in place.
    pub fn get_mut<'v>(&self, value: &'v mut Value) -> Option<&'v mut Value> {
        self.0.iter().try_fold(value, |value, step| match value {
            Value::Object(map) => match step {
                Step::Key(key) => map.get_mut(key),
                Step::Index(position) => map.get_mut(&position.to_string()),
            },
            Value::Array(items) => items.get_mut(step.position()?),
            _ => None,
        })
    }

    /// Reads a JSON pointer. Steps made of digits alone are read as list positions.
    ///
    /// # Errors
    ///
    /// A pointer that is not empty and does not begin with `/`, or a `~` that neither `0` nor `1` follows.
    pub fn from_pointer(pointer: &str) -> Result<FieldPath, PathError> {
        if pointer.is_empty() {
            return Ok(FieldPath::root());
        }
        let Some(rest) = pointer.strip_prefix('/') else {
            return Err(PathError::PointerStart);
        };
        rest.split('/').map(read_pointer_step).collect::<Result<_, _>>().map(FieldPath)
    }

    /// This path as a JSON pointer.
    pub fn pointer(&self) -> String {
        let mut pointer = String::new();
        for step in &self.0 {
            pointer.push('/');
            match step {
                Step::Key(key) => pointer.push_str(&key.replace('~', "~0").replace('/', "~1")),
                Step::Index(position) => pointer.push_str(&position.to_string()),
            }
        }
        pointer
    }
}

impl Step {
    /// Whether both name the same member, be it spelled as a key or as a position.
    fn same(&self, other: &Step) -> bool {
        match (self, other) {
            (Step::Key(a), Step::Key(b)) => a == b,
            (Step::Index(a), Step::Index(b)) => a == b,
            (Step::Key(_), Step::Index(b)) => self.position() == Some(*b),
            (Step::Index(a), Step::Key(_)) => other.position() == Some(*a),
        }
    }

    fn position(&self) -> Option<usize> {
        match self {
            Step::Index(position) => Some(*position),
            Step::Key(key) => read_position(key),
        }
    }
}

impl From<&str> for Step {
    fn from(key: &str) -> Step {
        Step::Key(key.to_owned())
    }
}

impl From<String> for Step {
    fn from(key: String) -> Step {
        Step::Key(key)
    }
}

impl From<usize> for Step {
    fn from(position: usize) -> Step {
        Step::Index(position)
    }
}

impl FromIterator<Step> for FieldPath {
    fn from_iter<I: IntoIterator<Item = Step>>(steps: I) -> FieldPath {
        FieldPath(steps.into_iter().collect())
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key) if !is_plain(key) => write!(f, "[{}]", Value::from(key.as_str()))?,
                Step::Key(key) if position == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
            }
        }
        Ok(())
    }
}

impl FromStr for FieldPath {
    type Err = PathError;

    /// Reads the text form.
    ///
    /// # Errors
    ///
    /// An empty step (`a..b`), an unclosed bracket or quote, or text between a bracket and the next dot.
    fn from_str(text: &str) -> Result<FieldPath, PathError> {
        let mut steps = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(inside) = rest.strip_prefix('[') {
                let (step, after) = read_bracket(inside)?;
                steps.push(step);
                rest = after;
                if !(rest.is_empty() || rest.starts_with(['.', '['])) {
                    return Err(PathError::AfterBracket);
                }
            } else {
                let start = match rest.strip_prefix('.') {
                    Some(after) if !steps.is_empty() => after,
                    _ => rest,
                };
                let end = start.find(['.', '[', ']', '"']).unwrap_or(start.len());
                let (key, after) = start.split_at(end);
                if key.is_empty() {
                    return Err(PathError::EmptyStep);
                }
                if after.starts_with([']', '"']) {
                    return Err(PathError::Bracket);
                }
                steps.push(Step::from(key));
                rest = after;
            }
        }
        Ok(FieldPath(steps))
    }
}

/// Why a text is not a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// Two dots in a row, or a dot at an end.
    #[error("a step of the path is empty; a key that is empty is written as [\"\"]")]
    EmptyStep,
    /// A bracket that holds neither a position nor a quoted key, or is not closed.
    #[error("a bracket holds a position like [0] or a quoted key like [\"a.b/c\"]")]
    Bracket,
    /// Something else than a dot or a bracket after a bracket.
    #[error("after a bracket comes a dot or another bracket")]
    AfterBracket,
    /// A pointer without its leading slash.
    #[error("a JSON pointer is empty or begins with a slash")]
    PointerStart,
    /// A tilde that escapes nothing.
    #[error("a tilde in a JSON pointer is followed by 0 or 1")]
    PointerEscape,
}

fn is_plain(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

/// Reads a position as RFC 6901 spells it: digits, no leading zero.
fn read_position(text: &str) -> Option<usize> {
    let canonical = text == "0" || !text.starts_with('0');
    if canonical && text.bytes().all(|b| b.is_ascii_digit()) { text.parse().ok() } else { None }
}

fn read_pointer_step(step: &str) -> Result<Step, PathError> {
    if let Some(position) = read_position(step) {
        return Ok(Step::Index(position));
    }
    let mut key = String::with_capacity(step.len());
    let mut characters = step.chars();
    while let Some(character) = characters.next() {
        key.push(match character {
            '~' => match characters.next() {
                Some('0') => '~',
                Some('1') => '/',
                _ => return Err(PathError::PointerEscape),
            },
            other => other,
        });
    }
    Ok(Step::Key(key))
}

/// Reads what follows an opening bracket, up to and with the closing one.
fn read_bracket(inside: &str) -> Result<(Step, &str), PathError> {
    if inside.starts_with('"') {
        let mut values = serde_json::Deserializer::from_str(inside).into_iter::<String>();
        let key = values.next().and_then(Result::ok).ok_or(PathError::Bracket)?;
        let after = inside.get(values.byte_offset()..).and_then(|after| after.strip_prefix(']'));
        return Ok((Step::Key(key), after.ok_or(PathError::Bracket)?));
    }
    let (position, after) = inside.split_once(']').ok_or(PathError::Bracket)?;
    Ok((Step::Index(read_position(position).ok_or(PathError::Bracket)?), after))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn path(text: &str) -> FieldPath {
        text.parse().unwrap()
    }

    #[test]
    fn has_one_spelling_for_people_and_one_for_pointers() {
        for (text, pointer) in [
            ("", ""),
            ("spec.ref.branch", "/spec/ref/branch"),
            ("spec.patches[0].patch", "/spec/patches/0/patch"),
            (r#"metadata.annotations["a.b/c"]"#, "/metadata/annotations/a.b~1c"),
            (r#"metadata.labels["a~\"b\\"]"#, "/metadata/labels/a~0\"b\\"),
            (r#"["a.b"].c[1][2]"#, "/a.b/c/1/2"),
            (r#"spec[""]"#, "/spec/"),
        ] {
            assert_eq!(path(text).to_string(), text);
            assert_eq!(path(text).pointer(), pointer);
            assert_eq!(FieldPath::from_pointer(pointer), Ok(path(text)));
        }
    }

    #[test]
    fn refuses_what_is_not_a_path() {
        let mut lines = String::new();
        for text in [
            "a..b",
            ".a",
            "a.",
            "a[",
            "a[]",
            "a[x]",
            "a[-1]",
            "a[01]",
            "a[\"b]",
            "a[0]b",
            "a]",
            "a\"b",
            "a[99999999999999999999]",
        ] {
            lines.push_str(&format!("{text}: {}\n", text.parse::<FieldPath>().unwrap_err()));
        }
        for pointer in ["a", "/a~", "/a~2"] {
            lines.push_str(&format!("{pointer}: {}\n", FieldPath::from_pointer(pointer).unwrap_err()));
        }
        insta::assert_snapshot!("paths_refused", lines);
    }

    #[test]
    fn overlaps_what_is_around_it_and_what_is_inside() {
        for (a, b, overlap) in [
            ("spec.ref", "spec.ref.branch", true),
            ("spec.ref.branch", "spec.ref", true),
            ("spec.ref", "spec.ref", true),
            ("", "spec", true),
            ("spec.ref", "spec.reference", false),
            ("spec.patches[0]", "spec.patches[1]", false),
            ("spec.patches", "spec.patches[1].patch", true),
        ] {
            assert_eq!(path(a).overlaps(&path(b)), overlap, "{a} {b}");
        }
    }

    #[test]
    fn takes_a_numeric_key_and_a_position_for_the_same_step() {
        let key = FieldPath::of(["spec", "0"]);
        let position = FieldPath::of(["spec"]).index(0);
        assert!(key.overlaps(&position) && position.overlaps(&key) && key.starts_with(&position));
        assert_eq!(position.get(&json!({"spec": {"0": "a"}})), Some(&json!("a")));
        assert_eq!(key.get(&json!({"spec": ["a"]})), Some(&json!("a")));
    }

    #[test]
    fn finds_values_and_misses_none() {
        let value = json!({"spec": {"patches": [{"patch": "x"}]}});
        assert_eq!(path("spec.patches[0].patch").get(&value), Some(&json!("x")));
        assert_eq!(path("").get(&value), Some(&value));
        for missing in ["spec.patches[1]", "spec.patches.x", "spec.patches[0].patch.x", "status"] {
            assert_eq!(path(missing).get(&value), None);
        }
    }

    fn any_path() -> impl Strategy<Value = FieldPath> {
        let step = prop_oneof![
            any::<String>().prop_map(Step::Key),
            "[a-z0-9./\\[\\]\"~]{0,4}".prop_map(Step::Key),
            (0_usize..20).prop_map(Step::Index),
        ];
        prop::collection::vec(step, 0..6).prop_map(FieldPath)
    }

    proptest! {
        #[test]
        fn the_text_form_comes_back(path in any_path()) {
            prop_assert_eq!(path.to_string().parse::<FieldPath>(), Ok(path));
        }

        #[test]
        fn the_pointer_comes_back(path in any_path()) {
            let back = FieldPath::from_pointer(&path.pointer()).unwrap();
            prop_assert_eq!(back.pointer(), path.pointer());
            prop_assert!(back.starts_with(&path) && path.starts_with(&back));
        }

        #[test]
        fn survives_any_text(text in any::<String>(), brackets in "[a-z.\\[\\]\"0-9]{0,12}") {
            for text in [text, brackets] {
                if let Ok(path) = text.parse::<FieldPath>() {
                    prop_assert_eq!(path.to_string().parse::<FieldPath>(), Ok(path));
                }
                let _ = FieldPath::from_pointer(&text);
            }
        }
    }
}
