//! What the fuzz targets do with their input, a file each, which a test of the crate that it is about includes: there a stable toolchain runs
//! the seeds through it.

pub mod chart_render;
pub mod msgpack_decode;
pub mod repository_index;
pub mod template_run;
pub mod yaml_read;

pub use chart_render::chart_render;
pub use msgpack_decode::msgpack_decode;
pub use repository_index::repository_index;
pub use template_run::template_run;
pub use yaml_read::yaml_read;
