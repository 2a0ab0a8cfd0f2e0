//! Time on the clock. Fuel counts what a rule computes; this ends what fuel does not see.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use wasmtime::Engine;

/// How often running evaluations are looked at.
const TICK: Duration = Duration::from_millis(10);

/// After how many ticks with nothing to watch the thread goes to sleep.
const IDLE: u32 = 50;

/// A thread that moves an engine's epoch while something is evaluated. It starts with the first evaluation
/// and ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Watch {
    engine: Engine,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Debug, Default)]
struct State {
    started: bool,
    asleep: bool,
    closed: bool,
    running: usize,
}

/// While this lives, the epoch moves.
#[derive(Debug)]
pub(crate) struct Watching<'w>(&'w Watch);

impl Watch {
    pub(crate) fn new(engine: Engine) -> Watch {
        Watch { engine, shared: Arc::default() }
    }

    /// Moves the epoch from now on, until what is returned is dropped.
    ///
    /// # Errors
    ///
    /// The system gives no thread.
    pub(crate) fn start(&self) -> std::io::Result<Watching<'_>> {
        let mut state = self.shared.lock();
        if !state.started {
            let (engine, shared) = (self.engine.clone(), Arc::clone(&self.shared));
            thread::Builder::new().name("policy-clock".to_owned()).spawn(move || tick(&engine, &shared))?;
            state.started = true;
        }
        state.running += 1;
        if state.asleep {
            self.shared.wake.notify_one();
        }
        Ok(Watching(self))
    }

    /// How many ticks to allow for that time: never fewer, and one more for the tick that is under way.
    pub(crate) fn ticks(time: Duration) -> u64 {
        u64::try_from(time.as_millis().div_ceil(TICK.as_millis())).unwrap_or(u64::MAX / 2).saturating_add(1)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.wake.notify_one();
    }
}

impl Drop for Watching<'_> {
    fn drop(&mut self) {
        let mut state = self.0.shared.lock();
        state.running = state.running.saturating_sub(1);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing in here can be left half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn tick(engine: &Engine, shared: &Shared) {
    let mut idle = 0;
    let mut state = shared.lock();
    while !state.closed {
        idle = if state.running > 0 { 0 } else { idle + 1 };
        if idle > IDLE {
            state.asleep = true;
            state = shared.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.asleep = false;
            idle = 0;
            continue;
        }
        state = shared.wake.wait_timeout(state, TICK).unwrap_or_else(PoisonError::into_inner).0;
        if state.running > 0 {
            engine.increment_epoch();
        }
    }
}
