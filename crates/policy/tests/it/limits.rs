//! What a rule may cost: fuel, memory, time. Whoever passes a limit is named, and the others still report.

use std::time::{Duration, Instant};

use policy::{Error, Gate, Limits, Report, Settings};
use serde_json::json;
use testutil::require;
use testutil::tools::Tool;

use crate::workshop::{Workshop, kustomization};

/// A rule that walks a billion combinations.
const ENDLESS: &str = r#"deny contains "found" if {
	numbers := [n | some n in numbers.range(1, 1000)]
	some a in numbers
	some b in numbers
	some c in numbers
	a + b + c == 0
}"#;

/// A rule that keeps everything that it makes.
const HUNGRY: &str = r#"deny contains "found" if {
	texts := [text | some n in numbers.range(1, 1000000); text := concat("", [format_int(n, 10), "-and-some-more-text"])]
	count(texts) == 0
}"#;

const FRUGAL: &str = r#"deny contains "found" if input.object.kind == "Kustomization""#;

fn report(rule: &str, limits: Limits) -> Option<Report> {
    let opa = testutil::requirements::met("limits", Tool::Opa.path())?;
    let bundle = Workshop::new(&opa).with_rule("costly", rule).with_rule("frugal", FRUGAL).bundle();
    let gate = Gate::with_bundle(&bundle, Settings { limits, ..Settings::default() }).unwrap();
    let report = gate.check(&[kustomization(json!({}))]).unwrap();
    assert_eq!(report.counts().failed, 1, "the other rule still reports");
    assert!(report.denied());
    Some(report)
}

#[test]
fn a_rule_that_does_not_end_runs_out_of_fuel() {
    let Some(report) = report(ENDLESS, Limits::default()) else { return };
    let failure = &report.errors[0];
    assert_eq!(
        (failure.rule.as_str(), failure.message.as_str()),
        ("costly", "it needs more than 500000000 units of fuel")
    );
}

#[test]
fn a_rule_that_keeps_everything_runs_out_of_memory() {
    let limits = Limits { memory: 8 << 20, fuel: u64::MAX / 2, time: Duration::from_secs(600) };
    let Some(report) = report(HUNGRY, limits) else { return };
    let failure = &report.errors[0];
    assert_eq!(
        (failure.rule.as_str(), failure.message.as_str()),
        ("costly", "it needs more than 8388608 bytes of memory")
    );
}

#[test]
fn a_rule_that_takes_too_long_is_ended() {
    let limits = Limits { fuel: u64::MAX / 2, time: Duration::from_millis(200), ..Limits::default() };
    let start = Instant::now();
    let Some(report) = report(ENDLESS, limits) else { return };
    let failure = &report.errors[0];
    assert_eq!((failure.rule.as_str(), failure.message.as_str()), ("costly", "it takes longer than 200ms"));
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}

#[test]
fn data_that_does_not_fit_is_told_at_the_start() {
    let opa = require!(Tool::Opa.path());
    let data = json!({"list": vec!["a text of some length"; 200_000]}).to_string();
    let bundle = Workshop::new(&opa).with_rule("frugal", FRUGAL).with("data.json", &data).bundle();
    let limits = Limits { memory: 4 << 20, ..Limits::default() };
    let error = Gate::with_bundle(&bundle, Settings { limits, ..Settings::default() }).unwrap_err();
    let Error::Engine(cause) = error else { panic!("{error:?}") };
    assert_eq!(cause.to_string(), "it needs more than 4194304 bytes of memory");
}

#[test]
fn an_object_that_does_not_fit_is_an_error_and_no_pass() {
    let limits = Limits { memory: 4 << 20, ..Limits::default() };
    let gate = Gate::new(Settings { limits, ..Settings::default() }).unwrap();
    let long = "x".repeat(8 << 20);
    let report = gate.check(&[kustomization(json!({"interval": long})), kustomization(json!({}))]).unwrap();
    assert_eq!(report.counts().errors, 12);
    assert_eq!(report.counts().failed, 3, "the next object is judged as if nothing had happened");
    assert!(report.denied());
}

#[test]
fn an_object_that_is_nested_deeply_crashes_nothing() {
    let gate = Gate::new(Settings::default()).unwrap();
    let mut deep = json!(0);
    for _ in 0..1_000 {
        deep = json!([deep]);
    }
    let report = gate.check(&[kustomization(
        json!({"interval": "5m", "prune": true, "sourceRef": {"kind": "GitRepository"}, "deep": deep}),
    )]);
    let decided = |report: Report| report.denied() || report.counts().passed == 6;
    assert!(report.map_or(true, decided));
}
