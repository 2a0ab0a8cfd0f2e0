//! The rules of a schema, `x-kubernetes-validations`, each with three outcomes.

use serde_json::Value;

use super::value::typed;
use super::walk::Walk;
use crate::cel::{CelError, Expression, Read};
use crate::path::{FieldPath, Step};

impl Walk<'_> {
    /// Decides the rules that a schema states for the value at a path.
    pub(super) fn rules(&mut self, schema: &Value, value: &Value, path: &FieldPath) {
        for rule in schema["x-kubernetes-validations"].as_array().into_iter().flatten() {
            let text = rule["rule"].as_str().unwrap_or_default();
            let Some(expression) = self.schema.expression(text) else { continue };
            if self.is_open(&expression, path) {
                continue;
            }
            let old = if expression.is_transition() {
                match self.before(rule, schema, path) {
                    Some(old) => Some(old),
                    None => continue,
                }
            } else {
                None
            };
            let Some(this) = typed(schema, value) else { continue };
            match expression.holds(this, old) {
                Ok(true) | Err(CelError::Unsupported(_)) => {}
                Ok(false) | Err(_) => {
                    let message = match rule["message"].as_str() {
                        Some(message) => format!("the cluster refuses this: {}", message.trim()),
                        None => format!("the cluster demands that {text}"),
                    };
                    let on = rule["fieldPath"].as_str().and_then(|on| on.strip_prefix('.')?.parse().ok());
                    let on = path.clone().join(on.unwrap_or_else(FieldPath::root).0);
                    self.report(&on, message, None);
                }
            }
        }
    }

    /// Whether something that the expression reads is unknown yet, or refused already.
    fn is_open(&self, expression: &Expression, path: &FieldPath) -> bool {
        expression.reads().iter().any(|Read { path: read, presence }| {
            let read = read.iter().fold(path.clone(), |path, key| path.child(key));
            let unknown = match self.manifest.get(&read) {
                // An unknown value inside it does not change that it is there.
                Some(value) if *presence && !value.is_null() => self.manifest.is_unknown(&read),
                _ => self.manifest.touches_unknown(&read),
            };
            unknown || self.found.iter().any(|found| read.overlaps(&found.path))
        })
    }

    /// The value before the change; none where there was none, or where it cannot be told which one it was.
    fn before(&self, rule: &Value, schema: &Value, path: &FieldPath) -> Option<crate::cel::CelValue> {
        let in_a_list = path.steps().iter().any(|step| matches!(step, Step::Index(_)));
        if in_a_list || rule["optionalOldSelf"] == true {
            return None;
        }
        typed(schema, path.get(self.old?).filter(|value| !value.is_null())?)
    }
}
