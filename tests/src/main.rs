//! Whole-system promises, one test binary: the real OpenTofu drives the built provider against a real cluster.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests end in a panic with the full story"
)]

mod announces;
mod bad_input;
mod chart_values;
mod credentials;
mod data_sources;
mod definitions;
mod demo;
mod doks;
mod drift;
mod examples;
mod floors;
mod free_values;
mod functions;
mod gate;
mod house;
mod imports;
mod install;
mod kinds;
mod lifecycle;
mod many;
mod moves;
mod own_charts;
mod ownership;
mod pages;
mod protocol;
mod prunes;
mod reconcile;
mod replaced;
mod replacements;
mod secrecy;
mod secrets;
mod states;
mod support;
mod truth;
mod waits;
