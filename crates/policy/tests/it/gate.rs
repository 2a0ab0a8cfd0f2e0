//! The gate on the built-in rules: outcomes, counts, settings.

use flux::path::FieldPath;
use policy::{Change, Counts, Error, Gate, Outcome, Report, Settings, Severity, Subject, Unknown};
use serde_json::{Map, Value, json};

use crate::workshop::{git_repository, kustomization, subject};

/// How many rules there are, how many of them speak of Kustomizations, and how many do not.
const RULES: usize = 12;
const OF_KUSTOMIZATIONS: usize = 6;
const OF_OTHERS: usize = RULES - OF_KUSTOMIZATIONS;

fn gate() -> Gate {
    Gate::new(Settings::default()).unwrap()
}

fn outcome(report: &Report, rule: &str) -> Outcome {
    report.verdicts.iter().find(|verdict| verdict.rule == rule).unwrap().outcome.clone()
}

fn good_kustomization() -> Subject {
    kustomization(json!({"interval": "5m", "prune": true, "sourceRef": {"kind": "GitRepository"}}))
}

fn with_unknown(mut subject: Subject, path: &str) -> Subject {
    subject.manifest = subject.manifest.with_unknown([path.parse().unwrap()]);
    subject
}

fn settings(rules: &[(&str, Severity)], params: Value) -> Settings {
    let Value::Object(params) = params else { panic!() };
    Settings {
        rules: rules.iter().map(|(id, severity)| ((*id).to_owned(), *severity)).collect(),
        params,
        ..Settings::default()
    }
}

#[test]
fn a_good_object_passes_every_rule_that_speaks_of_it() {
    let report = gate().check(&[good_kustomization()]).unwrap();
    assert_eq!(
        report.counts(),
        Counts { passed: OF_KUSTOMIZATIONS, not_applicable: OF_OTHERS, ..Counts::default() }
    );
    assert!(!report.denied());
}

#[test]
fn a_finding_says_what_where_and_what_to_do() {
    let report = gate()
        .check(&[git_repository(json!({"interval": "5m", "url": "git@h:x", "ref": {"tag": "v1"}}))])
        .unwrap();
    assert!(report.denied());
    let (subject, finding) = report.findings().next().unwrap();
    assert_eq!(subject, 0);
    insta::assert_json_snapshot!(finding, @r#"
    {
      "rule": "url-scheme",
      "title": "Git is fetched over https or ssh",
      "severity": "deny",
      "message": "GitRepository/flux-system/apps: spec.url is in the scp form, which the API of Flux refuses: write ssh://git@h/x",
      "path": "spec.url",
      "remedy": "Write https://host/path or ssh://git@host/path, and keep credentials in the Secret that spec.secretRef names."
    }
    "#);
}

#[test]
fn pairs_are_counted_and_ordered_by_object_then_rule() {
    let bad = kustomization(json!({"interval": "1d"}));
    let subjects = [good_kustomization(), bad, subject(json!({"apiVersion": "v1", "kind": "Secret"}))];
    let report = gate().check(&subjects).unwrap();
    // Of the bad one, interval, prune and source kind are refused.
    let counts = Counts {
        passed: OF_KUSTOMIZATIONS + OF_KUSTOMIZATIONS - 3,
        failed: 3,
        not_applicable: OF_OTHERS + OF_OTHERS + RULES,
        ..Counts::default()
    };
    assert_eq!(report.counts(), counts);
    let pairs: Vec<(usize, &str)> = report.verdicts.iter().map(|v| (v.subject, v.rule.as_str())).collect();
    assert!(pairs.is_sorted() && pairs.len() == 3 * RULES, "{pairs:?}");
    assert_eq!(report.of(1).count(), RULES);
}

#[test]
fn a_rule_cannot_tell_while_something_it_reads_is_unknown() {
    for (path, told) in [("spec.interval", "spec.interval"), ("spec", "spec")] {
        let report = gate().check(&[with_unknown(good_kustomization(), path)]).unwrap();
        let because = vec![Unknown::Field(told.parse().unwrap())];
        assert_eq!(outcome(&report, "interval"), Outcome::CannotTell { because, likely: vec![] });
    }
    let report = gate().check(&[with_unknown(good_kustomization(), "spec.interval.deep")]).unwrap();
    assert!(matches!(outcome(&report, "interval"), Outcome::CannotTell { .. }), "what is inside counts too");
    assert!(!report.denied());
}

#[test]
fn what_a_rule_does_not_read_may_be_unknown() {
    for path in ["metadata.name", "metadata", "spec.path", "spec.interval2", "status"] {
        let report = gate().check(&[with_unknown(kustomization(json!({"interval": "1d"})), path)]).unwrap();
        assert!(matches!(outcome(&report, "interval"), Outcome::Fail(_)), "{path}");
    }
}

#[test]
fn an_unknown_name_is_named_as_such() {
    let report =
        gate().check(&[with_unknown(kustomization(json!({"interval": "1d"})), "metadata.name")]).unwrap();
    let message = &report.findings().next().unwrap().1.message;
    assert!(message.starts_with("Kustomization/flux-system/(known after apply): "), "{message}");
}

#[test]
fn an_object_of_unknown_kind_is_told_by_no_rule() {
    let report = gate().check(&[with_unknown(good_kustomization(), "kind")]).unwrap();
    // The group alone rules some of them out.
    let counts = Counts { cannot_tell: OF_KUSTOMIZATIONS, not_applicable: OF_OTHERS, ..Counts::default() };
    assert_eq!(report.counts(), counts);
    let nothing_known = with_unknown(with_unknown(good_kustomization(), "kind"), "apiVersion");
    assert_eq!(gate().check(&[nothing_known]).unwrap().counts().cannot_tell, RULES);
    let report = gate().check(&[with_unknown(good_kustomization(), "")]).unwrap();
    assert_eq!(report.counts().cannot_tell, RULES);
    let no_group = with_unknown(good_kustomization(), "apiVersion");
    assert_eq!(gate().check(&[no_group]).unwrap().counts().cannot_tell, OF_KUSTOMIZATIONS);
}

#[test]
fn an_unknown_parameter_leaves_its_rules_undecided() {
    let mut settings = settings(&[], json!({}));
    settings.unknown_params = vec!["interval_less_than".to_owned()];
    let gate = Gate::new(settings).unwrap();
    let report = gate.check(&[kustomization(json!({"interval": "1d"}))]).unwrap();
    let Outcome::CannotTell { because, likely } = outcome(&report, "interval") else { panic!("{report:?}") };
    assert_eq!(because, [Unknown::Param("interval_less_than".to_owned())]);
    assert_eq!(likely.len(), 1, "the field itself is known, so what is found there will most likely stand");
    assert!(matches!(outcome(&report, "prune"), Outcome::Fail(_)));
}

#[test]
fn what_does_not_change_is_only_warned_of() {
    let mut subject =
        kustomization(json!({"interval": "1d", "prune": true, "sourceRef": {"kind": "GitRepository"}}));
    subject.change = Change::Unchanged;
    let report = gate().check(&[subject]).unwrap();
    let counts =
        Counts { passed: OF_KUSTOMIZATIONS - 1, warned: 1, not_applicable: OF_OTHERS, ..Counts::default() };
    assert_eq!(report.counts(), counts);
    assert!(!report.denied());
    assert!(report.findings().all(|(_, finding)| finding.severity == Severity::Warn));
}

#[test]
fn what_is_deleted_is_not_judged() {
    let mut subject = kustomization(json!({}));
    subject.change = Change::Delete;
    let report = gate().check(&[subject]).unwrap();
    assert_eq!(report.counts(), Counts { not_applicable: RULES, ..Counts::default() });
}

#[test]
fn severities_are_set_by_rule() {
    let gate =
        Gate::new(settings(&[("interval", Severity::Warn), ("prune", Severity::Off)], json!({}))).unwrap();
    let mut subject = good_kustomization().manifest.into_object();
    subject["spec"]["interval"] = json!("1d");
    subject["spec"]["prune"] = json!(false);
    let report = gate.check(&[crate::workshop::subject(subject)]).unwrap();
    let counts =
        Counts { passed: OF_KUSTOMIZATIONS - 2, warned: 1, not_applicable: OF_OTHERS, ..Counts::default() };
    assert_eq!(report.counts(), counts);
    assert!(!report.denied());
    assert_eq!(gate.severity("prune"), Severity::Off);
    assert_eq!(gate.severity("url-scheme"), Severity::Deny);
}

#[test]
fn parameters_change_verdicts() {
    let gate = Gate::new(settings(&[], json!({"interval_less_than": "48h"}))).unwrap();
    let report = gate
        .check(&[kustomization(
            json!({"interval": "24h", "prune": true, "sourceRef": {"kind": "GitRepository"}}),
        )])
        .unwrap();
    assert!(!report.denied(), "{report:?}");
}

#[test]
fn sensitive_values_never_reach_a_message() {
    let mut subject =
        git_repository(json!({"interval": "hunter2", "url": "hunter2://x", "ref": {"tag": "v1"}}));
    subject.manifest = subject
        .manifest
        .with_sensitive([FieldPath::of(["spec", "interval"]), FieldPath::of(["spec", "url"])]);
    let report = gate().check(&[subject]).unwrap();
    let messages: Vec<&String> = report.findings().map(|(_, finding)| &finding.message).collect();
    assert_eq!(
        messages,
        [
            "GitRepository/flux-system/apps: spec.interval: Flux looks often, but not all the time",
            "GitRepository/flux-system/apps: spec.url: Git is fetched over https or ssh",
        ]
    );
    assert!(!format!("{report:?}").contains("hunter2"));
}

#[test]
fn a_sensitive_name_is_not_shown() {
    let mut subject = kustomization(json!({"interval": "1d"}));
    subject.manifest = subject.manifest.with_sensitive([FieldPath::of(["metadata", "name"])]);
    let report = gate().check(&[subject]).unwrap();
    assert!(!format!("{report:?}").contains("apps"), "{report:?}");
}

#[test]
fn a_nameless_object_is_judged_like_any_other() {
    let mut object = kustomization(json!({"interval": "1d"})).manifest.into_object();
    object["metadata"] = json!({});
    let report = gate().check(&[subject(object)]).unwrap();
    assert!(report.denied());
}

#[test]
fn settings_that_mean_nothing_are_errors() {
    let mut errors = Vec::new();
    let catalogue = policy::Catalogue::built_in().unwrap();
    let off = catalogue.rules().iter().map(|rule| (rule.id.as_str(), Severity::Off)).collect();
    for (rules, params) in [
        (vec![("url_scheme", Severity::Deny)], json!({})),
        (vec![("signature", Severity::Deny)], json!({})),
        (vec![], json!({"interval_lessthan": "1h"})),
        (vec![], json!({"interval_less_than": "1d"})),
        (vec![], json!({"interval_less_than": null})),
        (vec![], json!({"allowed_schemes": "https"})),
        (vec![], json!({"allowed_schemes": ["https", 1]})),
        (off, json!({})),
    ] {
        errors.push(Gate::new(settings(&rules, params)).unwrap_err().to_string());
    }
    let unknown = Settings { unknown_params: vec!["intervals".to_owned()], ..Settings::default() };
    errors.push(Gate::new(unknown).unwrap_err().to_string());
    insta::assert_snapshot!(errors.join("\n"));
}

#[test]
fn a_check_of_nothing_is_no_pass() {
    assert!(matches!(gate().check_all(&[]), Err(Error::NoObjects)));
    assert_eq!(gate().check(&[]).unwrap(), Report::default());
}

#[test]
fn threads_share_a_gate() {
    let gate = gate();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..50 {
                    let report = gate.check(&[kustomization(json!({})), good_kustomization()]).unwrap();
                    assert_eq!(report.counts().failed, 3);
                }
            });
        }
    });
}

#[test]
fn evaluations_do_not_fill_the_memory() {
    let gate = gate();
    let long = "x".repeat(100_000);
    for _ in 0..500 {
        let report = gate.check(&[kustomization(json!({"interval": long}))]).unwrap();
        assert!(report.errors.is_empty(), "{:?}", report.errors);
    }
}

#[test]
fn settings_are_plain_data() {
    let empty: Map<String, Value> = Settings::default().params;
    assert!(empty.is_empty());
    assert_eq!("warn".parse(), Ok(Severity::Warn));
    assert_eq!("Warn".parse::<Severity>().unwrap_err().to_string(), "a severity is one of deny, warn, off");
}

#[test]
fn a_rule_that_warns_by_itself_stops_nothing() {
    let install = subject(json!({
        "apiVersion": "fluxgate/v1", "kind": "Install", "metadata": {"name": "flux", "namespace": "flux-system"},
        "spec": {
            "repository": "https://example.com/charts", "chart": "flux2", "version": "2.18.3",
            "values": {"policies": {"create": false}},
        },
    }));
    let report = gate().check(std::slice::from_ref(&install)).unwrap();
    assert!(!report.denied());
    let warned: Vec<&str> = report.findings().map(|(_, finding)| finding.rule.as_str()).collect();
    assert_eq!(warned, ["multi-tenancy", "network-policy"]);
    assert_eq!(report.counts().warned, 2);
    let strict = Gate::new(settings(&[("multi-tenancy", Severity::Deny)], json!({}))).unwrap();
    assert!(strict.check(&[install]).unwrap().denied());
}
