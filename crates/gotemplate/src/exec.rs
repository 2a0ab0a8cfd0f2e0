//! Running a template.

use std::rc::Rc;

use go::quote::quote;

use crate::builtins;
use crate::error::{self, Error, Stage};
use crate::fuel::Fuel;
use crate::function::{Call, CallError};
use crate::print::print_to;
use crate::set::Set;
use crate::tree::{Branch, Command, Node, Number, Operand, Pipe, Template, Term};
use crate::value::Value;

/// How many templates may run within each other.
pub const MAX_TEMPLATES: usize = 1000;

type Result<T, E = Box<Error>> = std::result::Result<T, E>;

/// One template that runs.
pub(crate) struct Execution<'s> {
    set: &'s Set<'s>,
    template: &'s Template,
    /// Innermost last.
    variables: Vec<Variable>,
    /// Whether the dot is an element of what a range walks over.
    dot_is_element: bool,
    output: String,
    fuel: &'s mut Fuel,
    /// How many templates run around this one.
    depth: usize,
    /// What is being worked on, for errors.
    place: Place<'s>,
}

struct Variable {
    name: Rc<str>,
    value: Value,
    /// Whether it is an element of what a range walks over: then Go sees an `interface {}`, and minds when it is nil.
    is_element: bool,
}

/// A piece of a template, as errors show it.
#[derive(Clone, Copy)]
enum Place<'s> {
    Start,
    Pipe(&'s Pipe),
    Operand(&'s Operand),
    /// A call, with its arguments.
    Call(&'s Command),
    Template(usize, &'s str, Option<&'s Pipe>),
}

/// How the work on a node ended.
#[derive(Clone, Copy, PartialEq)]
enum Flow {
    Next,
    Break,
    Continue,
}

impl<'s> Execution<'s> {
    pub(crate) fn run(
        set: &'s Set<'s>,
        template: &'s Template,
        data: &Value,
        fuel: &'s mut Fuel,
        depth: usize,
    ) -> Result<String> {
        let mut execution = Execution {
            set,
            template,
            variables: vec![Variable { name: "$".into(), value: data.clone(), is_element: false }],
            dot_is_element: false,
            output: String::new(),
            fuel,
            depth,
            place: Place::Start,
        };
        if depth > MAX_TEMPLATES {
            return execution.error(format!("exceeded maximum template depth ({MAX_TEMPLATES})"));
        }
        execution.walk_all(data, &template.body)?;
        Ok(execution.output)
    }

    fn error<T>(&self, message: impl Into<String>) -> Result<T> {
        self.error_with(message.into(), None)
    }

    fn error_with<T>(&self, message: String, cause: Option<Box<Error>>) -> Result<T> {
        let (at, context) = match self.place {
            Place::Start => (0, String::new()),
            Place::Pipe(pipe) => (pipe.at, pipe.to_string()),
            Place::Operand(operand) => (operand.at, operand.to_string()),
            Place::Call(command) => (command.at, command.to_string()),
            Place::Template(at, name, pipe) => {
                let pipe = pipe.map(|pipe| format!(" {pipe}")).unwrap_or_default();
                (at, format!("{{{{template {}{pipe}}}}}", quote(name)))
            }
        };
        let before = self.template.source.text.get(..at).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Err(Box::new(Error {
            stage: Stage::Execute,
            template: self.template.source.name.to_string(),
            executing: self.template.name.to_string(),
            line: 1 + before.bytes().filter(|byte| *byte == b'\n').count(),
            column: Some(at - line_start),
            context,
            message,
            by_author: false,
            cause,
        }))
    }

    fn step(&mut self) -> Result<()> {
        match self.fuel.steps.checked_sub(1) {
            Some(left) => {
                self.fuel.steps = left;
                Ok(())
            }
            None => self.error("the template takes too many steps"),
        }
    }

    /// Accounts for bytes that were written or will be.
    fn wrote(&mut self, bytes: usize) -> Result<()> {
        match self.fuel.output.checked_sub(bytes) {
            Some(left) => {
                self.fuel.output = left;
                Ok(())
            }
            None => self.error("the template writes too much"),
        }
    }

    fn walk_all(&mut self, dot: &Value, nodes: &'s [Node]) -> Result<Flow> {
        for node in nodes {
            match self.walk(dot, node)? {
                Flow::Next => {}
                flow => return Ok(flow),
            }
        }
        Ok(Flow::Next)
    }

    fn walk(&mut self, dot: &Value, node: &'s Node) -> Result<Flow> {
        self.step()?;
        match node {
            Node::Text(from, to) => {
                self.wrote(to - from)?;
                self.output.push_str(&self.template.source.text[*from..*to]);
            }
            Node::Action(pipe) => {
                let value = self.pipe(dot, pipe)?;
                if pipe.variables.is_empty() {
                    self.place = Place::Pipe(pipe);
                    let before = self.output.len();
                    match &value {
                        Value::Nil => self.output.push_str("<no value>"),
                        value => print_to(&mut self.output, value),
                    }
                    self.wrote(self.output.len() - before)?;
                }
            }
            Node::If(branch) => return self.branch(dot, branch, false),
            Node::With(branch) => return self.branch(dot, branch, true),
            Node::Range(branch) => return self.range(dot, branch),
            Node::Template { at, name, pipe } => self.nested(dot, *at, name, pipe.as_ref())?,
            Node::Break => return Ok(Flow::Break),
            Node::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::Next)
    }

    fn branch(&mut self, dot: &Value, branch: &'s Branch, with: bool) -> Result<Flow> {
        let scope = self.variables.len();
        let value = self.pipe(dot, &branch.pipe)?;
        let flow = if value.truth() {
            let before = self.dot_is_element;
            self.dot_is_element = before && !with;
            let flow = self.walk_all(if with { &value } else { dot }, &branch.body)?;
            self.dot_is_element = before;
            flow
        } else if let Some(otherwise) = &branch.otherwise {
            self.walk_all(dot, otherwise)?
        } else {
            Flow::Next
        };
        self.variables.truncate(scope);
        Ok(flow)
    }

    fn range(&mut self, dot: &Value, branch: &'s Branch) -> Result<Flow> {
        let scope = self.variables.len();
        let value = self.pipe(dot, &branch.pipe)?;
        let entries: Box<dyn Iterator<Item = (Value, Value)>> = match value {
            Value::Nil => Box::new(std::iter::empty()),
            Value::Int(count) | Value::Int64(count) => {
                if branch.pipe.variables.len() > 1 {
                    return self.error(format!("can't use {count} to iterate over more than one variable"));
                }
                Box::new((0..count.max(0)).map(|index| (Value::Nil, Value::Int(index))))
            }
            Value::List(list) => {
                Box::new((0..list.len()).map(move |index| {
                    (Value::Int(index.try_into().unwrap_or(i64::MAX)), list[index].clone())
                }))
            }
            Value::Map(map) => {
                Box::new(map.entries().into_iter().map(|(key, value)| (Value::Str(key), value)))
            }
            Value::Object(ref object) => match object.entries() {
                Some(entries) => Box::new(entries.into_iter()),
                None => {
                    return self.error(format!("range can't iterate over {}", crate::print::print(&value)));
                }
            },
            other => return self.error(format!("range can't iterate over {}", crate::print::print(&other))),
        };
        let inner = self.variables.len();
        let mut ran = false;
        for (key, element) in entries {
            self.step()?;
            ran = true;
            self.iteration(&branch.pipe, key, &element, scope)?;
            let before = std::mem::replace(&mut self.dot_is_element, true);
            let flow = self.walk_all(&element, &branch.body)?;
            self.dot_is_element = before;
            self.variables.truncate(inner);
            if flow == Flow::Break {
                break;
            }
        }
        let mut flow = Flow::Next;
        if let (false, Some(otherwise)) = (ran, &branch.otherwise) {
            flow = self.walk_all(dot, otherwise)?;
        }
        self.variables.truncate(scope);
        Ok(flow)
    }

    /// Gives the variables of a range their values for one iteration. Declared ones stand on the stack from `scope` on, the value last.
    fn iteration(&mut self, pipe: &'s Pipe, key: Value, element: &Value, scope: usize) -> Result<()> {
        let values = match pipe.variables.len() {
            0 => return Ok(()),
            1 => vec![element.clone()],
            _ => vec![key, element.clone()],
        };
        for (position, value) in values.into_iter().enumerate() {
            if pipe.assigns {
                self.assign(&pipe.variables[position], value, true)?;
            } else if let Some(variable) = self.variables.get_mut(scope + position) {
                variable.value = value;
                variable.is_element = true;
            }
        }
        Ok(())
    }

    fn nested(&mut self, dot: &Value, at: usize, name: &'s str, pipe: Option<&'s Pipe>) -> Result<()> {
        self.place = Place::Template(at, name, pipe);
        let Some(template) = self.set.get(name) else {
            return self.error(format!("template {} not defined", quote(name)));
        };
        let data = match pipe {
            Some(pipe) => self.pipe(dot, pipe)?,
            None => Value::Nil,
        };
        let output = Execution::run(self.set, template, &data, self.fuel, self.depth + 1)?;
        self.output.push_str(&output);
        Ok(())
    }

    fn assign(&mut self, name: &str, value: Value, is_element: bool) -> Result<()> {
        match self.variables.iter_mut().rev().find(|known| *known.name == *name) {
            Some(variable) => {
                variable.value = value;
                variable.is_element = is_element;
                Ok(())
            }
            None => self.error(format!("undefined variable: {name}")),
        }
    }

    fn pipe(&mut self, dot: &Value, pipe: &'s Pipe) -> Result<Value> {
        self.place = Place::Pipe(pipe);
        let mut value = None;
        for command in &pipe.commands {
            value = Some(self.command(dot, command, value)?);
        }
        let value = value.unwrap_or_default();
        for variable in &pipe.variables {
            if pipe.assigns {
                self.assign(variable, value.clone(), false)?;
            } else {
                self.variables.push(Variable {
                    name: Rc::clone(variable),
                    value: value.clone(),
                    is_element: false,
                });
            }
        }
        Ok(value)
    }

    fn command(&mut self, dot: &Value, command: &'s Command, last: Option<Value>) -> Result<Value> {
        self.step()?;
        let first = &command.arguments[0];
        match &first.term {
            Term::Field(_) | Term::Chain(..) | Term::Variable(..) => {
                self.access(dot, first, Some(command), last)
            }
            Term::Identifier(name) => self.function(dot, first, name, Some(command), last),
            Term::Pipe(pipe) => {
                self.not_a_function(command, last.as_ref())?;
                self.pipe(dot, pipe)
            }
            Term::Nil => {
                self.place = Place::Operand(first);
                self.error("nil is not a command")
            }
            _ => {
                self.place = Place::Operand(first);
                self.not_a_function(command, last.as_ref())?;
                self.argument(dot, first)
            }
        }
    }

    fn not_a_function(&mut self, command: &'s Command, last: Option<&Value>) -> Result<()> {
        if command.arguments.len() > 1 || last.is_some() {
            return self.error(format!("can't give argument to non-function {}", command.arguments[0]));
        }
        Ok(())
    }

    /// The value of an operand that stands as an argument.
    fn argument(&mut self, dot: &Value, operand: &'s Operand) -> Result<Value> {
        self.place = Place::Operand(operand);
        match &operand.term {
            Term::Dot => Ok(dot.clone()),
            Term::Nil => Ok(Value::Nil),
            Term::Bool(value) => Ok(Value::Bool(*value)),
            Term::Number(_, Number::Int(value)) => Ok(Value::Int(*value)),
            Term::Number(_, Number::Float(value)) => Ok(Value::Float(*value)),
            Term::Number(text, Number::TooLarge) => self.error(format!("{text} overflows int")),
            Term::Text(_, text) => Ok(Value::Str(Rc::clone(text))),
            Term::Field(_) | Term::Chain(..) | Term::Variable(..) => self.access(dot, operand, None, None),
            Term::Identifier(name) => self.function(dot, operand, name, None, None),
            Term::Pipe(pipe) => self.pipe(dot, pipe),
        }
    }

    /// `.a.b`, `$x.a.b`, `(pipeline).a.b`: the last field may be a method with arguments.
    fn access(
        &mut self,
        dot: &Value,
        operand: &'s Operand,
        command: Option<&'s Command>,
        last: Option<Value>,
    ) -> Result<Value> {
        self.place = Place::Operand(operand);
        let (start, is_element, fields) = match &operand.term {
            Term::Field(fields) => (dot.clone(), self.dot_is_element, fields),
            Term::Variable(name, fields) => {
                match self.variables.iter().rev().find(|known| known.name == *name) {
                    Some(variable) => (variable.value.clone(), variable.is_element, fields),
                    None => return self.error(format!("undefined variable: {name}")),
                }
            }
            Term::Chain(inner, _) if matches!(inner.term, Term::Nil) => {
                return self.error(format!("indirection through explicit nil in {operand}"));
            }
            Term::Chain(inner, fields) => {
                let value = self.argument(dot, inner)?;
                self.place = Place::Operand(operand);
                (value, false, fields)
            }
            _ => return self.error(format!("can't evaluate command {}", quote(&operand.to_string()))),
        };
        let Some((name, before)) = fields.split_last() else {
            if let Some(command) = command {
                self.not_a_function(command, last.as_ref())?;
            }
            return Ok(start);
        };
        let mut receiver = Receiver { value: start, is_interface: is_element };
        for name in before {
            receiver = self.field(receiver, name, &[])?;
        }
        let mut arguments = Vec::new();
        for operand in command.map(|command| &command.arguments[1..]).unwrap_or_default() {
            arguments.push(self.argument(dot, operand)?);
        }
        arguments.extend(last);
        self.place = Place::Operand(operand);
        Ok(self.field(receiver, name, &arguments)?.value)
    }

    fn field(&mut self, receiver: Receiver, name: &str, arguments: &[Value]) -> Result<Receiver> {
        let found = |value, is_interface| Ok(Receiver { value, is_interface });
        let of_type = if receiver.is_interface { "interface {}" } else { receiver.value.type_name() };
        match &receiver.value {
            // What a pipeline gave as nil has no fields, and nobody minds; a missing key in the middle of a chain is an error.
            Value::Nil if receiver.is_interface => {
                self.error(format!("nil pointer evaluating interface {{}}.{name}"))
            }
            Value::Nil => found(Value::Nil, false),
            Value::Map(_) if !arguments.is_empty() => {
                self.error(format!("{name} is not a method but has arguments"))
            }
            Value::Map(map) => found(map.get(name).unwrap_or_default(), true),
            Value::Object(object) => {
                if let Some(answer) = object.call(name, arguments) {
                    return match answer {
                        Ok(value) => found(value, false),
                        Err(message) => self.error(format!("error calling {name}: {message}")),
                    };
                }
                match object.field(name) {
                    Some(_) if !arguments.is_empty() => {
                        self.error(format!("{name} has arguments but cannot be invoked as function"))
                    }
                    Some(value) => found(value, false),
                    None => self.error(format!("can't evaluate field {name} in type {of_type}")),
                }
            }
            _ => self.error(format!("can't evaluate field {name} in type {of_type}")),
        }
    }

    fn function(
        &mut self,
        dot: &Value,
        operand: &'s Operand,
        name: &str,
        command: Option<&'s Command>,
        last: Option<Value>,
    ) -> Result<Value> {
        self.place = Place::Operand(operand);
        let operands = command.map(|command| &command.arguments[1..]).unwrap_or_default();
        if name == "and" || name == "or" {
            return self.short_circuit(dot, operands, last, name == "or");
        }
        let mut arguments = Vec::with_capacity(operands.len() + 1);
        for operand in operands {
            arguments.push(self.argument(dot, operand)?);
        }
        arguments.extend(last);
        let answer = match self.set.functions().get(name) {
            Some(function) => {
                let function = Rc::clone(function);
                function(self, &arguments)
            }
            None => builtins::call(name, &arguments, self.fuel.output),
        };
        let value = match answer {
            Ok(value) => value,
            Err(error) => return self.failed_call(name, operand, command, &arguments, error),
        };
        if let Value::Str(text) = &value {
            self.wrote(text.len())?;
        }
        Ok(value)
    }

    fn failed_call<T>(
        &mut self,
        name: &str,
        operand: &'s Operand,
        command: Option<&'s Command>,
        arguments: &[Value],
        error: CallError,
    ) -> Result<T> {
        let operands = command.map(|command| &command.arguments[1..]).unwrap_or_default();
        match error {
            CallError::Argument(position, expected) => {
                // Go checks each argument where it stands; the piped one where the last of the others stood.
                let refused = operands.get(position);
                self.place = refused.map_or(self.place, Place::Operand);
                return self.error(wrong_argument(refused, arguments.get(position), expected));
            }
            CallError::Count(wanted) => {
                self.place = Place::Operand(operand);
                return self.error(format!(
                    "wrong number of args for {name}: want {wanted} got {}",
                    arguments.len()
                ));
            }
            _ => {}
        }
        self.place = match command {
            Some(command) => Place::Call(command),
            None => Place::Operand(operand),
        };
        let failed = format!("error calling {name}");
        match error {
            CallError::Message(message) if name == "call" => {
                let callee = operands.first().map(ToString::to_string).unwrap_or_default();
                self.error(format!("{failed}: {}", message.replace("{}", &callee)))
            }
            CallError::Message(message) => self.error(format!("{failed}: {message}")),
            CallError::ByAuthor(message) => {
                self.error(format!("{failed}: {message}")).map_err(|mut error: Box<Error>| {
                    error.by_author = true;
                    error
                })
            }
            CallError::Template(cause) => self.error_with(failed, Some(cause)),
            CallError::Argument(..) | CallError::Count(_) => self.error(failed),
        }
    }

    /// `and` and `or` look at their arguments only until one decides.
    fn short_circuit(
        &mut self,
        dot: &Value,
        operands: &'s [Operand],
        last: Option<Value>,
        until: bool,
    ) -> Result<Value> {
        if operands.is_empty() && last.is_none() {
            let name = if until { "or" } else { "and" };
            return self.error(format!("wrong number of args for {name}: want at least 1 got 0"));
        }
        let mut value = Value::Nil;
        for operand in operands {
            value = self.argument(dot, operand)?;
            if value.truth() == until {
                return Ok(value);
            }
        }
        Ok(last.unwrap_or(value))
    }
}

/// Go's words for an argument of the wrong type: other ones for a literal than for a value.
fn wrong_argument(operand: Option<&Operand>, value: Option<&Value>, expected: &str) -> String {
    let literal = operand.filter(|operand| {
        matches!(operand.term, Term::Number(..) | Term::Bool(_) | Term::Text(..) | Term::Nil)
    });
    match (literal, value) {
        (Some(Operand { term: Term::Nil, .. }), _) => format!("cannot assign nil to {expected}"),
        (Some(literal), _) if !expected.contains(['[', '{']) => {
            let wanted = match expected {
                "int" | "int64" | "int32" => "integer",
                "float64" | "float32" => "float",
                other => other,
            };
            format!("expected {wanted}; found {literal}")
        }
        (Some(literal), _) => format!("can't handle {literal} for arg of type {expected}"),
        // A field that is nil is still an `interface {}`, what a pipeline gave as nil is no value at all.
        (None, None | Some(Value::Nil))
            if operand.is_some_and(|operand| matches!(operand.term, Term::Field(_) | Term::Chain(..))) =>
        {
            format!("wrong type for value; expected {expected}; got interface {{}}")
        }
        (None, None | Some(Value::Nil)) => format!("invalid value; expected {expected}"),
        (None, Some(value)) => {
            format!("wrong type for value; expected {expected}; got {}", value.type_name())
        }
    }
}

/// A value whose field is wanted, and whether it was itself found in a map or list: then Go sees an `interface {}`.
struct Receiver {
    value: Value,
    is_interface: bool,
}

impl Call for Execution<'_> {
    fn execute(&mut self, name: &str, data: &Value) -> Result<String, CallError> {
        match self.set.get(name) {
            Some(template) => Execution::run(self.set, template, data, self.fuel, self.depth + 1)
                .map_err(CallError::Template),
            None => Err(CallError::Template(Box::new(error::missing(name)))),
        }
    }

    fn execute_text(&mut self, name: &str, text: &str, data: &Value) -> Result<String, CallError> {
        // Most texts are no templates.
        if !text.contains("{{") {
            return Ok(text.to_owned());
        }
        let mut set = Set::child(self.set);
        let parsed = set.parse(name, text);
        parsed.map_err(|cause| about(format!("cannot parse template {}", quote(text)), cause))?;
        let Some(template) = set.get(name) else { return Ok(String::new()) };
        Execution::run(&set, template, data, self.fuel, self.depth + 1).map_err(|cause| {
            about(format!("error during tpl function execution for {}", quote(text)), *cause)
        })
    }
}

/// An error around another that says what was being run, but has no place of its own.
fn about(message: String, cause: Error) -> CallError {
    CallError::Template(Box::new(Error {
        template: String::new(),
        executing: String::new(),
        line: 0,
        column: None,
        context: String::new(),
        message,
        by_author: false,
        stage: cause.stage,
        cause: Some(Box::new(cause)),
    }))
}
