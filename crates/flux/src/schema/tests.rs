use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::kinds;
use crate::manifest::Origin;

mod rules;
mod sources;

fn git() -> &'static Kind {
    kinds::by_resource("git_repository").unwrap()
}

fn kustomization() -> &'static Kind {
    kinds::by_resource("kustomization").unwrap()
}

fn manifest(kind: &Kind, spec: Value) -> Manifest {
    let object = json!({
        "apiVersion": kind.api_version(),
        "kind": kind.name,
        "metadata": {"name": kind.only_name().unwrap_or("app"), "namespace": "flux-system"},
        "spec": spec,
    });
    Manifest::new(object, Origin::resource("test")).unwrap()
}

fn unknown(manifest: Manifest, paths: &[&str]) -> Manifest {
    manifest.with_unknown(paths.iter().map(|path| path.parse().unwrap()))
}

/// What is wrong, one line each.
fn said(kind: &Kind, manifest: &Manifest) -> String {
    check(kind, manifest).iter().map(|violation| format!("{violation}\n")).collect()
}

#[test]
fn accepts_a_git_repository_with_every_field() {
    let spec = json!({
        "url": "https://github.com/acme/app",
        "interval": "1m",
        "ref": {"branch": "main", "tag": "v1", "semver": ">=1.0.0", "name": "refs/heads/main", "commit": "abc"},
        "secretRef": {"name": "credentials"},
        "provider": "aws",
        "serviceAccountName": "git",
        "timeout": "90s",
        "verify": {"mode": "TagAndHEAD", "secretRef": {"name": "authors"}},
        "proxySecretRef": {"name": "proxy"},
        "ignore": "/*\n!/deploy",
        "sparseCheckout": ["deploy"],
        "recurseSubmodules": true,
        "include": [{"repository": {"name": "base"}, "fromPath": "a", "toPath": "b"}],
        "suspend": false,
    });
    assert_eq!(said(git(), &manifest(git(), spec)), "");
}

#[test]
fn accepts_a_kustomization_with_much_in_it() {
    let spec = json!({
        "interval": "10m",
        "prune": true,
        "sourceRef": {"kind": "GitRepository", "name": "app", "namespace": "flux-system"},
        "path": "./deploy",
        "wait": true,
        "timeout": "1h",
        "dependsOn": [{"name": "crds", "readyExpr": "dep.status.x == self.metadata.name"}],
        "healthChecks": [{"kind": "Deployment", "name": "app"}],
        "postBuild": {"substitute": {"cluster": "dev"}, "substituteFrom": [{"kind": "ConfigMap", "name": "vars"}]},
        "patches": [{"patch": "- op: remove", "target": {"kind": "Deployment", "labelSelector": "app=web"}}],
        "images": [{"name": "app", "newTag": "v2"}],
        "decryption": {"provider": "sops"},
        "kubeConfig": {"secretRef": {"name": "other", "key": "value.yaml"}},
        "commonMetadata": {"labels": {"team": "a"}},
        "buildMetadata": ["originAnnotations"],
        "ignore": [{"paths": ["/spec/replicas"], "target": {"kind": "Deployment"}}],
    });
    assert_eq!(said(kustomization(), &manifest(kustomization(), spec)), "");
}

#[test]
fn null_is_absent() {
    let spec = json!({"url": "https://x/y", "interval": "1m", "ref": null, "timeout": null, "suspend": null});
    assert_eq!(said(git(), &manifest(git(), spec)), "");
}

#[test]
fn says_what_is_wrong_with_a_git_repository() {
    let spec = json!({
        "url": "git@github.com:acme/app.git",
        "interval": "1d",
        "timeout": "1h",
        "ref": {"brnach": "main", "tag": 5},
        "secretRef": {"name": "Bad_Name", "namespace": "x"},
        "provider": "azrue",
        "serviceAccountName": "git",
        "verify": {"mode": "tag"},
        "sparseCheckout": "deploy",
        "recurseSubmodules": "true",
        "include": [{"repository": {}}, null],
        "suspend": "no",
        "gitImplementation": "go-git",
        "secret_ref": {},
    });
    insta::assert_snapshot!("git_repository_refused", said(git(), &manifest(git(), spec)));
}

#[test]
fn says_what_is_wrong_with_a_kustomization() {
    let spec = json!({
        "interval": 600,
        "source_ref": {"kind": "GitRepository", "name": "app"},
        "sourceRef": {"kind": "Git", "name": ""},
        "targetNamespace": "Team A",
        "namePrefix": "",
        "nameSuffix": "x".repeat(201),
        "retryInterval": "2m30",
        "deletionPolicy": "orphan",
        "buildMetadata": ["origin"],
        "kubeConfig": {"secretRef": {"name": "a"}, "configMapRef": {"name": "b"}},
        "postBuild": {"substitute": {"replicas": 3, "on": true}, "substituteFrom": [{"kind": "configmap", "name": "x"}]},
        "patches": [{"patch": {"op": "remove"}}],
        "ignore": [{}],
    });
    insta::assert_snapshot!("kustomization_refused", said(kustomization(), &manifest(kustomization(), spec)));
}

#[test]
fn says_what_is_wrong_around_the_spec() {
    let object = json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1beta2",
        "kind": "GitRepository",
        "metadata": {
            "name": " app",
            "namespace": "Flux_System",
            "lables": {},
            "labels": {"a b": "x", "team": "a b", "n": 1},
            "annotations": {"ok": "any text", "/": true},
        },
        "specs": {},
    });
    let manifest = Manifest::new(object, Origin::resource("test")).unwrap();
    insta::assert_snapshot!("surroundings_refused", said(git(), &manifest));
}

#[test]
fn spells_other_fields_as_hcl_does() {
    let spec = json!({
        "interval": "1m", "prune": true, "sourceRef": {"kind": "Bucket", "name": "app"}, "kubeConfig": {},
    });
    let violations = check_spelled(kustomization(), &manifest(kustomization(), spec), Spelling::Hcl);
    let said: Vec<String> = violations.iter().map(ToString::to_string).collect();
    assert_eq!(said, ["spec.kubeConfig: secret_ref or config_map_ref must be set"]);
}

#[test]
fn an_unknown_value_is_taken_for_good() {
    let spec = json!({"url": "nonsense", "ref": {"branch": 5}, "sparseCheckout": [null, "a"], "verify": {}});
    let manifest = unknown(
        manifest(git(), spec),
        &["spec.url", "spec.interval", "spec.ref", "spec.sparseCheckout[0]", "spec.verify.secretRef.name"],
    );
    assert_eq!(said(git(), &manifest), "");
}

#[test]
fn an_unknown_deciding_field_defers_a_rule() {
    let spec = json!({"url": "https://x/y", "interval": "1m", "serviceAccountName": "git"});
    let known = manifest(git(), spec);
    assert_eq!(check(git(), &known).len(), 1);
    assert_eq!(said(git(), &unknown(known, &["spec.provider"])), "");
    let spec = json!({
        "interval": "1m", "prune": true, "sourceRef": {"kind": "Bucket", "name": "app"}, "kubeConfig": {},
    });
    let known = manifest(kustomization(), spec);
    assert_eq!(check(kustomization(), &known).len(), 1);
    assert_eq!(said(kustomization(), &unknown(known, &["spec.kubeConfig.secretRef.name"])), "");
}

#[test]
fn an_object_with_an_unknown_value_in_it_is_there() {
    let reference = json!({"name": "a"});
    let spec = json!({
        "interval": "1m", "prune": true, "sourceRef": {"kind": "Bucket", "name": "app"},
        "kubeConfig": {"secretRef": reference, "configMapRef": reference},
    });
    let paths = ["spec.kubeConfig.secretRef.name", "spec.kubeConfig.configMapRef.name"];
    let known = manifest(kustomization(), spec);
    assert_eq!(check(kustomization(), &unknown(known.clone(), &paths)).len(), 1);
    assert_eq!(said(kustomization(), &unknown(known, &["spec.kubeConfig.secretRef"])), "");
}

#[test]
fn what_is_refused_already_breaks_no_rule() {
    let spec =
        json!({"url": "https://x/y", "interval": "1m", "serviceAccountName": 1, "provider": "generic"});
    assert_eq!(check(git(), &manifest(git(), spec)).len(), 1);
}

#[test]
fn an_unknown_object_is_taken_for_good() {
    for path in ["", "spec", "apiVersion", "kind", "metadata", "metadata.name"] {
        let object = json!({"apiVersion": "x", "kind": "x", "metadata": {"name": "X"}, "spec": {"url": 1}});
        let manifest = Manifest::new(object, Origin::resource("test")).unwrap();
        let inside: FieldPath = path.parse().unwrap();
        let hits = |found: &[Violation]| found.iter().filter(|found| found.path.starts_with(&inside)).count();
        assert!(hits(&check(git(), &manifest)) > 0, "{path}");
        assert_eq!(hits(&check(git(), &unknown(manifest, &[path]))), 0, "{path}");
    }
}

#[test]
fn never_shows_what_is_sensitive() {
    let spec = json!({
        "url": "ftp://user:hunter2@x/y",
        "interval": "hunter2",
        "provider": "hunter2",
        "secretRef": {"name": "hunter2!"},
        "suspend": "hunter2",
        "ref": {"tag": 22},
    });
    let paths = ["spec.url", "spec.interval", "spec.provider", "spec.secretRef.name", "spec.ref"];
    let manifest = manifest(git(), spec).with_sensitive(paths.iter().map(|path| path.parse().unwrap()));
    let said = said(git(), &manifest);
    assert_eq!(said.lines().count(), 6, "{said}");
    assert!(!said.contains("hunter2") && !said.contains("22"), "{said}");
}

#[test]
fn a_password_in_an_address_is_not_shown_even_where_nothing_is_marked() {
    for url in ["ftp://user:hunter2@x/y", "user:hunter2@x:y", " https://user:hunter2@x/y"] {
        let spec = json!({"url": url, "interval": "1m", "provider": url});
        let said = said(git(), &manifest(git(), spec));
        assert!(!said.is_empty() && !said.contains("hunter2"), "{said}");
    }
}

#[test]
fn a_number_beyond_64_bits_is_never_rounded_in_silence() {
    const FIELDS: &[Field] =
        &[Field::json("values", ""), Field::integer("count", "").range(Some(1), Some(9))];
    let kind = Kind { spec: FIELDS, rules: &[], ..*git() };
    let spec = r#"{"values": {"big": [18446744073709551616, 9223372036854775808, 9223372036854775807, 0.5]},
                   "count": 123456789012345678901234567890}"#;
    let spec: Value = serde_json::from_str(spec).unwrap();
    insta::assert_snapshot!(said(&kind, &manifest(&kind, spec)), @r"
    spec.values.big[0]: a number beyond 64 bits; write it in quotes, if a string will do
    spec.values.big[1]: a number beyond 64 bits; write it in quotes, if a string will do
    spec.count: a number beyond 64 bits
    ");
    for (count, expected) in [(0, 1), (1, 0), (9, 0), (10, 1)] {
        assert_eq!(check(&kind, &manifest(&kind, json!({"count": count}))).len(), expected);
    }
}

#[test]
fn elements_that_are_told_apart_by_a_key_have_it_once() {
    const ITEM: &[Field] = &[Field::string("url", ""), Field::string("audience", "")];
    const FIELDS: &[Field] = &[Field::list("issuers", &FieldType::Object(ITEM), "").keys(&["url"])];
    let kind = Kind { spec: FIELDS, rules: &[], ..*git() };
    let spec = json!({"issuers": [{"url": "a"}, {"url": "b"}, {"url": "a", "audience": "x"}, {}, {}]});
    let twice = manifest(&kind, spec);
    assert_eq!(said(&kind, &twice), "spec.issuers[2].url: the same as in an element before it\n");
    for path in ["spec.issuers[2].url", "spec.issuers[0]", "spec.issuers"] {
        assert_eq!(said(&kind, &unknown(twice.clone(), &[path])), "", "{path}");
    }
}

#[test]
fn survives_any_shape() {
    for spec in [json!(null), json!([]), json!("x"), json!(1), json!({"ref": []}), json!({"include": {}})] {
        assert!(!check(git(), &manifest(git(), spec)).is_empty());
    }
    let object = json!({"apiVersion": "v1", "kind": "x", "metadata": []});
    let manifest = Manifest::new(object, Origin::resource("test")).unwrap();
    assert!(!check(git(), &manifest).is_empty());
}

/// Specs of fields that exist, with values of any type in them.
fn any_spec() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[0-9a-z:/@. ]{0,8}".prop_map(Value::from),
    ];
    let name =
        "url|interval|ref|branch|secretRef|name|include|repository|kubeConfig|patches|postBuild|substitute|x";
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map(name, inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn survives_any_spec(spec in any_spec(), unknown_at in "spec(\\.ref|\\.include\\[0\\]|\\.kubeConfig)?") {
        for kind in kinds::all() {
            let known = manifest(kind, spec.clone());
            let found = check(kind, &known);
            let fewer = check(kind, &unknown(known, &[&unknown_at]));
            // What is unknown takes violations away and never adds one.
            prop_assert!(fewer.iter().all(|violation| found.contains(violation)), "{fewer:?} {found:?}");
        }
    }
}
