//! Whole-system promises live in the test binary `system` (`src/main.rs`); there is nothing to link.
