//! How Go prints and reads: printf verbs, numbers, quotes, durations.
//!
//! Rego, Helm's templates and Flux are written in Go, and what they print is compared character by character:
//! in messages, in rendered manifests, in fields of the API. This crate gives the same characters. It is
//! pure: no I/O, no clock, no environment, and nothing in it panics, whatever it is given.
//!
//! | module | Go's |
//! |---|---|
//! | [`mod@format`] | `fmt.Sprintf` |
//! | [`number`] | `strconv.FormatFloat` |
//! | [`quote`] | `strconv.Quote` and its kin |
//! | [`mod@unquote`] | `strconv.Unquote` |
//! | [`duration`] | `time.ParseDuration`, `time.Duration.String` |

pub mod duration;
pub mod format;
pub mod number;
mod printable;
pub mod quote;
pub mod unquote;
