//! `--set` and its kin.

use chart::set::SetError;
use chart::values::Values;

fn set(texts: &[&str]) -> Result<String, SetError> {
    let mut values = Values::new();
    for text in texts {
        values.set(text)?;
    }
    Ok(serde_json::to_string(&values.to_json()).unwrap())
}

#[test]
fn assignments_are_read() {
    for (texts, json) in [
        (vec![""], "{}"),
        (vec!["a=1"], r#"{"a":1}"#),
        (vec!["a=1,b=x"], r#"{"a":1,"b":"x"}"#),
        (vec!["a=1,"], r#"{"a":1}"#),
        (vec!["a="], r#"{"a":""}"#),
        (vec!["a=,b=1"], r#"{"a":"","b":1}"#),
        (vec!["a.b.c=true,a.b.d=False"], r#"{"a":{"b":{"c":true,"d":false}}}"#),
        (vec!["a=null"], r#"{"a":null}"#),
        (vec!["a=007,b=0,c=1.5,d=-3,e=1e3"], r#"{"a":"007","b":0,"c":"1.5","d":-3,"e":"1e3"}"#),
        (vec!["a={x,1,true}"], r#"{"a":["x",1,true]}"#),
        (vec!["a={},b=1"], r#"{"a":[""],"b":1}"#),
        (vec!["a[0]=x,a[2]=z"], r#"{"a":["x",null,"z"]}"#),
        (vec!["a[0].b=1,a[0].c=2,a[1].b=3"], r#"{"a":[{"b":1,"c":2},{"b":3}]}"#),
        (vec!["a[0][1]=x"], r#"{"a":[[null,"x"]]}"#),
        (vec!["a[1]=y", "a[0]=x"], r#"{"a":["x","y"]}"#),
        (vec![r"a=b\,c"], r#"{"a":"b,c"}"#),
        (vec![r"a\.b=1"], r#"{"a.b":1}"#),
        (vec![r"a={b\,c,d}"], r#"{"a":["b,c","d"]}"#),
        (vec!["a=b=c"], r#"{"a":"b=c"}"#),
        (vec!["a.b=1", "a.c=2"], r#"{"a":{"b":1,"c":2}}"#),
        (vec!["=1"], "{}"),
        (
            vec!["a=9223372036854775807,b=9223372036854775808"],
            r#"{"a":9223372036854775807,"b":"9223372036854775808"}"#,
        ),
    ] {
        assert_eq!(set(&texts).as_deref(), Ok(json), "{texts:?}");
    }
}

#[test]
fn what_is_no_assignment_is_refused() {
    let key = |key: &str| key.to_owned();
    for (text, error) in [
        ("a", SetError::NoValue(key("a"))),
        ("a,b=1", SetError::EndsWithComma(key("a"))),
        ("a[x]=1", SetError::Index(key("x"))),
        ("a[0", SetError::Index(key("0"))),
        ("a[-1]=1", SetError::NegativeIndex(-1)),
        ("a[99999]=1", SetError::IndexTooLarge(99_999)),
        ("a[0]b=1", SetError::AfterIndex(key("b"))),
        ("a={b", SetError::OpenList),
    ] {
        assert_eq!(set(&[text]), Err(error), "{text}");
    }
    assert!(matches!(set(&["a=1,a.b=2"]), Err(SetError::OtherType { wanted: "map", .. })));
    assert!(matches!(set(&["a=1,a[0]=2"]), Err(SetError::OtherType { wanted: "list", .. })));
    assert_eq!(set(&[&format!("{}=1", ["a"; 40].join("."))]), Err(SetError::TooDeep));
    assert_eq!(set(&[&format!("a{}=1", "[0]".repeat(5000))]), Err(SetError::TooDeep));
}

#[test]
fn the_other_forms_take_values_otherwise() {
    let mut values = Values::new();
    values.set_string("a=1,b=true,c={1,2}").unwrap();
    values.set_literal(r"l.x=a,b={c}\d[0]").unwrap();
    values.set_json(r#"j=[1, {"k": "a,b"}] ,n=null,e=,f=2.0"#).unwrap();
    values.set_json(r#" {"o": {"p": 1}} "#).unwrap();
    values.set_file("f1=one,f2=two", |path| Ok(format!("<{path}>"))).unwrap();
    assert_eq!(
        serde_json::Value::from(values.to_json()),
        serde_json::json!({
            "a": "1", "b": "true", "c": ["1", "2"], "l": {"x": r"a,b={c}\d[0]"}, "j": [1, {"k": "a,b"}], "n": null,
            "e": null, "f": 2, "o": {"p": 1}, "f1": "<one>", "f2": "<two>"
        })
    );
    let failed = values.set_file("f=x", |_| Err("no such file".to_owned()));
    assert_eq!(failed, Err(SetError::File("no such file".to_owned())));
    assert!(matches!(values.set_json("a=[1"), Err(SetError::Json(_))));
    assert!(matches!(values.set_json("{1}"), Err(SetError::Json(_))));
}

#[test]
fn values_do_not_show_in_debug() {
    let mut values = Values::new();
    values.set("password=secret").unwrap();
    assert_eq!(format!("{values:?}"), "Values(1 keys)");
}
