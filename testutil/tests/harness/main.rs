//! The harness keeps its promises: real parts start, answer, follow their Deployments, and end.

mod again;
mod cluster;
mod ends;
mod faulty;
mod flux;
mod git;
mod skips;
