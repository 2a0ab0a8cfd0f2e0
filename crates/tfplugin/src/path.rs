//! Paths to attributes: what a diagnostic, a codec error or a replacement points at.

use std::fmt;

/// Where a value stands inside a resource, as steps from its root.
///
/// Shown as OpenTofu writes it:
///
/// ```
/// use tfplugin::path::AttributePath;
///
/// let path = AttributePath::root("spec").attribute("patches").index(0).attribute("labels").key("a.b");
/// assert_eq!(path.to_string(), r#"spec.patches[0].labels["a.b"]"#);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttributePath(pub Vec<Step>);

/// One step of an [`AttributePath`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Into an attribute of an object.
    Attribute(String),
    /// Into an element of a map, by its key.
    KeyString(String),
    /// Into an element of a list or tuple, by its position from zero. The elements of a set have no address on the
    /// wire; inside this crate they are counted in the order in which they arrived.
    KeyInt(i64),
}

impl AttributePath {
    /// The root: the path with no steps.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A path to an attribute of the root.
    pub fn root(name: impl Into<String>) -> Self {
        Self::new().attribute(name)
    }

    /// This path, one step further, into an attribute.
    #[must_use]
    pub fn attribute(&self, name: impl Into<String>) -> Self {
        self.step(Step::Attribute(name.into()))
    }

    /// This path, one step further, into a map's element.
    #[must_use]
    pub fn key(&self, key: impl Into<String>) -> Self {
        self.step(Step::KeyString(key.into()))
    }

    /// This path, one step further, into a list's element.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.step(Step::KeyInt(i64::try_from(index).unwrap_or(i64::MAX)))
    }

    /// This path, one step further.
    #[must_use]
    pub fn step(&self, step: Step) -> Self {
        let mut steps = Vec::with_capacity(self.0.len() + 1);
        steps.extend_from_slice(&self.0);
        steps.push(step);
        Self(steps)
    }

    /// The steps from the root.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Whether this is the root.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `other` is this path or lies below it.
    #[must_use]
    pub fn contains(&self, other: &Self) -> bool {
        other.0.starts_with(&self.0)
    }

    /// Whether one of the two paths lies on the way to the other.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.contains(other) || other.contains(self)
    }

    pub(crate) fn push(&mut self, step: Step) {
        self.0.push(step);
    }

    pub(crate) fn pop(&mut self) {
        self.0.pop();
    }
}

impl fmt::Display for AttributePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Attribute(name) if position == 0 => f.write_str(name)?,
                Step::Attribute(name) => write!(f, ".{name}")?,
                Step::KeyString(key) => write!(f, "[{key:?}]")?,
                Step::KeyInt(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

impl From<&str> for AttributePath {
    /// Reads dotted attribute names, such as `spec.url`; there is no notation for keys and indexes here.
    fn from(names: &str) -> Self {
        Self(
            names
                .split('.')
                .filter(|name| !name.is_empty())
                .map(|name| Step::Attribute(name.to_owned()))
                .collect(),
        )
    }
}

impl FromIterator<Step> for AttributePath {
    fn from_iter<T: IntoIterator<Item = Step>>(steps: T) -> Self {
        Self(steps.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_shown_as_opentofu_writes_it() {
        assert_eq!(AttributePath::new().to_string(), "");
        assert_eq!(AttributePath::from("spec.url").to_string(), "spec.url");
        assert_eq!(AttributePath::root("labels").key("a\"b").to_string(), r#"labels["a\"b"]"#);
        assert_eq!(AttributePath::root("spec").attribute("patches").index(2).to_string(), "spec.patches[2]");
    }

    #[test]
    fn overlap_is_symmetric_and_respects_whole_steps() {
        let spec = AttributePath::from("spec");
        let url = AttributePath::from("spec.url");
        assert!(spec.overlaps(&url) && url.overlaps(&spec));
        assert!(spec.contains(&url) && !url.contains(&spec));
        assert!(!AttributePath::from("spec.ur").overlaps(&url));
    }
}
