//! YAML as Helm and Go read and write it.
//!
//! Helm reads YAML by the rules of version 1.1 as go-yaml v2 knows them (`y` is true, `012` is ten) and turns it into JSON; it writes YAML
//! from JSON with go-yaml's emitter. Charts depend on both to the letter.
//!
//! | module | Go's |
//! |---|---|
//! | [`mod@read`] | `sigs.k8s.io/yaml.Unmarshal` into `interface{}` |
//! | [`mod@write`] | `sigs.k8s.io/yaml.Marshal` |
//! | [`scalar`] | what a plain scalar means (go-yaml's `resolve`) |

pub mod read;
pub mod scalar;
pub mod write;

pub use read::{Document, Error, catches_panics, documents, read, read_strict};
pub use write::write;
