//! Templates that know each other by name.

use std::collections::HashMap;
use std::rc::Rc;

use crate::error::Error;
use crate::exec::Execution;
use crate::fuel::Fuel;
use crate::function::Functions;
use crate::parse::parse;
use crate::tree::{Template, is_blank};
use crate::value::Value;
use crate::{builtins, error};

/// A set of templates, with the functions that they may call. Missing keys of maps are nil, as with Go's `missingkey=zero`.
///
/// ```
/// use gotemplate::{Fuel, Functions, Set, Value};
///
/// let mut set = Set::new(Functions::new());
/// set.parse("greeting", "{{ define \"who\" }}{{ .name | printf \"%q\" }}{{ end }}Hello {{ template \"who\" . }}!").unwrap();
/// let data = Value::map([("name", Value::str("Flux"))]);
/// assert_eq!(set.execute("greeting", &data, &mut Fuel::default()).unwrap(), "Hello \"Flux\"!");
/// ```
pub struct Set<'p> {
    functions: Rc<Functions>,
    templates: HashMap<Rc<str>, Rc<Template>>,
    /// The set of which this one is a copy with additions.
    parent: Option<&'p Set<'p>>,
}

impl Set<'static> {
    /// A set without templates.
    pub fn new(functions: Functions) -> Set<'static> {
        Set { functions: Rc::new(functions), templates: HashMap::new(), parent: None }
    }
}

impl<'p> Set<'p> {
    /// A set that knows the templates of this one, and keeps to itself what is added to it.
    pub(crate) fn child(parent: &'p Set<'p>) -> Set<'p> {
        Set { functions: Rc::clone(&parent.functions), templates: HashMap::new(), parent: Some(parent) }
    }

    /// Parses a text, and adds it and what it defines to the set. A later definition replaces an earlier one of that name, unless it is blank.
    ///
    /// # Errors
    ///
    /// With the line and Go's words, when the text is no template or calls a function that nobody defined.
    #[expect(clippy::result_large_err, reason = "one error for each file, not one for each call")]
    pub fn parse(&mut self, name: &str, text: &str) -> Result<(), Error> {
        let functions = Rc::clone(&self.functions);
        let is_function = |name: &str| builtins::is_builtin(name) || functions.get(name).is_some();
        for template in parse(name, text, &is_function).map_err(|error| *error)? {
            let replaces = !is_blank(&template.body, &template.source);
            if replaces || self.get(&template.name).is_none() {
                self.templates.insert(Rc::clone(&template.name), Rc::new(template));
            }
        }
        Ok(())
    }

    /// Runs a template with `data` as its dot, and answers with what it wrote.
    ///
    /// # Errors
    ///
    /// With the place, the piece of the template and Go's words, when there is no such template, when something in it fails, or when the
    /// fuel is used up.
    #[expect(clippy::result_large_err, reason = "one error for each file, not one for each call")]
    pub fn execute(&self, name: &str, data: &Value, fuel: &mut Fuel) -> Result<String, Error> {
        match self.get(name) {
            Some(template) => Execution::run(self, template, data, fuel, 0).map_err(|error| *error),
            None => Err(error::missing(name)),
        }
    }

    /// Whether there is a template of that name.
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Rc<Template>> {
        self.templates.get(name).or_else(|| self.parent.and_then(|parent| parent.get(name)))
    }

    pub(crate) fn functions(&self) -> &Functions {
        &self.functions
    }
}
