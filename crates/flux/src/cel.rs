//! Rules between fields in the Common Expression Language, as Kubernetes evaluates them (`x-kubernetes-validations`).
//!
//! An expression knows which paths it reads, so that nobody decides it while one of them is unknown. They are
//! derived from the expression itself: every chain `self.a.b` in it.

use std::collections::HashMap;
use std::sync::Arc;

use kube_cel::KubeCelExt as _;
use kube_cel::cel::common::ast::Expr;
use kube_cel::cel::objects::{Key, Map};
use kube_cel::cel::parser::Expression as Tree;
use kube_cel::cel::{Context, ExecutionError, Program};

/// A value as an expression sees it.
pub(crate) use kube_cel::cel::Value as CelValue;

/// A rule that was read once and can be evaluated often.
#[derive(Debug)]
pub(crate) struct Expression {
    program: Program,
    reads: Vec<Read>,
    transition: bool,
}

/// A place that an expression reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Read {
    /// The path below `self`, in wire names; empty for `self` as a whole.
    pub(crate) path: Vec<String>,
    /// Whether the expression only asks if there is a value.
    pub(crate) presence: bool,
}

/// Why an expression gives no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CelError {
    /// It is not an expression of the language.
    #[error("not an expression: {0}")]
    Unreadable(String),
    /// Its evaluation ended without a value: a missing field, a wrong type.
    #[error("the expression cannot be evaluated: {0}")]
    Aborted(String),
    /// It calls something that is not known here, though the API server may know it.
    #[error("the expression needs what is not known here: {0}")]
    Unsupported(String),
    /// Its value is neither true nor false.
    #[error("the expression is neither true nor false")]
    NotABoolean,
}

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    ///
    /// [`CelError::Unreadable`].
    pub(crate) fn read(text: &str) -> Result<Expression, CelError> {
        let program = Program::compile(text).map_err(|error| CelError::Unreadable(error.to_string()))?;
        let mut reads = Vec::new();
        collect(program.expression(), &mut reads);
        let transition = program.references().has_variable("oldSelf");
        Ok(Expression { program, reads, transition })
    }

    /// What the expression reads below `self`.
    pub(crate) fn reads(&self) -> &[Read] {
        &self.reads
    }

    /// Whether the expression compares with the object as it was before.
    pub(crate) fn is_transition(&self) -> bool {
        self.transition
    }

    /// Whether the rule holds for `this`, and for a change from `old`.
    ///
    /// # Errors
    ///
    /// [`CelError::Aborted`] and [`CelError::NotABoolean`], for which the API server refuses the object too;
    /// [`CelError::Unsupported`].
    pub(crate) fn holds(&self, this: CelValue, old: Option<CelValue>) -> Result<bool, CelError> {
        thread_local! {
            static FUNCTIONS: Context<'static> = Context::default().with_all();
        }
        FUNCTIONS.with(|functions| {
            let mut scope = functions.new_inner_scope();
            scope.add_variable_from_value("self", this);
            if let Some(old) = old {
                scope.add_variable_from_value("oldSelf", old);
            }
            match self.program.execute(&scope) {
                Ok(CelValue::Bool(holds)) => Ok(holds),
                Ok(_) => Err(CelError::NotABoolean),
                Err(error @ ExecutionError::UndeclaredReference(_)) => {
                    Err(CelError::Unsupported(error.to_string()))
                }
                Err(error) => Err(CelError::Aborted(error.to_string())),
            }
        })
    }
}

/// An object whose members have the names of fields.
pub(crate) fn object<'n>(members: impl IntoIterator<Item = (&'n str, CelValue)>) -> CelValue {
    map(members.into_iter().map(|(name, value)| (escaped(name), value)))
}

/// A mapping whose keys are the user's own.
pub(crate) fn map(entries: impl IntoIterator<Item = (String, CelValue)>) -> CelValue {
    let entries: HashMap<Key, CelValue> =
        entries.into_iter().map(|(key, value)| (Key::String(Arc::new(key)), value)).collect();
    CelValue::Map(Map { map: Arc::new(entries) })
}

/// A value whose type nothing states.
pub(crate) fn untyped(value: &serde_json::Value) -> CelValue {
    match value {
        serde_json::Value::Null => CelValue::Null,
        serde_json::Value::Bool(value) => CelValue::Bool(*value),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(whole) => CelValue::Int(whole),
            None => double(number),
        },
        serde_json::Value::String(text) => CelValue::String(Arc::new(text.clone())),
        serde_json::Value::Array(items) => CelValue::List(Arc::new(items.iter().map(untyped).collect())),
        serde_json::Value::Object(members) => {
            object(members.iter().map(|(name, value)| (name.as_str(), untyped(value))))
        }
    }
}

/// A number of a field that takes fractions.
pub(crate) fn double(number: &serde_json::Number) -> CelValue {
    CelValue::Float(number.as_f64().unwrap_or(f64::NAN))
}

/// Words of the language, which cannot be the name of a field (Kubernetes, `apiserver/schema/cel/model`).
const WORDS: &[&str] = &[
    "true",
    "false",
    "null",
    "in",
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

/// What the characters are called that a name in an expression cannot hold.
const CHARACTERS: &[(&str, &str)] = &[("__", "_"), ("__dot__", "."), ("__dash__", "-"), ("__slash__", "/")];

/// The name by which an expression calls a field.
fn escaped(name: &str) -> String {
    if WORDS.contains(&name) {
        return format!("__{name}__");
    }
    let escape = |character: char| {
        let known = CHARACTERS.iter().find(|(_, plain)| plain.starts_with(character));
        known.map_or_else(|| character.to_string(), |(escaped, _)| (*escaped).to_owned())
    };
    name.chars().map(escape).collect()
}

/// The field that an expression calls by this name.
fn unescaped(name: &str) -> String {
    if let Some(word) = WORDS.iter().find(|word| escaped(word) == name) {
        return (*word).to_owned();
    }
    let mut plain = String::new();
    let mut rest = name;
    while let Some(character) = rest.chars().next() {
        // The longest one first: an underscore is a part of all others.
        let known = CHARACTERS.iter().rev().find(|(escaped, _)| rest.starts_with(escaped));
        let (text, length) =
            known.map_or((None, character.len_utf8()), |(escaped, plain)| (Some(*plain), escaped.len()));
        match text {
            Some(text) => plain.push_str(text),
            None => plain.push(character),
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    plain
}

/// Collects the chains that begin at `self`.
fn collect(tree: &Tree, reads: &mut Vec<Read>) {
    if let Some(path) = chain(&tree.expr) {
        let presence = matches!(&tree.expr, Expr::Select(select) if select.test);
        let read = Read { path, presence };
        if !reads.contains(&read) {
            reads.push(read);
        }
        return;
    }
    match &tree.expr {
        Expr::Select(select) => collect(&select.operand, reads),
        Expr::Call(call) => {
            for inner in call.target.as_deref().into_iter().chain(&call.args) {
                collect(inner, reads);
            }
        }
        Expr::List(list) => {
            for element in &list.elements {
                collect(element, reads);
            }
        }
        Expr::Map(map) => collect_entries(&map.entries, reads),
        Expr::Struct(object) => collect_entries(&object.entries, reads),
        Expr::Comprehension(loops) => {
            for inner in
                [&loops.iter_range, &loops.accu_init, &loops.loop_cond, &loops.loop_step, &loops.result]
            {
                collect(inner, reads);
            }
        }
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => {}
    }
}

fn collect_entries(entries: &[kube_cel::cel::common::ast::IdedEntryExpr], reads: &mut Vec<Read>) {
    use kube_cel::cel::common::ast::EntryExpr;
    for entry in entries {
        match &entry.expr {
            EntryExpr::StructField(field) => collect(&field.value, reads),
            EntryExpr::MapEntry(entry) => {
                collect(&entry.key, reads);
                collect(&entry.value, reads);
            }
        }
    }
}

/// The path of `self.a.b`; none for anything else.
fn chain(expression: &Expr) -> Option<Vec<String>> {
    match expression {
        Expr::Ident(name) if name == "self" => Some(Vec::new()),
        Expr::Select(select) => {
            let mut path = chain(&select.operand.expr)?;
            path.push(unescaped(&select.field));
            Some(path)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn reads(text: &str) -> String {
        let shown = |read: &Read| match read.presence {
            true => format!("has {}", read.path.join(".")),
            false => read.path.join("."),
        };
        Expression::read(text).unwrap().reads().iter().map(shown).collect::<Vec<_>>().join(", ")
    }

    fn holds(text: &str, this: serde_json::Value) -> Result<bool, CelError> {
        Expression::read(text).unwrap().holds(untyped(&this), None)
    }

    #[test]
    fn an_expression_knows_what_it_reads() {
        for (text, expected) in [
            ("!has(self.a) || self.a.b == 'x'", "has a, a.b"),
            ("has(self.a.b)", "has a.b"),
            ("self.a == self.a", "a"),
            ("size(self.list) > 0 && self.list.all(x, x.name.matches(self.pattern))", "list, pattern"),
            ("self.map['key'].deep == 1", "map"),
            ("(self.a ? self.b : self.c).d", "a, b, c"),
            ("self == {'a': [self.b]}", ", b"),
            ("[1].exists(self, self == 1)", ""),
            ("dyn(self).a", ""),
            ("self.__namespace__ == self.x__dot__y__z && self.a__dash__b", "namespace, x.y_z, a-b"),
            ("1 + 1 == 2", ""),
        ] {
            assert_eq!(reads(text), expected, "{text}");
        }
        // Without a name, the whole object is read; that differs from reading nothing.
        assert_eq!(Expression::read("dyn(self).a").unwrap().reads().len(), 1);
        assert!(Expression::read("1 == 1").unwrap().reads().is_empty());
        assert!(Expression::read("self == oldSelf").unwrap().is_transition());
    }

    #[test]
    fn names_that_the_language_needs_itself_are_escaped() {
        for name in ["namespace", "a.b", "a-b", "a/b", "a_b", "_", "plain", "in"] {
            assert_eq!(unescaped(&escaped(name)), name);
        }
        assert_eq!(
            holds("self.__namespace__ == 'a' && self.x__dash__y == 1", json!({"namespace": "a", "x-y": 1})),
            Ok(true)
        );
    }

    #[test]
    fn an_expression_that_gives_no_answer_is_an_error() {
        assert!(matches!(Expression::read("has(self.a"), Err(CelError::Unreadable(_))));
        assert!(matches!(holds("self.a == 1", json!({})), Err(CelError::Aborted(_))));
        assert!(matches!(holds("nonsense(self)", json!({})), Err(CelError::Unsupported(_))));
        assert_eq!(holds("self.a", json!({"a": 1})), Err(CelError::NotABoolean));
        assert_eq!(holds("self.a == 1", json!({"a": 2})), Ok(false));
    }
}
