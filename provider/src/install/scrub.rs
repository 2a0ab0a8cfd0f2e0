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
    /// The texts that the values hold. A refresh finds the same ones, so a state may depend on them.
    texts: Vec<String>,
    /// Other ways to write them, which only words may quote: as they were given, line by line, as JSON.
    written: Vec<String>,
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
    /// Adds a value as it is given: its path and text as for `--set`. What it comes to, [`Scrub::add_values`] tells.
    ///
    /// `set` is what the entry alone gives: a text may set more than its path says (`a` to `1,b=2`).
    pub fn add(&mut self, path: &str, text: &str, set: &Map<String, Json>) {
        let mut places = Vec::new();
        places_of(&Json::Object(set.clone()), &mut String::new(), &mut places);
        let own = keys(path);
        let others = places.into_iter().filter(|place| !keys(place).starts_with(&own));
        self.paths.extend(std::iter::once(path.to_owned()).chain(others).filter(|path| !path.is_empty()));
        if !matches!(text, "true" | "false" | "null") {
            add_text(&mut self.written, text);
        }
        // An entry may be overridden by the next one; only words can quote it then.
        let mut texts = Vec::new();
        collect(&Json::Object(set.clone()), &mut texts, &mut self.written);
        texts.iter().for_each(|text| add_text(&mut self.written, text));
    }

    /// Adds what values hold at the paths, all entries set.
    pub fn add_values(&mut self, config: &Map<String, Json>) {
        let mut config = Json::Object(config.clone());
        for path in &self.paths {
            if let Some(value) = at_mut(&mut config, path) {
                collect(value, &mut self.texts, &mut self.written);
            }
        }
    }

    /// From what was kept: the texts are those that the release's own values hold at the paths.
    pub fn from_paths(paths: &Paths, config: &Map<String, Json>) -> Scrub {
        let mut scrub = Scrub { paths: paths.0.clone(), ..Scrub::default() };
        scrub.add_values(config);
        scrub
    }

    /// The paths, to be kept.
    pub fn paths(&self) -> Paths {
        Paths(self.paths.clone())
    }

    /// A text of the state without the secrets.
    pub fn text(&self, text: &str) -> String {
        without(&self.texts, text)
    }

    /// Words without the secrets, however they quote them.
    pub fn words(&self, words: &str) -> String {
        let mut all: Vec<_> = self.texts.iter().chain(&self.written).cloned().collect();
        longest_first(&mut all);
        without(&all, words)
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

/// The texts in a value, and the other ways to write them, the JSON of maps and lists among these.
fn collect(value: &Json, texts: &mut Vec<String>, written: &mut Vec<String>) {
    match value {
        Json::String(text) => {
            add_text(texts, text);
            for line in text.lines().filter(|line| line.trim() != text) {
                add_text(written, line.trim());
            }
            let quoted = value.to_string();
            let inner = quoted.trim_matches('"');
            if inner != text {
                add_text(written, inner);
            }
        }
        Json::Array(elements) => {
            add_text(written, &value.to_string());
            elements.iter().for_each(|element| collect(element, texts, written));
        }
        Json::Object(fields) => {
            add_text(written, &value.to_string());
            fields.values().for_each(|field| collect(field, texts, written));
        }
        Json::Number(number) => add_text(texts, &digits(number)),
        Json::Null | Json::Bool(_) => {}
    }
}

/// A number as templates write it, whether it was read as a whole one or, from a record, with an exponent.
fn digits(number: &serde_json::Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 1e15 => format!("{float:.0}"),
        _ => number.to_string(),
    }
}

fn add_text(texts: &mut Vec<String>, text: &str) {
    if text.len() >= SHORTEST && !texts.iter().any(|known| known == text) {
        texts.push(text.to_owned());
        longest_first(texts);
    }
}

/// What holds another text goes first, so that none of it is left.
fn longest_first(texts: &mut [String]) {
    texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
}

fn without(texts: &[String], text: &str) -> String {
    texts.iter().fold(text.to_owned(), |text, secret| {
        let text = text.replace(secret.as_str(), STARS);
        // Secrets hold their data in base64.
        text.replace(&base64(secret), STARS)
    })
}

/// The paths of all that values hold, as `--set` writes them; a list counts as one.
fn places_of(value: &Json, here: &mut String, into: &mut Vec<String>) {
    match value {
        Json::Object(fields) if !fields.is_empty() => {
            for (key, below) in fields {
                let end = here.len();
                if !here.is_empty() {
                    here.push('.');
                }
                for character in key.chars() {
                    if matches!(character, '.' | '[' | ']' | '\\' | ',' | '=') {
                        here.push('\\');
                    }
                    here.push(character);
                }
                places_of(below, here, into);
                here.truncate(end);
            }
        }
        _ => into.push(here.clone()),
    }
}

/// The keys by which a path begins, up to an element of a list.
fn keys(path: &str) -> Vec<String> {
    let keys = steps(path).into_iter().map_while(|step| match step {
        Step::Key(key) => Some(key),
        Step::Index(_) => None,
    });
    keys.collect()
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

    /// Entries of `set_wo`, each with what it gives alone, and what all values come to.
    fn scrub(entries: &[(&str, &str, Json)], config: &Json) -> Scrub {
        let mut scrub = Scrub::default();
        for (path, text, set) in entries {
            scrub.add(path, text, set.as_object().unwrap());
        }
        scrub.add_values(config.as_object().unwrap());
        scrub
    }

    #[test]
    fn a_secret_is_scrubbed_wherever_it_turns_up() {
        let config = json!({"token": "s3cr3t-token", "list": [{"k.v": "no"}], "other": "no"});
        let entries = [
            ("token", "s3cr3t-token", json!({"token": "s3cr3t-token"})),
            ("list[0].k\\.v", "no", json!({"list": [{"k.v": "no"}]})),
        ];
        let scrub = scrub(&entries, &config);
        let object = json!({"data": {"a": "czNjcjN0LXRva2Vu", "b": ["x s3cr3t-token y"]}, "s3cr3t-token": 1});
        assert_eq!(scrub.json(&object), json!({"data": {"a": "***", "b": ["x *** y"]}, "***": 1}));
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

    #[test]
    fn what_is_set_is_scrubbed_and_not_only_how_it_was_written() {
        let config =
            json!({"word": "pa,ss-word", "deep": {"a": ["inner-secret", {"b": 123_456}], "c": true}});
        let json = "{\"a\": [\"inner-secret\", {\"b\": 123456}], \"c\": true}";
        let entries = [
            ("word", "pa\\,ss-word", json!({"word": "pa,ss-word"})),
            ("deep", json, json!({"deep": config["deep"]})),
        ];
        let given = scrub(&entries, &config);
        let config = config.as_object().unwrap();
        assert_eq!(given.text("pa,ss-word, inner-secret, 123456, true"), "***, ***, ***, true");
        assert_eq!(given.words("cannot read pa\\,ss-word"), "cannot read ***");
        // A state depends on what a refresh finds as well.
        let refreshed = Scrub::from_paths(&given.paths(), config);
        let object = json!({"a": "pa,ss-word", "b": "{\"a\":[\"inner-secret\",{\"b\":123456}],\"c\":true}"});
        assert_eq!(given.json(&object), refreshed.json(&object));
        assert_eq!(given.config(config), refreshed.config(config));
    }

    #[test]
    fn a_text_that_sets_more_than_its_path_says_hides_that_too() {
        let config = json!({"a": 1, "b": {"c.d": "s3cr3t"}});
        let given = scrub(&[("a", "1,b.c\\.d=s3cr3t", config.clone())], &config);
        assert_eq!(given.paths(), Paths(vec!["a".to_owned(), "b.c\\.d".to_owned()]));
        let refreshed = Scrub::from_paths(&given.paths(), config.as_object().unwrap());
        assert_eq!(refreshed.text("s3cr3t"), "***");
    }

    #[test]
    fn words_may_quote_a_line_of_a_secret_or_escape_it() {
        let config = json!({"key": "first line\n  second line\n"});
        let scrub = scrub(&[("key", "", config.clone())], &config);
        assert_eq!(scrub.words("3 | second line"), "3 | ***");
        assert_eq!(scrub.words(r#""first line\n  second line\n""#), "\"***\"");
    }
}
