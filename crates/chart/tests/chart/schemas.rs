//! values.schema.json besides what is compared with helm.

use chart::Chart;
use chart::file::File;
use chart::render::{Error, Options, render};
use chart::values::Values;

fn chart(schema: &str) -> Chart {
    let file = |name: &str, text: &str| File { name: name.to_owned(), data: text.into() };
    chart::load::load(vec![
        file("Chart.yaml", "apiVersion: v2\nname: app\nversion: 1.0.0\n"),
        file("values.schema.json", schema),
    ])
    .unwrap()
}

#[test]
fn what_is_not_checked_is_told() {
    let schema = r#"{"properties": {"a": {"format": "email", "$ref": "https://example.com/s.json"}, "b": {"pattern": "("}}}"#;
    let mut values = Values::new();
    values.set("a=x,b=y").unwrap();
    let rendered = render(&chart(schema), &values, &Options::new("demo", "here")).unwrap();
    assert_eq!(
        rendered.notices,
        [
            "values.schema.json: $ref to https://example.com/s.json is not checked",
            "values.schema.json: format is not checked",
            "values.schema.json: pattern ( is not checked",
        ]
    );
}

#[test]
fn it_can_be_skipped() {
    let chart = chart("false");
    let options = Options::new("demo", "here");
    assert!(matches!(render(&chart, &Values::new(), &options), Err(Error::Schema(_))));
    assert!(render(&chart, &Values::new(), &Options { skip_schema: true, ..options }).is_ok());
}

#[test]
fn schemas_without_end_end() {
    let choices = [r##"{"$ref": "#"}"##; 10].join(",");
    let mut values = Values::new();
    values.set_json(&format!("deep={}1{}", "[".repeat(100), "]".repeat(100))).unwrap();
    for schema in [
        r##"{"$ref": "#"}"##.to_owned(),
        r##"{"anyOf": [{"$ref": "#"}]}"##.to_owned(),
        r##"{"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"}"##
            .to_owned(),
        format!(
            r##"{{"additionalProperties": {{"$ref": "#"}}, "items": {{"allOf": [{choices}]}}, "not": {{}}}}"##
        ),
        "not json".to_owned(),
    ] {
        let refused = render(&chart(&schema), &values, &Options::new("demo", "here"));
        assert!(matches!(refused, Err(Error::Schema(_))), "{schema}");
    }
}
