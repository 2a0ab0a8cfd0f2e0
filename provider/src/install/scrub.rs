//! What must not be shown: values given as write-only, wherever they turn up.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

/// What stands in the place of a secret.
const STARS: &str = "***";

/// Shorter texts are scrubbed at their own path only: "1" or "no" would turn up everywhere.
const SHORTEST: usize = 4;

/// Paths and texts of values that must not be shown. Debug shows the paths.
#[derive(Clone, Default)]
pub struct Scrub {
    paths: Vec<String>,
    texts: Vec<String>,
}

/// The paths of write-only values, kept beside the state so that a refresh knows them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Paths(pub Vec<String>);

impl std::fmt::Debug for Scrub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Scrub").field(&self.paths).finish()
    }
}

impl Scrub {
    /// Adds a value by its path, written as for `--set`, and its text.
    pub fn add(&mut self, path: &str, text: &str) {
        self.paths.push(path.to_owned());
        self.add_text(text);
    }

    fn add_text(&mut self, text: &str) {
        if text.len() >= SHORTEST && !self.texts.iter().any(|known| known == text) {
            self.texts.push(text.to_owned());
            // What holds another text goes first, so that none of it is left.
            self.texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        }
    }

    /// From what was kept: the texts are those that the release's own values hold at the paths.
    pub fn from_paths(paths: &Paths, config: &Map<String, Json>) -> Scrub {
        let mut scrub = Scrub { paths: paths.0.clone(), texts: Vec::new() };
        for path in &paths.0 {
            if let Some(value) = at_mut(&mut Json::Object(config.clone()), path) {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                scrub.add_text(&text);
            }
        }
        scrub
    }

    /// The paths, to be kept.
    pub fn paths(&self) -> Paths {
        Paths(self.paths.clone())
    }

    /// A text without the secrets.
    pub fn text(&self, text: &str) -> String {
        self.texts.iter().fold(text.to_owned(), |text, secret| {
            let text = text.replace(secret.as_str(), STARS);
            // Secrets hold their data in base64.
            text.replace(&base64(secret), STARS)
        })
    }

    /// A value without the secrets, at whatever depth and also in keys.
    pub fn json(&self, value: &Json) -> Json {
        if self.texts.is_empty() {
            return value.clone();
        }
        match value {
            Json::String(text) => Json::String(self.text(text)),
            Json::Array(elements) => elements.iter().map(|element| self.json(element)).collect(),
            Json::Object(fields) => {
                Json::Object(fields.iter().map(|(key, value)| (self.text(key), self.json(value))).collect())
            }
            other => other.clone(),
        }
    }

    /// Values without the secrets, those at the paths whatever they are.
    pub fn config(&self, config: &Map<String, Json>) -> Json {
        let mut config = Json::Object(config.clone());
        for path in &self.paths {
            if let Some(value) = at_mut(&mut config, path) {
                *value = Json::String(STARS.to_owned());
            }
        }
        self.json(&config)
    }
}

fn base64(text: &str) -> String {
    use ::base64::Engine;
    ::base64::engine::general_purpose::STANDARD.encode(text)
}

/// The value at a path as `--set` writes it: `a.b[0].c`, a backslash before a dot that belongs to a key.
fn at_mut<'j>(value: &'j mut Json, path: &str) -> Option<&'j mut Json> {
    let mut value = value;
    for step in steps(path) {
        value = match step {
            Step::Key(key) => value.as_object_mut()?.get_mut(&key)?,
            Step::Index(index) => value.as_array_mut()?.get_mut(index)?,
        };
    }
    Some(value)
}

enum Step {
    Key(String),
    Index(usize),
}

fn steps(path: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut key = String::new();
    let mut characters = path.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => key.extend(characters.next()),
            '.' => {
                if !key.is_empty() {
                    steps.push(Step::Key(std::mem::take(&mut key)));
                }
            }
            '[' => {
                if !key.is_empty() {
                    steps.push(Step::Key(std::mem::take(&mut key)));
                }
                let index: String = characters.by_ref().take_while(|character| *character != ']').collect();
                steps.push(index.parse().map_or(Step::Key(index), Step::Index));
            }
            other => key.push(other),
        }
    }
    if !key.is_empty() {
        steps.push(Step::Key(key));
    }
    steps
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests end in a panic with the full story")]

    use serde_json::json;

    use super::*;

    #[test]
    fn a_secret_is_scrubbed_wherever_it_turns_up() {
        let mut scrub = Scrub::default();
        scrub.add("token", "s3cr3t-token");
        scrub.add("list[0].k\\.v", "no");
        let object = json!({"data": {"a": "czNjcjN0LXRva2Vu", "b": ["x s3cr3t-token y"]}, "s3cr3t-token": 1});
        assert_eq!(scrub.json(&object), json!({"data": {"a": "***", "b": ["x *** y"]}, "***": 1}));
        let config = json!({"token": "s3cr3t-token", "list": [{"k.v": "no"}], "other": "no"});
        let expected = json!({"token": "***", "list": [{"k.v": "***"}], "other": "no"});
        assert_eq!(scrub.config(config.as_object().unwrap()), expected);
    }

    #[test]
    fn a_refresh_knows_the_secrets_by_their_paths() {
        let config = json!({"a": {"b": "the secret"}, "c": 12345});
        let paths = Paths(vec!["a.b".to_owned(), "c".to_owned(), "missing.d".to_owned()]);
        let scrub = Scrub::from_paths(&paths, config.as_object().unwrap());
        assert_eq!(scrub.text("the secret is 12345"), "*** is ***");
    }
}
