//! A field of a kind: one line of a table.
//!
//! A line is built by `const` functions, so that a whole table is checked and laid out by the compiler:
//!
//! ```
//! use flux::kinds::Field;
//!
//! const INTERVAL: Field = Field::duration("interval", "How often Flux looks for changes.").required();
//! assert_eq!(INTERVAL.wire(), "interval");
//! ```

/// A field of a kind, or of an object inside one.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    name: &'static str,
    wire: WireName,
    /// What the field takes.
    pub ty: FieldType,
    /// What the field is for, in our own words.
    pub description: &'static str,
    /// Whether the API refuses an object without it.
    pub required: bool,
    /// What the API server fills in, as a JSON literal.
    pub default: Option<&'static str>,
    /// The texts that are allowed; empty where any is. In a list or map of texts: for each of them.
    pub allowed: &'static [&'static str],
    /// The regular expression that a text must match, as the CRD states it.
    pub pattern: Option<&'static str>,
    /// What the text must be besides, so that Flux can use it.
    pub format: Option<Format>,
    /// The least number of characters.
    pub min_length: Option<u64>,
    /// The greatest number of characters.
    pub max_length: Option<u64>,
    /// The least number of elements of a list.
    pub min_items: Option<u64>,
    /// The greatest number of elements of a list.
    pub max_items: Option<u64>,
    /// The members, in wire names, by which the elements of a list are told apart: no two may have the same.
    pub keys: &'static [&'static str],
    /// The least number.
    pub minimum: Option<i64>,
    /// The greatest number.
    pub maximum: Option<i64>,
    /// Whether an object has one owner as a whole, so that who applies it removes what others put into it.
    pub atomic: bool,
    /// Whether the API refuses to change it, so that the object must be replaced.
    pub immutable: bool,
    /// Whether its value must not be shown.
    pub sensitive: bool,
}

/// What a field takes.
#[derive(Clone, Copy, Debug)]
pub enum FieldType {
    /// A text.
    String,
    /// True or false.
    Boolean,
    /// A whole number of 64 bits.
    Integer,
    /// Any number.
    Number,
    /// A text that [`crate::duration::Duration`] reads.
    Duration,
    /// A mapping from texts to texts.
    StringMap,
    /// A list of one type.
    List(&'static FieldType),
    /// An object with fields of its own.
    Object(&'static [Field]),
    /// A mapping from texts to one type.
    Map(&'static FieldType),
    /// Anything that JSON can say.
    Json,
}

/// What a text must be so that Flux can use it, beyond what the CRD checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The name of an object: a DNS-1123 subdomain.
    ObjectName,
    /// The name of a namespace: a DNS-1123 label.
    Namespace,
    /// The address of a Git repository.
    GitUrl,
    /// The address of a repository in a container registry: `oci://`, and no tag.
    OciUrl,
    /// The repository of an image, without scheme and tag.
    Image,
}

/// Durations with the units ms, s, m and h, as Flux's CRDs write it.
const DURATION: &str = r"^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$";

/// Durations without hours: what timeouts of sources take.
const SHORT_DURATION: &str = r"^([0-9]+(\.[0-9]+)?(ms|s|m))+$";

impl Field {
    /// A field by its HCL name, whose wire name is the same in camelCase.
    pub const fn new(hcl: &'static str, ty: FieldType, description: &'static str) -> Field {
        Field {
            name: hcl,
            wire: WireName::derived(hcl),
            ty,
            description,
            required: false,
            default: None,
            allowed: &[],
            pattern: None,
            format: None,
            min_length: None,
            max_length: None,
            min_items: None,
            max_items: None,
            keys: &[],
            minimum: None,
            maximum: None,
            atomic: false,
            immutable: false,
            sensitive: false,
        }
    }

    /// A text.
    pub const fn string(hcl: &'static str, description: &'static str) -> Field {
        Field::new(hcl, FieldType::String, description)
    }

    /// True or false.
    pub const fn boolean(hcl: &'static str, description: &'static str) -> Field {
        Field::new(hcl, FieldType::Boolean, description)
    }

    /// A whole number.
    pub const fn integer(hcl: &'static str, description: &'static str) -> Field {
        Field::new(hcl, FieldType::Integer, description)
    }

    /// A duration in milliseconds, seconds, minutes and hours.
    pub const fn duration(hcl: &'static str, description: &'static str) -> Field {
        Field::new(hcl, FieldType::Duration, description).pattern(DURATION)
    }

    /// A duration that the CRD allows no hours for.
    pub const fn short_duration(hcl: &'static str, description: &'static str) -> Field {
        Field::new(hcl, FieldType::Duration, description).pattern(SHORT_DURATION)
    }

    /// A mapping from texts to texts.
    pub const fn string_map(hcl: &'static str, description: &'static str) -> Field {
        Field::new(hcl, FieldType::StringMap, description)
    }

    /// A list of texts.
    pub const fn strings(hcl: &'static str, description: &'static str) -> Field {
        Field::new(hcl, FieldType::List(&FieldType::String), description)
    }

    /// An object with fields of its own.
    pub const fn object(hcl: &'static str, fields: &'static [Field], description: &'static str) -> Field {
        Field::new(hcl, FieldType::Object(fields), description)
    }

    /// A list whose elements are of the type, as a rule [`FieldType::Object`].
    pub const fn list(hcl: &'static str, item: &'static FieldType, description: &'static str) -> Field {
        Field::new(hcl, FieldType::List(item), description)
    }

    /// Anything that JSON can say.
    pub const fn json(hcl: &'static str, description: &'static str) -> Field {
        Field::new(hcl, FieldType::Json, description)
    }

    /// The wire name where it is not the HCL name in camelCase: `matchOIDCIdentity`.
    #[must_use]
    pub const fn wire_name(mut self, wire: &'static str) -> Field {
        self.wire = WireName::exactly(wire);
        self
    }

    /// The API refuses an object without the field.
    #[must_use]
    pub const fn required(mut self) -> Field {
        self.required = true;
        self
    }

    /// What the API server fills in, as a JSON literal: `"\"60s\""`.
    #[must_use]
    pub const fn default(mut self, literal: &'static str) -> Field {
        self.default = Some(literal);
        self
    }

    /// The only texts that are allowed.
    #[must_use]
    pub const fn allowed(mut self, values: &'static [&'static str]) -> Field {
        self.allowed = values;
        self
    }

    /// A regular expression that the text must match.
    #[must_use]
    pub const fn pattern(mut self, pattern: &'static str) -> Field {
        self.pattern = Some(pattern);
        self
    }

    /// What the text must be besides.
    #[must_use]
    pub const fn format(mut self, format: Format) -> Field {
        self.format = Some(format);
        self
    }

    /// The least and the greatest number of characters.
    #[must_use]
    pub const fn length(mut self, least: u64, greatest: u64) -> Field {
        self.min_length = Some(least);
        self.max_length = Some(greatest);
        self
    }

    /// The greatest number of characters, where an empty text is allowed.
    #[must_use]
    pub const fn max_length(mut self, greatest: u64) -> Field {
        self.max_length = Some(greatest);
        self
    }

    /// The least and the greatest number of elements.
    #[must_use]
    pub const fn items(mut self, least: u64, greatest: u64) -> Field {
        self.min_items = Some(least);
        self.max_items = Some(greatest);
        self
    }

    /// The least number of elements, where there is no greatest.
    #[must_use]
    pub const fn min_items(mut self, least: u64) -> Field {
        self.min_items = Some(least);
        self
    }

    /// The greatest number of elements, where an empty list is allowed.
    #[must_use]
    pub const fn max_items(mut self, greatest: u64) -> Field {
        self.max_items = Some(greatest);
        self
    }

    /// The members, in wire names, by which the elements of a list are told apart.
    #[must_use]
    pub const fn keys(mut self, members: &'static [&'static str]) -> Field {
        self.keys = members;
        self
    }

    /// The least and the greatest number, where there is one.
    #[must_use]
    pub const fn range(mut self, least: Option<i64>, greatest: Option<i64>) -> Field {
        self.minimum = least;
        self.maximum = greatest;
        self
    }

    /// The object has one owner as a whole (`x-kubernetes-map-type: atomic`).
    #[must_use]
    pub const fn atomic(mut self) -> Field {
        self.atomic = true;
        self
    }

    /// The API refuses to change the field.
    #[must_use]
    pub const fn immutable(mut self) -> Field {
        self.immutable = true;
        self
    }

    /// The value must not be shown.
    #[must_use]
    pub const fn sensitive(mut self) -> Field {
        self.sensitive = true;
        self
    }

    /// What the API server fills in, as a value.
    pub fn default_value(&self) -> Option<serde_json::Value> {
        serde_json::from_str(self.default?).ok()
    }

    /// Whether the field is a duration that takes the unit `h`; timeouts of sources do not.
    pub fn takes_hours(&self) -> bool {
        matches!(self.ty, FieldType::Duration) && self.pattern != Some(SHORT_DURATION)
    }

    /// The name in HCL: `source_ref`.
    pub const fn hcl(&self) -> &'static str {
        self.name
    }

    /// The name in the API: `sourceRef`.
    pub fn wire(&self) -> &str {
        self.wire.as_str()
    }
}

/// A wire name, spelled while the table is compiled.
#[derive(Clone, Copy)]
struct WireName {
    bytes: [u8; WireName::LONGEST],
    length: usize,
}

impl WireName {
    /// A name that does not fit stops the compiler.
    const LONGEST: usize = 40;

    /// The HCL name in camelCase. The way back does not exist (`matchOIDCIdentity`), so tables go this way.
    const fn derived(hcl: &str) -> WireName {
        let hcl = hcl.as_bytes();
        let (mut bytes, mut length, mut upper, mut position) = ([0; WireName::LONGEST], 0, false, 0);
        while position < hcl.len() {
            if hcl[position] == b'_' {
                upper = true;
            } else {
                bytes[length] = if upper { hcl[position].to_ascii_uppercase() } else { hcl[position] };
                length += 1;
                upper = false;
            }
            position += 1;
        }
        WireName { bytes, length }
    }

    const fn exactly(wire: &str) -> WireName {
        let wire = wire.as_bytes();
        let (mut bytes, mut position) = ([0; WireName::LONGEST], 0);
        while position < wire.len() {
            bytes[position] = wire[position];
            position += 1;
        }
        WireName { bytes, length: wire.len() }
    }

    fn as_str(&self) -> &str {
        str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }
}

impl std::fmt::Debug for WireName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}
