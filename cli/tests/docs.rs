//! The page of the command line: written from its help texts by `make docs`, and compared here.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests end in a panic with the full story"
)]

use std::{path::Path, process::Command};

#[test]
fn the_page_says_what_the_help_says() {
    let help = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_fluxgate"))
            .args(arguments)
            .env("COLUMNS", "100")
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        // Help leaves spaces at the end of its lines.
        String::from_utf8(output.stdout)
            .unwrap()
            .lines()
            .map(|line| line.trim_end().to_owned() + "\n")
            .collect::<String>()
    };
    let mut page = String::from("# The command line\n\n");
    let commands = [
        ("fluxgate", vec!["--help"]),
        ("fluxgate check", vec!["check", "--help"]),
        ("fluxgate template", vec!["template", "--help"]),
    ];
    for (title, arguments) in commands {
        page.push_str(&format!("## {title}\n\n```text\n{}```\n\n", help(&arguments)));
    }
    let page = page.trim_end().to_owned() + "\n";
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/cli.md");
    if std::env::var_os("FLUXGATE_WRITE_DOCS").is_some() {
        std::fs::write(&file, &page).unwrap();
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(written == page, "docs/cli.md is stale; run `make docs` and commit it");
}
