//! Functions that templates call.

use std::collections::HashMap;
use std::rc::Rc;

use crate::error::Error;
use crate::value::Value;

/// A function: what the running set offers, and the arguments, the piped one last.
pub type Function = Rc<dyn Fn(&mut dyn Call, &[Value]) -> Result<Value, CallError>>;

/// What a function may ask of the template set that is running.
pub trait Call {
    /// Runs the template of that name with `data` as its dot, and answers with what it wrote.
    ///
    /// # Errors
    ///
    /// There is no such template, or it failed.
    fn execute(&mut self, name: &str, data: &Value) -> Result<String, CallError>;

    /// Parses `text` under that name into a copy of the running set, whose defines stay its own, and runs it with `data` as its dot.
    ///
    /// # Errors
    ///
    /// The text does not parse, or running it failed.
    fn execute_text(&mut self, name: &str, text: &str, data: &Value) -> Result<String, CallError>;
}

/// Why a call failed.
#[derive(Clone, Debug)]
pub enum CallError {
    /// A message of the function's own; the executor adds where and which function.
    Message(String),
    /// An argument is not of the type that the function takes: its place among the arguments, from 0, and the type as Go names it
    /// (`string`, `int`, `float64`, `bool`, `map[string]interface {}`). The executor finds Go's words for it.
    Argument(usize, &'static str),
    /// There are too many or too few arguments: what the function wants (`2`, `at least 1`).
    Count(&'static str),
    /// Words of the chart's author for the user: `fail`, `required`.
    ByAuthor(String),
    /// An error of a template that the function ran.
    Template(Box<Error>),
}

impl From<String> for CallError {
    fn from(message: String) -> CallError {
        CallError::Message(message)
    }
}

impl From<&str> for CallError {
    fn from(message: &str) -> CallError {
        CallError::Message(message.to_owned())
    }
}

/// Functions by name. Go's own (`and`, `eq`, `index`, `printf`, ...) are always there and need not be added.
#[derive(Clone, Default)]
pub struct Functions(HashMap<&'static str, Function>);

impl Functions {
    /// No functions but Go's own.
    pub fn new() -> Functions {
        Functions::default()
    }

    /// Adds a function, or replaces the one of that name.
    pub fn add(
        &mut self,
        name: &'static str,
        function: impl Fn(&mut dyn Call, &[Value]) -> Result<Value, CallError> + 'static,
    ) {
        self.0.insert(name, Rc::new(function));
    }

    /// The function of that name.
    pub fn get(&self, name: &str) -> Option<&Function> {
        self.0.get(name)
    }
}
