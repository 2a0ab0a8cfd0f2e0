use serde_json::json;

use super::*;
use crate::manifest::Origin;

/// A schema with one field of each sort below `spec`.
fn schema(spec: Value) -> Schema {
    let root = json!({"type": "object", "properties": {"spec": spec}});
    let crd = json!({"spec": {"versions": [
        {"name": "v1", "served": true, "schema": {"openAPIV3Schema": root}},
        {"name": "v0", "served": false, "schema": {"openAPIV3Schema": root}},
    ]}});
    assert!(Schema::of(&crd, "v0").is_none() && Schema::of(&crd, "v2").is_none());
    Schema::of(&crd, "v1").unwrap()
}

fn manifest(spec: Value, unknown: &[&str]) -> Manifest {
    let object =
        json!({"apiVersion": "example.com/v1", "kind": "Any", "metadata": {"name": "a"}, "spec": spec});
    let manifest = Manifest::new(object, Origin::resource("test")).unwrap();
    manifest.with_unknown(unknown.iter().map(|path| path.parse().unwrap()))
}

fn said(schema: &Schema, spec: Value, unknown: &[&str]) -> Vec<String> {
    schema.check(&manifest(spec, unknown), None).iter().map(|found| found.path.to_string()).collect()
}

fn everything() -> Schema {
    schema(json!({
        "type": "object",
        "required": ["name", "filled"],
        "properties": {
            "name": {"type": "string", "pattern": "^[a-z]+$", "maxLength": 5, "minLength": 2},
            "filled": {"type": "string", "default": "x"},
            "choice": {"type": "string", "enum": ["a", "b"]},
            "count": {"type": "integer", "minimum": 1, "maximum": 3, "format": "int32"},
            "share": {"type": "number", "minimum": 0, "exclusiveMinimum": true},
            "port": {"x-kubernetes-int-or-string": true, "anyOf": [{"type": "integer"}, {"type": "string"}]},
            "maybe": {"type": "string", "nullable": true},
            "on": {"type": "boolean"},
            "list": {"type": "array", "minItems": 1, "maxItems": 2, "items": {"type": "string"}},
            "set": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
            "keyed": {
                "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"],
                "items": {"type": "object", "properties": {"k": {"type": "string", "default": "d"}, "v": {"type": "string"}}},
            },
            "map": {"type": "object", "additionalProperties": {"type": "integer"}, "maxProperties": 2},
            "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": {"a": {"type": "string"}}},
            "closed": {"type": "object", "properties": {"a": {"type": "string"}}},
            "other": {"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}, "name": {"type": "string"}}},
            "either": {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
                       "oneOf": [{"required": ["a"]}, {"required": ["b"]}]},
        },
    }))
}

#[test]
fn accepts_what_the_schema_allows() {
    for spec in [
        json!({"name": "abc"}),
        json!({"name": "abc", "choice": null, "filled": null, "maybe": null, "count": 3, "share": 0.1, "port": 80}),
        json!({"name": "abc", "port": "http", "on": true, "list": ["a"], "set": ["a", "b"], "map": {"a": 1, "b": null}}),
        json!({"name": "abc", "keyed": [{"k": "a"}, {"k": "b"}, {}], "free": {"a": "x", "b": [1]}, "either": {"a": "x"}}),
    ] {
        assert_eq!(said(&everything(), spec, &[]), Vec::<String>::new());
    }
}

#[test]
fn refuses_what_the_schema_does_not_allow() {
    for (spec, at) in [
        (json!({}), "spec.name"),
        (json!({"name": "A"}), "spec.name"),
        (json!({"name": "abcdef"}), "spec.name"),
        (json!({"name": 5}), "spec.name"),
        (json!({"name": "abc", "choice": "c"}), "spec.choice"),
        (json!({"name": "abc", "count": 0}), "spec.count"),
        (json!({"name": "abc", "count": 4}), "spec.count"),
        (json!({"name": "abc", "count": 1.5}), "spec.count"),
        (json!({"name": "abc", "share": 0}), "spec.share"),
        (json!({"name": "abc", "port": true}), "spec.port"),
        (json!({"name": "abc", "on": "true"}), "spec.on"),
        (json!({"name": "abc", "list": []}), "spec.list"),
        (json!({"name": "abc", "list": ["a", "b", "c"]}), "spec.list"),
        (json!({"name": "abc", "list": [null]}), "spec.list[0]"),
        (json!({"name": "abc", "set": ["a", "a"]}), "spec.set[1]"),
        (json!({"name": "abc", "keyed": [{}, {"k": "d"}]}), "spec.keyed[1]"),
        (json!({"name": "abc", "map": {"a": "1"}}), "spec.map.a"),
        (json!({"name": "abc", "map": {"a": 1, "b": 2, "c": 3}}), "spec.map"),
        (json!({"name": "abc", "free": {"a": 1}}), "spec.free.a"),
        (json!({"name": "abc", "closed": {"b": 1}}), "spec.closed.b"),
        (json!({"name": "abc", "other": {"name": "a"}}), "spec.other.kind"),
        (json!({"name": "abc", "new": 1}), "spec.new"),
        (json!({"name": "abc", "either": {}}), "spec.either"),
        (json!({"name": "abc", "either": {"a": "x", "b": "x"}}), "spec.either"),
    ] {
        assert_eq!(said(&everything(), spec.clone(), &[]).first().map(String::as_str), Some(at), "{spec}");
        // What is unknown is taken for good.
        assert_eq!(said(&everything(), spec, &[at, "spec.name"]), Vec::<String>::new(), "{at}");
    }
}

#[test]
fn a_field_that_the_installed_flux_does_not_know_is_said_so() {
    let found = everything().check(&manifest(json!({"name": "abc", "new": 1}), &[]), None);
    assert_eq!(
        found.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [
            "spec.new: the Flux that is installed in the cluster does not know this field; update Flux in the cluster first, \
          or leave the field out"
        ]
    );
}

fn ruled() -> Schema {
    schema(json!({
        "type": "object",
        "properties": {
            "mode": {"type": "string", "default": "auto"},
            "size": {"type": "integer"},
            "until": {"type": "string", "format": "date-time"},
            "parts": {"type": "array", "items": {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
                "x-kubernetes-validations": [{"rule": "!has(self.a) || !has(self.b)"}]}},
        },
        "x-kubernetes-validations": [
            {"rule": "self.mode != 'auto' || !has(self.size)", "message": "no size with auto", "fieldPath": ".size"},
            {"rule": "!has(oldSelf.size) || self.size == oldSelf.size", "message": "size cannot change"},
            {"rule": "nonsense(self.mode)"},
            {"rule": "self.?mode.hasValue()"},
        ],
    }))
}

#[test]
fn rules_are_decided_with_the_defaults_of_the_schema() {
    assert_eq!(said(&ruled(), json!({"size": 1}), &[]), ["spec.size"]);
    assert_eq!(said(&ruled(), json!({"size": 1, "mode": "x"}), &[]), Vec::<String>::new());
    assert_eq!(said(&ruled(), json!({"parts": [{"a": "x"}, {"a": "x", "b": "x"}]}), &[]), ["spec.parts[1]"]);
    // What decides is unknown, refused already, or of a sort that is not modelled.
    assert_eq!(said(&ruled(), json!({"size": 1}), &["spec.mode"]), Vec::<String>::new());
    assert_eq!(said(&ruled(), json!({"size": 1, "mode": 5}), &[]), ["spec.mode"]);
    assert_eq!(
        said(&ruled(), json!({"size": 1, "until": "2026-01-01T00:00:00Z"}), &[]),
        Vec::<String>::new()
    );
}

#[test]
fn rules_about_a_change_need_the_object_as_it_was() {
    let old = manifest(json!({"mode": "x", "size": 1}), &[]).into_object();
    let new = manifest(json!({"mode": "x", "size": 2}), &[]);
    assert_eq!(ruled().check(&new, None).len(), 0);
    assert_eq!(ruled().check(&new, Some(&old)).len(), 1);
    assert_eq!(ruled().check(&manifest(json!({"mode": "x", "size": 1}), &[]), Some(&old)).len(), 0);
}

/// The definition of GitRepositories with one field, as a release of Flux labels it.
fn labelled(release: Option<&str>, version: &str) -> Definition {
    let kind = crate::kinds::by_resource("git_repository").unwrap();
    let root = json!({"type": "object", "properties": {"spec": {"type": "object", "properties": {"url": {"type": "string"}}}}});
    let labels = release.map_or(json!({}), |release| json!({"app.kubernetes.io/version": release}));
    let crd = json!({
        "metadata": {"labels": labels},
        "spec": {"versions": [{"name": version, "served": true, "schema": {"openAPIV3Schema": root}}]},
    });
    Definition::of(&crd, kind)
}

#[test]
fn the_release_that_is_installed_is_named() {
    let said = |definition: &Definition| {
        let found = definition.check(&manifest(json!({"url": "a", "new": 1}), &[]), None);
        found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(
        said(&labelled(Some("v2.6.4"), "v1")),
        "spec.new: Flux 2.6.4, which is installed in the cluster, does not know this field; update Flux in the cluster \
         first, or leave the field out"
    );
    assert_eq!(
        said(&labelled(Some("2.0.0"), "v1beta2")),
        ": Flux 2.0.0, which is installed in the cluster, does not serve version v1 of GitRepository, but v1beta2; update \
         Flux in the cluster first"
    );
    assert!(said(&labelled(None, "v1")).starts_with("spec.new: the Flux that is installed in the cluster"));
}
