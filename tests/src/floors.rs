//! The floors of ARCHITECTURE.md are a fact: its table is compared with `cargo metadata`.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use cargo_metadata::{DependencyKind, MetadataCommand};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The table: crate, floor, the crates that it may use.
fn table() -> BTreeMap<String, (u8, BTreeSet<String>)> {
    let text = std::fs::read_to_string(Path::new(ROOT).join("ARCHITECTURE.md")).unwrap();
    let rows = text.lines().filter_map(|line| {
        let cells: Vec<_> = line.strip_prefix('|')?.split('|').map(str::trim).collect();
        let floor = cells.first()?.parse().ok()?;
        Some((cells[1].to_owned(), (floor, cells[2].split_whitespace().map(str::to_owned).collect())))
    });
    rows.collect()
}

#[test]
fn arrows_point_down_and_stand_in_the_table() {
    let table = table();
    let metadata = MetadataCommand::new()
        .current_dir(ROOT)
        .no_deps()
        .other_options(["--offline".to_owned()])
        .exec()
        .unwrap();
    let ours: BTreeSet<String> =
        metadata.workspace_packages().iter().map(|package| package.name.to_string()).collect();
    let mut wrong = Vec::new();
    for package in metadata.workspace_packages() {
        let name = package.name.to_string();
        // What serves tests stands outside the house.
        if ["testutil", "system-tests", "benches"].contains(&name.as_str()) {
            continue;
        }
        let Some((floor, may_use)) = table.get(&name) else {
            wrong.push(format!("{name} is not in the table of ARCHITECTURE.md"));
            continue;
        };
        let uses: BTreeSet<_> = package
            .dependencies
            .iter()
            .filter(|dependency| dependency.kind == DependencyKind::Normal && ours.contains(&dependency.name))
            .map(|dependency| dependency.name.clone())
            .collect();
        for used in &uses {
            if !may_use.contains(used) {
                wrong.push(format!("{name} uses {used}, which its row does not name"));
            }
            // Only the words of floor 1 may know a neighbour, and only one that the row names.
            if table.get(used).is_none_or(|(below, _)| below > floor || (below == floor && *floor > 1)) {
                wrong.push(format!("{name} uses {used}, which is not on a lower floor"));
            }
        }
    }
    for name in table.keys().filter(|name| !ours.contains(*name)) {
        wrong.push(format!("the table names {name}, which is no crate"));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn one_tls_backend_is_linked() {
    // For this platform: packages of other platforms need not be here.
    let tree = std::process::Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["tree", "--workspace", "--offline", "--prefix", "none", "--format", "{p}"])
        .current_dir(ROOT)
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let linked: BTreeSet<_> = String::from_utf8(tree.stdout)
        .unwrap()
        .lines()
        .filter_map(|line| Some(line.split(' ').next()?.to_owned()))
        .collect();
    assert!(linked.contains("aws-lc-rs"), "{linked:?}");
    for banned in ["ring", "native-tls", "openssl", "openssl-sys"] {
        assert!(!linked.contains(banned), "{banned}");
    }
}
