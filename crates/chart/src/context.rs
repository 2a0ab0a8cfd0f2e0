//! What one render knows besides the values: its sources of time, randomness and cluster objects, and what was touched.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use gotemplate::function::CallError;
use regex::Regex;
use serde_json::Value as Json;

use crate::moment::Moment;
use crate::render::{Lookup, Random};

/// How many compiled expressions are kept.
const MAX_KEPT: usize = 200;

pub(crate) struct Context {
    clock: Option<Moment>,
    random: Option<Random>,
    lookup: Option<Lookup>,
    /// Whether the file that runs read something that may differ at the next render.
    touched: Cell<bool>,
    /// Whether a file that did so changed a map afterwards, which later files may read.
    spread: Cell<bool>,
    /// How many includes of each name are open.
    included: RefCell<HashMap<String, usize>>,
    regexes: RefCell<HashMap<String, Rc<Regex>>>,
}

impl Context {
    pub(crate) fn new(clock: Option<Moment>, random: Option<Random>, lookup: Option<Lookup>) -> Context {
        Context {
            clock,
            random,
            lookup,
            touched: Cell::new(false),
            spread: Cell::new(false),
            included: RefCell::default(),
            regexes: RefCell::default(),
        }
    }

    /// Marks the file that runs.
    pub(crate) fn touch(&self) {
        self.touched.set(true);
    }

    /// Says that a map was changed.
    pub(crate) fn spread(&self) {
        if self.touched.get() {
            self.spread.set(true);
        }
    }

    /// Whether the file that ran was marked; the next one starts anew.
    pub(crate) fn take_touched(&self) -> bool {
        self.touched.replace(self.spread.get()) || self.spread.get()
    }

    /// Counts an include, and answers how many of that name were open before.
    pub(crate) fn enter(&self, name: &str) -> usize {
        let mut included = self.included.borrow_mut();
        match included.get_mut(name) {
            Some(open) => {
                *open += 1;
                *open - 1
            }
            None => {
                included.insert(name.to_owned(), 1);
                0
            }
        }
    }

    pub(crate) fn leave(&self, name: &str) {
        if let Some(open) = self.included.borrow_mut().get_mut(name) {
            *open = open.saturating_sub(1);
        }
    }

    /// The time of the render.
    pub(crate) fn now(&self) -> Result<Moment, CallError> {
        self.touch();
        self.clock.ok_or_else(|| "this render has no clock".into())
    }

    /// Fills a buffer with random bytes.
    pub(crate) fn fill(&self, bytes: &mut [u8]) -> Result<(), CallError> {
        match &self.random {
            Some(random) => Ok(random(bytes)?),
            None => Err("this render has no source of randomness".into()),
        }
    }

    /// What the cluster holds; null where there is nothing or no cluster.
    pub(crate) fn lookup(
        &self,
        api_version: &str,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> Result<Json, CallError> {
        match &self.lookup {
            Some(lookup) => Ok(lookup(api_version, kind, namespace, name)?),
            None => Ok(Json::Null),
        }
    }

    /// A compiled expression, compiled once.
    pub(crate) fn regex(
        &self,
        pattern: &str,
        compile: impl FnOnce() -> Result<Regex, String>,
    ) -> Result<Rc<Regex>, CallError> {
        if let Some(regex) = self.regexes.borrow().get(pattern) {
            return Ok(Rc::clone(regex));
        }
        let regex = Rc::new(compile()?);
        let mut kept = self.regexes.borrow_mut();
        if kept.len() < MAX_KEPT {
            kept.insert(pattern.to_owned(), Rc::clone(&regex));
        }
        Ok(regex)
    }
}
