//! Writes the record again and again while an action goes on, without holding it up: of several states that wait to be
//! written only the last one is. In between it gives signs of life.

use std::time::Duration;

use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};

use crate::{
    Error, Event, Record,
    run::{Run, passes},
    storage::{self, BEAT},
};

/// How long the last state is tried to be written while the server is away.
const PATIENCE: Duration = Duration::from_secs(60);
/// The pause between such tries.
const PAUSE: Duration = Duration::from_secs(1);

/// The author of one record.
pub(crate) struct Writer {
    states: watch::Sender<Record>,
    task: JoinHandle<()>,
}

impl Writer {
    /// Begins with a record that has just been written.
    pub fn new(run: &Run, record: Record) -> Self {
        let (states, mut changes) = watch::channel(record);
        // What was under way is written also when the action was stopped.
        let (cluster, namespace) = (run.calm.clone(), run.namespace.clone());
        let task = tokio::spawn(async move {
            loop {
                let written = match timeout(BEAT, changes.changed()).await {
                    Ok(Err(_)) => break,
                    Ok(Ok(())) => {
                        let record = changes.borrow_and_update().clone();
                        storage::update(&cluster, &namespace, &record).await
                    }
                    Err(_) => {
                        let secret = changes.borrow().secret_name();
                        storage::beat(&cluster, &namespace, &secret).await
                    }
                };
                // As with Helm, how hooks went is told as far as it can be; the last state is what counts.
                if let Err(error) = written {
                    tracing::debug!(%error, "the record is written again later");
                }
            }
        });
        Self { states, task }
    }

    /// Changes the record, and has it written some time soon.
    pub fn change(&self, change: impl FnOnce(&mut Record)) {
        self.states.send_modify(change);
    }

    /// The record as it is now.
    pub fn record(&self) -> Record {
        self.states.borrow().clone()
    }

    /// Changes the record for the last time and waits until it is written.
    pub async fn finish(self, run: &Run, change: impl FnOnce(&mut Record)) -> Result<Record, Error> {
        let mut record = self.record();
        self.stop().await;
        change(&mut record);
        let patient = Instant::now() + PATIENCE;
        while let Err(error) = storage::update(&run.calm, &run.namespace, &record).await {
            // Nothing is worse than a record that says that somebody is still at work.
            if !passes(&error) || Instant::now() > patient {
                return Err(error);
            }
            sleep(PAUSE).await;
        }
        run.tell(Event::Recorded { revision: record.revision(), status: record.status().to_string() });
        Ok(record)
    }

    /// Writes nothing more.
    pub async fn stop(self) {
        let Self { states, task } = self;
        drop(states);
        // It ends after the write that is under way.
        let _ = task.await;
    }
}
