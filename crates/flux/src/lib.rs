//! The words of Flux, for all: manifests, kinds, readiness, durations, Git URLs.
