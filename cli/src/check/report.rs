//! Reports on standard output, one file per form.

mod json;
mod text;

pub use json::json;
pub use text::text;
