//! One request: sent, repeated where that is safe and of use, and its refusal put into words.
//!
//! Everything that leaves this crate for a cluster goes through here, so the counter, the limits and the errors hold for
//! all of it.

use std::{
    error::Error as StdError,
    hash::{BuildHasher, RandomState},
    io,
    time::Duration,
};

use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use kube::client::Body;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout_at};

use crate::{
    Cause, Cluster, Conflict, Error, Resource, Target, Unreached,
    object::escape,
    status::{Details, Status},
};

/// Longer answers than this are no answers of an API server.
const LONGEST_ANSWER: usize = 256 << 20;

/// The wait before the first repetition; doubled for each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// What a request is about, for URLs and for errors.
#[derive(Clone, Copy)]
pub(crate) enum About<'a> {
    /// One object.
    Object(&'a Target),
    /// All objects of a type, in one namespace or in all.
    List(&'a Resource, Option<&'a str>),
    /// A path of the API itself.
    Path(&'a str),
}

/// A request before it is sent.
pub(crate) struct Call<'a> {
    /// The verb as RBAC calls it.
    pub verb: &'static str,
    pub method: Method,
    pub about: About<'a>,
    pub query: Vec<(&'static str, String)>,
    pub content_type: &'static str,
    pub body: Vec<u8>,
    /// Whether it does no harm when it is carried out twice.
    pub repeatable: bool,
}

/// What came back with a status of success.
pub(crate) struct Answer {
    pub code: StatusCode,
    pub body: Vec<u8>,
    /// Whether an earlier attempt may have been carried out without an answer.
    pub repeated_blindly: bool,
}

impl<'a> Call<'a> {
    pub fn get(about: About<'a>) -> Self {
        let verb = if matches!(about, About::List(..)) { "list" } else { "get" };
        Self {
            verb,
            method: Method::GET,
            about,
            query: Vec::new(),
            content_type: "application/json",
            body: Vec::new(),
            repeatable: true,
        }
    }

    /// What is being done, for errors: `get GitRepository/flux-system/podinfo`.
    pub fn doing(&self) -> String {
        format!("{} {}", self.verb, self.what())
    }

    fn what(&self) -> String {
        match self.about {
            About::Object(target) => target.to_string(),
            About::List(resource, None) => resource.crd_name(),
            About::List(resource, Some(namespace)) => format!("{} in {namespace}", resource.crd_name()),
            About::Path(path) => path.to_owned(),
        }
    }

    fn uri(&self) -> String {
        let mut uri = match self.about {
            About::Object(target) => target.path(),
            About::List(resource, namespace) => resource.path(namespace),
            About::Path(path) => path.to_owned(),
        };
        for (position, (name, value)) in self.query.iter().enumerate() {
            uri.push(if position == 0 { '?' } else { '&' });
            uri.push_str(name);
            uri.push('=');
            uri.push_str(&escape(value));
        }
        uri
    }

    fn request(&self) -> Result<Request<Body>, http::Error> {
        Request::builder()
            .method(self.method.clone())
            .uri(self.uri())
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, self.content_type)
            .body(Body::from(self.body.clone()))
    }

    fn is_read(&self) -> bool {
        self.method == Method::GET
    }
}

/// How one attempt ended, when not in success.
struct Failure {
    error: Error,
    /// How long the server asks to wait, when it does.
    retry_after: Option<Duration>,
    again: Again,
}

/// Whether an attempt is worth repeating.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Again {
    /// It would end the same way.
    Never,
    /// The server did not carry it out.
    Safely,
    /// The server may have carried it out.
    Blindly,
}

impl Cluster {
    /// Sends a request, and again while that may help and time is left.
    pub(crate) async fn send(&self, call: &Call<'_>) -> Result<Answer, Error> {
        let deadline = Instant::now() + self.limits().request;
        self.send_by(call, deadline).await
    }

    /// Sends a request and decodes what comes back.
    pub(crate) async fn fetch<T: DeserializeOwned>(&self, call: &Call<'_>) -> Result<T, Error> {
        let answer = self.send(call).await?;
        self.decode(call, &answer.body)
    }

    pub(crate) fn decode<T: DeserializeOwned>(&self, call: &Call<'_>, body: &[u8]) -> Result<T, Error> {
        serde_json::from_slice(body).map_err(|source| Error::Unintelligible {
            place: self.place().clone(),
            doing: call.doing(),
            source,
        })
    }

    async fn send_by(&self, call: &Call<'_>, deadline: Instant) -> Result<Answer, Error> {
        let mut repeated_blindly = false;
        let mut attempt = 0;
        let mut renewed = false;
        loop {
            if self.cancel().is_cancelled() {
                return Err(self.cancelled(call));
            }
            attempt += 1;
            let (client, generation) = self.client(deadline).await?;
            let failure = match self.stoppable(call, self.attempt(client, call, deadline)).await? {
                Ok((code, body)) => return Ok(Answer { code, body, repeated_blindly }),
                Err(failure) => failure,
            };
            if matches!(failure.error, Error::Unauthorized { .. }) && self.renews() && !renewed {
                // As client-go: a refused credential of a plugin is renewed once.
                renewed = true;
                self.forget_client(generation).await;
                continue;
            }
            let repeat =
                failure.again == Again::Safely || (failure.again == Again::Blindly && call.repeatable);
            let pause = failure.retry_after.unwrap_or_else(|| backoff(attempt));
            if !repeat || attempt >= self.limits().attempts || Instant::now() + pause >= deadline {
                return Err(failure.error);
            }
            tracing::debug!(place = %self.place(), doing = call.doing(), attempt, ?pause, error = %failure.error, "repeating a request");
            repeated_blindly |= failure.again == Again::Blindly;
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.cancel().cancelled() => return Err(self.cancelled(call)),
            }
        }
    }

    /// Lets a read be interrupted, while a write runs to its answer.
    async fn stoppable<T>(&self, call: &Call<'_>, attempt: impl Future<Output = T>) -> Result<T, Error> {
        if !call.is_read() {
            return Ok(attempt.await);
        }
        tokio::select! {
            done = attempt => Ok(done),
            () = self.cancel().cancelled() => Err(self.cancelled(call)),
        }
    }

    async fn attempt(
        &self,
        client: kube::Client,
        call: &Call<'_>,
        deadline: Instant,
    ) -> Result<(StatusCode, Vec<u8>), Failure> {
        let exchange = async {
            let response = self.open(&client, call).await?;
            let (parts, body) = response.into_parts();
            let body = Limited::new(body, LONGEST_ANSWER).collect().await;
            let body = body.map_err(|source| self.broken(source))?.to_bytes().to_vec();
            Ok((parts, body))
        };
        let (parts, body) = timeout_at(deadline, exchange).await.map_err(|_| Failure {
            error: Error::TimedOut {
                place: self.place().clone(),
                doing: call.doing(),
                after: self.limits().request,
            },
            retry_after: None,
            again: Again::Never,
        })??;
        if parts.status.is_success() {
            return Ok((parts.status, body));
        }
        let again = match parts.status.as_u16() {
            429 => Again::Safely,
            500 | 502 | 503 | 504 => Again::Blindly,
            _ => Again::Never,
        };
        let retry_after = retry_after(&parts.headers);
        let error = self.refused(call, parts.status, &body).await;
        Err(Failure { error, retry_after, again })
    }

    /// Sends a request once and gives back the response before its body, whatever its status.
    async fn open(&self, client: &kube::Client, call: &Call<'_>) -> Result<Response<Body>, Failure> {
        self.count();
        let request = call.request().map_err(|error| self.broken(Box::new(error)))?;
        client.send(request).await.map_err(|error| {
            self.broken(match error {
                // The wrapper's text repeats its source.
                kube::Error::Service(source) => source,
                kube::Error::HyperError(source) => Box::new(source),
                other => Box::new(other),
            })
        })
    }

    /// Sends a request once and gives back the body as it comes, or the refusal.
    pub(crate) async fn open_stream(&self, call: &Call<'_>) -> Result<Body, Error> {
        let (client, generation) = self.client(Instant::now() + self.limits().request).await?;
        let response = self.open(&client, call).await.map_err(|failure| failure.error)?;
        let status = response.status();
        if status.is_success() {
            return Ok(response.into_body());
        }
        let body = Limited::new(response.into_body(), LONGEST_ANSWER).collect().await;
        let body = body.map_err(|source| self.broken(source).error)?.to_bytes();
        let error = self.refused(call, status, &body).await;
        if matches!(error, Error::Unauthorized { .. }) && self.renews() {
            self.forget_client(generation).await;
        }
        Err(error)
    }

    fn broken(&self, source: Box<dyn StdError + Send + Sync>) -> Failure {
        let reason = unreached(source.as_ref());
        let again = match reason {
            Unreached::Refused => Again::Safely,
            Unreached::Closed => Again::Blindly,
            _ => Again::Never,
        };
        let error = Error::Unreachable { place: self.place().clone(), reason, source };
        Failure { error, retry_after: None, again }
    }

    pub(crate) fn cancelled(&self, call: &Call<'_>) -> Error {
        Error::Cancelled { place: self.place().clone(), doing: call.doing() }
    }
}

/// Puts a refusal into words.
impl Cluster {
    async fn refused(&self, call: &Call<'_>, code: StatusCode, body: &[u8]) -> Error {
        let place = self.place().clone();
        let known = Status::read(body);
        let from_api_server = known.is_some();
        let status = known.unwrap_or_else(|| Status { message: first_words(body), ..Status::default() });
        let other = |status: Status| Error::Api {
            place: place.clone(),
            doing: call.doing(),
            code: code.as_u16(),
            reason: status.reason,
            message: status.message,
        };
        let target = match call.about {
            About::Object(target) => Some(target),
            About::List(..) | About::Path(_) => None,
        };
        match (code.as_u16(), target) {
            (401, _) => Error::Unauthorized { place },
            (403, target) => match target.and_then(|target| target.namespace.as_deref()) {
                Some(namespace) if status.has_cause("NamespaceTerminating") => Error::BeingDeleted {
                    place,
                    object: Box::new(Target::namespace(namespace)),
                    finalizers: Vec::new(),
                },
                _ => Error::Forbidden {
                    place,
                    verb: forbidden_verb(&status.message).unwrap_or(call.verb).to_owned(),
                    what: call.what(),
                    message: status.message,
                },
            },
            (404, Some(target)) => self.not_found(target, &status, from_api_server, other).await,
            (409, Some(target)) => {
                let conflicts = conflicts(&status.details);
                let object = Box::new(target.clone());
                if !conflicts.is_empty() {
                    Error::Conflict { place, object, conflicts }
                } else if let Some(expected) = precondition_uid(&status.message) {
                    Error::Replaced { place, object, expected: expected.to_owned() }
                } else if status.reason == "Conflict" {
                    Error::Contended { place, object, attempts: 1 }
                } else {
                    other(status)
                }
            }
            (400 | 422, Some(target)) => {
                let causes = causes(&status);
                if causes.is_empty() {
                    other(status)
                } else {
                    Error::Invalid { place, object: Box::new(target.clone()), causes }
                }
            }
            _ => other(status),
        }
    }

    async fn not_found(
        &self,
        target: &Target,
        status: &Status,
        from_api_server: bool,
        other: impl FnOnce(Status) -> Error,
    ) -> Error {
        let place = self.place().clone();
        let object = Box::new(target.clone());
        let Details { kind, name, .. } = &status.details;
        if kind == "namespaces" && target.resource.plural != "namespaces" {
            return Error::NoNamespace { place, namespace: name.clone(), object };
        }
        if *name == target.name {
            return Error::NotFound { place, object };
        }
        // Nobody knows the path. Either the kind is not served, or this is no API server.
        let _ = (from_api_server, other);
        match Box::pin(self.why_not_served(&target.resource)).await {
            Ok(Some(missing)) => Error::NotServed {
                place,
                kind: target.resource.kind.clone(),
                api_version: target.resource.api_version(),
                missing,
            },
            Ok(None) => Error::NotFound { place, object },
            Err(error) => error,
        }
    }
}

/// The verb that RBAC missed: a server-side apply is sent as patch and may lack create.
fn forbidden_verb(message: &str) -> Option<&str> {
    message.split_once(" cannot ")?.1.split_once(" resource ").map(|(verb, _)| verb)
}

/// The fields of a refused apply with their managers.
fn conflicts(details: &Details) -> Vec<Conflict> {
    let causes = details.causes.iter().filter(|cause| cause.reason == "FieldManagerConflict");
    causes
        .map(|cause| Conflict {
            // conflict with "kustomize-controller" using kustomize.toolkit.fluxcd.io/v1 at 2026-01-01T00:00:00Z
            manager: cause.message.split('"').nth(1).unwrap_or(&cause.message).to_owned(),
            field: cause.field.clone(),
        })
        .collect()
}

/// The uid that a request insisted on, from the words in which the server refuses it.
fn precondition_uid(message: &str) -> Option<&str> {
    let after = message
        .split_once("UID in precondition: ")
        .or_else(|| message.split_once("the provided object specified uid "))?
        .1;
    after.split([',', ' ']).next()
}

/// What the server has against an object: its causes, or else the sentences of strict decoding and of apply.
fn causes(status: &Status) -> Vec<Cause> {
    let listed: Vec<Cause> = status
        .details
        .causes
        .iter()
        .map(|cause| Cause { field: cause.field.clone(), message: cause.message.clone() })
        .collect();
    if !listed.is_empty() {
        return listed;
    }
    if let Some((_, unknown)) = status.message.split_once("strict decoding error: ") {
        return unknown
            .split(", ")
            .map(|words| cause(words, &["unknown field ", "duplicate field "]))
            .collect();
    }
    if status.reason == "Invalid" {
        return vec![Cause { field: String::new(), message: status.message.clone() }];
    }
    Vec::new()
}

/// Splits `unknown field "spec.nonsense"` into the field and what is said of it.
fn cause(words: &str, openings: &[&str]) -> Cause {
    for opening in openings {
        if let Some(field) = words.strip_prefix(opening) {
            return Cause {
                field: field.trim_matches('"').to_owned(),
                message: opening.trim_end().to_owned(),
            };
        }
    }
    Cause { field: String::new(), message: words.to_owned() }
}

/// The beginning of a body that is not a Status, such as a proxy's page.
fn first_words(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let line = text.trim().lines().next().unwrap_or_default();
    line.chars().take(200).collect()
}

/// What the server asks to wait; only the form in seconds, which is the one that API servers use.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// The pause after an attempt: doubled each time, and spread so that many clients do not come back at once.
fn backoff(attempt: u32) -> Duration {
    let full = FIRST_PAUSE * 2u32.saturating_pow(attempt.min(10) - 1);
    let spread = RandomState::new().hash_one(attempt) % 512;
    full.mul_f64(0.75 + spread as f64 / 1024.0)
}

/// Finds out where a connection failed, from the errors below an error.
fn unreached(error: &(dyn StdError + 'static)) -> Unreached {
    let mut current = Some(error);
    while let Some(error) = current {
        if error.is::<rustls::Error>() {
            return Unreached::Tls;
        }
        if let Some(error) = error.downcast_ref::<hyper::Error>()
            && (error.is_incomplete_message() || error.is_closed() || error.is_canceled())
        {
            return Unreached::Closed;
        }
        if error.to_string().starts_with("dns error") {
            return Unreached::Name;
        }
        if let Some(error) = error.downcast_ref::<io::Error>() {
            // An io::Error does not give what it wraps as its source.
            if let Some(inner) = error.get_ref() {
                match unreached(inner) {
                    Unreached::Other => {}
                    found => return found,
                }
            }
            match error.kind() {
                io::ErrorKind::ConnectionRefused => return Unreached::Refused,
                io::ErrorKind::TimedOut => return Unreached::ConnectTimeout,
                io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
                    return Unreached::Route;
                }
                io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::BrokenPipe
                | io::ErrorKind::UnexpectedEof => return Unreached::Closed,
                _ => {}
            }
        }
        current = error.source();
    }
    Unreached::Other
}
