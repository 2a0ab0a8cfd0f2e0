//! Writes the record again and again while an action goes on, without holding it up: of several states that wait to be
//! written only the last one is.

use tokio::{sync::watch, task::JoinHandle};

use crate::{Error, Event, Record, run::Run, storage};

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
            while changes.changed().await.is_ok() {
                let record = changes.borrow_and_update().clone();
                // As with Helm, how hooks went is told as far as it can be; the last state is what counts.
                if let Err(error) = storage::update(&cluster, &namespace, &record).await {
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
        storage::update(&run.calm, &run.namespace, &record).await?;
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
