//! YAML as Helm reads and writes it, compared with the real `helm`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod differential;
mod reading;
mod seeds;
mod writing;
