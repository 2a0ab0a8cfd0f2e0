//! What is said at plan is what the API server says: for every check and every rule of every table, accepting and refusing
//! cases get the same verdict from the table, from the schema that the cluster serves, and from the cluster itself.

mod generate;
mod rules;

use std::{collections::BTreeMap, sync::Mutex};

use flux::{
    Kind, Manifest, Origin,
    crd::Schema,
    kinds::{self, Rule},
    schema::{Violation, check},
};
use kube::{api::PostParams, core::Request};
use serde_json::{Value, json};
use testutil::{ControlPlane, require, wait};

use crate::support::{api, live};

/// Where a table refuses on purpose what the API server takes: the kind, what is said, and why. Besides, the API server takes most texts
/// of another format (names, addresses, images), with which the controllers fail.
const STRICTER: &[(&str, &str, &str)] = &[
    ("helm_repository", "goes with type `oci`", "source-controller fails with every other pair"),
    ("image_policy", "or nothing is chosen", "image-reflector-controller fails without a policy"),
    ("artifact_generator", "needs an alias of its own", "source-watcher takes the last of the same alias"),
    ("artifact_generator", "needs a name of its own", "source-watcher refuses artifacts of one name"),
    ("artifact_generator", "takes its revision from one of the", "source-watcher finds no such source"),
    ("artifact_generator", "copies from one of the", "source-watcher finds no such source"),
    ("artifact_generator", "looks into one of the", "source-watcher finds no such source"),
];

/// One object, and what is expected of it where that is certain.
struct Case {
    /// `git_repository spec.url: another type`.
    what: String,
    kind: &'static Kind,
    spec: Value,
    /// Whether it must be refused; otherwise the verdicts only have to agree.
    refused: bool,
    /// Whether it is about a format, which the API server may leave to the controllers.
    format: bool,
}

/// What the three have against a case.
struct Verdict {
    table: Vec<String>,
    schema: Vec<String>,
    /// What the schema finds where the table found nothing.
    beyond: Vec<String>,
    server: Option<String>,
}

#[test]
fn every_check_of_every_table_says_what_the_api_server_says() {
    let plane = require!(api());
    let cases: Vec<Case> = kinds::all().iter().flat_map(|kind| generate::cases(kind)).collect();
    let (mut wrong, mut accepted) = (Vec::new(), BTreeMap::new());
    for (case, verdict) in judged(&plane, cases) {
        if verdict.server.is_none() {
            *accepted.entry(case.kind.resource).or_insert(0) += 1;
        }
        wrong.extend(disagreement(&case, &verdict));
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
    // Verdicts that agree because everything is refused would prove nothing.
    for kind in kinds::all() {
        assert!(
            accepted.get(kind.resource).is_some_and(|count| *count > 2),
            "{}: {accepted:?}",
            kind.resource
        );
    }
}

#[test]
fn every_rule_of_every_table_has_an_accepting_and_a_refusing_case() {
    let plane = require!(api());
    let mut wrong = Vec::new();
    let mut cases = Vec::new();
    for kind in kinds::all() {
        for rule in kind.rules {
            let Some(pair) = rules::pair(kind, rule) else {
                wrong.push(format!("{}: no two cases for {}", kind.resource, rule.cel));
                continue;
            };
            for (spec, refused) in [(pair.accepts, false), (pair.refuses, true)] {
                let what = format!("{} rule {}", kind.resource, rule.cel);
                cases.push((rule, Case { what, kind, spec, refused, format: false }));
            }
        }
    }
    let (rules, cases): (Vec<&Rule>, Vec<Case>) = cases.into_iter().unzip();
    for (rule, (case, verdict)) in rules.into_iter().zip(judged(&plane, cases)) {
        wrong.extend(disagreement(&case, &verdict));
        let place = ["spec", rule.at, rule.on]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(".");
        let place = format!("{}: ", place.replace("[]", "[0]"));
        if !case.refused && verdict.server.is_some() {
            wrong.push(format!("{}: {} is refused: {:?}", case.what, case.spec, verdict.server));
        }
        let found = verdict.table.iter().any(|found| found.starts_with(&place));
        if found != case.refused {
            wrong.push(format!("{}: {} at {place}{:?}", case.what, case.spec, verdict.table));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_comparison_sees_a_verdict_that_differs() {
    let kind = kinds::by_resource("git_repository").unwrap();
    let case = |refused| Case { what: "x".to_owned(), kind, spec: Value::Null, refused, format: false };
    let verdict = |table: bool, schema: bool, server: bool| {
        let found = |refuses: bool| if refuses { vec!["no".to_owned()] } else { Vec::new() };
        Verdict {
            table: found(table),
            schema: found(schema),
            beyond: Vec::new(),
            server: server.then(|| "no".to_owned()),
        }
    };
    assert!(disagreement(&case(false), &verdict(false, false, false)).is_none());
    assert!(disagreement(&case(true), &verdict(true, true, true)).is_none());
    assert!(disagreement(&case(true), &verdict(false, false, false)).is_some());
    for (table, schema, server) in [(true, false, false), (false, true, false), (false, false, true)] {
        assert!(disagreement(&case(false), &verdict(table, schema, server)).is_some());
    }
    let of = |resource: &str| Case { kind: kinds::by_resource(resource).unwrap(), ..case(false) };
    let (_, says, _) = STRICTER.first().unwrap();
    let stricter = || Verdict { table: vec![(*says).to_owned()], ..verdict(false, false, false) };
    assert!(disagreement(&of("helm_repository"), &stricter()).is_none());
    assert!(disagreement(&of("git_repository"), &stricter()).is_some());
    let told_twice = Verdict { beyond: vec!["no".to_owned()], ..verdict(true, true, true) };
    assert!(disagreement(&case(true), &told_twice).is_some());
}

/// The verdicts of table, served schema and server on each case, in their order.
fn judged(plane: &ControlPlane, cases: Vec<Case>) -> Vec<(Case, Verdict)> {
    let namespace = plane.namespace("truth");
    let schemas: Mutex<BTreeMap<&str, std::sync::Arc<Schema>>> = Mutex::default();
    let served = |kind: &'static Kind| {
        let known = schemas.lock().unwrap().get(kind.resource).cloned();
        known.unwrap_or_else(|| {
            let name = format!("{}.{}", kind.plural, kind.group);
            let crd = live(plane, "CustomResourceDefinition", "", &name).unwrap();
            let schema = std::sync::Arc::new(Schema::of(&crd, kind.version).unwrap());
            schemas.lock().unwrap().insert(kind.resource, schema.clone());
            schema
        })
    };
    let asked: Vec<(Case, Value)> = cases
        .into_iter()
        .map(|case| {
            let object = json!({
                "apiVersion": case.kind.api_version(), "kind": case.kind.name,
                "metadata": {"name": generate::name(case.kind), "namespace": namespace},
                "spec": case.spec,
            });
            (case, object)
        })
        .collect();
    let answers = answers(plane, &asked);
    let judge = |((case, object), server): ((Case, Value), Option<String>)| {
        let manifest = Manifest::new(object, Origin::resource("truth")).unwrap();
        let said = |found: &[Violation]| found.iter().map(ToString::to_string).collect();
        let (table, schema) = (check(case.kind, &manifest), served(case.kind).check(&manifest, None));
        // What is told by the table is not told again, so a cluster that serves what the table knows adds nothing to a plan.
        let beyond: Vec<_> = schema
            .iter()
            .filter(|found| !table.iter().any(|told| told.path.overlaps(&found.path)))
            .cloned()
            .collect();
        let verdict = Verdict { table: said(&table), schema: said(&schema), beyond: said(&beyond), server };
        (case, verdict)
    };
    asked.into_iter().zip(answers).map(judge).collect()
}

/// What the API server has against each object when it is asked to create it without doing so.
fn answers(plane: &ControlPlane, asked: &[(Case, Value)]) -> Vec<Option<String>> {
    const AT_A_TIME: usize = 4;
    std::thread::scope(|scope| {
        let share = asked.len().div_ceil(AT_A_TIME).max(1);
        let threads: Vec<_> = asked
            .chunks(share)
            .map(|part| {
                scope.spawn(move || {
                    wait::block_on(async || {
                        let client = plane.client();
                        let mut answers = Vec::new();
                        for (case, object) in part {
                            answers.push(answer(&client, case, object).await);
                        }
                        answers
                    })
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

async fn answer(client: &kube::Client, case: &Case, object: &Value) -> Option<String> {
    let Kind { group, version, plural, .. } = case.kind;
    let namespace = object["metadata"]["namespace"].as_str().unwrap();
    let collection = format!("/apis/{group}/{version}/namespaces/{namespace}/{plural}");
    let params = PostParams { dry_run: true, ..PostParams::default() };
    let mut request = Request::new(collection).create(&params, object.to_string().into_bytes()).unwrap();
    // As kubectl does: a field that nobody knows is refused, not dropped.
    *request.uri_mut() = format!("{}&fieldValidation=Strict", request.uri()).parse().unwrap();
    match client.request::<Value>(request).await {
        Ok(_) => None,
        Err(kube::Error::Api(status)) if matches!(status.code, 400 | 422) => Some(status.message.clone()),
        Err(error) => panic!("{}: {error}", case.what),
    }
}

/// What is wrong with the verdicts on a case, if anything is.
fn disagreement(case: &Case, verdict: &Verdict) -> Option<String> {
    let (table, schema, server) =
        (!verdict.table.is_empty(), !verdict.schema.is_empty(), verdict.server.is_some());
    let on_purpose = |found: &String| {
        let mut listed = STRICTER.iter().filter(|(kind, ..)| *kind == case.kind.resource);
        case.format || listed.any(|(_, says, _)| found.contains(says))
    };
    let stricter = table && verdict.table.iter().all(on_purpose);
    let agreed = schema == server && (table == server || stricter) && verdict.beyond.is_empty();
    let expected = !case.refused || server || stricter;
    (!agreed || !expected).then(|| {
        let shown = |found: &[String]| if found.is_empty() { "accepts".to_owned() } else { found.join("; ") };
        format!(
            "{}: {}\n  table: {}\n  schema: {}\n  server: {}",
            case.what,
            case.spec,
            shown(&verdict.table),
            shown(&verdict.schema),
            verdict.server.as_deref().unwrap_or("accepts"),
        )
    })
}
