//! What is remembered of a cluster that did not answer, so that not everybody who needs it finds out in turn.

use tokio::time::Instant;

use crate::Error;

/// The last request that reached nobody.
#[derive(Default)]
pub(crate) struct Silence(Option<(Instant, Error)>);

impl Silence {
    /// Remembers how a request from `asked` to `now` ended, if it reached nobody: for as long again as that took to find out.
    pub fn remember(&mut self, asked: Instant, now: Instant, error: &Error) {
        self.0 = error.of_silence().map(|error| (now + (now - asked), error));
    }

    /// The error for who would ask at `now`; none where asking may help.
    pub fn recall(&self, now: Instant) -> Option<Error> {
        let (until, error) = self.0.as_ref()?;
        if now < *until { error.of_silence() } else { None }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::Place;

    #[test]
    fn silence_is_remembered_for_as_long_as_it_took() {
        let place = Place::new("https://10.0.0.1".to_owned(), None);
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let mut silence = Silence::default();
        assert!(silence.recall(start).is_none());
        let late =
            Error::TimedOut { place: place.clone(), doing: "get".to_owned(), after: Duration::from_secs(10) };
        silence.remember(start, after(10), &late);
        assert_eq!(silence.recall(after(19)).map(|error| error.to_string()), Some(late.to_string()));
        assert!(silence.recall(after(20)).is_none(), "it may answer by now");

        silence.remember(start, after(10), &Error::Unauthorized { place });
        assert!(silence.recall(after(11)).is_none(), "a refusal is an answer");
    }
}
