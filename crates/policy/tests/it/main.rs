//! What the crate promises to those who use it, on the built-in rules and on rules that `opa` compiles here.

mod built_in_rules;
mod bundles;
mod gate;
mod limits;
mod policies;
mod workshop;
