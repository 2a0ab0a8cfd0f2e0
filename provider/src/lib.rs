//! The OpenTofu provider fluxgate/fluxgate.
