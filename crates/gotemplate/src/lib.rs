//! Go's `text/template`: lexer, parser and executor, with shared maps that functions may change, as Helm's templates expect.
//!
//! | module | holds |
//! |---|---|
//! | [`value`] | what templates work on: Go's kinds, maps shared by reference |
//! | [`function`] | functions that templates call, and what a call may ask of the running set |
//! | [`error`] | what went wrong, where, in Go's words |
//!
//! Pure: no I/O, no clock, no environment. Nothing in it panics, whatever it is given; [`Fuel`] bounds what a hostile
//! template can use up.

pub mod error;
pub mod function;
pub mod value;
