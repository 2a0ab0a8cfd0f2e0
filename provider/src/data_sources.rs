//! What the provider reads: one file per data source.

pub mod chart;
