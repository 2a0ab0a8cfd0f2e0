//! What every table must be, whatever its kind.

use std::collections::BTreeSet;

use serde_json::Value;

use super::*;

/// What is wrong with a table, one line each.
fn faults(kind: &Kind) -> Vec<String> {
    let mut faults = Vec::new();
    let mut say = |at: &str, what: &str| faults.push(format!("{}{at}: {what}", kind.resource));
    if !is_identifier(kind.resource) {
        say("", "not a resource name in snake_case");
    }
    walk(kind.spec, "spec", &mut |fields, at| {
        let mut names = BTreeSet::new();
        for field in fields {
            let at = format!(".{at}.{}", field.hcl());
            if !is_identifier(field.hcl()) {
                say(&at, "not an identifier in snake_case");
            }
            if !names.insert(field.hcl())
                || fields.iter().filter(|other| other.wire() == field.wire()).count() > 1
            {
                say(&at, "named twice");
            }
            if field.description.is_empty() || !field.description.ends_with('.') {
                say(&at, "without a sentence that describes it");
            }
            if field.pattern.is_some_and(|pattern| regex::Regex::new(pattern).is_err()) {
                say(&at, "its pattern cannot be read");
            }
            if field.default.is_some() && field.default_value().is_none() {
                say(&at, "its default is not JSON");
            }
            if let Some(Value::String(default)) = field.default_value()
                && !field.allowed.is_empty()
                && !field.allowed.contains(&default.as_str())
            {
                say(&at, "its default is not allowed");
            }
            if field.required && field.default.is_some() {
                say(&at, "required and with a default");
            }
        }
    });
    for rule in kind.rules {
        let at = format!(" rule at spec.{}", rule.at);
        let Some(fields) = kind.fields_at(rule.at) else {
            say(&at, "there is no object with fields");
            continue;
        };
        if !rule.on.is_empty() && member(fields, rule.on).is_none() {
            say(&at, "shown on a field that is not there");
        }
        if rule.says.is_empty() || rule.says.ends_with('.') || rule.says.starts_with(char::is_uppercase) {
            say(&at, "says nothing, or does not say it in lower case without a full stop");
        }
        for placeholder in rule.says.split('{').skip(1) {
            let name = placeholder.split('}').next().unwrap_or_default();
            if member(fields, name).is_none() {
                say(&at, &format!("says {{{name}}}, which is no field"));
            }
        }
        match rule.expression() {
            Err(error) => say(&at, &format!("its expression cannot be read: {error}")),
            Ok(expression) => {
                if expression.reads().is_empty() && !expression.is_transition() {
                    say(&at, "reads nothing");
                }
                for read in expression.reads() {
                    if member(fields, &read.path.join(".")).is_none() {
                        say(&at, &format!("reads {}, which is no field", read.path.join(".")));
                    }
                }
            }
        }
    }
    for path in deciding(&kind.readiness) {
        let fault = match path.parse::<FieldPath>() {
            Err(_) => "cannot be read",
            Ok(read) => match read.steps() {
                [Step::Key(root), ..] if root == "spec" && kind.field(&read).is_none() => {
                    "names a field that is not there"
                }
                [Step::Key(root), ..] if root == "spec" || root == "metadata" => continue,
                _ => "is not for the user to write",
            },
        };
        say(&format!(" readiness {path}"), fault);
    }
    for path in kind.references.iter().flat_map(|refers| [Some(refers.path), refers.unless]).flatten() {
        let path: FieldPath = format!("spec.{}", path.replace("[]", "[0]")).parse().unwrap();
        if kind.field(&path).is_none() {
            say(&format!(" reference {path}"), "names a field that is not there");
        }
    }
    faults
}

/// The field at a path in wire names inside an object.
fn member(fields: &'static [Field], path: &str) -> Option<&'static Field> {
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let field = fields.iter().find(|field| field.wire() == first)?;
    match (rest, field.ty) {
        (None, _) => Some(field),
        (Some(rest), FieldType::Object(inner)) => member(inner, rest),
        _ => None,
    }
}

/// The paths whose texts decide what being ready means.
fn deciding(readiness: &Readiness) -> Vec<&'static str> {
    match readiness {
        Readiness::Where { path, then, otherwise, .. } => {
            [vec![*path], deciding(then), deciding(otherwise)].concat()
        }
        _ => Vec::new(),
    }
}

fn walk(fields: &'static [Field], at: &str, visit: &mut impl FnMut(&'static [Field], &str)) {
    visit(fields, at);
    for field in fields {
        let mut ty = &field.ty;
        while let FieldType::List(inner) | FieldType::Map(inner) = ty {
            ty = inner;
        }
        if let FieldType::Object(inner) = ty {
            walk(inner, &format!("{at}.{}", field.hcl()), visit);
        }
    }
}

fn is_identifier(name: &str) -> bool {
    regex::Regex::new("^[a-z][a-z0-9]*(_[a-z0-9]+)*$").unwrap().is_match(name)
}

#[test]
fn every_table_is_sound() {
    let faults: Vec<String> = all().iter().flat_map(|kind| faults(kind)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn an_unsound_table_is_refused() {
    const SPEC: &[Field] = &[
        Field::string("sourceRef", "Not snake_case."),
        Field::string("2nd", "Not an identifier."),
        Field::string("twice", "First."),
        Field::string("twice", "Second."),
        Field::string("other_name", "Same wire name.").wire_name("sourceRef"),
        Field::string("mute", ""),
        Field::string("broken", "Pattern.").pattern("("),
        Field::string("wrong", "Default.").default("a"),
        Field::string("odd", "Default.").default("\"a\"").allowed(&["b"]),
        Field::string("both", "Required.").default("\"a\"").required(),
    ];
    const REFERENCES: &[Refers] = &[Refers::secret("nowhere")];
    const RULES: &[Rule] = &[
        Rule { at: "nowhere", cel: "has(self.twice)", on: "", says: "something must hold" },
        Rule { at: "", cel: "has(self.twice", on: "", says: "the bracket is open" },
        Rule { at: "", cel: "has(self.once.more)", on: "once", says: "There {never} was one." },
        Rule { at: "", cel: "true", on: "twice", says: "this is always so" },
    ];
    const UNREAD: Readiness =
        Readiness::Where { path: "spec[", is: "", then: &Readiness::None, otherwise: &Readiness::None };
    const STATUS: Readiness =
        Readiness::Where { path: "status.x", is: "", then: &Readiness::None, otherwise: &UNREAD };
    let kind = Kind {
        resource: "Bad",
        spec: SPEC,
        rules: RULES,
        references: REFERENCES,
        readiness: Readiness::Where { path: "spec.nowhere", is: "", then: &STATUS, otherwise: &UNREAD },
        ..**ALL.first().unwrap()
    };
    insta::assert_snapshot!("unsound_table", faults(&kind).join("\n"));
}

#[test]
fn no_resource_and_no_name_is_taken_twice() {
    let resources: BTreeSet<_> = all().iter().map(|kind| kind.resource).collect();
    let names: BTreeSet<_> = all().iter().map(|kind| (kind.group, kind.name)).collect();
    assert_eq!((resources.len(), names.len()), (all().len(), all().len()));
}

#[test]
fn every_kind_is_found_by_both_names() {
    for kind in all() {
        assert_eq!(by_kind(kind.group, kind.name).map(|found| found.plural), Some(kind.plural));
        assert_eq!(by_resource(kind.resource).map(|found| found.plural), Some(kind.plural));
    }
    assert!(by_kind("", "GitRepository").is_none() && by_resource("secret").is_none());
}

#[test]
fn fields_of_flux_would_collide_at_the_top_level() {
    let colliding: BTreeSet<_> = all()
        .iter()
        .flat_map(|kind| kind.spec)
        .map(Field::hcl)
        .filter(|name| RESERVED.contains(name))
        .collect();
    // If this is ever empty, `spec = { … }` has lost its reason.
    assert_eq!(colliding.into_iter().collect::<Vec<_>>(), ["cluster", "depends_on", "provider", "wait"]);
}

#[test]
fn reserved_names_are_reserved_once() {
    let unique: BTreeSet<_> = RESERVED.iter().collect();
    assert_eq!(unique.len(), RESERVED.len());
    for name in
        ["name", "namespace", "labels", "annotations", "spec", "wait", "timeouts", "provider", "lifecycle"]
    {
        assert!(RESERVED.contains(&name), "{name}");
    }
}

#[test]
fn wire_names_are_derived_and_may_be_stated() {
    assert_eq!(Field::string("health_check_exprs", "").wire(), "healthCheckExprs");
    assert_eq!(Field::string("url", "").wire(), "url");
    assert_eq!(
        Field::string("match_oidc_identity", "").wire_name("matchOIDCIdentity").wire(),
        "matchOIDCIdentity"
    );
}

#[test]
fn fields_are_found_by_path() {
    let kind = by_resource("kustomization").unwrap();
    let field = |path: &str| kind.field(&path.parse().unwrap()).map(Field::hcl);
    assert_eq!(field("spec.sourceRef.apiVersion"), Some("api_version"));
    assert_eq!(field("spec.patches"), Some("patches"));
    assert_eq!(field("spec.patches[3]"), Some("patches"));
    assert_eq!(field("spec.patches[3].target.labelSelector"), Some("label_selector"));
    assert_eq!(field("spec.components[0]"), Some("components"));
    for nowhere in
        ["spec", "status.x", "spec.patches.patch", "spec.postBuild.substitute.a", "spec.nonsense", ""]
    {
        assert_eq!(field(nowhere), None, "{nowhere}");
    }
}

#[test]
fn a_finding_leads_to_an_attribute_and_back() {
    let kind = by_resource("kustomization").unwrap();
    for (object, attribute) in [
        ("spec.interval", "spec.interval"),
        ("spec.sourceRef.name", "spec.source_ref.name"),
        ("spec.patches[1].target.labelSelector", "spec.patches[1].target.label_selector"),
        ("spec.postBuild.substitute.clusterName", "spec.post_build.substitute.clusterName"),
        ("spec.buildMetadata[0]", "spec.build_metadata[0]"),
        ("metadata.name", "name"),
        (r#"metadata.labels["a.b/c"]"#, r#"labels["a.b/c"]"#),
        ("metadata.annotations", "annotations"),
        ("spec", "spec"),
    ] {
        let (object, attribute): (FieldPath, FieldPath) =
            (object.parse().unwrap(), attribute.parse().unwrap());
        assert_eq!(kind.attribute_path(&object), attribute);
        assert_eq!(kind.object_path(&attribute), object);
    }
    for (object, nearest) in [
        ("spec.nonsense.deep", "spec"),
        ("spec.sourceRef.nonsense", "spec.source_ref"),
        ("spec.patches[0].nonsense", "spec.patches[0]"),
        ("spec.path[0]", "spec.path"),
        ("status.conditions", ""),
        ("metadata", ""),
        ("metadata.finalizers", ""),
        ("kind", ""),
        ("", ""),
    ] {
        assert_eq!(kind.attribute_path(&object.parse().unwrap()).to_string(), nearest, "{object}");
    }
    assert!(kind.object_path(&"timeouts.create".parse().unwrap()).is_root());
}
