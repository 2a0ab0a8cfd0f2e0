//! Helm's functions: each line of `expressions.txt` and `expressions_more.txt` through our engine and through the real helm, results and
//! errors.

use std::fs;
use std::path::Path;

use chart::file::File;
use chart::render::render;
use chart::values::Values;
use testutil::require;
use testutil::tools::Tool;

use crate::beside_helm::{Case, differences, folder, load_folder, options};

const TEMPLATE: &str = "cases:\n{{ range .Values.cases }}- {{ tpl . $ | toJson }}\n{{ end }}";

const VALUES: &str = r#"
name: flux
int: 5
float: 2.5
million: 1000000
yes: true
no: false
empty: ""
nothing: null
list: [a, b, c]
numbers: [3, 1, 2]
mixed: [1, x, null, true, {k: v}, [2]]
none: []
void: {}
map: {b: 2, a: 1, c: {d: deep, e: {f: deeper}}}
other: {a: 10, z: 26, c: {d: other, g: new}, n: null, l: [9]}
text: "Grüße, 漢字 😀"
lines: "one\n  two\n\nthree"
"#;

fn expressions(list: &str) -> Vec<String> {
    let text = fs::read_to_string(folder().join(list)).unwrap();
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
}

fn files() -> Vec<File> {
    let file = |name: &str, text: &str| File { name: name.to_owned(), data: text.into() };
    let chart = "apiVersion: v2\nname: expressions\nversion: 1.0.0\nappVersion: v2.0\nannotations: {a: b}\n";
    vec![
        file("Chart.yaml", chart),
        file("values.yaml", VALUES),
        file("templates/cases.yaml", TEMPLATE),
        file("templates/_defines.tpl", "{{ define \"greet\" }}Hello {{ .name | upper }}{{ end }}"),
        file("files/a.txt", "first\nsecond\n"),
        file("files/sub/b.conf", "key=value"),
        file("files/sub/deeper/c.conf", "x: y\nlong: yes\n"),
    ]
}

fn with(cases: &[&str]) -> Values {
    let mut values = Values::new();
    values.add(serde_json::json!({ "cases": cases }).as_object().unwrap());
    values
}

/// The results in a printed manifest: each on a line of its own, behind the separator, the comment and the first key.
fn results(text: &str) -> Vec<String> {
    text.lines().skip(3).map(str::to_owned).collect()
}

/// The results of all expressions that succeed on their own, and the errors of the others.
fn ours() -> (Vec<String>, Vec<String>) {
    let chart = chart::load::load(files()).unwrap();
    let (mut succeed, mut fail) = (Vec::new(), Vec::new());
    for expression in expressions("expressions.txt").into_iter().chain(expressions("expressions_more.txt")) {
        match render(&chart, &with(&[&expression]), &options()) {
            Ok(_) => succeed.push(expression),
            Err(_) => fail.push(expression),
        }
    }
    (succeed, fail)
}

fn write_chart(folder: &Path) {
    for file in files() {
        let path = folder.join("expressions").join(&file.name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, file.data).unwrap();
    }
}

#[test]
fn what_succeeds_gives_what_helm_gives() {
    let _ = require!(Tool::Helm.path());
    let (succeed, _) = ours();
    assert!(succeed.len() > 500, "only {} succeed", succeed.len());
    let temporary = tempfile::tempdir().unwrap();
    write_chart(temporary.path());
    let path = temporary.path().join("expressions");
    let chart = load_folder(&path);
    let both = |batch: &[&str]| {
        let json = temporary.path().join("cases.json");
        fs::write(&json, serde_json::json!({ "cases": batch }).to_string()).unwrap();
        let arguments = vec!["-f".to_owned(), json.to_str().unwrap().to_owned()];
        let case = Case { path: path.clone(), chart: chart.clone(), arguments };
        (case.helm().map(|text| results(&text)), case.ours().map(|text| results(&text)))
    };
    // One call for many; where that fails, one for each.
    let mut wrong = Vec::new();
    for batch in succeed.chunks(100) {
        let batch: Vec<&str> = batch.iter().map(String::as_str).collect();
        if let (Ok(helm), Ok(ours)) = both(&batch) {
            assert_eq!(helm.len(), batch.len());
            for ((expression, helm), ours) in batch.iter().zip(helm).zip(ours) {
                if helm != ours {
                    wrong.push(format!("{expression}\n  helm: {helm}\n  ours: {ours}"));
                }
            }
            continue;
        }
        for expression in batch {
            let (helm, ours) = both(&[expression]);
            if helm != ours {
                wrong.push(format!("{expression}\n  helm: {helm:?}\n  ours: {ours:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} differ\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn what_fails_fails_in_helms_words() {
    let _ = require!(Tool::Helm.path());
    let (_, fail) = ours();
    assert!(fail.len() > 60, "only {} fail", fail.len());
    let temporary = tempfile::tempdir().unwrap();
    let found = differences(cases(temporary.path(), &fail), true);
    assert!(found.is_empty(), "{} differ\n{}", found.len(), found.join("\n"));
}

/// What Helm refuses in words of Go's libraries.
#[test]
fn what_fails_in_other_words_fails_too() {
    let _ = require!(Tool::Helm.path());
    let temporary = tempfile::tempdir().unwrap();
    let found = differences(cases(temporary.path(), &expressions("expressions_fail.txt")), false);
    assert!(found.is_empty(), "{} differ\n{}", found.len(), found.join("\n"));
}

/// One call for each expression, with its files in a folder.
fn cases(temporary: &Path, expressions: &[String]) -> Vec<Case> {
    write_chart(temporary);
    let path = temporary.join("expressions");
    let chart = load_folder(&path);
    let case = |(number, expression): (usize, &String)| {
        let json = temporary.join(format!("{number}.json"));
        fs::write(&json, serde_json::json!({ "cases": [expression] }).to_string()).unwrap();
        let arguments = vec!["-f".to_owned(), json.to_str().unwrap().to_owned()];
        Case { path: path.clone(), chart: chart.clone(), arguments }
    };
    expressions.iter().enumerate().map(case).collect()
}
