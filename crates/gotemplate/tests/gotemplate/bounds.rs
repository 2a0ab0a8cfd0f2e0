//! Hostile templates end with an error, whatever they try.

use gotemplate::{Fuel, Functions, STACK, Set, Value};

fn run(text: &str, fuel: Fuel) -> String {
    let text = text.to_owned();
    // Templates that run within each other need more stack than a test's thread has.
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(move || {
        let mut functions = Functions::new();
        functions.add("include", |call, arguments| Ok(call.execute("again", &arguments[0])?.into()));
        functions.add("tpl", |call, arguments| {
            Ok(call.execute_text("again", arguments[0].as_str().unwrap_or_default(), &arguments[0])?.into())
        });
        let mut set = Set::new(functions);
        if let Err(error) = set.parse("hostile", &text) {
            return error.to_string();
        }
        let mut fuel = fuel;
        set.execute("hostile", &Value::Nil, &mut fuel).unwrap_err().root().to_string()
    });
    thread.unwrap().join().unwrap()
}

#[test]
fn a_template_that_runs_itself_ends() {
    let expected = "exceeded maximum template depth (1000)";
    for text in [
        r#"{{ define "again" }}{{ template "again" . }}{{ end }}{{ template "again" . }}"#,
        r#"{{ define "again" }}{{ include . }}{{ end }}{{ include . }}"#,
        r#"{{ tpl "{{ tpl . }}" }}"#,
    ] {
        let error = run(text, Fuel::default());
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn a_range_that_takes_for_ever_ends() {
    let error = run("{{ range 9000000000000000000 }}{{ end }}", Fuel { steps: 10_000, output: 1000 });
    assert!(error.ends_with("the template takes too many steps"), "{error}");
}

#[test]
fn a_flood_of_text_ends() {
    for text in [
        "{{ range 1000000 }}word{{ end }}",
        r#"{{ range 1000000 }}{{ printf "%900d" 1 }}{{ end }}"#,
        r#"{{ printf "%999999d" 1 }}"#,
    ] {
        let error = run(text, Fuel { steps: 10_000_000, output: 100_000 });
        assert!(error.contains("too much") || error.contains("longer than"), "{text}: {error}");
    }
}

#[test]
fn deep_nesting_is_a_parse_error() {
    for (open, inner, close) in
        [("(", "1", ")"), ("{{ if 1 }}", "", "{{ end }}"), ("{{ if 1 }}{{ else if 1 }}", "", "{{ end }}")]
    {
        let nested = format!("{}{inner}{}", open.repeat(5000), close.repeat(5000));
        let text = if open == "(" { format!("{{{{ {nested} }}}}") } else { nested };
        let error = run(&text, Fuel::default());
        assert!(
            error.contains("max expression depth exceeded") || error.contains("unexpected"),
            "{open}: {error}"
        );
    }
}

#[test]
fn a_map_that_holds_itself_prints_and_ends() {
    let map = gotemplate::Map::new();
    map.insert("self", Value::Map(map.clone()));
    let mut set = Set::new(Functions::new());
    set.parse("one", "{{ . }}{{ printf \"%v\" . }}").unwrap();
    let text = set.execute("one", &Value::Map(map.clone()), &mut Fuel::default()).unwrap();
    assert!(text.contains("map[self:map[self:"));
    assert!(Value::Map(map.clone()).to_json().unwrap_err().contains("cycle"));
    map.remove("self");
}
