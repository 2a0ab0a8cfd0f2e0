//! The builtins, as they are and from inside a compiled policy, against the real `opa`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::json;
use testutil::require;
use testutil::tools::Tool;

use crate::builtins;
use crate::bundle::{self, Archive};
use crate::settings::Limits;
use crate::value::Value;
use crate::wasm::Program;

/// Answers by the number of the case; a case without one failed.
type Answers = BTreeMap<usize, Value>;

/// One call of a builtin, operand by operand.
type Case = Vec<Operand>;

/// An operand, as it can be given to all three.
#[derive(Debug)]
enum Operand {
    /// As JSON, in which numbers keep their spelling.
    Json(String),
    /// One of the terms.
    Term(usize),
    /// A list of some of the terms.
    Terms(Vec<usize>),
}

/// A builtin, and what it is called with. JSON knows neither sets nor keys that are no texts, so these are
/// among the terms, which stand in the Rego source.
struct Calls {
    builtin: &'static str,
    terms: Vec<String>,
    cases: Vec<Case>,
}

impl Calls {
    fn source(&self) -> String {
        // Not by a function: OPA would look up each operand among earlier ones, and panics where 0.0 is among them.
        let operand = |n: usize| {
            format!(
                r"	operand_{n} := array.concat([json | json := case[{n}].json], array.concat(
		[term | term := terms[case[{n}].term]],
		[list | numbers := case[{n}].terms; list := [terms[number] | some number in numbers]],
	))[0]
"
            )
        };
        let count = self.cases[0].len();
        format!(
            r"package cases

terms := [{terms}]

answers[number] := answer if {{
	some number, case in input.cases
	input.asked[number]
{operands}	answer := {builtin}({names})
}}
",
            operands = (0..count).map(operand).collect::<String>(),
            names = (0..count).map(|n| format!("operand_{n}")).collect::<Vec<_>>().join(", "),
            terms = self.terms.join(", "),
            builtin = self.builtin,
        )
    }

    fn input(&self, cases: &[Case], asked: impl Fn(usize) -> bool) -> String {
        let operand = |operand: &Operand| match operand {
            Operand::Json(json) => format!(r#"{{"json": {json}}}"#),
            Operand::Term(term) => format!(r#"{{"term": {term}}}"#),
            Operand::Terms(terms) => format!(r#"{{"terms": {terms:?}}}"#),
        };
        let case = |case: &Case| format!("[{}]", case.iter().map(operand).collect::<Vec<_>>().join(","));
        let asked: Vec<bool> = (0..cases.len()).map(asked).collect();
        let cases = cases.iter().map(case).collect::<Vec<_>>().join(",\n");
        format!(r#"{{"asked": {asked:?}, "cases": [{cases}]}}"#)
    }

    fn values(&self, case: &Case) -> Vec<Value> {
        let term = |term: usize| Value::parse(&self.terms[term]).unwrap();
        let value = |operand: &Operand| match operand {
            Operand::Json(json) => Value::parse(json).unwrap(),
            Operand::Term(number) => term(*number),
            Operand::Terms(numbers) => Value::Array(numbers.iter().map(|number| term(*number)).collect()),
        };
        case.iter().map(value).collect()
    }
}

/// What the real `opa` answers: nothing for what fails. Asked for a thousand cases at a time, since the time
/// that it takes grows faster than their number.
fn by_opa(opa: &Path, folder: &Path, calls: &Calls) -> Answers {
    fs::write(folder.join("cases.rego"), calls.source()).unwrap();
    let mut all = Answers::new();
    for start in (0..calls.cases.len()).step_by(1000) {
        let end = calls.cases.len().min(start + 1000);
        fs::write(folder.join("input.json"), calls.input(&calls.cases[start..end], |_| true)).unwrap();
        let output = Command::new(opa)
            .args(["eval", "-f", "raw", "-d", "cases.rego", "-i", "input.json", "data.cases.answers"])
            .current_dir(folder)
            .output()
            .unwrap();
        let words = [output.stdout.as_slice(), &output.stderr].concat();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&words));
        let found = answers(&Value::parse(std::str::from_utf8(&output.stdout).unwrap()).unwrap());
        all.extend(found.into_iter().map(|(number, answer)| (start + number, answer)));
    }
    all
}

fn answers(object: &Value) -> Answers {
    let Value::Object(members) = object else { panic!("{object}") };
    let number = |key: &Value| match key {
        Value::Number(number) | Value::String(number) => number.parse().unwrap(),
        other => panic!("{other}"),
    };
    members.iter().map(|(key, answer)| (number(key), answer.clone())).collect()
}

/// What the function itself answers.
fn by_builtin(calls: &Calls) -> Answers {
    let builtin = builtins::find(calls.builtin).unwrap();
    let answer = |(number, case)| Some((number, builtin(&calls.values(case)).ok()?));
    calls.cases.iter().enumerate().filter_map(answer).collect()
}

/// What a policy answers that OPA compiled and this host runs, for the cases that do not fail.
fn by_host(opa: &Path, folder: &Path, calls: &Calls, sound: &Answers) -> Answers {
    let built = Command::new(opa)
        .args(["build", "-t", "wasm", "-e", "cases/answers", "cases.rego", "-o", "bundle.tar.gz"])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let archive = Archive::unpack(&fs::read(folder.join("bundle.tar.gz")).unwrap()).unwrap();
    let limits = Limits { fuel: u64::MAX / 2, memory: 2 << 30, time: Duration::from_secs(600) };
    let program = Program::load(&bundle::Program::Module(archive.module), &json!({}), limits).unwrap();
    let mut machine = program.start().unwrap();
    let input = calls.input(&calls.cases, |number| sound.contains_key(&number));
    let answer = program.ask(&mut machine, "cases/answers", &input).unwrap().unwrap();
    answers(&Value::parse(&answer.to_string()).unwrap())
}

fn compare(builtin: &'static str, terms: &[&str], cases: Vec<Case>) {
    let opa = require!(Tool::Opa.path());
    let calls = Calls { builtin, terms: terms.iter().map(|term| (*term).to_owned()).collect(), cases };
    let folder = tempfile::tempdir().unwrap();
    let expected = by_opa(&opa, folder.path(), &calls);
    assert!(expected.len() > calls.cases.len() / 20, "too few cases have an answer: {}", expected.len());
    for (by, found) in
        [("the builtin", by_builtin(&calls)), ("the host", by_host(&opa, folder.path(), &calls, &expected))]
    {
        let different: Vec<String> = (0..calls.cases.len())
            .filter(|number| expected.get(number) != found.get(number))
            .map(|number| {
                let values = calls.values(&calls.cases[number]);
                format!("{values:?}: opa {:?}, ours {:?}", expected.get(&number), found.get(&number))
            })
            .collect();
        let some = different.iter().take(30).cloned().collect::<Vec<_>>().join("\n");
        assert!(
            different.is_empty(),
            "{by} differs in {} of {} cases:\n{some}",
            different.len(),
            calls.cases.len()
        );
    }
}

fn text(text: &str) -> Operand {
    Operand::Json(json!(text).to_string())
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.roll(from.len())]
    }
}

const VALUES: &[&str] = &[
    "0",
    "1",
    "-1",
    "5",
    "-42",
    "65",
    "255",
    "1000000",
    "128512",
    "1114112",
    "55296",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "12345678901234567890123",
    "-18446744073709551616",
    "1.0",
    "0.0",
    "0.5",
    "1.5",
    "2.5",
    "-2.5",
    "0.1",
    "0.25",
    "3.14159",
    "1e3",
    "1.0e100",
    "1.5e-10",
    "123456789.125",
    "100000.0",
    "1000000.5",
    "1.0e20",
    "1.0e21",
    "0.000001234",
    "99999.95",
    "0.045",
    r#""""#,
    r#""x""#,
    r#""héllo wörld""#,
    r#""a\nb\t\"c\"\\""#,
    r#""back`quote""#,
    r#""日本 😀""#,
    r#""\u0000\u007f\u00a0\u200b\ufeff""#,
    r#""%d""#,
    "null",
    "true",
    "false",
    "[]",
    "{}",
    "set()",
    r#"[1, "two", null, [3.0]]"#,
    r#"{"b": 1, "a": {"c": [true]}}"#,
    r#"{3, 1, "x", [2], null}"#,
    r#"{1: "one", [2]: {"two"}}"#,
];

#[test]
fn sprintf_prints_every_verb_with_every_flag_as_opa_does() {
    let mut cases = Vec::new();
    for verb in
        ["v", "s", "d", "q", "t", "f", "F", "e", "E", "g", "G", "x", "X", "o", "O", "b", "c", "U", "T", "z"]
    {
        for flags in ["", "-", "+", "#", " ", "0", "+#", "-0", "# ", "+0"] {
            for size in ["", "6", ".3", "12.0", "8."] {
                let values = (0..VALUES.len()).step_by(if size.is_empty() { 1 } else { 3 });
                cases.extend(values.map(|value| {
                    vec![text(&format!("<%{flags}{size}{verb}>")), Operand::Terms(vec![value])]
                }));
            }
        }
    }
    compare("sprintf", VALUES, cases);
}

#[test]
fn sprintf_reads_any_format_as_opa_does() {
    let pieces: &[&str] = &[
        "%", "%", "%", "v", "d", "s", "q", "f", "x", "w", "[1]", "[2]", "[3]", "[9]", "[0]", "[x]", "[", "]",
        "*", ".", ".*", "-", "+", "#", "0", " ", "3", "12", "é", "!", "%%", "\n", "text", "99999999",
    ];
    let mut dice = Dice(3);
    let cases = (0..20_000).map(|_| {
        let format: String = (0..=dice.roll(8)).map(|_| dice.pick(pieces)).collect();
        vec![text(&format), Operand::Terms((0..dice.roll(4)).map(|_| dice.roll(VALUES.len())).collect())]
    });
    compare("sprintf", VALUES, cases.collect());
}

#[test]
fn sprintf_rounds_floats_as_opa_does() {
    let mut dice = Dice(5);
    let mut cases = Vec::new();
    for _ in 0..10_000 {
        let digits: String =
            (0..=dice.roll(18)).map(|_| char::from(b'0' + u8::try_from(dice.roll(10)).unwrap())).collect();
        let whole = digits.trim_start_matches('0');
        let whole = if whole.is_empty() { "0" } else { whole };
        let exponent = i32::try_from(dice.roll(60)).unwrap() - 30;
        let exponent = if dice.roll(10) == 0 { exponent * 9 } else { exponent };
        let value = format!("{}{whole}.{}e{exponent}", dice.pick(&["", "-"]), dice.roll(1000));
        let precision = dice.roll(25);
        let verb = dice.pick(&["f", "e", "g", "G", "x"]);
        for format in [format!("%.{precision}{verb}"), format!("%{verb}"), "%v".to_owned()] {
            cases.push(vec![text(&format), Operand::Json(format!("[{value}]"))]);
        }
    }
    // Ties, where half of the last digit is exactly left.
    for eighth in 1..200 {
        for precision in 0..3 {
            let value = format!("[{:.3}]", f64::from(eighth) / 8.0);
            cases.push(vec![text(&format!("%.{precision}f")), Operand::Json(value)]);
        }
    }
    compare("sprintf", &[], cases);
}

#[test]
fn durations_are_read_as_opa_reads_them() {
    let pieces: &[&str] = &[
        "1",
        "0",
        "05",
        "30",
        "999",
        "1.5",
        ".5",
        "5.",
        ".",
        "s",
        "m",
        "h",
        "ms",
        "us",
        "µs",
        "μs",
        "ns",
        "d",
        "w",
        "y",
        "M",
        "-",
        "+",
        " ",
        "",
        "9223372036",
        "9223372036854775807",
        "0.3333333333333333333",
        "99999999999999999999",
    ];
    let mut texts: Vec<String> = [
        "",
        "0",
        "-0",
        "+0",
        "1h30m",
        "9223372036854775807ns",
        "-9223372036854775808ns",
        "9223372036854775808ns",
        "106751d",
        "292y",
        "293y",
    ]
    .map(str::to_owned)
    .to_vec();
    for number in ["1", "0", "1.5", ".5", "5.", "-1", "+1", "05", "0.1", "2562047", "1000000000"] {
        for unit in ["s", "m", "h", "ms", "us", "µs", "ns", "d", "w", "y", "", "M", "dd", " s"] {
            texts.push(format!("{number}{unit}"));
        }
    }
    let mut dice = Dice(7);
    texts.extend((0..20_000).map(|_| (0..=dice.roll(6)).map(|_| dice.pick(pieces)).collect::<String>()));
    compare("time.parse_duration_ns", &[], texts.iter().map(|duration| vec![text(duration)]).collect());
}

#[test]
fn texts_are_matched_and_counted_as_opa_does() {
    let texts = [r#""""#, r#""a""#, r#""aa""#, r#""aaaa""#, r#""né""#, r#""é""#, r#""b-a""#, "1", "null"];
    let mut terms: Vec<String> = texts.map(str::to_owned).to_vec();
    for pair in texts.windows(2) {
        terms.extend([format!("[{}]", pair.join(", ")), format!("{{{}}}", pair.join(", "))]);
    }
    terms.extend(["[]", "set()", "{}"].map(str::to_owned));
    let terms: Vec<&str> = terms.iter().map(String::as_str).collect();
    let pairs = |count: usize| -> Vec<Case> {
        (0..count).flat_map(|a| (0..count).map(move |b| vec![Operand::Term(a), Operand::Term(b)])).collect()
    };
    compare("strings.any_prefix_match", &terms, pairs(terms.len()));
    compare("strings.any_suffix_match", &terms, pairs(terms.len()));
    compare("strings.count", &terms, pairs(texts.len()));
}
