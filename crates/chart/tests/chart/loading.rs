//! From files to a chart.

use chart::Chart;
use chart::file::File;
use chart::load::{Error, FileError, load};

use crate::beside_helm::words;

fn chart(files: &[(&str, &str)]) -> Result<Chart, Error> {
    load(files.iter().map(|(name, text)| File { name: (*name).to_owned(), data: (*text).into() }).collect())
}

const CHART: (&str, &str) = ("Chart.yaml", "apiVersion: v2\nname: app\nversion: 1.0.0\n");

#[test]
fn every_file_has_its_place() {
    let chart = chart(&[
        CHART,
        ("values.yaml", "a: 1\n---\nb: {c: y}\n"),
        ("values.schema.json", "{}"),
        ("Chart.lock", "digest: sha256:1\ngenerated: \"2024-01-01T00:00:00Z\"\n"),
        ("templates/_helpers.tpl", ""),
        ("templates/a.yaml", "kind: A"),
        ("crds/a.yaml", "kind: CustomResourceDefinition"),
        (".helmignore", "x"),
        ("README.md", "read me"),
    ])
    .unwrap();
    assert_eq!(serde_json::to_string(&chart.values).unwrap(), r#"{"a":1,"b":{"c":true}}"#);
    assert_eq!(chart.schema.as_deref(), Some(b"{}".as_slice()));
    assert_eq!(chart.lock.unwrap()["digest"], "sha256:1");
    assert_eq!(chart.templates.len(), 2);
    let files: Vec<&str> = chart.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(files, ["crds/a.yaml", ".helmignore", "README.md"]);
}

#[test]
fn metadata_is_read_as_helm_reads_it() {
    let chart = chart(&[(
        "Chart.yaml",
        "apiVersion: v2\nname: app\nversion: 1.10\nappVersion: 1.16\ndescription: \"a\\tb\\u0007\"\n\
         annotations: {a: 1, b: true, c: null}\nkeywords: [x, 2]\nunknown: 5\ndeprecated: true\n",
    )])
    .unwrap();
    let metadata = &chart.metadata;
    assert_eq!((metadata.version.as_str(), metadata.app_version.as_str()), ("1.1", "1.16"));
    assert_eq!(metadata.description, "a b");
    let json = serde_json::to_string(metadata).unwrap();
    assert_eq!(
        json,
        r#"{"name":"app","version":"1.1","description":"a b","keywords":["x","2"],"apiVersion":"v2","appVersion":"1.16","deprecated":true,"annotations":{"a":"1","b":"true","c":""}}"#
    );
}

#[test]
fn old_charts_have_their_requirements_elsewhere() {
    let chart = chart(&[
        ("Chart.yaml", "name: app\nversion: 1.0.0\n"),
        ("requirements.yaml", "dependencies: [{name: a, version: 1, repository: x}]\n"),
        ("requirements.lock", "digest: a\n"),
    ])
    .unwrap();
    assert_eq!(chart.metadata.api_version, "v1");
    assert_eq!(chart.metadata.dependencies[0].name, "a");
    assert!(chart.lock.is_some());
    assert_eq!(chart.files.len(), 2);
}

#[test]
fn errors_name_the_file_and_the_line() {
    let fault = |files: &[(&str, &str)]| words(&chart(files).err().unwrap());
    assert_eq!(fault(&[]), "Chart.yaml file is missing");
    assert!(
        fault(&[CHART, ("values.yaml", "a: 1\nb: c: d\n")]).starts_with("cannot load values.yaml: line 2")
    );
    let shape = fault(&[CHART, ("values.yaml", "- a\n")]);
    assert!(
        shape.contains("cannot unmarshal array into Go value of type map[string]interface {}"),
        "{shape}"
    );
    assert!(fault(&[("Chart.yaml", "name: [a]\n")]).contains("Metadata.name of type string"));
    assert_eq!(
        fault(&[CHART, ("charts/sub/Chart.yaml", "name: sub\n")]),
        "error unpacking subchart sub in app: validation: chart.metadata.version is required"
    );
    let binary = load(vec![
        File { name: "Chart.yaml".to_owned(), data: CHART.1.into() },
        File { name: "values.yaml".to_owned(), data: vec![0xff] },
    ]);
    assert!(matches!(binary, Err(Error::File { source: FileError::NotText, .. })));
}

#[test]
fn charts_in_charts_end_somewhere() {
    let mut files = vec![];
    for depth in 0..100 {
        let name = format!("{}Chart.yaml", "charts/sub/".repeat(depth));
        files.push(File { name, data: b"name: sub\nversion: 1.0.0\n".to_vec() });
    }
    assert!(words(&load(files).err().unwrap()).ends_with("charts are nested more than 64 deep"));
}
