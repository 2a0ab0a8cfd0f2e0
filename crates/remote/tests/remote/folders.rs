//! Charts on this machine.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use remote::{Content, Request};
use tempfile::TempDir;
use testutil::processes::{Program, Scope};
use testutil::tools::Tool;
use testutil::{PackagedChart, require};

use crate::arrange::told;

const METADATA: &str = "apiVersion: v2\nname: app\nversion: 1.0.0\n";

/// Makes a folder of files; a text `-> target` is a link.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        match text.strip_prefix("-> ") {
            Some(target) => symlink(target, path).unwrap(),
            None => fs::write(path, text).unwrap(),
        }
    }
    folder
}

fn names(folder: &Path) -> Vec<String> {
    let Content::Folder(files) = remote::read_local(folder).unwrap().content else { panic!("a folder") };
    files.into_iter().map(|file| file.name).collect()
}

async fn told_of(folder: &Path) -> String {
    let path = folder.to_string_lossy().into_owned();
    told(&Request::new(&path)).await.replace(&path, "FOLDER")
}

/// Names that rules are tried on, and rules that people write.
const TRICKY: &[(&str, &str)] = &[
    ("Chart.yaml", METADATA),
    ("values.yaml", ""),
    (
        ".helmignore",
        "# a comment\n\n.git/\n*.bak\n/top.txt\ndocs/*.md\nsecret?\n[xy].txt\nOWNERS\n \ttests/ \n",
    ),
    (".git/config", ""),
    (".hidden", ""),
    ("OWNERS", ""),
    ("README.md", ""),
    ("docs/page.md", ""),
    ("docs/page.txt", ""),
    ("docs/deep/page.md", ""),
    ("files/a.bak/inner.txt", ""),
    ("files/top.txt", ""),
    ("files/x.txt", ""),
    ("files/z.txt", ""),
    ("files/OWNERS/inner.txt", ""),
    ("files/tests", ""),
    ("secret1", ""),
    ("secret12", ""),
    ("templates/.editor", ""),
    ("templates/map.yaml", "kind: ConfigMap\n"),
    ("templates/map.yaml.bak", ""),
    ("templates/tests/test.yaml", ""),
    ("top.txt", ""),
    ("z/linked", "-> ../files"),
];

#[test]
fn a_folder_is_read_in_order_without_what_is_ignored() {
    insta::assert_snapshot!(names(folder(TRICKY).path()).join("\n"));
}

#[test]
fn helm_packages_the_same_files() {
    let program = require!(Tool::Helm.path());
    let chart = folder(TRICKY);
    let scope = Scope::new("helm-user").unwrap();
    let package = Program::new("helm", program)
        .args(["package", &chart.path().to_string_lossy(), "-d", &scope.folder().to_string_lossy()])
        .env("HOME", scope.folder());
    let packaged = scope.run(&package, Duration::from_secs(60)).unwrap();
    assert!(packaged.status.success(), "{}", packaged.stderr);
    let archive = fs::read(scope.folder().join("app-1.0.0.tgz")).unwrap();
    let packed: BTreeSet<_> =
        chart::archive::unpack(&archive).unwrap().into_iter().map(|file| file.name).collect();
    assert_eq!(names(chart.path()).into_iter().collect::<BTreeSet<_>>(), packed);
}

#[test]
fn links_are_followed_and_byte_order_marks_removed() {
    let outside = folder(&[("shared.yaml", "\u{feff}shared: true\n")]);
    let target = format!("-> {}", outside.path().join("shared.yaml").display());
    let chart = folder(&[("Chart.yaml", METADATA), ("templates/shared.yaml", &target)]);
    let Content::Folder(files) = remote::read_local(chart.path()).unwrap().content else {
        panic!("a folder")
    };
    assert_eq!(files[1].data, b"shared: true\n");
}

#[tokio::test]
async fn what_is_wrong_in_a_folder_is_told() {
    let mut told = Vec::new();
    for files in [
        &[("loop/back", "-> ..")][..],
        &[("gone", "-> nowhere")],
        &[(".helmignore", "*.txt\na/**/b\n")],
        &[(".helmignore", "[a\n")],
    ] {
        told.push(told_of(folder(files).path()).await);
    }
    let large = folder(&[]);
    fs::File::create(large.path().join("large")).unwrap().set_len((5 << 20) + 1).unwrap();
    told.push(told_of(large.path()).await);
    let many = folder(&[]);
    for number in 0..21 {
        fs::File::create(many.path().join(number.to_string())).unwrap().set_len(5 << 20).unwrap();
    }
    told.push(told_of(many.path()).await);
    let socket = folder(&[]);
    let _listener = std::os::unix::net::UnixListener::bind(socket.path().join("socket")).unwrap();
    told.push(told_of(socket.path()).await);
    insta::assert_snapshot!(told.join("\n\n"));
}

#[test]
fn an_ignored_link_to_nothing_does_no_harm() {
    let chart = folder(&[("Chart.yaml", METADATA), (".helmignore", "gone\n"), ("gone", "-> nowhere")]);
    assert_eq!(names(chart.path()), [".helmignore", "Chart.yaml"]);
}

#[tokio::test]
async fn an_archive_is_read() {
    let packaged = PackagedChart::small("app", "1.0.0");
    let files = folder(&[]);
    let path = files.path().join("app.tgz");
    fs::write(&path, &packaged.archive).unwrap();
    let fetched = remote::fetch(&Request::new(path.to_string_lossy())).await.unwrap();
    assert_eq!(fetched.digest, Some(packaged.digest()));
    assert_eq!(fetched.origin, path.to_string_lossy());
    assert!(matches!(fetched.content, Content::Archive(bytes) if bytes == packaged.archive));
}

#[tokio::test]
async fn what_is_no_chart_is_told() {
    let files = folder(&[("values.yaml", "replicas: 1\n"), ("empty.tgz", ""), ("page.tgz", "<html>")]);
    let mut told_of = Vec::new();
    for name in ["values.yaml", "empty.tgz", "page.tgz", "missing", "missing.tgz"] {
        let path = files.path().join(name).to_string_lossy().into_owned();
        let words = told(&Request::new(path)).await;
        told_of.push(words.replace(&*files.path().to_string_lossy(), "FOLDER"));
    }
    told_of.push(told(&Request::new("flux2")).await);
    told_of.push(told(&Request::new(" ")).await);
    insta::assert_snapshot!(told_of.join("\n\n"));
}
