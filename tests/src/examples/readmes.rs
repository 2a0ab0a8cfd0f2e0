//! The tables of the READMEs against the variables and outputs, both ways: name, type, default, description.

use std::{fs, path::Path};

use super::EXAMPLES;

/// A row: what stands between the bars.
type Row = Vec<String>;

fn read(folder: &str, file: &str) -> String {
    fs::read_to_string(Path::new(EXAMPLES).join(folder).join(file)).unwrap()
}

/// The rows of the `position`th table under a heading, without its head.
fn table(readme: &str, heading: &str, position: usize) -> Vec<Row> {
    let section = readme.split(heading).nth(1).unwrap().split("\n## ").next().unwrap();
    let tables: Vec<&str> = section.split("\n\n").filter(|part| part.trim_start().starts_with('|')).collect();
    let rows = tables[position].lines().filter(|line| line.starts_with('|')).skip(2);
    rows.map(|line| line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect())
        .collect()
}

/// The blocks of a kind in a file: each name with the lines inside.
fn blocks<'t>(text: &'t str, kind: &str) -> Vec<(&'t str, Vec<&'t str>)> {
    let start = format!("{kind} \"");
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(rest) = line.strip_prefix(&start) {
            let body = lines.by_ref().take_while(|line| *line != "}").collect();
            blocks.push((rest.split('"').next().unwrap(), body));
        }
    }
    blocks
}

/// The value of an argument of a block, as it is written.
fn argument<'l>(body: &[&'l str], name: &str) -> Option<&'l str> {
    body.iter().find_map(|line| {
        let (key, value) = line.strip_prefix("  ")?.split_once('=')?;
        (key.trim() == name && !key.starts_with(' ')).then(|| value.trim())
    })
}

/// A literal as a table shows it.
fn shown(literal: &str) -> String {
    match literal {
        "\"\"" => "`\"\"`".to_owned(),
        literal => format!("`{}`", literal.trim_matches('"')),
    }
}

fn description(body: &[&str]) -> String {
    argument(body, "description").unwrap().trim_matches('"').to_owned()
}

fn variables(folder: &str) -> Vec<Row> {
    let text = read(folder, "variables.tf");
    let row = |(name, body): (&str, Vec<&str>)| {
        let default = argument(&body, "default").map_or("required".to_owned(), shown);
        let ty = argument(&body, "type").unwrap();
        let ty = if ty.starts_with("object(") { "object" } else { ty };
        vec![format!("`{name}`"), ty.to_owned(), default, description(&body)]
    };
    blocks(&text, "variable").into_iter().map(row).collect()
}

fn outputs(folder: &str) -> Vec<Row> {
    let text = read(folder, "outputs.tf");
    let row = |(name, body): (&str, Vec<&str>)| vec![format!("`{name}`"), description(&body)];
    blocks(&text, "output").into_iter().map(row).collect()
}

#[test]
fn the_readmes_tell_every_input_and_output_as_it_is() {
    for folder in ["modules/fluxcd", "clusters/dev", "clusters/dev-doks"] {
        let readme = read(folder, "README.md");
        assert_eq!(table(&readme, "## Inputs", 0), variables(folder), "{folder}");
        assert_eq!(table(&readme, "## Outputs", 0), outputs(folder), "{folder}");
    }
}

/// The fields of the `flux` object: `git_repository.url`, their types and their defaults.
fn fields(variables: &str) -> Vec<Row> {
    let mut inside: Vec<&str> = Vec::new();
    let mut rows = Vec::new();
    let body = variables.split("type = object({").nth(1).unwrap();
    for line in body.lines().map(str::trim) {
        if line.starts_with("})") {
            // The end of an inner object, or of the whole.
            if inside.pop().is_none() {
                break;
            }
            continue;
        }
        let Some((name, ty)) = line.split_once('=') else { continue };
        let (name, ty) = (name.trim(), ty.trim());
        if ty.starts_with("optional(object({") {
            inside.push(name);
            continue;
        }
        let ty = ty.strip_prefix("optional(").unwrap().strip_suffix(')').unwrap();
        let (ty, default) = ty.split_once(", ").unwrap_or((ty, "null"));
        let path = inside.iter().copied().chain([name]).collect::<Vec<_>>().join(".");
        rows.push(vec![format!("`{path}`"), ty.to_owned(), shown(default)]);
    }
    rows
}

#[test]
fn the_readme_of_the_dev_cluster_tells_every_field() {
    let told = table(&read("clusters/dev", "README.md"), "## Inputs", 1);
    assert!(told.iter().all(|row| row.len() == 4 && !row[3].is_empty()), "{told:?}");
    let told: Vec<Row> = told.into_iter().map(|row| row[..3].to_vec()).collect();
    assert_eq!(told, fields(&read("clusters/dev", "variables.tf")));
}

#[test]
fn the_root_and_the_module_have_the_same_defaults() {
    let module = variables("modules/fluxcd");
    let main = read("clusters/dev", "main.tf");
    let fields = fields(&read("clusters/dev", "variables.tf"));
    let mut compared = 0;
    for line in main.lines() {
        let Some((input, field)) = line.split_once("= var.flux.") else { continue };
        let (input, field) = (format!("`{}`", input.trim()), format!("`{}`", field.trim()));
        let Some(of_module) = module.iter().find(|row| row[0] == input) else { continue };
        let of_root = fields.iter().find(|row| row[0] == field).unwrap();
        assert_eq!(of_root[1], of_module[1], "the type of {field}");
        if of_module[2] != "required" {
            assert_eq!(of_root[2], of_module[2], "the default of {field}");
        }
        compared += 1;
    }
    assert_eq!(compared, module.len(), "an input of the module is not given by the root");
}
