//! Waiting, with a limit and with the words for what did not come.

use std::thread;
use std::time::{Duration, Instant};

use crate::Error;

const PAUSE: Duration = Duration::from_millis(50);

/// Asks again and again until `check` gives a value; its error says what was seen instead.
///
/// # Errors
/// [`Error::NotReady`] after `limit`, with what was seen last.
pub fn until<T>(
    what: &str,
    limit: Duration,
    mut check: impl FnMut() -> Result<T, String>,
) -> Result<T, Error> {
    let started = Instant::now();
    loop {
        match check() {
            Ok(value) => return Ok(value),
            Err(seen) if started.elapsed() >= limit => return Err(not_ready(what, limit, seen)),
            Err(_) => thread::sleep(PAUSE),
        }
    }
}

/// Does what [`until`] does where tokio runs.
///
/// # Errors
/// [`Error::NotReady`] after `limit`, with what was seen last.
pub async fn until_async<T>(
    what: &str,
    limit: Duration,
    mut check: impl AsyncFnMut() -> Result<T, String>,
) -> Result<T, Error> {
    let started = Instant::now();
    loop {
        match check().await {
            Ok(value) => return Ok(value),
            Err(seen) if started.elapsed() >= limit => return Err(not_ready(what, limit, seen)),
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

fn not_ready(what: &str, waited: Duration, last: String) -> Error {
    Error::NotReady { what: what.into(), waited, last, logs: String::new() }
}

/// Runs an asynchronous function to its end on a thread and runtime of its own, so that synchronous functions
/// can be called from asynchronous tests too.
///
/// # Panics
/// When the function does, or when no runtime can be made.
pub fn block_on<T: Send>(function: impl AsyncFnOnce() -> T + Send) -> T {
    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a tokio runtime can be made").block_on(function())
    };
    match thread::scope(|scope| scope.spawn(run).join()) {
        Ok(value) => value,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}
