//! The ephemeral resources: one file each.

pub mod doks_credentials;
