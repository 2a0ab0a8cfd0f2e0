//! How far a download is, on a line of the terminal that goes again.

use std::{
    io::{self, IsTerminal, Write},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use remote::OnProgress;

/// From when on a download is worth a word, so that nothing flickers.
const FIRST: Duration = Duration::from_millis(300);

/// How often the line is written anew.
const PAUSE: Duration = Duration::from_millis(100);

/// The beginning of the line, and nothing on it.
const CLEAR: &str = "\r\x1b[K";

/// The line. It is taken away when this is dropped.
pub struct Line {
    shown: Arc<AtomicBool>,
}

impl Line {
    /// A line on standard error, and what writes on it; `None` where that is no terminal.
    pub fn on_terminal() -> Option<(Self, OnProgress)> {
        if !io::stderr().is_terminal() {
            return None;
        }
        let shown = Arc::new(AtomicBool::new(false));
        let mark = Arc::clone(&shown);
        let write = OnProgress::paced(FIRST, PAUSE, move |progress| {
            mark.store(true, Ordering::Relaxed);
            let mut stderr = io::stderr().lock();
            let _ = write!(stderr, "{CLEAR}downloading {progress}").and_then(|()| stderr.flush());
        });
        Some((Self { shown }, write))
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.shown.load(Ordering::Relaxed) {
            let mut stderr = io::stderr().lock();
            let _ = write!(stderr, "{CLEAR}").and_then(|()| stderr.flush());
        }
    }
}
