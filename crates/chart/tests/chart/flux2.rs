//! The flux2 chart, byte for byte as `helm template` prints it.

use std::fs;
use std::path::PathBuf;

use chart::Chart;
use serde_json::Value;
use testutil::require;
use testutil::tools::Tool;

use crate::beside_helm::{Case, differences, words};

const VERSIONS: [&str; 3] = ["2.16.4", "2.17.2", "2.18.3"];

fn load(path: &PathBuf) -> Chart {
    chart::load::load_archive(&fs::read(path).unwrap()).unwrap_or_else(|error| panic!("{}", words(&error)))
}

/// Every switch of a values file, flipped: `--set` and its argument.
fn flips(values: &Value, path: &str, found: &mut Vec<String>) {
    match values {
        Value::Bool(value) => found.push(format!("{path}={}", !value)),
        Value::Object(fields) => {
            for (key, value) in fields {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                flips(value, &path, found);
            }
        }
        _ => {}
    }
}

#[test]
fn every_switch_alone_renders_as_helm_does() {
    let _ = require!(Tool::Helm.path());
    let data = require!(testutil::test_data());
    let mut cases = Vec::new();
    for version in VERSIONS {
        let path = data.join(format!("charts/flux2-{version}.tgz"));
        let chart = load(&path);
        let mut arguments = vec![vec![], vec!["--is-upgrade".to_owned()]];
        let mut found = Vec::new();
        flips(&chart.values.clone().into(), "", &mut found);
        assert!(found.len() > 25, "only {} switches", found.len());
        arguments.extend(found.into_iter().map(|flip| vec!["--set".to_owned(), flip]));
        for arguments in arguments {
            cases.push(Case { path: path.clone(), chart: Ok(chart.clone()), arguments });
        }
    }
    let found = differences(cases, true);
    assert!(found.is_empty(), "{} differ\n{}", found.len(), found.join("\n"));
}

#[test]
fn large_values_files_render_as_helm_does() {
    let _ = require!(Tool::Helm.path());
    let data = require!(testutil::test_data());
    let mut files: Vec<String> = fs::read_dir(crate::beside_helm::folder().join("values"))
        .unwrap()
        .map(|entry| format!("values/{}", entry.unwrap().file_name().to_str().unwrap()))
        .collect();
    files.sort();
    let mut cases = Vec::new();
    for version in VERSIONS {
        let path = data.join(format!("charts/flux2-{version}.tgz"));
        let chart = load(&path);
        for file in &files {
            let arguments = vec!["-f".to_owned(), file.clone()];
            cases.push(Case { path: path.clone(), chart: Ok(chart.clone()), arguments });
        }
        let all = files.iter().flat_map(|file| ["-f".to_owned(), file.clone()]).collect();
        cases.push(Case { path: path.clone(), chart: Ok(chart.clone()), arguments: all });
    }
    let found = differences(cases, true);
    assert!(found.is_empty(), "{} differ\n{}", found.len(), found.join("\n"));
}

/// The paths of all leaves.
fn leaves(values: &Value, path: Vec<String>, found: &mut Vec<Vec<String>>) {
    match values.as_object().filter(|fields| !fields.is_empty()) {
        None => found.push(path),
        Some(fields) => {
            for (key, value) in fields {
                leaves(value, [path.clone(), vec![key.clone()]].concat(), found);
            }
        }
    }
}

/// One leaf of another type than it should have. All of them take minutes, so a part is tried; `CHART_ALL_LEAVES` asks for all.
#[test]
fn values_of_the_wrong_type_do_what_they_do_in_helm() {
    let _ = require!(Tool::Helm.path());
    let data = require!(testutil::test_data());
    let path = data.join("charts/flux2-2.18.3.tgz");
    let chart = load(&path);
    let mut found = Vec::new();
    leaves(&chart.values.clone().into(), Vec::new(), &mut found);
    assert!(found.len() > 150, "only {} leaves", found.len());
    let others = serde_json::json!([
        null, "", "text: with # signs", 1_000_000, 2.5, true, ["one", {"two": 2}], {"key": "value", "nested": {"n": 1}}
    ]);
    let all = std::env::var_os("CHART_ALL_LEAVES").is_some();
    let folder = tempfile::tempdir().unwrap();
    let mut cases = Vec::new();
    for (leaf, keys) in found.iter().enumerate() {
        for (other, value) in others.as_array().unwrap().iter().enumerate() {
            if !all && (leaf + other * 5) % 13 != 0 {
                continue;
            }
            let values =
                keys.iter().rev().fold(value.clone(), |inner, key| serde_json::json!({ key: inner }));
            let file = folder.path().join(format!("{leaf}-{other}.json"));
            fs::write(&file, values.to_string()).unwrap();
            let arguments = vec!["-f".to_owned(), file.to_str().unwrap().to_owned()];
            cases.push(Case { path: path.clone(), chart: Ok(chart.clone()), arguments });
        }
    }
    let found = differences(cases, false);
    assert!(found.is_empty(), "{} differ\n{}", found.len(), found.join("\n"));
}

#[test]
fn flux2_sync_renders_as_helm_does() {
    let _ = require!(Tool::Helm.path());
    let path = require!(testutil::test_data()).join("charts/flux2-sync-1.14.5.tgz");
    let chart = load(&path);
    let case = |arguments: &[&str]| Case {
        path: path.clone(),
        chart: Ok(chart.clone()),
        arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
    };
    let cases = vec![
        case(&[]),
        case(&["--set", "gitRepository.spec.url=https://example.com/a.git"]),
        case(&["--set", "secret.create=true", "--set-string", "secret.data.password=0123"]),
        case(&[
            "--set",
            "secret.create=true,secret.data.a=b",
            "--set",
            "gitRepository.labels.a=b,kustomization.spec.prune=false",
        ]),
        case(&[
            "--set-json",
            r#"kustomizationlist=[{"spec":{"path":"./a"}},{"spec":{"path":"./b","dependsOn":[{"name":"x"}]}}]"#,
        ]),
    ];
    let found = differences(cases, true);
    assert!(found.is_empty(), "{} differ\n{}", found.len(), found.join("\n"));
}

#[test]
fn nothing_in_it_depends_on_a_cluster() {
    let data = require!(testutil::test_data());
    let chart = load(&data.join("charts/flux2-2.18.3.tgz"));
    let options = chart::render::Options::new("flux", "flux-system");
    let rendered = chart::render::render(&chart, &chart::values::Values::new(), &options).unwrap();
    assert_eq!((rendered.manifests.len(), rendered.hooks.len()), (37, 2));
    assert!(rendered.manifests.iter().all(|document| !document.touched && document.object.is_object()));
    assert!(rendered.notices.is_empty(), "{:?}", rendered.notices);
}
