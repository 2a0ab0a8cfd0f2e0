//! Templates that strangers wrote: lexing, parsing and running them ends, whatever they try.

use gotemplate::{Fuel, Functions, Set, Value};

/// Parses bytes as a template and runs it with little fuel.
pub fn template_run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let mut functions = Functions::new();
    functions.add("list", |_, arguments| Ok(Value::list(arguments.iter().cloned())));
    let mut set = Set::new(functions);
    if let Err(error) = set.parse("fuzz", text) {
        let _ = error.to_string();
        return;
    }
    let data = Value::map([
        ("name", Value::str("flux")),
        ("list", Value::list([Value::Int(1), Value::Float(2.5), Value::Nil])),
        ("map", Value::map([("a", Value::Bool(true))])),
    ]);
    let mut fuel = Fuel { steps: 20_000, output: 1 << 20 };
    if let Err(error) = set.execute("fuzz", &data, &mut fuel) {
        let _ = error.to_string();
    }
}
