//! What an index says, and which version is chosen by it.

use remote::{Address, Error, Index};

fn index(versions: &[&str]) -> Index {
    let entries: Vec<_> =
        versions.iter().map(|version| serde_json::json!({"name": "app", "version": version})).collect();
    let value = serde_json::json!({"apiVersion": "v1", "entries": {"app": entries}});
    Index::parse(value.to_string().as_bytes()).unwrap()
}

fn chosen(versions: &[&str], wanted: &str) -> String {
    let repository = Address::of(&"https://charts.example".parse().unwrap());
    match index(versions).choose("app", wanted, repository) {
        Ok(entry) => entry.version.clone(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn versions_are_chosen_as_in_helm() {
    let versions = ["1.9.0", "v1.10.0", "2.0.0-rc.1", "1.2.3+build.1", "0.9.1"];
    for (wanted, expected) in [
        ("", "v1.10.0"),
        ("*", "v1.10.0"),
        ("v1.10.0", "v1.10.0"),
        ("1.10.0", "v1.10.0"),
        ("~1.9", "1.9.0"),
        ("<1.9", "1.2.3+build.1"),
        ("1.2.3", "1.2.3+build.1"),
        ("2.0.0-rc.1", "2.0.0-rc.1"),
        (">=0.0.0-0", "2.0.0-rc.1"),
        (" 1.9.0 ", "1.9.0"),
    ] {
        assert_eq!(chosen(&versions, wanted), expected, "{wanted}");
    }
}

#[test]
fn errors_list_what_is_near() {
    let many: Vec<String> = (0..20).map(|minor| format!("1.{minor}.0")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    insta::assert_snapshot!(
        [
            chosen(&many, "1.7.5"),
            chosen(&many, ">=3"),
            chosen(&many, "0.1.0"),
            chosen(&["1.0.0-rc.1"], ""),
            chosen(&[], "1.0.0"),
            chosen(&many, "newest"),
        ]
        .join("\n")
    );
}

#[test]
fn similar_names_are_offered() {
    let mut index = index(&[]);
    for name in ["flux2", "flux2-sync", "flux2-notification", "podinfo", "redis", "fluentd"] {
        index.charts.insert(name.to_owned(), Vec::new());
    }
    let repository = Address::of(&"https://charts.example".parse().unwrap());
    let Err(Error::NoSuchChart { known, count, .. }) = index.choose("flux", "", repository) else {
        panic!("no such chart")
    };
    assert_eq!(known, ["flux2", "flux2-sync", "flux2-notification", "app", "fluentd"]);
    assert_eq!(count, 7);
}

#[test]
fn entries_that_are_none_are_skipped() {
    let text = "
apiVersion: v1
entries:
  app:
  - null
  - name: app
    version: newest
  - version: 1.0.0
  - {name: app, version: 1.0.0, type: thing}
  - {name: ../app, version: 1.0.0}
  - name: app
    version: 1.5
    appVersion: 2
    digest: SHA256:ABCD
    urls: [app-1.5.tgz]
    unknown: {field: true}
  empty:
";
    let index = Index::parse(text.as_bytes()).unwrap();
    let entry = &index.charts["app"][0];
    assert_eq!(
        (entry.version.as_str(), entry.app_version.as_str(), entry.digest.as_deref()),
        ("1.5", "2", Some("abcd"))
    );
    assert_eq!(index.charts["app"].len(), 1);
    assert_eq!(index.skipped.len(), 5);
    assert!(index.charts["empty"].is_empty());
}

#[test]
fn what_is_no_index_is_told() {
    let say = |text: &[u8]| {
        let error = Index::parse(text).unwrap_err();
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        format!("{error}{cause}")
    };
    insta::assert_snapshot!(
        [
            say(b""),
            say(b"  \n"),
            say(b"<!doctype html>"),
            say(b"\x1f\x8b\x08"),
            say(b"\xff\xfe"),
            say(b"entries: [\n"),
            say(b"apiVersion: v1\nentries: {}\nentries: {}\n"),
            say(b"- a\n"),
            say(b"entries: {}\n"),
            say(b"apiVersion: v1\nentries: []\n"),
            say(b"apiVersion: v1\nentries: {app: {}}\n"),
        ]
        .join("\n")
    );
}
