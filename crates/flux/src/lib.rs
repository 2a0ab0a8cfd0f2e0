//! The words of Flux, for all: manifests, kinds, readiness, durations, Git URLs.
//!
//! Everything in this crate is plain and synchronous: values in, values out. It opens no file, asks no
//! clock, reads no environment variable and talks to no cluster, so that the provider, the policy gate and
//! the command line give the same answer to the same object.
//!
//! | module | what it knows |
//! |---|---|
//! | [`kinds`] | one table for each Flux kind: its fields, rules, readiness, references |
//! | [`manifest`] | one object, what is unknown or sensitive in it, and where it came from |
//! | [`list`] | lists of objects, taken apart |
//! | [`path`] | the place of a field inside an object |
//! | [`schema`] | whether an object is what the table of its kind says |
//! | [`crd`] | whether an object is what a cluster's CustomResourceDefinition says |
//! | [`readiness`] | from status conditions to Ready, Progressing, Failed, Suspended |
//! | [`summary`], [`inventory`] | one line about an object of any kind, and what it keeps in the cluster |
//! | [`mod@reference`] | which other objects an object needs |
//! | [`duration`], [`git_url`], [`image`], [`names`] | the texts that Flux and Kubernetes accept |

mod cel;
pub mod crd;
pub mod duration;
pub mod git_url;
pub mod hcl;
pub mod image;
pub mod inventory;
pub mod kinds;
pub mod list;
pub mod manifest;
pub mod names;
pub mod path;
pub mod readiness;
pub mod reference;
pub mod schema;
pub mod summary;

pub use kinds::Kind;
pub use manifest::{Manifest, Origin};
pub use path::{FieldPath, Step};
