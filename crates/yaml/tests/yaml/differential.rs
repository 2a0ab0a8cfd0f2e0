//! The same text through our reader and writer and through `toJson` and `toYaml` of the real `helm`.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use testutil::require;
use testutil::tools::Tool;

/// Renders a chart of one template with the values of a file, and answers with what the template wrote between its marks.
fn helm(template: &str, values: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("Chart.yaml", "apiVersion: v2\nname: one\nversion: 1.0.0\n");
    write("templates/one.yaml", &format!("kind: Text\ntext: |\n  <<<<\n{template}\n  >>>>\n"));
    write("given.yaml", values);
    run(folder.path())
}

fn run(folder: &Path) -> String {
    let output = Command::new(Tool::Helm.path().unwrap())
        .args(["template", "one", ".", "-f", "given.yaml"])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let (_, rest) = text.split_once("  <<<<\n").unwrap();
    let (inside, _) = rest.rsplit_once("\n  >>>>").unwrap();
    inside.to_owned()
}

#[test]
fn scalars_mean_what_they_mean_to_helm() {
    let _ = require!(Tool::Helm.path());
    let scalars = include_str!("scalars.txt");
    let list: String = scalars.lines().map(|line| format!("- {line}\n")).collect();
    let keys: String = scalars
        .lines()
        // What Helm refuses as a key: null, and numbers that only an unsigned integer holds.
        .filter(|line| !["9223372036854775808", "18446744073709551615"].contains(line))
        .filter(|line| {
            !line.is_empty()
                && !line.starts_with(['!', '~', '[', '{', '>'])
                && !line.to_lowercase().starts_with("null")
        })
        .enumerate()
        .map(|(position, line)| format!("- {line}: {position}\n"))
        .collect();
    let values = format!("values:\n{list}keys:\n{keys}");
    let answer = helm("  {{ toJson .Values.values }}\n  {{ toJson .Values.keys }}", &values);
    let (helms_values, helms_keys) = answer.trim().split_once('\n').unwrap();
    let ours = yaml::read(&values).unwrap();
    let mut wrong = Vec::new();
    for (name, helms) in [("values", helms_values), ("keys", helms_keys)] {
        let helms: Value = serde_json::from_str(helms.trim()).unwrap();
        let (helms, ours) = (helms.as_array().unwrap(), ours[name].as_array().unwrap());
        assert_eq!(helms.len(), ours.len());
        for (helms, ours) in helms.iter().zip(ours) {
            // Every number that reaches a template is a float.
            let same = match (helms.as_f64(), ours.as_f64()) {
                (Some(left), Some(right)) => (left - right).abs() <= f64::EPSILON * left.abs(),
                _ => helms == ours,
            };
            if !same {
                wrong.push(format!("{name}: helm {helms}, ours {ours}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A generator that gives the same numbers each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn text(&mut self) -> String {
        const PIECES: &[&str] = &[
            "a",
            "b",
            "word",
            " ",
            "  ",
            "\n",
            "\n\n",
            "\t",
            ":",
            ": ",
            " #",
            "#",
            "-",
            "- ",
            "'",
            "\"",
            "\\",
            "{",
            "}",
            "[",
            "]",
            ",",
            "&",
            "*",
            "!",
            "|",
            ">",
            "%",
            "@",
            "`",
            "?",
            "? ",
            "é",
            "漢",
            "😀",
            "\u{85}",
            "\u{2028}",
            "\u{a0}",
            "\u{feff}",
            "\u{7}",
            "\r",
            "0",
            "1",
            "007",
            "1e3",
            "yes",
            "null",
            "~",
            "=",
            "---",
            "...",
            "2001-01-01",
            "1:30",
            "0x1F",
            "a long run of words that goes on ",
            "https://example.com/a/path?with=query&and=more ",
            ".",
            "_",
            "y",
            "n",
        ];
        (0..self.roll(9)).map(|_| PIECES[self.roll(PIECES.len())]).collect()
    }

    fn value(&mut self, depth: usize) -> Value {
        match self.roll(if depth > 3 { 8 } else { 12 }) {
            0..=4 => Value::String(self.text()),
            5 => json!(self.roll(1000)),
            6 => [json!(0.5), json!(1e20), json!(1e-7), json!(-0.0), json!(1e6), json!(123_456_789.5)]
                [self.roll(6)]
            .clone(),
            7 => [Value::Null, json!(true), json!(false), json!([]), json!({})][self.roll(5)].clone(),
            8 | 9 => (0..self.roll(4)).map(|_| self.value(depth + 1)).collect(),
            _ => Value::Object(
                (0..self.roll(5))
                    .map(|_| {
                        let key = match self.roll(6) {
                            0 => format!("a{}", self.roll(200)),
                            1 => format!("{}{}", self.text(), "k".repeat(self.roll(140))),
                            _ => self.text(),
                        };
                        // Helm writes nothing at all where a key holds this line break.
                        (key.replace('\u{85}', ""), self.value(depth + 1))
                    })
                    .collect(),
            ),
        }
    }
}

/// JSON that is YAML as well: with YAML's escapes for what is not ASCII.
fn ascii(value: &Value) -> String {
    let escape = |character: char| match character {
        ' '..='~' => character.to_string(),
        other => format!("\\U{:08X}", u32::from(other)),
    };
    value.to_string().chars().map(escape).collect()
}

#[test]
fn what_we_write_is_what_helm_writes() {
    let _ = require!(Tool::Helm.path());
    let mut dice = Dice(20_26);
    let values: Vec<_> = (0..1500).map(|_| dice.value(0)).collect();
    let template = "{{ range .Values.all }}\n  {{ toYaml (dict \"v\" .) | toJson }}{{ end }}";
    let answer = helm(template, &ascii(&json!({ "all": values })));
    let helms: Vec<String> = answer
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| serde_json::from_str(line.trim()).unwrap())
        .collect();
    assert_eq!(helms.len(), values.len());
    let mut wrong = Vec::new();
    for (value, helms) in values.iter().zip(helms) {
        // `toYaml` takes away the last newline.
        let ours = yaml::write(&json!({ "v": value }));
        if ours.strip_suffix('\n') != Some(&helms) {
            wrong.push(format!("{value}\nhelm: {helms:?}\nours: {ours:?}\n"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} differ, the first of them:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(5)].join("\n")
    );
}

#[test]
fn what_we_write_reads_back() {
    let mut dice = Dice(4);
    for _ in 0..3000 {
        let value = dice.value(0);
        let text = yaml::write(&value);
        let again = yaml::read(&text).unwrap_or_else(|error| panic!("{error}\n{value}\n{text}"));
        // Whole floats come back as integers, which is what they are in JSON.
        assert_eq!(yaml::write(&again), text, "{value}");
    }
}
