//! Helm's actions on a cluster: install, upgrade, uninstall, with the record that Helm reads.
//!
//! | module | holds |
//! |---|---|
//! | [`record`] | the record of one revision, as Helm 4.2.4 writes it |
//! | [`storage`] | the Secrets that keep the records: history, lock, pruning |
//! | [`install`](mod@install), [`upgrade`](mod@upgrade), [`uninstall`](mod@uninstall) | the actions |
//! | [`keep`] | CustomResourceDefinitions that outlive their release |
//! | [`custom_resources`] | what an action would take from the users of those definitions |
//! | [`names`] | what the objects of a release are called before any cluster is asked |
//! | [`drift`](mod@drift) | where the cluster differs from the record |
//! | [`event`] | what happens meanwhile, for whoever shows it |
//!
//! A chart is rendered before: an action takes the chart, its values and what they gave. Everything is written by
//! server-side apply under Helm's own field manager and with Helm's own marks, so that `helm list`, `get`, `upgrade` and
//! `uninstall` go on working. No action reads a terminal, a file or the environment; time is the only thing it takes from
//! the machine.

mod applying;
mod deletion;
mod error;
mod hooks;
mod manifest;
mod namespace;
mod objects;
mod rollback;
mod run;
mod writer;

pub mod custom_resources;
pub mod drift;
pub mod event;
pub mod install;
pub mod keep;
pub mod names;
pub mod record;
pub mod storage;
pub mod uninstall;
pub mod upgrade;

pub use self::{
    drift::{Difference, Drift, drift},
    error::{CleanUp, Error, Foreign, HookFailure, InUse, Refusal},
    event::{Event, Progress},
    install::{InstallRequest, Installed, install},
    objects::Conflicts,
    record::{Record, Status},
    run::Settings,
    storage::{history, last},
    uninstall::{UninstallRequest, Uninstalled, uninstall},
    upgrade::{UpgradeRequest, Upgraded, upgrade},
};

/// The field manager of Helm's command line, under which all objects of a release are written.
pub const MANAGER: &str = "helm";

/// Whether Helm takes this name for a release.
pub fn is_name(name: &str) -> bool {
    chart::release_name::is_valid(name)
}
