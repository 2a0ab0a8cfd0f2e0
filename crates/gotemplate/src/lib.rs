//! Go's `text/template`: lexer, parser and executor, with shared maps that functions may change, as Helm's templates expect.
//!
//! | module | holds |
//! |---|---|
//! | [`set`] | templates that know each other by name: parse, execute |
//! | [`value`] | what templates work on: Go's kinds, maps shared by reference |
//! | [`function`] | functions that templates call, and what a call may ask of the running set |
//! | [`error`] | what went wrong, where, in Go's words |
//! | [`fuel`] | what a run may use up |
//! | [`mod@print`] | how Go prints values |
//!
//! Pure: no I/O, no clock, no environment. Nothing in it panics, whatever it is given. Templates run within each other (`include`, `tpl`)
//! up to [`MAX_TEMPLATES`] deep, for which a thread needs about [`STACK`] bytes of stack.

mod builtins;
pub mod error;
mod exec;
pub mod fuel;
pub mod function;
mod lex;
mod parse;
pub mod print;
pub mod set;
mod tree;
pub mod value;

pub use error::Error;
pub use exec::MAX_TEMPLATES;
pub use fuel::Fuel;
pub use function::{Call, CallError, Functions};
pub use set::Set;
pub use value::{Map, Object, Value};

/// The stack, in bytes, that a thread needs to run templates as deep as they may nest.
pub const STACK: usize = 256 * 1024 * 1024;
