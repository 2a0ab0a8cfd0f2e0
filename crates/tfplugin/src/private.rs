//! Private data: what a resource keeps beside its state, for itself alone.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// What a resource keeps beside its state: values by key, never shown to the user, but stored in the clear, so no place
/// for secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Private(BTreeMap<String, serde_json::Value>);

impl Private {
    /// Nothing kept.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What is kept under a key, if it is there and of that type.
    #[must_use]
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        T::deserialize(self.0.get(key)?).ok()
    }

    /// Whether anything is kept under a key.
    #[must_use]
    pub fn contains(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// Keeps a value under a key. A value that has no JSON (a map with keys that are no text) removes the key.
    pub fn set(&mut self, key: impl Into<String>, value: impl Serialize) {
        let key = key.into();
        match serde_json::to_value(value) {
            Ok(value) => self.0.insert(key, value),
            Err(_) => self.0.remove(&key),
        };
    }

    /// Forgets what is kept under a key.
    pub fn remove(&mut self, key: &str) {
        self.0.remove(key);
    }

    /// Whether nothing is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As it goes to the host: JSON, and no bytes at all for nothing.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        if self.0.is_empty() { Vec::new() } else { serde_json::to_vec(&self.0).unwrap_or_default() }
    }

    /// As it comes from the host. What cannot be read, which only another provider can have written, counts as nothing.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        Self(serde_json::from_slice(bytes).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back() {
        let mut private = Private::new();
        private.set("waited", false);
        private.set("names", ["a", "b"]);
        let back = Private::from_bytes(&private.to_bytes());
        assert_eq!(back, private);
        assert_eq!(back.get::<bool>("waited"), Some(false));
        assert_eq!(back.get::<Vec<String>>("names"), Some(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(back.get::<bool>("names"), None);
    }

    #[test]
    fn nothing_is_no_bytes_and_rubbish_is_nothing() {
        assert!(Private::new().to_bytes().is_empty());
        assert!(Private::from_bytes(b"").is_empty());
        assert!(Private::from_bytes(b"\xc1 rubbish").is_empty());
    }
}
