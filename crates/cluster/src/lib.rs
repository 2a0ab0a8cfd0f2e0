//! Kubernetes: connect, discover, apply, read, delete, wait, events.
