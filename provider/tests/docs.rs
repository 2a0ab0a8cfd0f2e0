//! The reference pages of the provider: written from its schemas and rules by `make docs`, and compared here.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests end in a panic with the full story"
)]

use std::{collections::BTreeMap, fmt::Write, path::Path};

use fluxgate_provider::{Environment, FluxgateProvider};
use tfplugin::{
    function::Signature,
    provider::Provider,
    schema::{Attribute, AttributeKind, Nested, Nesting, Schema},
    value::Type,
};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

#[test]
fn the_reference_pages_say_what_the_schemas_say() {
    let provider = FluxgateProvider::new(Environment::default());
    let mut pages = BTreeMap::new();
    pages.insert("docs/index.md".to_owned(), provider_page(&provider.schema()));
    for resource in provider.resources() {
        let page = resource_page(resource.name(), &resource.schema());
        pages.insert(format!("docs/resources/{}.md", resource.name().trim_start_matches("fluxgate_")), page);
    }
    for source in provider.data_sources() {
        let page = data_source_page(source.name(), &source.schema());
        pages.insert(format!("docs/data-sources/{}.md", source.name().trim_start_matches("fluxgate_")), page);
    }
    for ephemeral in provider.ephemeral_resources() {
        let page = ephemeral_page(ephemeral.name(), &ephemeral.schema());
        let name = ephemeral.name().trim_start_matches("fluxgate_");
        pages.insert(format!("docs/ephemeral-resources/{name}.md"), page);
    }
    for function in provider.functions() {
        let page = function_page(function.name(), &function.signature());
        pages.insert(format!("docs/functions/{}.md", function.name()), page);
    }
    pages.insert("docs/rules.md".to_owned(), rules_page());
    // The small chart brings the kinds that its two controllers serve.
    for kind in flux::kinds::all() {
        if ["source.toolkit.fluxcd.io", "kustomize.toolkit.fluxcd.io"].contains(&kind.group) {
            let path = format!("examples/charts/flux2/definitions/{}.yaml", kind.plural);
            pages.insert(path, yaml::write(&kind.definition()));
        }
    }

    let mut stale = Vec::new();
    for (path, text) in &pages {
        let file = Path::new(ROOT).join(path);
        if std::env::var_os("FLUXGATE_WRITE_DOCS").is_some() {
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(&file, text).unwrap();
        } else if std::fs::read_to_string(&file).unwrap_or_default() != *text {
            stale.push(path);
        }
    }
    assert!(stale.is_empty(), "stale: {stale:?}; run `make docs` and commit the pages");
}

#[test]
fn every_resource_has_a_page_and_an_example() {
    for resource in FluxgateProvider::new(Environment::default()).resources() {
        let example = Path::new(ROOT).join("examples/resources").join(resource.name()).join("resource.tf");
        assert!(example.is_file(), "{} is missing", example.display());
    }
    for source in FluxgateProvider::new(Environment::default()).data_sources() {
        let example =
            Path::new(ROOT).join("examples/data-sources").join(source.name()).join("data-source.tf");
        assert!(example.is_file(), "{} is missing", example.display());
    }
    for function in FluxgateProvider::new(Environment::default()).functions() {
        let example = Path::new(ROOT).join("examples/functions").join(function.name()).join("function.tf");
        assert!(example.is_file(), "{} is missing", example.display());
    }
}

fn provider_page(schema: &Schema) -> String {
    let example = read("examples/provider/provider.tf");
    format!(
        "# The provider\n\n{}\n\n```hcl\n{}\n```\n\n## Attributes\n\n{}\n",
        schema.description,
        example.trim_end(),
        attributes(&schema.attributes).trim_end()
    )
}

fn resource_page(name: &str, schema: &Schema) -> String {
    let example = read(&format!("examples/resources/{name}/resource.tf"));
    format!(
        "# {name}\n\n{}\n\n```hcl\n{}\n```\n\nImport by `namespace/name`, or `cluster/namespace/name` for one of the provider's further `clusters`:\n\n```sh\ntofu import {name}.example flux-system/example\n```\n\n## Attributes\n\n{}\n",
        schema.description,
        example.trim_end(),
        attributes(&schema.attributes).trim_end()
    )
}

fn data_source_page(name: &str, schema: &Schema) -> String {
    let example = read(&format!("examples/data-sources/{name}/data-source.tf"));
    format!(
        "# {name}\n\n{}\n\n```hcl\n{}\n```\n\n## Attributes\n\n{}\n",
        schema.description,
        example.trim_end(),
        attributes(&schema.attributes).trim_end()
    )
}

fn ephemeral_page(name: &str, schema: &Schema) -> String {
    let example = read(&format!("examples/ephemeral-resources/{name}/ephemeral-resource.tf"));
    format!(
        "# {name}\n\n{}\n\n```hcl\n{}\n```\n\n## Attributes\n\n{}\n",
        schema.description,
        example.trim_end(),
        attributes(&schema.attributes).trim_end()
    )
}

fn function_page(name: &str, signature: &Signature) -> String {
    let example = read(&format!("examples/functions/{name}/function.tf"));
    let parameters = signature.parameters.iter().map(|parameter| (parameter, ""));
    let parameters: Vec<_> =
        parameters.chain(signature.variadic.iter().map(|parameter| (parameter, "..."))).collect();
    let call: Vec<_> =
        parameters.iter().map(|(parameter, more)| format!("{}{more}", parameter.name)).collect();
    let mut page = format!(
        "# {name}\n\n{}.\n\n```hcl\n{}\n```\n\n{}\n\n`provider::fluxgate::{name}({})` gives {}.\n\n",
        signature.summary,
        example.trim_end(),
        signature.description,
        call.join(", "),
        value_type_name(&signature.returns)
    );
    for (parameter, _) in parameters {
        let _ = writeln!(
            page,
            "- `{}` ({}): {}",
            parameter.name,
            value_type_name(&parameter.ty),
            parameter.description
        );
    }
    page
}

fn rules_page() -> String {
    let catalogue = policy::Catalogue::built_in().unwrap();
    let mut page = read("docs/templates/rules.md");
    for rule in catalogue.rules() {
        let params: Vec<_> = rule
            .params
            .iter()
            .filter_map(|name| catalogue.param(name))
            .map(|param| {
                let default = param
                    .default
                    .as_ref()
                    .map(|value| format!(" Defaults to `{value}`."))
                    .unwrap_or_default();
                format!("- `{}`: {}{default}\n", param.name, param.description.trim())
            })
            .collect();
        let list =
            |items: Vec<String>| items.iter().map(|item| format!("`{item}`")).collect::<Vec<_>>().join(", ");
        let _ = write!(
            page,
            "\n## {}\n\n**{}** ({})\n\n{}\n\nRemedy: {}\n\nConcerns {}. Reads {}.\n",
            rule.id,
            rule.title.trim(),
            rule.severity,
            rule.description.trim(),
            rule.remedy.trim(),
            list(rule.kinds.iter().map(|kind| kind.kind.clone()).collect()),
            list(rule.reads.object.iter().map(ToString::to_string).collect()),
        );
        if !params.is_empty() {
            let _ = write!(page, "\nParameters:\n\n{}", params.concat());
        }
    }
    page
}

/// Attributes as a nested list: required ones first, then by name.
fn attributes(attributes: &[Attribute]) -> String {
    let mut text = String::new();
    list(attributes, 0, &mut text);
    text
}

fn list(attributes: &[Attribute], depth: usize, text: &mut String) {
    let mut sorted: Vec<_> = attributes.iter().collect();
    sorted.sort_by_key(|attribute| (!attribute.required, attribute.name.clone()));
    for attribute in sorted {
        let mut notes = vec![type_name(&attribute.kind)];
        notes.push(
            match (attribute.required, attribute.optional) {
                (true, _) => "required",
                (_, true) => "optional",
                _ => "computed",
            }
            .to_owned(),
        );
        if attribute.requires_replace {
            notes.push("a change replaces the object".to_owned());
        }
        if attribute.requires_replace_if.is_some() {
            notes.push("another value replaces the object".to_owned());
        }
        if attribute.sensitive {
            notes.push("sensitive".to_owned());
        }
        if attribute.write_only {
            notes.push("write-only".to_owned());
        }
        let _ = writeln!(
            text,
            "{}- `{}` ({}): {}",
            "  ".repeat(depth),
            attribute.name,
            notes.join(", "),
            attribute.description
        );
        if let AttributeKind::Nested(Nested { attributes, .. }) = &attribute.kind {
            list(attributes, depth + 1, text);
        }
    }
}

fn type_name(kind: &AttributeKind) -> String {
    match kind {
        AttributeKind::Nested(Nested { nesting, .. }) => match nesting {
            Nesting::Single => "object",
            Nesting::List => "list of objects",
            Nesting::Set => "set of objects",
            Nesting::Map => "map of objects",
        }
        .to_owned(),
        AttributeKind::Value(ty) => value_type_name(ty),
    }
}

fn value_type_name(ty: &Type) -> String {
    match ty {
        Type::Bool => "bool".to_owned(),
        Type::Number => "number".to_owned(),
        Type::String => "string".to_owned(),
        Type::List(inner) => format!("list of {}", value_type_name(inner)),
        Type::Set(inner) => format!("set of {}", value_type_name(inner)),
        Type::Map(inner) => format!("map of {}", value_type_name(inner)),
        Type::Object(_) => "object".to_owned(),
        Type::Tuple(_) => "tuple".to_owned(),
        Type::Dynamic => "any type".to_owned(),
    }
}

fn read(path: &str) -> String {
    let file = Path::new(ROOT).join(path);
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}
