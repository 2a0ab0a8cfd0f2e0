//! What writing promises, shown on examples; the rest is compared with the real `helm`.

use serde_json::json;

#[test]
fn lists_stand_at_the_indentation_of_their_key() {
    let value = json!({"a": [{"b": 1, "c": [1, [2, 3]]}, []], "d": {"e": {}}});
    assert_eq!(yaml::write(&value), "a:\n- b: 1\n  c:\n  - 1\n  - - 2\n    - 3\n- []\nd:\n  e: {}\n");
}

#[test]
fn text_of_several_lines_is_a_literal() {
    let value = json!({"a": "x\ny\n", "b": "x\ny", "c": "x\n\n", "d": " x\n"});
    assert_eq!(yaml::write(&value), "a: |\n  x\n  y\nb: |-\n  x\n  y\nc: |+\n  x\n\nd: |2\n   x\n");
}

#[test]
fn long_text_is_folded_at_a_space() {
    let value = json!({"a": "word ".repeat(20).trim_end()});
    let first = ["word"; 16].join(" ");
    assert_eq!(yaml::write(&value), format!("a: {first}\n  word word word word\n"));
}

#[test]
fn a_scalar_stands_alone() {
    assert_eq!(yaml::write(&json!("x")), "x\n");
    assert_eq!(yaml::write(&json!(null)), "null\n");
    assert_eq!(yaml::write(&json!([])), "[]\n");
    assert_eq!(yaml::write(&json!("a\nb\n")), "|\n  a\n  b\n");
}
