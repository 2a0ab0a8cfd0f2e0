//! What this crate promises, against a real kube-apiserver.

mod applying;
mod arrange;
mod bad_input;
mod connecting;
mod deleting;
mod discovering;
mod proxy;
mod reading;
mod waiting;
