//! The built-in rules through this host and through the real `opa eval`: the same findings.

use std::collections::BTreeMap;
use std::fs;
use std::sync::OnceLock;

use flux::duration::Duration;
use flux::git_url::GitUrl;
use policy::{Gate, Outcome, Settings, Subject};
use proptest::prelude::*;
use serde_json::{Value, json};
use testutil::require;
use testutil::tools::Tool;

use crate::workshop::{git_repository, install, kustomization, opa, subject};

const URLS: &[&str] = &[
    "https://x/y",
    "https://",
    "ssh://git@h/x",
    "git@h:x/y.git",
    "git@h:x",
    "git@",
    "http://x/y",
    "HTTPS://x/y",
    "git://h/x",
    " https://x/y",
    "ftp://invalid",
    "",
    "file:///tmp/r",
    "https://u:p@h/x",
    "https://u@h/x",
    "https://h:8443/x",
    "https://h:x/y",
    "ssh://h",
    "https://[::1]/x",
    "https://x/\u{e9}",
    "https://x\n",
    "\u{0}",
    "https://x/y\u{0}",
    "https://h?x",
    "https://h\\x",
    "  ",
    "a@b:c:d",
    "https://xn--bcher-kva/x",
    "https://bücher/x",
];

const INTERVALS: &[&str] = &[
    "1m",
    "30s",
    "0s",
    "00s",
    "1h",
    "1h30m",
    "1d",
    "1w",
    "99999m",
    "1m1m",
    " 1m ",
    "500ms",
    "1.5h",
    "60",
    "",
    "-1m",
    "1M",
    "15m",
    "05m",
    "1m30s",
    "1m0s",
    "90s",
    "29.999999999s",
    "29.9999999999s",
    "59m59.9999999999s",
    "30.0000s",
    "1m\n",
    "0.0083333333333333333h",
    "99999999999999999999h",
    "999999999s999999999s",
    "0h0m30s",
    "1\u{b5}s",
    "3600000ms",
];

const PATHS: &[&str] = &[
    "",
    " ",
    ".",
    "./",
    "./a",
    "a/b",
    "./.",
    "./a//b",
    "./..foo",
    "./foo..",
    "/abs",
    "\\abs",
    "..",
    "../x",
    "./../x",
    "./a/../b",
    "a/../b",
    "./a/..",
    "a\\..\\b",
    "./a\\..\\b",
    "...",
    "./a\n/../b",
    "\u{0}/..",
];

const NAMES: &[&str] =
    &["a", "flux-system", "a.b", "Bad_Name", "", " ", " a", "a ", "-a", "a-", "a..b", "\u{e9}", "a\n", "a/b"];

const REPOSITORIES: &[&str] = &[
    "https://x/charts",
    "https://x:8443",
    "https://[::1]/x",
    "oci://ghcr.io/x",
    "http://x",
    "HTTPS://x",
    " https://x",
    "",
    " ",
    "https://",
    "https://u:p@x",
    "https://x/?a",
    "https://x/ a",
    "fluxcd",
    "git@h:x",
    "https://x\n",
];

const VERSIONS: &[&str] = &[
    "2.16.4",
    "v2.16.4",
    "2.16.4-rc.1+b.7",
    "~2.18",
    "^2",
    ">=2.16.0 <3.0.0",
    ">= 2, < 3",
    "2.0.0 - 2.9.9",
    "2.x",
    "~2.16 || ~2.18",
    "",
    " ",
    "latest",
    " Latest ",
    "*",
    "x.x",
    "two",
    "2.16.4 ",
    "2..4",
    "2.1.2.3",
    "2.16.4\n",
];

/// References, and what was decided of them.
fn references() -> Vec<(Value, bool)> {
    vec![
        (json!({"branch": "main"}), true),
        (json!({"tag": "v1"}), true),
        (json!({"semver": ">=1.0.0 <2.0.0"}), true),
        (json!({"commit": "0123abc"}), true),
        (json!({"name": "refs/pull/420/head"}), true),
        (json!({"branch": "main", "commit": "0123abc"}), true),
        (json!({"branch": "main", "tag": null, "semver": null, "commit": null, "name": null}), true),
        (json!({}), false),
        (json!(null), false),
        (json!("main"), false),
        (json!({"branch": ""}), false),
        (json!({"branch": " "}), false),
        (json!({"branch": null}), false),
        (json!({"branch": "main", "tag": "v1"}), false),
        (json!({"branch": "main", "tag": ""}), false),
        (json!({"branch": "main", "commit": "0123abc", "name": "x"}), false),
        (json!({"branch": 7}), false),
        (json!({"Branch": "main"}), false),
        (json!(["branch"]), false),
    ]
}

/// What stands where a value is forgotten, emptied, or of another type.
fn nothings() -> Vec<Value> {
    vec![
        json!(null),
        json!(""),
        json!("false"),
        json!(0),
        json!([]),
        json!({}),
        json!(false),
        json!(true),
        json!(1.5),
    ]
}

/// Every field that a rule reads, with every value that may stand there.
fn subjects() -> Vec<Subject> {
    let mut specs = vec![json!({}), json!({"url": "https://x/y", "interval": "5m", "prune": true})];
    specs.extend(nothings());
    let flags = &["true", "false"][..];
    let fields =
        [("url", URLS), ("interval", INTERVALS), ("prune", flags), ("suspend", flags), ("path", PATHS)];
    for (field, texts) in fields {
        let values = nothings().into_iter().chain(texts.iter().map(|text| json!(text)));
        for value in values {
            let mut spec = json!({"url": "https://x/y", "interval": "5m", "prune": true});
            spec[field] = value;
            specs.push(spec);
        }
    }
    specs.extend(references().into_iter().map(|(reference, _)| json!({"ref": reference})));
    for kind in ["GitRepository", "OCIRepository", "Bucket", "HelmRepository", "gitrepository"] {
        specs.push(json!({"sourceRef": {"kind": kind}}));
    }
    for nothing in nothings() {
        specs.push(json!({"sourceRef": {"kind": nothing}}));
        specs.push(json!({"sourceRef": nothing}));
        specs.push(json!({"ref": {"tag": nothing}}));
    }
    let mut subjects: Vec<Subject> =
        specs.into_iter().flat_map(|spec| [git_repository(spec.clone()), kustomization(spec)]).collect();
    for (version, kind) in [
        ("v1", "GitRepository"),
        ("source.toolkit.fluxcd.io/v1beta2", "GitRepository"),
        ("source.toolkit.fluxcd.io", "GitRepository"),
        ("source.toolkit.fluxcd.io/", "GitRepository"),
        ("/v1", "GitRepository"),
        ("example.com/v1", "GitRepository"),
        ("kustomize.config.k8s.io/v1beta1", "Kustomization"),
        ("kustomize.toolkit.fluxcd.io/v1", "kustomization"),
        ("kustomize.toolkit.fluxcd.io/v1", "Secret"),
    ] {
        subjects.push(subject(json!({"apiVersion": version, "kind": kind, "metadata": {"name": "x"}})));
    }
    for name in nothings().into_iter().chain(NAMES.iter().map(|name| json!(name))) {
        let metadata = json!({"name": name, "namespace": "flux-system"});
        subjects.push(subject(
            json!({"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository", "metadata": metadata}),
        ));
    }
    for value in nothings().into_iter().chain(NAMES.iter().map(|name| json!(name))) {
        let metadata = json!({"name": "x", "namespace": value});
        let spec = json!({"secretRef": {"name": value}});
        for (version, kind) in [("source.toolkit.fluxcd.io/v1", "GitRepository"), ("fluxgate/v1", "Install")]
        {
            subjects.push(subject(
                json!({"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}),
            ));
        }
    }
    subjects.extend(installations());
    subjects
}

/// Installations with every value that may stand where a rule reads.
fn installations() -> Vec<Subject> {
    let remote =
        || json!({"repository": "https://x/charts", "chart": "flux2", "version": "2.18.3", "values": {}});
    let mut specs = vec![remote(), json!({}), json!({"chart": "./flux2"}), json!({"chart": "oci://x/flux2"})];
    specs.extend(nothings());
    let with_texts = |texts: &[&str]| {
        nothings().into_iter().chain(texts.iter().map(|text| json!(text))).collect::<Vec<_>>()
    };
    for (pointer, values) in [
        ("repository", with_texts(REPOSITORIES)),
        ("version", with_texts(VERSIONS)),
        ("chart", with_texts(&["./flux2", "oci://x"])),
        ("values", nothings()),
    ] {
        for value in values {
            let mut spec = remote();
            spec[pointer] = value;
            specs.push(spec);
        }
    }
    for value in nothings() {
        for (group, key) in [("policies", "create"), ("multitenancy", "enabled")] {
            let mut spec = remote();
            spec["values"][group] = value.clone();
            specs.push(spec.clone());
            spec["values"][group] = json!({key: value});
            specs.push(spec);
        }
    }
    specs.into_iter().map(install).collect()
}

/// For each subject, what `opa eval` finds: for each rule the messages with their paths, in order. A builtin
/// that fails fails the whole evaluation, so this also shows that no rule ever comes to that.
fn by_opa(program: &std::path::Path, subjects: &[Subject]) -> Vec<BTreeMap<String, Vec<String>>> {
    let inputs: Vec<Value> = subjects
        .iter()
        .map(|subject| {
            json!({"object": subject.manifest.object(), "change": "create", "subject": subject.manifest.reference()})
        })
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("input.json");
    fs::write(&input, serde_json::to_vec(&inputs).unwrap()).unwrap();
    let query = "[r | some i in input; r := data.flux.main.report with input as i]";
    let arguments =
        ["eval", "-b", ".", "-i", &input.to_string_lossy(), "--strict-builtin-errors", "-f", "raw", query];
    let output = opa(program, &arguments).stdout;
    let reports: Vec<BTreeMap<String, Vec<Value>>> = serde_json::from_slice(&output).unwrap();
    let in_order = |findings: Vec<Value>| {
        let mut texts: Vec<String> = findings.iter().map(|f| format!("{} {}", f["path"], f["msg"])).collect();
        texts.sort();
        texts
    };
    let by_id = |report: BTreeMap<String, Vec<Value>>| {
        report.into_iter().map(|(rule, findings)| (rule.replace('_', "-"), in_order(findings))).collect()
    };
    reports.into_iter().map(by_id).collect()
}

fn by_host(gate: &Gate, subjects: &[Subject]) -> Vec<BTreeMap<String, Vec<String>>> {
    let report = gate.check(subjects).unwrap();
    assert!(report.errors.is_empty(), "{:?}", report.errors);
    let mut found = vec![BTreeMap::new(); subjects.len()];
    for verdict in report.verdicts {
        let findings = match verdict.outcome {
            Outcome::Fail(findings) => findings,
            Outcome::Pass | Outcome::NotApplicable => Vec::new(),
            Outcome::CannotTell { .. } => panic!("nothing is unknown here"),
        };
        let mut texts: Vec<String> = findings
            .iter()
            .map(|finding| {
                let path = finding.path.as_ref().unwrap().to_string();
                format!("{} {}", json!(path.split('.').collect::<Vec<_>>()), json!(finding.message))
            })
            .collect();
        texts.sort();
        found[verdict.subject].insert(verdict.rule, texts);
    }
    found
}

#[test]
fn this_host_and_opa_find_the_same() {
    let program = require!(Tool::Opa.path());
    let subjects = subjects();
    let gate = Gate::new(Settings::default()).unwrap();
    let (ours, theirs) = (by_host(&gate, &subjects), by_opa(&program, &subjects));
    assert_eq!(ours.len(), theirs.len());
    for ((subject, ours), theirs) in subjects.iter().zip(ours).zip(theirs) {
        assert_eq!(ours, theirs, "{}", subject.manifest.object());
    }
}

/// The verdicts on which inputs, plans and rules agree.
#[test]
fn verdicts_are_those_that_were_decided() {
    let gate = Gate::new(Settings::default()).unwrap();
    let accepted = |rule: &str, subject: Subject| passes(&gate, &subject, rule);
    for url in ["https://x/y", "ssh://git@h/x"] {
        assert!(accepted("url-scheme", git_repository(json!({"url": url}))), "{url}");
    }
    for url in [
        "http://x/y",
        "HTTPS://x/y",
        "git://h/x",
        "ftp://invalid",
        " https://x/y",
        "",
        "file:///t",
        "git@h:x",
        "git@",
        "https://",
        "https://user:password@h/x",
    ] {
        assert!(!accepted("url-scheme", git_repository(json!({"url": url}))), "{url}");
    }
    let of_both_kinds = |spec: Value| [git_repository(spec.clone()), kustomization(spec)];
    for interval in ["30s", "15m", "05m", "1m30s", "1m0s", "90s", "1m", "59m59s"] {
        for subject in of_both_kinds(json!({"interval": interval})) {
            assert!(accepted("interval", subject), "{interval}");
        }
    }
    for interval in ["0s", "500ms", "1h", "60m", "1.5h", "1h30m", "99999m", "1d", "1w", "60", "-1m", "1M"] {
        for subject in of_both_kinds(json!({"interval": interval})) {
            assert!(!accepted("interval", subject), "{interval}");
        }
    }
    for spec in [json!({}), json!({"interval": null})] {
        assert!(of_both_kinds(spec).into_iter().all(|subject| !accepted("interval", subject)));
    }
    assert!(accepted("prune", kustomization(json!({"prune": true}))));
    for prune in [json!(false), json!(null), json!("false"), json!("true"), json!(1)] {
        assert!(!accepted("prune", kustomization(json!({"prune": prune}))), "{prune}");
    }
    assert!(!accepted("prune", kustomization(json!({}))));
    for suspend in [json!(false), json!(null)] {
        assert!(accepted("suspend", kustomization(json!({"suspend": suspend}))), "{suspend}");
    }
    assert!(accepted("suspend", kustomization(json!({}))));
    for suspend in [json!(true), json!("false"), json!("true"), json!(""), json!(0)] {
        assert!(!accepted("suspend", kustomization(json!({"suspend": suspend}))), "{suspend}");
    }
    for path in ["", ".", "./a", "a/b", "./..foo"] {
        assert!(accepted("path", kustomization(json!({"path": path}))), "{path}");
    }
    assert!(accepted("path", kustomization(json!({}))));
    for path in ["/abs", "..", "../hack", "a/../b", "./..", "a\\..\\b"] {
        assert!(!accepted("path", kustomization(json!({"path": path}))), "{path}");
    }
    for (reference, decided) in references() {
        assert_eq!(accepted("ref", git_repository(json!({"ref": reference}))), decided, "{reference}");
    }
    assert!(!accepted("ref", git_repository(json!({}))));
    let from = |kind: Value| kustomization(json!({"sourceRef": {"kind": kind, "name": "apps"}}));
    assert!(accepted("source-kind", from(json!("GitRepository"))));
    for kind in [json!("OCIRepository"), json!("Bucket"), json!(""), json!(null)] {
        assert!(!accepted("source-kind", from(kind.clone())), "{kind}");
    }
    assert!(!accepted("source-kind", kustomization(json!({}))));
    for repository in [json!("https://x"), json!("oci://x"), json!(null)] {
        let spec = json!({"repository": repository, "chart": "./flux2", "version": "2.18.3"});
        assert!(accepted("chart-repository", install(spec)), "{repository}");
    }
    for repository in ["http://x", "", " https://x"] {
        assert!(!accepted("chart-repository", install(json!({"repository": repository}))), "{repository}");
    }
    for version in ["2.16.4", ">=2.16.0 <3.0.0", "~2.18"] {
        let spec = json!({"repository": "https://x", "version": version});
        assert!(accepted("chart-version", install(spec)), "{version}");
    }
    for version in [json!(""), json!(" "), json!("latest"), json!(null)] {
        let spec = json!({"repository": "https://x", "version": version});
        assert!(!accepted("chart-version", install(spec)), "{version}");
    }
    assert!(accepted("chart-version", install(json!({"chart": "./flux2"}))));
}

/// What the whole project says of an address and of an interval, in one place for inputs and plans.
fn accepted_elsewhere(url: &str, interval: &str) -> (bool, bool) {
    let limit = |text| Duration::parse(text).unwrap();
    let within = |interval| limit("30s") <= interval && interval < limit("1h");
    (GitUrl::judge(url).is_ok(), Duration::parse(interval).is_ok_and(within))
}

#[test]
fn rules_and_inputs_agree() {
    let gate = Gate::new(Settings::default()).unwrap();
    // The rule alone refuses what a plan or a terminal may show as something else.
    for url in URLS.iter().filter(|url| url.is_ascii() && !url.contains(['\u{0}', '\\'])) {
        let passes = passes(&gate, &git_repository(json!({"url": url})), "url-scheme");
        assert_eq!(passes, accepted_elsewhere(url, "").0, "{url}");
    }
    for interval in INTERVALS {
        let passes = passes(&gate, &git_repository(json!({"interval": interval})), "interval");
        assert_eq!(passes, accepted_elsewhere("", interval).1, "{interval}");
    }
}

fn passes(gate: &Gate, subject: &Subject, rule: &str) -> bool {
    let report = gate.check(std::slice::from_ref(subject)).unwrap();
    assert!(report.errors.is_empty(), "{:?}", report.errors);
    report.of(0).any(|verdict| verdict.rule == rule && verdict.outcome == Outcome::Pass)
}

fn gate() -> &'static Gate {
    static GATE: OnceLock<Gate> = OnceLock::new();
    GATE.get_or_init(|| Gate::new(Settings::default()).unwrap())
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|value| json!(value)),
        any::<i64>().prop_map(|value| json!(value)),
        any::<f64>().prop_map(|value| json!(value)),
        any::<String>().prop_map(|value| json!(value)),
        "[0-9.]{0,4}(ms|s|m|h|d)?".prop_map(|value| json!(value)),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(|items| json!(items)),
            prop::collection::btree_map(
                "(url|interval|prune|path|ref|branch|sourceRef|kind|suspend|values|policies|version|.{0,8})",
                inner,
                0..6
            )
            .prop_map(|map| json!(map)),
        ]
    })
}

proptest! {
    #[test]
    fn no_address_passes_that_inputs_refuse(
        url in "(https|ssh|http|HTTPS|file|)(://|:/|:|//|)([a-z.]{0,5}(:[a-z]{0,3})?@)?[a-zé.0-9\\[\\]:_-]{0,12}([/?#@: \\\\].{0,8})?"
    ) {
        let passes = passes(gate(), &git_repository(json!({"url": url})), "url-scheme");
        prop_assert!(!passes || accepted_elsewhere(&url, "").0);
    }

    #[test]
    fn no_interval_passes_that_inputs_refuse(interval in "([0-9]{1,7}(\\.[0-9]{0,3})?(ms|s|m|h|d|w|us|)){1,3}|.*") {
        let passes = passes(gate(), &kustomization(json!({"interval": interval})), "interval");
        prop_assert_eq!(passes, accepted_elsewhere("", &interval).1);
    }

    #[test]
    fn a_path_that_passes_stays_below_its_root(path in "(\\.\\.|\\.|[ab./\\\\]){0,8}") {
        let passes = passes(gate(), &kustomization(json!({"path": path})), "path");
        let segments: Vec<&str> = path.split(['/', '\\']).collect();
        let stays = !path.starts_with(['/', '\\']) && !segments.contains(&"..");
        prop_assert_eq!(passes, stays);
    }

    #[test]
    fn a_name_passes_where_the_table_takes_it(name in "[a-zA-Z0-9._ -]{0,6}|[a-z.-]{0,8}") {
        let mut object = git_repository(json!({})).manifest.into_object();
        object["metadata"]["name"] = json!(name);
        let passes = passes(gate(), &subject(object), "name");
        prop_assert_eq!(passes, flux::names::subdomain(&name).is_ok());
    }

    #[test]
    fn whatever_an_object_holds_it_is_judged(spec in any_value()) {
        for subject in [git_repository(spec.clone()), kustomization(spec.clone()), install(spec.clone())] {
            let report = gate().check(&[subject]).unwrap();
            prop_assert_eq!(report.errors, vec![]);
        }
    }
}
