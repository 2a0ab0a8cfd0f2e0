//! The gate: objects in, a report out. The one door for the provider and the command line.

use flux::manifest::Manifest;

use crate::{Error, Report, Settings};

/// One object before the gate, and what is about to happen to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Subject {
    /// The object as it will be; for [`Change::Delete`], as it is.
    pub manifest: Manifest,
    /// What is about to happen to it.
    pub change: Change,
}

/// What is about to happen to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// It will be made, also as one half of a replacement.
    Create,
    /// It will be changed.
    Update,
    /// It stays as it is: findings only warn, so that nobody is trapped by a rule that was tightened.
    Unchanged,
    /// It will be removed: rules, which speak of the wanted object, do not apply.
    Delete,
}

/// Rules with their settings, ready to judge objects. Shared between threads as it is.
#[derive(Debug)]
pub struct Gate {
    settings: Settings,
}

impl Gate {
    /// Makes the built-in rules ready.
    ///
    /// # Errors
    ///
    /// Settings that name what does not exist or have a wrong type, no rule left enabled, or an engine that
    /// does not start.
    pub fn new(settings: Settings) -> Result<Gate, Error> {
        Ok(Gate { settings })
    }

    /// Judges objects, one after the other. No objects, no verdicts.
    ///
    /// # Errors
    ///
    /// The engine failed, or answered with other rules than the bundle lists. A single rule that fails is no
    /// error here: it is among [`Report::errors`], and the other rules still report.
    pub fn check(&self, subjects: &[Subject]) -> Result<Report, Error> {
        let _ = (&self.settings, subjects);
        Err(Error::NotReady)
    }

    /// Judges objects where having none means that something is wrong: a check that checked nothing.
    ///
    /// # Errors
    ///
    /// As [`Gate::check`], and [`Error::NoObjects`] for an empty list.
    pub fn check_all(&self, subjects: &[Subject]) -> Result<Report, Error> {
        if subjects.is_empty() {
            return Err(Error::NoObjects);
        }
        self.check(subjects)
    }
}
