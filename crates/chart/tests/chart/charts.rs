//! Small charts under `charts/`, each about one part of Helm, as `helm template` prints them.

use std::fs;

use testutil::require;
use testutil::tools::Tool;

use crate::beside_helm::{Case, differences, folder, load_folder, split_words};

fn cases(list: &str) -> Vec<Case> {
    let text = fs::read_to_string(folder().join(list)).unwrap();
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let mut arguments = split_words(line);
            let path = folder().join("charts").join(arguments.remove(0));
            Case { chart: load_folder(&path), path, arguments }
        })
        .collect()
}

#[test]
fn they_render_and_fail_as_in_helm() {
    let _ = require!(Tool::Helm.path());
    let found = differences(cases("charts.txt"), true);
    assert!(found.is_empty(), "{} differ\n{}", found.len(), found.join("\n"));
}

/// Helm's words for these come from its YAML library or from Go's type names; ours say the same in other words.
#[test]
fn what_helm_refuses_is_refused() {
    let _ = require!(Tool::Helm.path());
    let cases = cases("charts_fail.txt");
    for case in &cases {
        assert!(case.ours().is_err(), "{} {:?}", case.path.display(), case.arguments);
    }
    let found = differences(cases, false);
    assert!(found.is_empty(), "{} differ\n{}", found.len(), found.join("\n"));
}

#[test]
fn every_chart_takes_part() {
    let lists = [cases("charts.txt"), cases("charts_fail.txt")];
    for entry in fs::read_dir(folder().join("charts")).unwrap() {
        let path = entry.unwrap().path();
        assert!(lists.iter().flatten().any(|case| case.path == path), "{} is in no list", path.display());
    }
}
