//! Whole-system promises: the built provider, OpenTofu, a real cluster, real Flux.
