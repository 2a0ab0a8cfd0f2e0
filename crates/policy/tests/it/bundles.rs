//! Bundles that users bring: edited rules, broken files, what would be dropped in silence.

use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use policy::{Bundle, Catalogue, Gate, Settings};
use serde_json::json;
use testutil::require;
use testutil::tools::Tool;

use crate::workshop::{Workshop, kustomization};

/// A tar.gz of these files.
fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o600);
        archive.append_data(&mut header, name, *content).unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap()
}

/// The whole story of an error: itself and its causes.
fn story(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |story, cause| format!("{story}: {cause}"))
}

const MANIFEST: &[u8] = br#"{"revision":"","roots":[""],"wasm":[
    {"entrypoint":"flux/main/report","module":"/policy.wasm"},
    {"entrypoint":"flux/rules/a/deny","module":"/policy.wasm"}]}"#;

#[test]
fn an_edited_threshold_flips_the_verdict() {
    let opa = require!(Tool::Opa.path());
    let subject =
        kustomization(json!({"interval": "1h", "prune": true, "sourceRef": {"kind": "GitRepository"}}));
    let before = Workshop::copy_of_policies(&opa);
    assert!(before.gate().check(std::slice::from_ref(&subject)).unwrap().denied());
    // The rule itself, and not its parameter.
    let after = before.edited("flux/rules/interval.rego", "value < less_than", "value <= less_than");
    assert!(!after.gate().check(&[subject]).unwrap().denied());
}

#[test]
fn a_copy_of_the_built_in_rules_is_the_same_bundle() {
    let opa = require!(Tool::Opa.path());
    let copy = Catalogue::of(&Workshop::copy_of_policies(&opa).bundle()).unwrap();
    assert_eq!(format!("{copy:?}"), format!("{:?}", Catalogue::built_in().unwrap()));
}

#[test]
fn without_derived_reads_a_rule_reads_everything() {
    let opa = require!(Tool::Opa.path());
    let made = Workshop::copy_of_policies(&opa).make();
    let gate = Gate::with_bundle(&Bundle::read(&made.bundle).unwrap(), Settings::default()).unwrap();
    let mut subject =
        kustomization(json!({"interval": "5m", "prune": true, "sourceRef": {"kind": "GitRepository"}}));
    subject.manifest = subject.manifest.with_unknown(["spec.path".parse().unwrap()]);
    assert_eq!(gate.check(&[subject]).unwrap().counts().cannot_tell, 6);
}

#[test]
fn what_is_no_bundle_is_told_so() {
    let mut twice = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for _ in 0..2 {
        let mut header = tar::Header::new_gnu();
        header.set_size(2);
        twice.append_data(&mut header, "data.json", &b"{}"[..]).unwrap();
    }
    let twice = twice.into_inner().unwrap().finish().unwrap();
    let mut cut = archive(&[("policy.wasm", &[0; 10_000]), (".manifest", MANIFEST)]);
    cut.truncate(40);
    let mut plain = GzEncoder::new(Vec::new(), Compression::fast());
    plain
        .write_all(b"this was never a tar archive, and is long enough to see it ".repeat(20).as_slice())
        .unwrap();
    let wasm = ("policy.wasm", b"\0asm\x01\0\0\0".as_slice());
    let manifest = |text: &'static str| (".manifest", text.as_bytes());
    let no_rule = r#"{"wasm":[{"entrypoint":"flux/main/report","module":"/policy.wasm"}]}"#;
    let elsewhere = r#"{"wasm":[{"entrypoint":"flux/main/report","module":"/other.wasm"}]}"#;
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", Vec::new()),
        ("text", b"package flux.rules.a".to_vec()),
        ("gzip of text", plain.finish().unwrap()),
        ("cut off", cut),
        ("empty archive", archive(&[])),
        ("no module", archive(&[(".manifest", MANIFEST)])),
        ("no manifest", archive(&[wasm])),
        ("manifest is text", archive(&[wasm, manifest("roots: []")])),
        ("no report", archive(&[wasm, manifest("{}")])),
        ("another module", archive(&[wasm, manifest(elsewhere)])),
        ("data is a list", archive(&[wasm, (".manifest", MANIFEST), ("data.json", b"[1]")])),
        ("data is broken", archive(&[wasm, (".manifest", MANIFEST), ("data.json", b"{")])),
        ("data in YAML", archive(&[wasm, (".manifest", MANIFEST), ("params/data.yaml", b"a: 1")])),
        ("data twice", twice),
        (
            "data under the rules",
            archive(&[wasm, (".manifest", MANIFEST), ("data.json", br#"{"flux":{"rules":{"b":1}}}"#)]),
        ),
        ("params are a list", archive(&[wasm, (".manifest", MANIFEST), ("data.json", br#"{"params":[]}"#)])),
        ("no rule", archive(&[wasm, manifest(no_rule)])),
        ("no code", archive(&[wasm, (".manifest", MANIFEST)])),
        ("not wasm", archive(&[("policy.wasm", b"MZ"), (".manifest", MANIFEST)])),
    ];
    let told: Vec<String> = cases
        .into_iter()
        .map(|(name, bytes)| {
            let error = match Bundle::read(&bytes) {
                Err(error) => story(&error),
                Ok(bundle) => story(&Gate::with_bundle(&bundle, Settings::default()).unwrap_err()),
            };
            format!("{name}: {error}")
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn a_bundle_for_another_engine_is_refused() {
    let opa = require!(Tool::Opa.path());
    let made = tempfile::tempdir().unwrap();
    let path = made.path().join("bundle.tar.gz");
    let to = path.to_string_lossy();
    crate::workshop::opa(&opa, &["build", "-b", ".", "--ignore", "*_test.rego", "-o", &to]);
    let error = Bundle::read(&std::fs::read(&path).unwrap()).unwrap_err().to_string();
    assert!(error.contains("policy.wasm") && error.contains("opa build -t wasm"), "{error}");
}

#[test]
fn a_builtin_that_is_not_here_is_named_when_the_bundle_is_loaded() {
    let opa = require!(Tool::Opa.path());
    let body = r#"deny contains "late" if { time.now_ns() > 0; rand.intn("x", 2) == 1 }"#;
    let bundle = Workshop::new(&opa).with_rule("late", body).bundle();
    let error = story(&Gate::with_bundle(&bundle, Settings::default()).unwrap_err());
    insta::assert_snapshot!(error, @"the policy engine failed: the policy calls builtins that are not supported: rand.intn, time.now_ns; supported are sprintf, strings.any_prefix_match, strings.any_suffix_match, strings.count, time.parse_duration_ns");
}

#[test]
fn data_under_the_root_of_the_rules_is_refused() {
    let opa = require!(Tool::Opa.path());
    let made = Workshop::new(&opa)
        .with_rule("a", "deny contains \"never\" if false")
        .with("flux/extra/data.json", r#"{"b": ["looks like findings"]}"#)
        .make();
    let error = Bundle::read(&made.bundle).unwrap_err().to_string();
    assert_eq!(error, "the bundle holds data under `flux`, which is for rules alone");
}

#[test]
fn metadata_that_is_wrong_is_told_with_the_rule() {
    let opa = require!(Tool::Opa.path());
    let rule = |custom: &str| {
        format!(
            "# METADATA\n# scope: document\n# title: T\n# custom:\n#   {custom}\ndeny contains \"x\" if false"
        )
    };
    let told: Vec<String> = [
        "severity: fatal",
        "severity: 3",
        "kinds: GitRepository",
        "kinds: [1]",
        "kinds: [\"a/\"]",
        "params: [{type: string}]",
        "params: [{name: a, type: text}]",
        "params: [a]",
        "id: \" \"",
        "id: b",
    ]
    .into_iter()
    .map(|custom| {
        let bundle =
            Workshop::new(&opa).with_rule("a", &rule(custom)).with_rule("b", &rule("id: b")).bundle();
        story(&Catalogue::of(&bundle).unwrap_err())
    })
    .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn a_rule_without_metadata_speaks_of_everything_and_denies() {
    let opa = require!(Tool::Opa.path());
    let gate = Workshop::new(&opa).with_rule("no_names", r#"deny contains "no" if input.object.kind"#).gate();
    let rule = gate.catalogue().rule("no-names").unwrap();
    assert_eq!((rule.title.as_str(), rule.kinds.len()), ("no-names", 0));
    let report = gate.check(&[kustomization(json!({}))]).unwrap();
    let (_, finding) = report.findings().next().unwrap();
    assert_eq!((finding.message.as_str(), &finding.path), ("no", &None));
    assert!(report.denied());
}

#[test]
fn a_finding_outranks_the_kinds_that_a_rule_states() {
    let opa = require!(Tool::Opa.path());
    let body =
        "# METADATA\n# scope: document\n# custom:\n#   kinds: [Secret]\ndeny contains \"found\" if true";
    let report = Workshop::new(&opa).with_rule("a", body).gate().check(&[kustomization(json!({}))]).unwrap();
    assert!(report.denied(), "{report:?}");
}

#[test]
fn rules_that_the_bundle_does_not_list_shut_the_gate() {
    let opa = require!(Tool::Opa.path());
    let workshop = Workshop::new(&opa)
        .with_rule("a", "deny contains \"x\" if false")
        // Not a file of its own, so it gets no entrypoint.
        .with("flux/hidden.rego", "package flux.rules.hidden\n\ndeny contains \"y\" if false\n");
    let error = workshop.gate().check(&[kustomization(json!({}))]).unwrap_err().to_string();
    insta::assert_snapshot!(error, @"the policy reported other rules than its bundle lists: not listed hidden");
}

#[test]
fn one_rule_that_aborts_is_blamed_and_the_others_report() {
    let opa = require!(Tool::Opa.path());
    let gate = Workshop::new(&opa)
        .with_rule("torn", "which := 1 if input.object.kind\n\nwhich := 2 if input.object.spec\n\ndeny contains \"x\" if which == 1")
        .with_rule("whole", r#"deny contains {"msg": "found", "path": ["spec", "patches", 0]} if input.object.spec"#)
        .gate();
    let report = gate.check(&[kustomization(json!({}))]).unwrap();
    assert_eq!((report.counts().failed, report.counts().errors), (1, 1));
    assert!(report.denied());
    let failure = &report.errors[0];
    assert_eq!(failure.rule, "torn");
    assert!(failure.message.contains("conflict"), "{}", failure.message);
    let (_, finding) = report.findings().next().unwrap();
    assert_eq!(finding.path.as_ref().unwrap().to_string(), "spec.patches[0]");
}

#[test]
fn a_builtin_that_fails_is_an_error_and_no_pass() {
    let opa = require!(Tool::Opa.path());
    let body = r#"deny contains "short" if time.parse_duration_ns(input.object.spec.interval) < 5"#;
    let gate = Workshop::new(&opa).with_rule("bare", body).gate();
    let mut subject = kustomization(json!({"interval": "soon"}));
    let report = gate.check(std::slice::from_ref(&subject)).unwrap();
    assert!(report.denied());
    assert_eq!(report.errors[0].message, {
        r#"the builtin time.parse_duration_ns failed: time: invalid duration "soon""#
    });
    subject.manifest = subject.manifest.with_sensitive(["spec.interval".parse().unwrap()]);
    let report = gate.check(&[subject]).unwrap();
    assert_eq!(report.errors[0].message, "the builtin time.parse_duration_ns failed");
}

#[test]
fn findings_of_another_shape_are_an_error_and_no_pass() {
    let opa = require!(Tool::Opa.path());
    for finding in [
        "1",
        "null",
        "{\"message\": \"x\"}",
        "{\"msg\": 1}",
        "{\"msg\": \"x\", \"path\": \"spec\"}",
        "{\"msg\": \"x\", \"path\": [-1]}",
    ] {
        let gate = Workshop::new(&opa).with_rule("odd", &format!("deny contains {finding} if true")).gate();
        let report = gate.check(&[kustomization(json!({}))]).unwrap();
        assert!(report.denied() && report.errors.len() == 1, "{finding}: {report:?}");
    }
}

#[test]
fn a_secret_that_a_rule_transforms_is_not_shown_either() {
    let opa = require!(Tool::Opa.path());
    let body = r#"deny contains {"msg": sprintf("%q", [upper(input.object.spec.token)]), "path": ["spec", lower(input.object.spec.token)]} if true"#;
    let gate = Workshop::new(&opa).with_rule("leak", body).gate();
    let mut subject = kustomization(json!({"token": "hunter2"}));
    subject.manifest = subject.manifest.with_sensitive(["spec.token".parse().unwrap()]);
    let report = gate.check(&[subject]).unwrap();
    assert!(report.denied());
    assert!(!format!("{report:?}").to_lowercase().contains("hunter2"), "{report:?}");
}

#[test]
fn likely_findings_are_those_on_known_fields() {
    let opa = require!(Tool::Opa.path());
    let body = r#"
deny contains {"msg": "a", "path": ["spec", "a"]} if not input.object.spec.a == 1

deny contains {"msg": "b", "path": ["spec", "b"]} if not input.object.spec.b == 1

deny contains "somewhere" if true"#;
    let gate = Workshop::new(&opa).with_rule("two", body).gate();
    let mut subject = kustomization(json!({"a": 2, "b": 2}));
    subject.manifest = subject.manifest.with_unknown(["spec.b".parse().unwrap()]);
    let report = gate.check(&[subject]).unwrap();
    let policy::Outcome::CannotTell { likely, .. } = &report.verdicts[0].outcome else {
        panic!("{report:?}")
    };
    assert_eq!(likely.iter().map(|finding| finding.message.as_str()).collect::<Vec<_>>(), ["a"]);
    assert!(!report.denied());
}

#[test]
fn rules_that_iterate_read_the_whole_list() {
    let opa = require!(Tool::Opa.path());
    let body =
        r#"deny contains "x" if { some patch in input.object.spec.patches; patch.target.kind == "Secret" }"#;
    let gate = Workshop::new(&opa).with_rule("each", body).gate();
    let reads: Vec<String> =
        gate.catalogue().rules()[0].reads.object.iter().map(ToString::to_string).collect();
    assert_eq!(reads, ["spec.patches"]);
}

#[test]
fn the_program_that_compiles_is_the_pinned_one() {
    let opa = require!(Tool::Opa.path());
    let output = crate::workshop::opa(&opa, &["version"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.starts_with(&format!("Version: {}", Tool::Opa.version())), "{text}");
    assert!(Path::new(&opa).is_absolute());
}
