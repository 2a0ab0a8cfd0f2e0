//! Charts from strangers: whatever they hold, rendering ends with manifests or with an error.

use chart::file::File;
use chart::output::Print;
use chart::render::{Error, Options, render};
use chart::values::Values;
use gotemplate::Fuel;

/// What separates the files in an input: Chart.yaml's further lines, values.yaml, the user's values, `--set`, then templates.
const SEPARATOR: &str = "\n=====\n";

/// Makes a chart of the input and renders it; then loads the input as an archive.
pub fn chart_render(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let mut parts = text.split(SEPARATOR);
    let mut part = || parts.next().unwrap_or_default().to_owned();
    let file = |name: String, text: String| File { name, data: text.into_bytes() };
    let metadata = format!("apiVersion: v2\nname: app\nversion: 1.0.0\n{}\n", part());
    let mut files = vec![file("Chart.yaml".into(), metadata), file("values.yaml".into(), part())];
    let (user, set) = (part(), part());
    for (number, template) in parts.enumerate() {
        let name = match number {
            0 => "templates/a.yaml".into(),
            1 => "templates/_helpers.tpl".into(),
            2 => "charts/sub/Chart.yaml".into(),
            3 => "charts/sub/values.yaml".into(),
            number => format!("charts/sub/templates/{number}.yaml"),
        };
        files.push(file(name, template.to_owned()));
    }
    if let Ok(chart) = chart::load::load(files) {
        let mut values = Values::new();
        let _ = values.add_yaml(&user);
        let _ = values.set(&set);
        let _ = values.set_json(&set);
        let _ = values.set_literal(&set);
        let options =
            Options { fuel: Fuel { steps: 20_000, output: 1 << 20 }, ..Options::new("demo", "default") };
        match render(&chart, &values, &options) {
            Ok(rendered) => assert!(rendered.print(&Print::default()).ends_with('\n')),
            // The thread that renders has died.
            Err(error @ Error::Thread(_)) => panic!("{error:?}"),
            Err(_) => {}
        }
    }
    let _ = chart::load::load_archive(input);
}
