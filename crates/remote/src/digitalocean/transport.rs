//! One request to the API: sent, repeated where that may help, and its refusal put into words.

use std::time::Duration;

use ::http::{HeaderMap, header};
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::{Api, Error, wire::Refusal};
use crate::{
    Address, Unreached,
    http::{
        retry::{backoff, retry_after, root, unreached},
        tls,
    },
};

/// Longer answers than this are none of this API, bytes.
const LONGEST_ANSWER: usize = 16 << 20;

/// How a try ended, when not in success.
struct Failure {
    error: Box<Error>,
    again: Again,
}

/// Whether and when another try may end otherwise.
enum Again {
    Never,
    /// After the usual pause.
    Soon,
    /// After what the server asks for.
    After(Duration),
}

impl Api {
    /// Asks below `/v2/kubernetes/clusters`; `doing` and `scope` are for what is said when that is refused.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        doing: &'static str,
        scope: &'static str,
        path: &[&str],
        query: &[(&str, u32)],
    ) -> Result<T, Error> {
        let limits = &self.settings.client.limits;
        let deadline = Instant::now() + limits.total;
        let asked = async {
            let mut tries = 1;
            loop {
                let failure = match self.attempt(doing, scope, path, query).await {
                    Ok(answer) => return Ok(answer),
                    Err(failure) => failure,
                };
                let pause = match failure.again {
                    Again::Never => return Err(*failure.error),
                    Again::Soon => backoff(tries),
                    Again::After(pause) => pause,
                };
                if tries >= limits.tries || Instant::now() + pause >= deadline {
                    return Err(failure.error.after(tries));
                }
                tracing::debug!(doing, tries, ?pause, error = %failure.error, "asking DigitalOcean again");
                tokio::time::sleep(pause).await;
                tries += 1;
            }
        };
        tokio::select! {
            biased;
            () = self.settings.client.cancel.cancelled() => Err(Error::Cancelled),
            done = asked => done,
            () = tokio::time::sleep_until(deadline) => Err(Error::TimedOut { doing, after: limits.total }),
        }
    }

    async fn attempt<T: DeserializeOwned>(
        &self,
        doing: &'static str,
        scope: &'static str,
        path: &[&str],
        query: &[(&str, u32)],
    ) -> Result<T, Failure> {
        let never = |error| Failure { error: Box::new(error), again: Again::Never };
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["v2", "kubernetes", "clusters"]).extend(path);
        }
        for (name, value) in query {
            url.query_pairs_mut().append_pair(name, &value.to_string());
        }
        let request = self.http.get(url).bearer_auth(self.settings.token.reveal());
        let mut response = request
            .header(header::ACCEPT, "application/json")
            .send()
            .await
            .map_err(|error| self.broken(doing, error))?;
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(|error| self.broken(doing, error))? {
            if body.len() + piece.len() > LONGEST_ANSWER {
                return Err(never(Error::Unintelligible { doing, why: "it is too long".to_owned() }));
            }
            body.extend_from_slice(&piece);
        }
        tracing::debug!(doing, status, "DigitalOcean has answered");
        if status == 200 {
            // The decoder's text may quote the answer, which holds the token.
            return serde_json::from_slice(&body).map_err(|error| {
                let why = format!("line {}, column {}", error.line(), error.column());
                never(Error::Unintelligible { doing, why })
            });
        }
        Err(self.refused(doing, scope, path, status, &headers, &body))
    }

    fn refused(
        &self,
        doing: &'static str,
        scope: &'static str,
        path: &[&str],
        status: u16,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Failure {
        let refusal: Refusal = serde_json::from_slice(body).unwrap_or_default();
        let mut message = refusal.message.trim().trim_end_matches('.').to_owned();
        if message.is_empty() {
            message = "it gives no reason".to_owned();
        }
        if let Some(id) = refusal.request_id.filter(|id| !id.is_empty()) {
            message.push_str(&format!(" (request {id})"));
        }
        let message = message.replace(self.settings.token.reveal(), "***");
        let (error, again) = match status {
            401 => (Error::Unauthorized { message }, Again::Never),
            403 => (Error::Forbidden { doing, scope, message }, Again::Never),
            404 if !path.is_empty() => (
                Error::NotFound { id: path.first().map(ToString::to_string).unwrap_or_default() },
                Again::Never,
            ),
            429 => {
                let (until, again) = patience(headers);
                (Error::RateLimited { until, tries: 1 }, again)
            }
            500..=599 => (
                Error::Server { doing, status, message, tries: 1 },
                retry_after(headers).map_or(Again::Soon, Again::After),
            ),
            _ => (Error::Refused { doing, status, message }, Again::Never),
        };
        Failure { error: Box::new(error), again }
    }

    fn broken(&self, doing: &'static str, error: reqwest::Error) -> Failure {
        // The library's text would repeat the address.
        let error = error.without_url();
        let url = Address::of(&self.base);
        let reason = match tls::find(&error) {
            Some(_) => Unreached::Tls,
            None => match unreached(&error) {
                Unreached::Other if error.is_timeout() && error.is_connect() => Unreached::ConnectTimeout,
                Unreached::Other if error.is_timeout() => Unreached::Idle,
                other => other,
            },
        };
        // A cut answer may come whole the next time; a server that is silent has been waited for already.
        let again = if reason == Unreached::Closed { Again::Soon } else { Again::Never };
        let error = Error::Unreachable { doing, url, reason, tries: 1, source: root(error) };
        Failure { error: Box::new(error), again }
    }
}

/// What a 429 asks for: in a burst some seconds, by Retry-After; otherwise the limit of the hour is used up, until the time that
/// ratelimit-reset tells.
fn patience(headers: &HeaderMap) -> (Option<Timestamp>, Again) {
    if let Some(pause) = retry_after(headers) {
        return (None, Again::After(pause));
    }
    let reset = headers.get("ratelimit-reset").and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let Some(until) = reset.and_then(|seconds| Timestamp::from_second(seconds).ok()) else {
        return (None, Again::Soon);
    };
    // A second more, for clocks that differ a little.
    let left = until.duration_since(Timestamp::now()) + SignedDuration::from_secs(1);
    (Some(until), Again::After(Duration::try_from(left).unwrap_or_default()))
}
