//! From the configuration to what the Secret will hold: the family that is set, its values checked, its rules kept.

use std::{collections::BTreeMap, fmt};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;
use tfplugin::{
    diagnostic::{Diagnostic, Diagnostics},
    path::AttributePath,
    value::Value,
};

use super::{
    checks, checksum,
    families::{FAMILIES, Family, Key, OPAQUE, Rule, SecretType, Wire},
};

/// What a Secret will hold. `Debug` shows nothing of it.
pub struct Material {
    /// The type of the Secret.
    pub secret_type: String,
    /// The values in base64, as the API takes them, by key.
    pub data: BTreeMap<String, String>,
}

impl fmt::Debug for Material {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Material").field("secret_type", &self.secret_type).finish_non_exhaustive()
    }
}

/// Checks what is known of a configuration.
pub fn check(config: &Value) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    if let Some(annotations) = config.get("annotations").as_members()
        && annotations.contains_key(checksum::ANNOTATION)
    {
        diagnostics.error_at(
            AttributePath::root("annotations").key(checksum::ANNOTATION),
            "This annotation is the provider's",
            format!("The provider writes the annotation {} by itself. Remove it.", checksum::ANNOTATION),
        );
    }
    let set: Vec<_> = FAMILIES.iter().filter(|family| !config.get(family.name).is_null()).collect();
    match set.as_slice() {
        [] => diagnostics.error(
            "Nothing to store",
            format!("Set one of {}: what Flux needs the Secret for.", names(FAMILIES.iter())),
        ),
        [family] => {
            if config.get(family.name).is_known() {
                Given { family, config }.check(&mut diagnostics);
            }
            if family.secret_type != SecretType::Given && !config.get("type").is_null() {
                diagnostics.error_at(
                    "type",
                    "The type is given already",
                    format!(
                        "{} has a type of its own, which Flux expects. Remove type; only generic takes one.",
                        family.name
                    ),
                );
            }
        }
        several if several.iter().all(|family| config.get(family.name).is_known()) => diagnostics.error(
            "More than one kind of secret",
            format!("Set one of {}, each in a Secret of its own.", names(several.iter().copied())),
        ),
        // One that is unknown may turn out to be null.
        _ => {}
    }
    diagnostics
}

fn names<'f>(families: impl Iterator<Item = &'f Family>) -> String {
    families.map(|family| family.name).collect::<Vec<_>>().join(", ")
}

/// The one family that is set; `None` while that is known only after apply.
pub fn family(config: &Value) -> Option<&'static Family> {
    let mut set = FAMILIES.iter().filter(|family| !config.get(family.name).is_null());
    let one = set.next().filter(|family| config.get(family.name).is_known())?;
    set.next().is_none().then_some(one)
}

/// The type of the Secret; `None` while it is known only after apply.
pub fn secret_type(config: &Value) -> Option<String> {
    let family = family(config)?;
    Some(match family.secret_type {
        SecretType::Is(name) => name.to_owned(),
        SecretType::Tls => match config.get(family.name).get("certificate") {
            Value::Unknown => return None,
            Value::Null => OPAQUE.to_owned(),
            _ => "kubernetes.io/tls".to_owned(),
        },
        SecretType::Given => match config.get("type") {
            Value::Unknown => return None,
            given => given.as_str().unwrap_or(OPAQUE).to_owned(),
        },
    })
}

/// What a wholly known configuration makes of the Secret.
///
/// # Errors
/// Diagnostics on values that cannot be used; they could not be seen before if they were unknown at plan.
pub fn of(config: &Value) -> Result<Material, Diagnostics> {
    let diagnostics = check(config);
    if diagnostics.has_errors() {
        return Err(diagnostics);
    }
    let unknown = || {
        Diagnostic::error(
            "A value is still unknown",
            "It depends on something that nothing has made known. Check where it comes from.",
        )
    };
    let (family, secret_type) = family(config).zip(secret_type(config)).ok_or_else(unknown)?;
    Ok(Material { secret_type, data: Given { family, config }.data() })
}

/// A family as it is configured.
struct Given<'c> {
    family: &'static Family,
    config: &'c Value,
}

impl Given<'_> {
    fn value(&self, name: &str) -> &Value {
        self.config.get(self.family.name).get(name)
    }

    fn at(&self, name: &str) -> AttributePath {
        AttributePath::root(self.family.name).attribute(name)
    }

    fn refuse(&self, diagnostics: &mut Diagnostics, name: &str, complaint: &str) {
        let at = self.at(name);
        diagnostics.error_at(at.clone(), "Invalid value", format!("{at} {complaint}."));
    }

    fn check(&self, diagnostics: &mut Diagnostics) {
        let before = diagnostics.len();
        for key in self.family.keys {
            self.check_key(key, diagnostics);
        }
        if diagnostics.len() == before {
            for rule in self.family.rules {
                self.check_rule(rule, diagnostics);
            }
        }
    }

    fn check_key(&self, key: &Key, diagnostics: &mut Diagnostics) {
        match self.value(key.name) {
            Value::Unknown => {}
            Value::Null if key.required => self.refuse(diagnostics, key.name, "is needed"),
            Value::Null => {}
            value => match value.as_members() {
                None => {
                    if let Err(complaint) = (key.check)(value.as_str().unwrap_or_default()) {
                        self.refuse(diagnostics, key.name, complaint);
                    }
                }
                Some(members) => {
                    if members.is_empty() {
                        self.refuse(diagnostics, key.name, "is empty");
                    }
                    for (position, (name, value)) in members.iter().enumerate() {
                        // The names came with the values and may be as secret.
                        let complaint = match value {
                            Value::Unknown => checks::key_name(name),
                            value => value.as_str().ok_or("is null").and_then(|text| {
                                checks::key_name(name)?;
                                (key.check)(text)
                            }),
                        };
                        if let Err(complaint) = complaint {
                            let at = self.at(key.name);
                            diagnostics.error_at(
                                at.clone(),
                                "Invalid value",
                                format!(
                                    "{at}: element {} in the order of the keys {complaint}.",
                                    position + 1
                                ),
                            );
                        }
                    }
                }
            },
        }
    }

    fn check_rule(&self, rule: &Rule, diagnostics: &mut Diagnostics) {
        let count = |names: &[&str], counts: fn(&Value) -> bool| {
            names.iter().filter(|name| counts(self.value(name))).count()
        };
        let set = |names: &[&str]| count(names, |value| !value.is_null() && value.is_known());
        let unknown = |names: &[&str]| count(names, Value::is_unknown) > 0;
        let at = AttributePath::root(self.family.name);
        let mut refuse = |words: String| {
            diagnostics.error_at(at.clone(), "Invalid value", format!("{at}: {words}."));
        };
        match rule {
            Rule::Together(names) if !unknown(names) => {
                if (1..names.len()).contains(&set(names)) {
                    refuse(format!("{} belong together", names.join(" and ")));
                }
            }
            Rule::One(names) => {
                let (set, unknown) = (set(names), unknown(names));
                if set > 1 || (set == 0 && !unknown) {
                    refuse(format!("set exactly one of {}", names.join(" and ")));
                }
            }
            Rule::Any(names) if set(names) == 0 && !unknown(names) => {
                refuse(format!("set {}", names.join(" or ")));
            }
            Rule::NotBoth(one, other) if set(&[*one, *other]) == 2 => {
                refuse(format!("set {one} or {other}, not both"));
            }
            Rule::Pair(certificate, key) => {
                if let Some((certificate, pem)) =
                    self.value(certificate).as_str().zip(self.value(key).as_str())
                    && let Err(complaint) = checks::pair(certificate, pem)
                {
                    refuse(format!("{key} {complaint}"));
                }
            }
            Rule::Passphrase(identity, passphrase) => {
                let Some(pem) = self.value(identity).as_str() else { return };
                if checks::is_encrypted(pem) && self.value(passphrase).is_null() {
                    refuse(format!("{identity} is encrypted, and Flux needs its {passphrase}"));
                }
            }
            Rule::Together(_) | Rule::Any(_) | Rule::NotBoth(..) => {}
        }
    }

    fn data(&self) -> BTreeMap<String, String> {
        let mut data = BTreeMap::new();
        for key in self.family.keys {
            let value = self.value(key.name);
            let members = value.as_members().into_iter().flatten();
            let members = members.filter_map(|(name, value)| Some((name, value.as_str()?)));
            match key.wire {
                Wire::Key(wire) => {
                    data.extend(value.as_str().map(|text| (wire.to_owned(), STANDARD.encode(text))));
                }
                Wire::Keys(ending) => data.extend(members.map(|(name, text)| {
                    let name = if name.ends_with(ending) { name.clone() } else { format!("{name}{ending}") };
                    (name, STANDARD.encode(text))
                })),
                Wire::Base64 => data.extend(members.map(|(name, text)| (name.clone(), text.to_owned()))),
                Wire::Docker => {}
            }
        }
        if self.family.keys.iter().any(|key| key.wire == Wire::Docker) {
            let text = |name: &str| self.value(name).as_str().unwrap_or_default();
            let auth = STANDARD.encode(format!("{}:{}", text("username"), text("password")));
            let entry = json!({"username": text("username"), "password": text("password"), "auth": auth});
            let config = json!({"auths": {text("registry"): entry}});
            data.insert(".dockerconfigjson".to_owned(), STANDARD.encode(config.to_string()));
        }
        data
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(family: &str, values: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
        Value::object([("name", Value::from("s")), (family, Value::object(values))])
    }

    fn refusal(config: &Value) -> String {
        check(config).iter().map(|diagnostic| diagnostic.detail.as_str()).collect::<Vec<_>>().join(" | ")
    }

    fn plain(config: &Value) -> Vec<(String, String)> {
        let material = of(config).unwrap();
        let text = |value: &String| String::from_utf8(STANDARD.decode(value).unwrap()).unwrap();
        material.data.iter().map(|(key, value)| (key.clone(), text(value))).collect()
    }

    fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn keys_are_those_that_flux_reads() {
        let git = config("git_https", [("username", "me".into()), ("password", "p".into())]);
        assert_eq!(plain(&git), owned(&[("password", "p"), ("username", "me")]));
        assert_eq!(secret_type(&git).as_deref(), Some("Opaque"));

        let app = config("receiver", [("token", "t".into())]);
        assert_eq!(plain(&app), owned(&[("token", "t")]));

        let keys =
            Value::map([("first", "AGE-SECRET-KEY-1A".into()), ("b.agekey", "AGE-SECRET-KEY-1B".into())]);
        let sops = config("sops", [("age_keys", keys)]);
        assert_eq!(
            plain(&sops),
            owned(&[("b.agekey", "AGE-SECRET-KEY-1B"), ("first.agekey", "AGE-SECRET-KEY-1A")])
        );

        let oci = config(
            "oci",
            [("registry", "ghcr.io".into()), ("username", "me".into()), ("password", "p".into())],
        );
        assert_eq!(secret_type(&oci).as_deref(), Some("kubernetes.io/dockerconfigjson"));
        let docker = r#"{"auths":{"ghcr.io":{"auth":"bWU6cA==","password":"p","username":"me"}}}"#;
        assert_eq!(plain(&oci), owned(&[(".dockerconfigjson", docker)]));

        let generic = config(
            "generic",
            [("data", Value::map([("a", "1".into())])), ("data_base64", Value::map([("b", "Mg==".into())]))],
        )
        .with("type", "example.com/own");
        assert_eq!(plain(&generic), owned(&[("a", "1"), ("b", "2")]));
        assert_eq!(secret_type(&generic).as_deref(), Some("example.com/own"));
    }

    #[test]
    fn what_cannot_work_is_refused_without_a_word_of_the_value() {
        let git = |values: &[(&'static str, &str)]| {
            config("git_https", values.iter().map(|(name, value)| (*name, Value::from(*value))))
        };
        for (config, wanted) in [
            (Value::object([("name", Value::from("s"))]), "Set one of git_https, git_ssh"),
            (git(&[("username", "hunter2")]), "username and password belong together"),
            (
                git(&[("username", "hunter2"), ("password", "hunter2"), ("bearer_token", "hunter2")]),
                "not both",
            ),
            (git(&[]), "set username or password or bearer_token"),
            (git(&[("username", "hunter2"), ("password", "hunter2\n")]), "trimspace"),
            (git(&[("ca_certificate", "hunter2")]), "git_https.ca_certificate holds no certificate"),
            (git(&[("bearer_token", "hunter2")]).with("type", "Opaque"), "only generic takes one"),
            (
                git(&[("bearer_token", "hunter2")])
                    .with("receiver", Value::object([("token", Value::from("hunter2"))])),
                "Set one of git_https, receiver",
            ),
            (config("git_ssh", [("identity", "hunter2".into())]), "git_ssh.known_hosts is needed"),
            (config("generic", [("data", Value::map([("hunter2/", "hunter2".into())]))]), "element 1"),
            (
                git(&[("bearer_token", "t")])
                    .with("annotations", Value::map([(checksum::ANNOTATION, "x".into())])),
                "by itself",
            ),
        ] {
            let text = refusal(&config);
            assert!(text.contains(wanted), "{wanted}: {text}");
            assert!(!text.contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn what_is_unknown_is_left_for_the_apply_and_what_is_known_is_not() {
        let later = config("git_https", [("username", Value::Unknown), ("password", "p".into())]);
        assert!(check(&later).is_empty());
        assert!(check(&Value::object([("git_https", Value::Unknown)])).is_empty());
        assert_eq!(family(&Value::object([("git_https", Value::Unknown)])).map(|family| family.name), None);
        let either = later.with("helm", Value::Unknown);
        assert!(check(&either).is_empty(), "helm may be null in the end");
        let wrong = config("git_https", [("username", Value::Unknown), ("ca_certificate", "x".into())]);
        assert!(refusal(&wrong).contains("ca_certificate"));
        let tls = config("tls", [("certificate", Value::Unknown), ("key", Value::Unknown)]);
        assert_eq!(secret_type(&tls), None);
    }

    #[test]
    fn debug_shows_nothing() {
        let shown = format!("{:?}", of(&config("receiver", [("token", "hunter2".into())])).unwrap());
        assert!(!shown.contains("hunter2") && !shown.contains("aHVudGVyMg"), "{shown}");
    }
}
