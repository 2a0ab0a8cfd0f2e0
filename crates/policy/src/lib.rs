//! Rules over manifests: the host for rules that OPA compiled, the catalogue and the gate.
//!
//! A rule is written in Rego, compiled to WebAssembly by `opa build`, and run here by a small synchronous
//! host over wasmtime, limited in fuel, memory and time. [`Gate`] is the one door to it for the provider and
//! the command line: [`Subject`]s go in, a [`Report`] comes out.
//!
//! A rule has three outcomes for an object, never two: it passes, it fails, or it cannot tell, because
//! something that the rule reads is known only after apply. What is neither is an error: the gate never
//! opens because something went wrong in it.
//!
//! ```
//! use flux::manifest::{Manifest, Origin};
//! use policy::{Change, Gate, Outcome, Settings, Subject};
//!
//! let gate = Gate::new(Settings::default())?;
//! let object = serde_json::json!({
//!     "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
//!     "kind": "Kustomization",
//!     "metadata": {"name": "apps", "namespace": "flux-system"},
//!     "spec": {"interval": "1d", "prune": null},
//! });
//! let manifest = Manifest::new(object, Origin::resource("fluxgate_kustomization.apps"))?
//!     .with_unknown(["spec.prune".parse()?]);
//! let report = gate.check(&[Subject { manifest, change: Change::Create }])?;
//!
//! assert!(report.denied());
//! let (_, finding) = report.findings().next().expect("the interval is no Flux duration");
//! assert_eq!(finding.rule, "interval");
//! let prune = report.of(0).find(|verdict| verdict.rule == "prune").expect("every rule has a verdict");
//! assert!(matches!(prune.outcome, Outcome::CannotTell { .. }));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod builtins;
pub mod bundle;
pub mod catalogue;
mod error;
mod gate;
mod input;
pub mod install;
mod report;
mod settings;
mod value;
mod wasm;

#[cfg(test)]
mod differential;

pub use bundle::Bundle;
pub use catalogue::Catalogue;
pub use error::Error;
pub use gate::{Change, Gate, Subject};
pub use report::{Counts, Finding, Outcome, Report, RuleFailure, Unknown, Verdict};
pub use settings::{Limits, Settings, Severity, UnknownSeverity};
pub use wasm::EngineError;
