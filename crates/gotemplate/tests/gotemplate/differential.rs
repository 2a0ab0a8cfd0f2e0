//! The same template through our engine and through `tpl` of the real `helm`: what it writes, or word for word why it fails.

use std::path::Path;
use std::process::Command;
use std::sync::Mutex;

use gotemplate::{CallError, Fuel, Functions, Map, Set, Value};
use testutil::require;
use testutil::tools::Tool;

const DATA: &str = r#"{
    "name": "flux", "empty": "", "one": 1, "half": 0.5, "million": 1000000, "large": 123456789, "yes": true, "no": false, "nothing": null,
    "list": ["a", "b", "c"], "numbers": [1, 2.5, -3], "mixed": [1, "x", null, [true], {"k": "v"}], "none": [], "void": {},
    "map": {"b": 2, "a": 1, "c": {"d": "deep"}}, "maps": [{"n": "x"}, {"n": "y"}], "text": "é漢😀", "quoted": "a\"b<c>&'"
}"#;

/// What Helm has besides Go's own, as far as the cases need it.
fn functions() -> Functions {
    let mut functions = Functions::new();
    functions.add("list", |_, arguments| Ok(Value::list(arguments.iter().cloned())));
    functions.add("dict", |_, arguments| {
        let map = Map::new();
        for pair in arguments.chunks(2) {
            map.insert(pair[0].as_str().unwrap_or_default(), pair.get(1).cloned().unwrap_or_default());
        }
        Ok(map.into())
    });
    functions.add("set", |_, arguments| {
        if let [Value::Map(map), Value::Str(key), value] = arguments {
            map.insert(key, value.clone());
        }
        Ok(arguments[0].clone())
    });
    functions.add("include", |call, arguments| {
        Ok(call.execute(arguments[0].as_str().unwrap_or_default(), &arguments[1])?.into())
    });
    functions.add("upper", |_, arguments| match arguments {
        [Value::Str(text)] => Ok(text.to_uppercase().into()),
        [_] => Err(CallError::Argument(0, "string")),
        _ => Err(CallError::Count("1")),
    });
    functions
}

fn ours(case: &str) -> Result<String, String> {
    let mut set = Set::new(functions());
    let data = Value::from_json(&serde_json::from_str(DATA).unwrap());
    set.parse("gotpl", case).map_err(|error| error.to_string())?;
    // Helm's `tpl` deletes this from what was written.
    set.execute("gotpl", &data, &mut Fuel::default())
        .map(|text| text.replace("<no value>", ""))
        .map_err(|error| error.to_string())
}

fn helm(folder: &Path, cases: &[&str]) -> Result<String, String> {
    std::fs::create_dir_all(folder.join("templates")).unwrap();
    std::fs::write(folder.join("Chart.yaml"), "apiVersion: v2\nname: one\nversion: 1.0.0\n").unwrap();
    let template = "list:\n{{ range .Values.cases }}- {{ tpl . $.Values.data | toJson }}\n{{ end }}";
    std::fs::write(folder.join("templates/one.yaml"), template).unwrap();
    let data: serde_json::Value = serde_json::from_str(DATA).unwrap();
    let values = serde_json::json!({ "cases": cases, "data": data }).to_string();
    // YAML has other escapes than JSON for what is beyond the basic plane.
    std::fs::write(folder.join("given.yaml"), values).unwrap();
    let output = Command::new(Tool::Helm.path().unwrap())
        .args(["template", "one", ".", "-f", "given.yaml"])
        .current_dir(folder)
        .output()
        .unwrap();
    if output.status.success() {
        return Ok(String::from_utf8(output.stdout).unwrap());
    }
    Err(String::from_utf8(output.stderr).unwrap())
}

fn cases() -> Vec<&'static str> {
    include_str!("cases.txt").trim_end_matches('\n').split("\n=====\n").collect()
}

#[test]
fn what_we_write_is_what_helm_writes() {
    let _ = require!(Tool::Helm.path());
    let succeed: Vec<_> = cases().into_iter().filter_map(|case| Some((case, ours(case).ok()?))).collect();
    assert!(succeed.len() > 70, "only {} cases succeed", succeed.len());
    let folder = tempfile::tempdir().unwrap();
    let texts: Vec<_> = succeed.iter().map(|(case, _)| *case).collect();
    let answer = helm(folder.path(), &texts).unwrap_or_else(|error| panic!("{error}"));
    let helms: Vec<String> = answer
        .lines()
        .filter_map(|line| line.strip_prefix("- "))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(helms.len(), succeed.len());
    let mut wrong = Vec::new();
    for ((case, ours), helms) in succeed.iter().zip(helms) {
        if *ours != helms {
            wrong.push(format!("{case}\nhelm: {helms:?}\nours: {ours:?}\n"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn errors_have_helms_place_and_words() {
    let _ = require!(Tool::Helm.path());
    let fail: Vec<_> = cases().into_iter().filter_map(|case| Some((case, ours(case).err()?))).collect();
    assert!(fail.len() > 40, "only {} cases fail", fail.len());
    let next = Mutex::new(fail.into_iter());
    let wrong = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let folder = tempfile::tempdir().unwrap();
                loop {
                    let Some((case, ours)) = next.lock().unwrap().next() else { return };
                    let helms = match helm(folder.path(), &[case]) {
                        Err(error) => error,
                        Ok(text) => format!("no error but {text}"),
                    };
                    // What stands before it introduces the call of `tpl`.
                    let helms = helms.split("\n\nUse --debug").next().unwrap();
                    let inner = helms
                        .split_once(&format!(" {}: ", go::quote::quote(case)))
                        .map_or(helms, |(_, inner)| inner);
                    if inner != ours {
                        wrong.lock().unwrap().push(format!("{case}\nhelm: {inner}\nours: {ours}\n"));
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}
