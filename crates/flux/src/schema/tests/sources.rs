//! Sources, charts, images and generators: objects that use every field, and objects that break every rule.

use serde_json::json;

use super::*;

/// Kinds with objects that are right, which set every field of their tables between them.
fn accepted() -> Vec<(&'static str, Vec<Value>)> {
    let name = json!({"name": "credentials"});
    let identity = json!([{"issuer": "^https://issuer$", "subject": "^team$"}]);
    let access = json!({"namespaceSelectors": [{"matchLabels": {"team": "web"}}]});
    vec![
        (
            "oci_repository",
            vec![json!({
                "url": "oci://ghcr.io/acme/web", "interval": "5m",
                "ref": {"tag": "v1", "semver": "1.x", "semverFilter": "^v", "digest": "sha256:00"},
                "layerSelector": {"mediaType": "application/x", "operation": "copy"},
                "secretRef": name, "provider": "aws", "serviceAccountName": "registry",
                "certSecretRef": name, "proxySecretRef": name, "ignore": "*.md", "insecure": false,
                "timeout": "90s", "suspend": false,
                "verify": {
                    "provider": "notation", "secretRef": name, "matchOIDCIdentity": identity,
                    "trustedRootSecretRef": name,
                },
            })],
        ),
        (
            "helm_repository",
            vec![
                json!({
                    "url": "https://charts.acme.example", "type": "default", "interval": "5m", "secretRef": name,
                    "certSecretRef": name, "passCredentials": false, "timeout": "90s", "accessFrom": access,
                    "suspend": false,
                }),
                json!({"url": "oci://ghcr.io/acme", "type": "oci", "provider": "gcp", "insecure": true}),
            ],
        ),
        (
            "helm_chart",
            vec![json!({
                "chart": "web", "interval": "5m", "version": "1.x", "reconcileStrategy": "Revision",
                "sourceRef": {"kind": "HelmRepository", "name": "charts", "apiVersion": "source.toolkit.fluxcd.io/v1"},
                "valuesFiles": ["values.yaml"], "ignoreMissingValuesFiles": true, "suspend": false,
                "verify": {"provider": "cosign", "secretRef": name, "matchOIDCIdentity": identity},
            })],
        ),
        (
            "bucket",
            vec![
                json!({
                    "bucketName": "b", "endpoint": "s3.acme.example", "interval": "5m", "provider": "aws",
                    "region": "x", "prefix": "a/", "serviceAccountName": "storage",
                    "sts": {"provider": "aws", "endpoint": "https://sts.acme.example"},
                }),
                json!({
                    "bucketName": "b", "endpoint": "s3.acme.example", "interval": "5m", "secretRef": name,
                    "sts": {
                        "provider": "ldap", "endpoint": "https://ldap.acme.example", "secretRef": name,
                        "certSecretRef": name,
                    },
                    "certSecretRef": name, "proxySecretRef": name, "ignore": "*.md", "insecure": false,
                    "timeout": "90s", "suspend": false,
                }),
            ],
        ),
        (
            "external_artifact",
            vec![
                json!({"sourceRef": {"kind": "Build", "name": "a", "namespace": "b", "apiVersion": "acme.example/v1"}}),
                json!({}),
            ],
        ),
        (
            "image_repository",
            vec![json!({
                "image": "ghcr.io/acme/web", "interval": "5m", "exclusionList": ["^x"], "secretRef": name,
                "provider": "azure", "serviceAccountName": "registry", "certSecretRef": name,
                "proxySecretRef": name, "accessFrom": access, "insecure": false, "timeout": "90s", "suspend": false,
            })],
        ),
        (
            "image_policy",
            vec![
                json!({
                    "imageRepositoryRef": {"name": "web", "namespace": "images"},
                    "policy": {"semver": {"range": "1.x"}}, "filterTags": {"pattern": "^v(.*)$", "extract": "$1"},
                    "digestReflectionPolicy": "Always", "interval": "5m", "suspend": false,
                }),
                json!({"imageRepositoryRef": {"name": "web"}, "policy": {"alphabetical": {"order": "desc"}}}),
                json!({
                    "imageRepositoryRef": {"name": "web"}, "policy": {"numerical": {"order": "asc"}},
                    "digestReflectionPolicy": "IfNotPresent",
                }),
            ],
        ),
        (
            "image_update_automation",
            vec![json!({
                "interval": "5m", "suspend": false,
                "sourceRef": {
                    "kind": "GitRepository", "name": "fleet", "namespace": "flux-system",
                    "apiVersion": "source.toolkit.fluxcd.io/v1",
                },
                "git": {
                    "commit": {
                        "author": {"email": "a@acme.example", "name": "a"}, "messageTemplate": "{{ .Values.a }}",
                        "messageTemplateValues": {"a": "b"}, "signingKey": {"secretRef": name, "type": "ssh"},
                    },
                    "checkout": {"ref": {
                        "branch": "main", "tag": "v1", "semver": "1.x", "name": "refs/heads/main", "commit": "0",
                    }},
                    "push": {"branch": "b", "refspec": "a:b", "options": {"merge_request.create": "true"}},
                },
                "update": {"path": "./a", "strategy": "Setters"},
                "policySelector": {
                    "matchLabels": {"team": "web"},
                    "matchExpressions": [{"key": "tier", "operator": "In", "values": ["a"]}],
                },
            })],
        ),
        (
            "artifact_generator",
            vec![
                json!({
                    "sources": [{"alias": "app", "kind": "GitRepository", "name": "app", "namespace": "flux-system"}],
                    "artifacts": [{
                        "name": "app-{env}", "revision": "@app", "originRevision": "@app",
                        "copy": [{
                            "from": "@app/{env}/**", "to": "@artifact/", "exclude": ["*.md"], "strategy": "Merge",
                        }],
                    }],
                    "pathPattern": "@app/{env}", "commonMetadata": {"labels": {"a": "b"}, "annotations": {"a": "b"}},
                }),
                json!({
                    "sources": [{"alias": "app", "kind": "HelmChart", "name": "app"}],
                    "artifacts": [{"name": "app.web", "copy": [{"from": "@app/**", "to": "@artifact/"}]}],
                }),
            ],
        ),
    ]
}

/// The objects of a kind that are right, with one thing changed each.
fn refused() -> Vec<(&'static str, Vec<Value>)> {
    let name = json!({"name": "credentials"});
    let bucket = |more: Value| {
        let mut spec = json!({"bucketName": "b", "endpoint": "s3.acme.example", "interval": "5m"});
        spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        spec
    };
    let policy = |more: Value| {
        let mut spec = json!({"imageRepositoryRef": {"name": "web"}, "policy": {"semver": {"range": "1.x"}}});
        spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        spec
    };
    let generator = |name: &str, from: &str| {
        json!({
            "sources": [{"alias": "app", "kind": "HelmChart", "name": "app"}],
            "artifacts": [{"name": name, "copy": [{"from": from, "to": "@artifact/"}]}],
        })
    };
    let changed = |change: fn(&mut Value)| {
        let mut spec = generator("app", "@app/**");
        for list in ["sources", "artifacts"] {
            spec[list].as_array_mut().unwrap().push(json!({}));
        }
        change(&mut spec);
        for list in ["sources", "artifacts"] {
            spec[list].as_array_mut().unwrap().retain(|element| *element != json!({}));
        }
        spec
    };
    let aws = json!({"provider": "aws", "endpoint": "https://sts.acme.example"});
    let ldap = json!({"provider": "ldap", "endpoint": "https://ldap.acme.example"});
    let aws_with = |member: &str| {
        let mut sts = aws.clone();
        sts[member] = name.clone();
        bucket(json!({"provider": "aws", "sts": sts}))
    };
    vec![
        (
            "oci_repository",
            vec![
                json!({"url": "https://ghcr.io/acme/web", "interval": "5m"}),
                json!({"url": "oci://ghcr.io/acme/web", "interval": "5m", "timeout": "1h", "verify": {"provider": "gpg"}}),
                json!({"url": "oci://ghcr.io/acme/web", "interval": "5m", "verify": {"matchOidcIdentity": []}}),
                json!({"url": "oci://ghcr.io/acme/web:v1", "interval": "5m"}),
            ],
        ),
        (
            "helm_repository",
            vec![
                json!({"url": "git@acme.example:charts", "type": "OCI"}),
                json!({"url": "oci://ghcr.io/acme"}),
                json!({"url": "https://charts.acme.example", "type": "oci"}),
            ],
        ),
        (
            "helm_chart",
            vec![
                json!({
                    "chart": "./web", "interval": "5m", "sourceRef": {"kind": "GitRepository", "name": "app"},
                    "verify": {"provider": "cosign"},
                }),
                json!({"chart": "web", "interval": "5m", "sourceRef": {"kind": "OCIRepository", "name": "charts"}}),
            ],
        ),
        (
            "bucket",
            vec![
                bucket(json!({"provider": "gcp", "sts": ldap})),
                bucket(json!({"provider": "aws", "sts": ldap})),
                bucket(json!({"sts": aws})),
                aws_with("secretRef"),
                aws_with("certSecretRef"),
                bucket(json!({"serviceAccountName": "storage"})),
                bucket(json!({"provider": "gcp", "serviceAccountName": "storage", "secretRef": name})),
            ],
        ),
        ("external_artifact", vec![json!({"sourceRef": {"name": "a", "revision": "b"}})]),
        (
            "image_repository",
            vec![
                json!({"image": 1, "interval": "5m", "exclusionList": vec!["a"; 26], "accessFrom": {}}),
                json!({"image": "https://ghcr.io/acme/web", "interval": "5m"}),
            ],
        ),
        (
            "image_policy",
            vec![
                policy(json!({"interval": "5m"})),
                policy(json!({"digestReflectionPolicy": "Never", "interval": "5m"})),
                policy(json!({"digestReflectionPolicy": "Always"})),
                policy(json!({"policy": {"alphabetical": {"order": "up"}}})),
                policy(json!({"policy": {}})),
            ],
        ),
        (
            "image_update_automation",
            vec![json!({
                "interval": "5m", "sourceRef": {"kind": "Bucket", "name": "fleet"},
                "git": {"commit": {"author": {"name": "a"}}}, "update": {"strategy": "Sed"},
            })],
        ),
        (
            "artifact_generator",
            vec![
                generator("App", "@app/**"),
                generator("{env}", "@app/**"),
                generator("app", "app/**"),
                json!({"sources": [], "artifacts": [{"name": "app", "copy": []}]}),
                generator("app", "@web/**"),
                changed(|spec| spec["sources"][1] = spec["sources"][0].clone()),
                changed(|spec| spec["artifacts"][1] = spec["artifacts"][0].clone()),
                changed(|spec| spec["artifacts"][0]["revision"] = json!("@web")),
                changed(|spec| spec["pathPattern"] = json!("@web/{env}")),
            ],
        ),
    ]
}

#[test]
fn accepts_sources_and_images_with_every_field() {
    for (resource, specs) in accepted() {
        let kind = kinds::by_resource(resource).unwrap();
        for spec in &specs {
            assert_eq!(said(kind, &manifest(kind, spec.clone())), "", "{resource} {spec}");
        }
        let mut left = Vec::new();
        never_set(kind.spec, &specs.iter().collect::<Vec<_>>(), "spec", &mut left);
        assert_eq!(left, Vec::<String>::new(), "no accepted {resource} sets these");
    }
}

/// The fields that none of the values sets.
fn never_set(fields: &'static [Field], values: &[&Value], at: &str, left: &mut Vec<String>) {
    for field in fields {
        let at = format!("{at}.{}", field.wire());
        let mut set: Vec<&Value> = values.iter().filter_map(|value| value.get(field.wire())).collect();
        if set.is_empty() {
            left.push(at);
            continue;
        }
        match field.ty {
            FieldType::Object(inner) => never_set(inner, &set, &at, left),
            FieldType::List(FieldType::Object(inner)) => {
                set = set.into_iter().flat_map(|list| list.as_array().unwrap()).collect();
                never_set(inner, &set, &at, left);
            }
            _ => {}
        }
    }
}

#[test]
fn says_what_is_wrong_with_sources_and_images() {
    let mut all = String::new();
    for (resource, specs) in refused() {
        let kind = kinds::by_resource(resource).unwrap();
        for spec in specs {
            let said = said(kind, &manifest(kind, spec.clone()));
            assert_ne!(said, "", "{resource} {spec}");
            all.push_str(&format!("{resource}\n{said}"));
        }
        // The accepted objects keep every rule; here each of them is broken once.
        for rule in kind.rules {
            let words = rule.words(kind.fields_at(rule.at).unwrap(), Spelling::Wire);
            assert!(all.contains(&words), "no refused {resource} breaks: {words}");
        }
    }
    insta::assert_snapshot!("sources_refused", all);
}
