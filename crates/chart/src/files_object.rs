//! The other files of a chart, as templates read them: `.Files`.

use std::collections::BTreeMap;
use std::rc::Rc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gotemplate::value::{Object, Value};

use crate::file::File;
use crate::glob::Glob;
use crate::path;

/// `engine.files`.
pub(crate) struct Files(BTreeMap<String, Rc<[u8]>>);

impl Files {
    pub(crate) fn new(files: &[File]) -> Files {
        Files(files.iter().map(|file| (file.name.clone(), file.data.as_slice().into())).collect())
    }

    fn text(&self, name: &str) -> String {
        self.0.get(name).map(|data| String::from_utf8_lossy(data).into_owned()).unwrap_or_default()
    }

    /// The files by their last names, as YAML.
    fn as_yaml(&self, text: impl Fn(&[u8]) -> String) -> Value {
        let fields: serde_json::Map<_, _> =
            self.0.iter().map(|(name, data)| (path::base(name).to_owned(), text(data).into())).collect();
        let yaml = yaml::write(&fields.into());
        yaml.strip_suffix('\n').unwrap_or(&yaml).into()
    }

    fn lines(&self, name: &str) -> Value {
        match self.0.get(name) {
            None => Value::list([]),
            Some(_) => {
                let text = self.text(name);
                let text = text.strip_suffix('\n').unwrap_or(&text);
                Value::list(text.split('\n').map(Value::from))
            }
        }
    }
}

impl Object for Files {
    fn type_name(&self) -> &str {
        "engine.files"
    }

    fn kind(&self) -> &'static str {
        "map"
    }

    fn field(&self, name: &str) -> Option<Value> {
        let data = self.0.get(name).cloned().unwrap_or_default();
        Some(Value::Object(Rc::new(Bytes(data))))
    }

    fn call(&self, name: &str, arguments: &[Value]) -> Option<Result<Value, String>> {
        let argument = match (name, arguments) {
            ("AsConfig" | "AsSecrets", []) => "",
            ("Get" | "GetBytes" | "Glob" | "Lines", [Value::Str(argument)]) => argument,
            ("Get" | "GetBytes" | "Glob" | "Lines", [other]) => {
                return Some(Err(format!(
                    "wrong type for value; expected string; got {}",
                    other.type_name()
                )));
            }
            ("Get" | "GetBytes" | "Glob" | "Lines" | "AsConfig" | "AsSecrets", arguments) => {
                return Some(Err(format!("wrong number of args for {name}: got {}", arguments.len())));
            }
            _ => return None,
        };
        Some(Ok(match name {
            "Get" => self.text(argument).into(),
            "GetBytes" => return self.field(argument).map(Ok),
            "Glob" => {
                let glob = Glob::new(argument);
                let found = self.0.iter().filter(|(name, _)| glob.matches(name));
                Value::Object(Rc::new(Files(
                    found.map(|(name, data)| (name.clone(), Rc::clone(data))).collect(),
                )))
            }
            "Lines" => self.lines(argument),
            "AsConfig" => self.as_yaml(|data| String::from_utf8_lossy(data).into_owned()),
            _ => self.as_yaml(|data| STANDARD.encode(data)),
        }))
    }

    fn entries(&self) -> Option<Vec<(Value, Value)>> {
        let entry = |(name, data): (&String, &Rc<[u8]>)| {
            (name.as_str().into(), Value::Object(Rc::new(Bytes(Rc::clone(data)))))
        };
        Some(self.0.iter().map(entry).collect())
    }

    fn truth(&self) -> bool {
        !self.0.is_empty()
    }

    fn print(&self) -> String {
        let entries: Vec<String> = self.0.keys().map(|name| format!("{name}:{}", self.text(name))).collect();
        format!("map[{}]", entries.join(" "))
    }

    fn to_json(&self) -> Option<serde_json::Value> {
        let fields: serde_json::Map<_, _> =
            self.0.iter().map(|(name, data)| (name.clone(), STANDARD.encode(data).into())).collect();
        Some(fields.into())
    }
}

/// `[]uint8`, which templates turn into text.
struct Bytes(Rc<[u8]>);

impl Object for Bytes {
    fn type_name(&self) -> &str {
        "[]uint8"
    }

    fn kind(&self) -> &'static str {
        "slice"
    }

    fn truth(&self) -> bool {
        !self.0.is_empty()
    }

    fn print(&self) -> String {
        String::from_utf8_lossy(&self.0).into_owned()
    }

    fn to_json(&self) -> Option<serde_json::Value> {
        Some(STANDARD.encode(&self.0).into())
    }
}
