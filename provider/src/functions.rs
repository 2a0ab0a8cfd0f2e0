//! The functions: pure computations, called as `provider::fluxgate::NAME(...)`. One file for each.

pub mod duration;
pub mod git_url;
pub mod kubeconfig_decode;
pub mod manifest_encode;
pub mod relative_path;

use std::sync::Arc;

use tfplugin::{
    function::{Function, FunctionError},
    value::Value,
};

/// Every function of the provider.
pub fn all() -> Vec<Arc<dyn Function>> {
    vec![
        Arc::new(duration::DurationFunction),
        Arc::new(git_url::GitUrlFunction),
        Arc::new(kubeconfig_decode::KubeconfigDecode),
        Arc::new(manifest_encode::ManifestEncode),
        Arc::new(relative_path::RelativePath),
    ]
}

/// An argument as text. The host gives neither null nor unknown to a parameter that takes neither.
fn text(arguments: &[Value], position: usize) -> Result<&str, FunctionError> {
    arguments
        .get(position)
        .and_then(Value::as_str)
        .ok_or_else(|| FunctionError::argument(position, "A text is needed here."))
}
