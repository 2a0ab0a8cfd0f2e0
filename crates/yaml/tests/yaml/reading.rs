//! What reading promises beyond scalars.

use serde_json::{Value, json};

#[track_caller]
fn refuses(text: &str, line: usize, message: &str) {
    let error = yaml::read(text).unwrap_err();
    assert_eq!((error.line, error.message.as_str()), (Some(line), message), "{text}");
}

#[test]
fn nothing_is_null() {
    for text in ["", "\n", "# only a comment\n", "---\n", "---\n---\na: 1\n", "\u{feff}"] {
        assert_eq!(yaml::read(text).unwrap(), Value::Null, "{text:?}");
    }
}

#[test]
fn only_the_first_document_is_read() {
    assert_eq!(yaml::read("a: 1\n---\nb: 2\n").unwrap(), json!({"a": 1}));
}

#[test]
fn all_documents_are_read_with_their_lines() {
    let documents = yaml::documents("# first\na: 1\n---\n---\n- x\n").unwrap();
    let found: Vec<_> = documents.iter().map(|document| (document.line, document.value.clone())).collect();
    assert_eq!(found, [(2, json!({"a": 1})), (4, Value::Null), (5, json!(["x"]))]);
}

#[test]
fn the_last_of_equal_keys_wins_unless_strict() {
    assert_eq!(yaml::read("a: 1\na: 2\n").unwrap(), json!({"a": 2}));
    let error = yaml::read_strict("b: 0\na: 1\na: 2\n").unwrap_err();
    assert_eq!(error.to_string(), "line 3: key \"a\" already set in map");
}

#[test]
fn merges_stand_where_they_are_written() {
    let text =
        "base: &base {x: 1, y: 2}\none:\n  <<: *base\n  x: 3\ntwo:\n  x: 3\n  <<: [*base, {x: 9, z: 4}]\n";
    assert_eq!(
        yaml::read(text).unwrap(),
        json!({"base": {"x": 1, "true": 2}, "one": {"x": 3, "true": 2}, "two": {"x": 1, "true": 2, "z": 4}})
    );
    refuses("a: &a 1\nb:\n  <<: *a\n", 3, "map merge requires map or sequence of maps as the value");
}

#[test]
fn whole_numbers_are_integers_however_they_are_written() {
    assert_eq!(yaml::read("[1.0, 1e3, 0x10, 1.5]").unwrap().to_string(), "[1,1000,16,1.5]");
}

#[test]
fn what_json_does_not_have_is_refused() {
    refuses("a: .nan\n", 1, "`.nan` has no value in JSON");
    refuses("a:\n  b: -.inf\n", 2, "`-.inf` has no value in JSON");
    refuses("a: 1\n~: 2\n", 2, "a key must not be null");
    refuses("? [a]\n: 2\n", 1, "a key must be a scalar, not a collection");
}

#[test]
fn what_is_no_yaml_is_refused_with_its_line() {
    refuses(
        "a: 1\n\tb: 2\n",
        2,
        "while scanning a plain scalar: found a tab character that violates indentation",
    );
    refuses("a: `b\n", 1, "while scanning for the next token: found character that cannot start any token");
    refuses("a: [1\nb: 2\n", 2, "while parsing a flow sequence: did not find expected ',' or ']'");
    refuses("a: *b\n", 1, "unknown anchor 'b' referenced");
    refuses("a: &a [*a]\n", 1, "anchor 'a' value contains itself");
    refuses("a: !!int x\n", 1, "cannot decode `x` as a !!int");
    refuses("a: !!binary '%'\n", 1, "!!binary value contains invalid base64 data");
}

#[test]
fn what_the_parser_panics_at_is_refused_too() {
    for (text, line) in [("a: 1\nb: [!, c]\n", 2), ("a: \"\\", 1), ("|\r |", 1)] {
        refuses(text, line, "what begins or follows here cannot be read");
    }
}

#[test]
fn a_billion_laughs_are_refused() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..10 {
        let before = level - 1;
        let copies = vec![format!("*a{before}"); 10].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{copies}]\n"));
    }
    let error = yaml::read(&text).unwrap_err();
    assert_eq!(error.message, "document contains excessive aliasing");
}

#[test]
fn deep_nesting_is_refused() {
    for text in ["[".repeat(20_000), "{a: ".repeat(20_000), "- ".repeat(20_000)] {
        let error = yaml::read(&text).unwrap_err();
        assert_eq!(error.message, "nested deeper than 1000 levels");
    }
}
