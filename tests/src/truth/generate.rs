//! Cases that follow from a table: a least object, each field set to something good, and each check broken once.

use flux::{
    Kind,
    kinds::{Field, FieldType, Format},
};
use serde_json::{Value, json};

use super::{Case, rules};

/// Texts of which one fits each pattern of the tables.
const TEXTS: &[&str] = &[
    "a",
    "https://example.com/a",
    "oci://example.com/ab",
    "ssh://git@example.com/a.git",
    "1.0.0",
    "1m",
    "@a",
    "@a/a",
    "@artifact/a",
    "a@example.com",
    "sha256:0123456789012345678901234567890123456789012345678901234567890123",
    "0 0 * * *",
    "aaaaaaaaaaaa",
];

/// The name of an object of the kind.
pub fn name(kind: &Kind) -> &'static str {
    kind.only_name().unwrap_or("case")
}

/// The least `spec` that the table allows.
pub fn least(kind: &Kind) -> Value {
    let mut spec = members(kind.spec);
    rules::merge(&mut spec, &rules::base(kind));
    spec
}

/// All cases of a kind.
pub fn cases(kind: &'static Kind) -> Vec<Case> {
    let mut cases = Cases { kind, least: least(kind), cases: Vec::new() };
    cases.add("least", cases.least.clone(), false);
    cases.object(&mut Vec::new(), kind.spec);
    cases.cases
}

struct Cases {
    kind: &'static Kind,
    least: Value,
    cases: Vec<Case>,
}

impl Cases {
    fn add(&mut self, what: &str, spec: Value, refused: bool) {
        let what = format!("{} {what}", self.kind.resource);
        self.cases.push(Case { what, kind: self.kind, spec, refused, format: false });
    }

    /// The cases of the fields of an object, to which a chain of fields leads.
    fn object(&mut self, chain: &mut Vec<&'static Field>, fields: &'static [Field]) {
        let mut spec = self.least.clone();
        if let Some(object) = reach(&mut spec, chain) {
            object["noSuchField"] = json!("a");
        }
        self.add(&format!("{}: a field that does not exist", path(chain)), spec, true);
        for field in fields {
            chain.push(field);
            self.field(chain, field);
            let mut ty = &field.ty;
            while let FieldType::List(inner) | FieldType::Map(inner) = ty {
                ty = inner;
            }
            if let FieldType::Object(inner) = ty {
                self.object(chain, inner);
            }
            chain.pop();
        }
    }

    fn field(&mut self, chain: &[&'static Field], field: &'static Field) {
        if field.format.is_some() {
            let spec = set(self.least.clone(), chain, wrap(&field.ty, json!("no such text!")));
            let what = format!("{} {}: a text of another format", self.kind.resource, path(chain));
            self.cases.push(Case { what, kind: self.kind, spec, refused: true, format: true });
        }
        let mut case = |what: &str, value: Value, refused| {
            let spec = set(self.least.clone(), chain, value);
            self.add(&format!("{}: {what}", path(chain)), spec, refused);
        };
        case("something good", sample(field, &field.ty), false);
        case("null", Value::Null, field.required);
        for allowed in field.allowed {
            case("an allowed value", wrap(&field.ty, json!(allowed)), false);
        }
        if let Some(other) = of_another_type(&field.ty) {
            case("another type", other, true);
        }
        if !field.allowed.is_empty() {
            case("a value that is not allowed", wrap(&field.ty, json!("no-such-value")), true);
        }
        if let Some(pattern) = field.pattern {
            let regex = regex::Regex::new(pattern).unwrap();
            let other = ["", "!", " ", "a\n!", "~"].into_iter().find(|text| !regex.is_match(text));
            if let Some(other) = other {
                case("a text of another pattern", wrap(&field.ty, json!(other)), true);
            }
        }
        if matches!(field.ty, FieldType::Duration) {
            case("hours", json!("1h"), !field.takes_hours());
            for text in ["1d", "1", "h", "-1m", "1m ", ""] {
                case("no duration", json!(text), true);
            }
        }
        let text = |length: u64| wrap(&field.ty, json!("a".repeat(usize::try_from(length).unwrap())));
        if let Some(least) = field.min_length.filter(|least| *least > 0) {
            case("too short", text(least - 1), true);
        }
        if let Some(most) = field.max_length {
            case("too long", text(most + 1), true);
        }
        if let Some(least) = field.minimum {
            case("the least number", json!(least), false);
            case("too little", json!(least - 1), true);
        }
        if let Some(most) = field.maximum {
            case("the greatest number", json!(most), false);
            case("too much", json!(most + 1), true);
        }
        if let FieldType::List(item) = &field.ty {
            let several =
                |count: u64| Value::from(vec![sample(field, item); usize::try_from(count).unwrap()]);
            if let Some(least) = field.min_items.filter(|least| *least > 0) {
                case("too few", several(least - 1), true);
            }
            if let Some(most) = field.max_items {
                case("too many", several(most + 1), true);
            }
            case("nothing in the list", json!([null]), !matches!(item, FieldType::Json));
        }
    }
}

/// A field's path for people.
fn path(chain: &[&'static Field]) -> String {
    chain.iter().fold("spec".to_owned(), |path, field| format!("{path}.{}", field.wire()))
}

/// Something good for a field.
fn sample(field: &Field, ty: &FieldType) -> Value {
    match ty {
        // What a stage of a ResourceSet holds at least, which the table leaves free.
        FieldType::Json if field.wire() == "steps" => json!({"name": "a"}),
        FieldType::String | FieldType::Duration => json!(text(field)),
        FieldType::Boolean => json!(true),
        FieldType::Integer | FieldType::Number => json!(field.minimum.unwrap_or(1)),
        FieldType::StringMap => json!({"a": text(field)}),
        FieldType::Map(inner) => json!({"a": sample(field, inner)}),
        FieldType::List(item) => {
            let count = field.min_items.unwrap_or(1).max(1);
            Value::from(vec![sample(field, item); usize::try_from(count).unwrap()])
        }
        FieldType::Object(fields) => members(fields),
        FieldType::Json => json!({"a": 1}),
    }
}

/// The members without which an object is refused.
fn members(fields: &[Field]) -> Value {
    let required = fields.iter().filter(|field| field.required);
    Value::Object(required.map(|field| (field.wire().to_owned(), sample(field, &field.ty))).collect())
}

fn text(field: &Field) -> &'static str {
    if let Some(first) = field.allowed.first() {
        return first;
    }
    if matches!(field.format, Some(Format::Image)) {
        return "example.com/ab";
    }
    let texts: &[&str] = if matches!(field.ty, FieldType::Duration) { &["1m"] } else { TEXTS };
    let regex = field.pattern.map(|pattern| regex::Regex::new(pattern).unwrap());
    let fits = |text: &str| {
        let length = text.chars().count() as u64;
        regex.as_ref().is_none_or(|regex| regex.is_match(text))
            && field.min_length.is_none_or(|least| length >= least)
            && field.max_length.is_none_or(|most| length <= most)
    };
    texts
        .iter()
        .copied()
        .find(|text| fits(text))
        .unwrap_or_else(|| panic!("no text of TEXTS fits {}: {:?}", field.hcl(), field.pattern))
}

/// A leaf inside the lists and maps of a type.
fn wrap(ty: &FieldType, leaf: Value) -> Value {
    match ty {
        FieldType::List(item) => json!([wrap(item, leaf)]),
        FieldType::Map(inner) => json!({"a": wrap(inner, leaf)}),
        FieldType::StringMap => json!({"a": leaf}),
        _ => leaf,
    }
}

fn of_another_type(ty: &FieldType) -> Option<Value> {
    match ty {
        FieldType::String | FieldType::Duration => Some(json!(5)),
        FieldType::Boolean | FieldType::Integer | FieldType::Number => Some(json!("true")),
        FieldType::StringMap => Some(json!({"a": 5})),
        FieldType::List(_) | FieldType::Object(_) | FieldType::Map(_) => Some(json!("a")),
        FieldType::Json => None,
    }
}

/// The object with the value at the end of a chain of fields, and something good on the way to it.
fn set(mut spec: Value, chain: &[&'static Field], value: Value) -> Value {
    let (last, before) = chain.split_last().unwrap();
    if let Some(object) = reach(&mut spec, before) {
        object[last.wire()] = value;
    }
    spec
}

/// The object at the end of a chain of fields, made where it is not there.
fn reach<'v>(spec: &'v mut Value, chain: &[&'static Field]) -> Option<&'v mut Value> {
    let mut object = spec;
    for field in chain {
        let members = object.as_object_mut()?;
        let mut value = members.entry(field.wire()).or_insert_with(|| sample(field, &field.ty));
        let mut ty = &field.ty;
        while let FieldType::List(inner) | FieldType::Map(inner) = ty {
            value = match ty {
                FieldType::List(_) => value.get_mut(0)?,
                _ => value.get_mut("a")?,
            };
            ty = inner;
        }
        object = value;
    }
    Some(object)
}
