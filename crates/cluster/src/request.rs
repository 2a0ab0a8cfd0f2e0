//! One request: sent, repeated where that is safe and of use, and its refusal put into words.
//!
//! Everything that leaves this crate for a cluster goes through here, so the counter, the limits and the errors hold for
//! all of it.

use std::{
    error::Error as StdError,
    hash::{BuildHasher, RandomState},
    io,
    sync::Arc,
    time::Duration,
};

use flux::path::{FieldPath, Step};
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use kube::client::Body;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout_at};

use crate::{
    Cause, Cluster, Conflict, Error, Resource, Target, Unreached,
    error::AtProxy,
    object::escape,
    status::{Details, INTERNAL, Status},
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
    /// One object that is to be made, in the collection that it is to belong to.
    New(&'a Target),
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
    /// The form in which the answer is wanted.
    pub accept: &'static str,
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
            accept: "application/json",
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
            About::Object(target) | About::New(target) => target.to_string(),
            About::List(resource, None) => resource.crd_name(),
            About::List(resource, Some(namespace)) => format!("{} in {namespace}", resource.crd_name()),
            About::Path(path) => path.to_owned(),
        }
    }

    fn uri(&self) -> String {
        let mut uri = match self.about {
            About::Object(target) => target.path(),
            About::New(target) => target.resource.path(target.namespace.as_deref()),
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
            .header(header::ACCEPT, self.accept)
            .header(header::CONTENT_TYPE, self.content_type)
            .body(Body::from(self.body.clone()))
    }

    fn is_read(&self) -> bool {
        self.method == Method::GET
    }

    /// Whether a refusal may quote what must not be shown: servers repeat the values that they refuse.
    fn may_be_quoted(&self) -> bool {
        match self.about {
            About::Object(target) | About::New(target) => {
                target.resource == Resource::secret() && !self.body.is_empty()
            }
            About::List(..) | About::Path(_) => false,
        }
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
        let limit = self.patience();
        let answer =
            if limit.is_zero() { Err(self.late(call, limit)) } else { self.send_within(call, limit).await };
        // What is asked of the API itself by a POST, such as what a credential may do, writes nothing.
        if !call.is_read() && !matches!(call.about, About::Path(_)) {
            // What was listed before the write was carried out, or while it was, is old now.
            self.collections().forget();
            self.served_kinds().forget();
        }
        answer
    }

    /// Sends a request and decodes what comes back.
    pub(crate) async fn fetch<T: DeserializeOwned>(&self, call: &Call<'_>) -> Result<T, Error> {
        let answer = self.send(call).await?;
        self.decode(call, &answer.body)
    }

    /// The same by one attempt, for what is good to know and not needed: a plugin and the cluster have `patience` each.
    pub(crate) async fn fetch_once<T: DeserializeOwned>(
        &self,
        call: &Call<'_>,
        patience: Duration,
    ) -> Result<T, Error> {
        let client = async { self.client(&mut (Instant::now() + patience)).await };
        let (client, _) = self.stoppable(call, client).await??;
        match self.stoppable(call, self.attempt(client, call, Instant::now() + patience, patience)).await? {
            Ok((_, body)) => self.decode(call, &body),
            Err(failure) => Err(failure.error),
        }
    }

    pub(crate) fn decode<T: DeserializeOwned>(&self, call: &Call<'_>, body: &[u8]) -> Result<T, Error> {
        serde_json::from_slice(body).map_err(|source| Error::Unintelligible {
            place: self.place().clone(),
            doing: call.doing(),
            source: Some(source),
        })
    }

    async fn send_within(&self, call: &Call<'_>, limit: Duration) -> Result<Answer, Error> {
        let mut deadline = Instant::now() + limit;
        let mut repeated_blindly = false;
        let mut attempt = 0;
        let mut renewed = false;
        loop {
            if self.cancel().is_cancelled() {
                return Err(self.cancelled(call));
            }
            attempt += 1;
            let (client, generation) = tokio::select! {
                client = self.client(&mut deadline) => client?,
                () = self.cancel().cancelled() => return Err(self.cancelled(call)),
            };
            let failure = match self.stoppable(call, self.attempt(client, call, deadline, limit)).await? {
                Ok((code, body)) => return Ok(Answer { code, body, repeated_blindly }),
                Err(failure) => failure,
            };
            if matches!(failure.error, Error::Unauthorized { .. }) && self.renews() && !renewed {
                // As client-go: a refused credential that may be another one by now is renewed once.
                renewed = true;
                self.forget_client(generation).await;
                continue;
            }
            let repeat =
                failure.again == Again::Safely || (failure.again == Again::Blindly && call.repeatable);
            let pause = failure.retry_after.unwrap_or_else(|| backoff(attempt));
            let in_time = Instant::now().checked_add(pause).is_some_and(|then| then < deadline);
            if !repeat || attempt >= self.limits().attempts || !in_time {
                return Err(failure.error);
            }
            tracing::debug!(doing = call.doing(), attempt, ?pause, error = %failure.error, "repeating a request");
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
        limit: Duration,
    ) -> Result<(StatusCode, Vec<u8>), Failure> {
        let exchange = async {
            // Never closed, so a turn comes.
            let _turn = self.turns().acquire().await;
            let response = self.open(&client, call).await?;
            let (parts, body) = response.into_parts();
            let body = Limited::new(body, LONGEST_ANSWER).collect().await;
            let body = body.map_err(|source| self.broken(source))?.to_bytes().to_vec();
            Ok((parts, body))
        };
        let (parts, body) = timeout_at(deadline, exchange).await.map_err(|_| Failure {
            error: self.late(call, limit),
            retry_after: None,
            again: Again::Never,
        })??;
        if parts.status.is_success() {
            return Ok((parts.status, body));
        }
        let error = self.refused(call, parts.status, &body).await;
        let again = match error {
            Error::Api { code: 429, .. } => Again::Safely,
            Error::Api { code: 500 | 502 | 503 | 504, .. } => Again::Blindly,
            _ => Again::Never,
        };
        let retry_after = retry_after(&parts.headers);
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
    pub(crate) async fn stream(&self, call: &Call<'_>) -> Result<Body, Error> {
        let limit = self.patience();
        let mut deadline = Instant::now() + limit;
        let mut renewed = false;
        loop {
            let (client, generation) = tokio::select! {
                client = self.client(&mut deadline) => client?,
                () = self.cancel().cancelled() => return Err(self.cancelled(call)),
            };
            let opened = timeout_at(deadline, self.open_stream(&client, call)).await;
            match opened.unwrap_or_else(|_| Err(self.late(call, limit))) {
                Err(Error::Unauthorized { .. }) if self.renews() && !renewed => {
                    renewed = true;
                    self.forget_client(generation).await;
                }
                other => return other,
            }
        }
    }

    async fn open_stream(&self, client: &kube::Client, call: &Call<'_>) -> Result<Body, Error> {
        let response = self.open(client, call).await.map_err(|failure| failure.error)?;
        let status = response.status();
        if status.is_success() {
            return Ok(response.into_body());
        }
        let body = Limited::new(response.into_body(), LONGEST_ANSWER).collect().await;
        let body = body.map_err(|source| self.broken(source).error)?.to_bytes();
        Err(self.refused(call, status, &body).await)
    }

    fn late(&self, call: &Call<'_>, after: Duration) -> Error {
        Error::TimedOut { place: self.place().clone(), doing: call.doing(), after }
    }

    fn broken(&self, source: Box<dyn StdError + Send + Sync>) -> Failure {
        let reason = unreached(source.as_ref());
        let again = match reason {
            Unreached::Refused | Unreached::Proxy => Again::Safely,
            Unreached::Closed => Again::Blindly,
            _ => Again::Never,
        };
        let source: Arc<dyn StdError + Send + Sync> = match self.proxy() {
            Some(proxy) => Arc::new(AtProxy { proxy: proxy.to_owned(), source }),
            None => Arc::from(source),
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
        let mut status = known.unwrap_or_else(|| Status { message: first_words(body), ..Status::default() });
        if call.may_be_quoted() {
            status.hide();
        }
        let other = |status: Status| Error::Api {
            place: place.clone(),
            doing: call.doing(),
            code: code.as_u16(),
            reason: status.reason,
            message: status.message,
        };
        let target = match call.about {
            About::Object(target) | About::New(target) => Some(target),
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
            (404, Some(target)) => self.not_found(target, &status).await,
            (404, None) => match call.about {
                About::List(resource, _) => match self.not_served(resource).await {
                    Ok(Some(error)) | Err(error) => error,
                    Ok(None) => other(status),
                },
                _ => other(status),
            },
            (409, Some(target)) => {
                let conflicts = conflicts(&status.details);
                let object = Box::new(target.clone());
                if !conflicts.is_empty() {
                    Error::Conflict { place, object, conflicts }
                } else if let Some(expected) = precondition_uid(&status.message) {
                    Error::Replaced { place, object, expected: expected.to_owned() }
                } else if status.reason == "AlreadyExists" {
                    Error::Exists { place, object }
                } else if status.reason == "Conflict" {
                    Error::Contended { place, object, attempts: 1 }
                } else {
                    other(status)
                }
            }
            // Trouble of the server's own, such as an admission webhook that is down, says nothing of the object.
            (500, Some(_)) if status.reason == INTERNAL => other(status),
            (400 | 422 | 500, Some(target)) => {
                let causes = causes(&status);
                let object = Box::new(target.clone());
                match immutable_uid(&causes) {
                    Some(expected) => Error::Replaced { place, object, expected },
                    None if causes.is_empty() => other(status),
                    None => Error::Invalid { place, object, causes },
                }
            }
            _ => other(status),
        }
    }

    async fn not_found(&self, target: &Target, status: &Status) -> Error {
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
        match self.not_served(&target.resource).await {
            Ok(Some(error)) | Err(error) => error,
            Ok(None) => Error::NotFound { place, object },
        }
    }

    /// The error that says why a kind is not served; `None` when it is.
    async fn not_served(&self, resource: &Resource) -> Result<Option<Error>, Error> {
        // This sends requests whose refusals may lead here again, so the future cannot hold itself.
        let missing = Box::pin(self.why_not_served(resource)).await?;
        Ok(missing.map(|missing| Error::NotServed {
            place: self.place().clone(),
            kind: resource.kind.clone(),
            api_version: resource.api_version(),
            missing,
        }))
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
            path: None,
        })
        .collect()
}

/// The uid that a request insisted on, from the words in which the server says that it met another object or none.
fn precondition_uid(message: &str) -> Option<&str> {
    ["UID in precondition: ", "the UID in the precondition (", "the provided object specified uid "]
        .iter()
        .find_map(|words| message.split_once(words)?.1.split([',', ' ', ')']).next())
}

/// The same where the object exists: an apply that states another uid is refused as a change of the uid.
fn immutable_uid(causes: &[Cause]) -> Option<String> {
    match causes {
        [only] if only.field == "metadata.uid" => only.message.split('"').nth(1).map(str::to_owned),
        _ => None,
    }
}

/// What the server has against an object: its list of causes, or else what the sentences of its decoders say.
fn causes(status: &Status) -> Vec<Cause> {
    let mut causes: Vec<Cause> = Vec::new();
    let mut add = |field: &str, message: &str| {
        let field = field.trim_start_matches('.');
        let cause = Cause { field: field.to_owned(), path: read_field(field), message: message.to_owned() };
        // Some servers find the same fault twice.
        if !causes.contains(&cause) {
            causes.push(cause);
        }
    };
    if status.details.causes.iter().any(|cause| !cause.message.is_empty()) {
        // The cause without a field only says that there may be more.
        for cause in status.details.causes.iter().filter(|cause| cause.field != "<nil>") {
            add(&cause.field, &cause.message);
        }
    } else if let Some((_, faults)) = status.message.split_once("strict decoding error: ") {
        for fault in faults.split(", ") {
            match fault.split_once(" field ") {
                Some((what, field)) => add(field.trim_matches('"'), &format!("{what} field")),
                None => add("", fault),
            }
        }
    } else if let Some((_, faults)) = status.message.split_once("failed to create typed patch object (") {
        // ns/name; group/version, Kind=K): .spec.a: field not declared in schema
        // or several: …): errors:\n  .spec.a: …\n  .spec.b: …
        let faults = faults.split_once("): ").map_or(faults, |(_, faults)| faults);
        for fault in faults.lines().map(str::trim).filter(|fault| *fault != "errors:" && !fault.is_empty()) {
            match fault.split_once(": ").filter(|_| fault.starts_with('.')) {
                Some((field, "field not declared in schema")) => add(field, "unknown field"),
                Some((field, message)) => add(field, message),
                None => add("", fault),
            }
        }
    } else if status.reason == "Invalid" {
        add("", &status.message);
    }
    causes
}

/// Reads a field as API servers print it in causes: `spec.dependsOn[0].name`, `metadata.labels[a.b/c]`.
fn read_field(field: &str) -> Option<FieldPath> {
    let mut steps = Vec::new();
    let mut rest = field;
    while !rest.is_empty() {
        if let Some(inside) = rest.strip_prefix('[') {
            let (step, after) = inside.split_once(']')?;
            steps.push(step.parse().map_or_else(|_| Step::from(step), Step::Index));
            rest = after.strip_prefix('.').unwrap_or(after);
        } else {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            let (step, after) = rest.split_at(end);
            steps.push(Step::from(step));
            rest = after.strip_prefix('.').unwrap_or(after);
        }
    }
    (!steps.is_empty()).then_some(FieldPath(steps))
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
        // The errors of the proxies' connectors have no names outside of their library.
        if ["tunnel error", "SOCKS error"].iter().any(|words| error.to_string().starts_with(words)) {
            return Unreached::Proxy;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn said(message: &str) -> Vec<String> {
        let status = Status { message: message.to_owned(), ..Status::default() };
        causes(&status).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn sentences_of_decoders_become_causes() {
        assert_eq!(
            said(r#"strict decoding error: unknown field "spec.brunch", duplicate field "spec.url""#),
            ["spec.brunch: unknown field", "spec.url: duplicate field"]
        );
        assert_eq!(
            said(
                "failed to create typed patch object (a/b; g/v1, Kind=K): .spec.brunch: field not declared in schema"
            ),
            ["spec.brunch: unknown field"]
        );
        assert_eq!(
            said(
                "failed to create typed patch object (a/b; g/v1, Kind=K): errors:\n  .spec.suspend: expected boolean, got &{yes}\n  .spec.x: field not declared in schema"
            ),
            ["spec.suspend: expected boolean, got &{yes}", "spec.x: unknown field"]
        );
        assert_eq!(said("the server is on fire"), [""; 0]);
    }

    #[test]
    fn fields_in_causes_are_places() {
        let read = |field: &str| read_field(field).map(|path| path.pointer());
        assert_eq!(read("spec.dependsOn[0].name"), Some("/spec/dependsOn/0/name".to_owned()));
        assert_eq!(read("metadata.labels[a.b/c]"), Some("/metadata/labels/a.b~1c".to_owned()));
        assert_eq!(read(""), None);
    }

    #[test]
    fn a_uid_that_was_insisted_on_is_found_in_what_servers_say() {
        for message in [
            "Precondition failed: UID in precondition: abc, UID in object meta: def",
            "Operation cannot be fulfilled on x: the UID in the precondition (abc) does not match the UID in record (def)",
            "uid mismatch: the provided object specified uid abc, and no existing object was found",
        ] {
            assert_eq!(precondition_uid(message), Some("abc"));
        }
        assert_eq!(precondition_uid("the object has been modified"), None);
    }

    #[test]
    fn pauses_grow_and_stay_within_a_quarter_of_their_length() {
        for (attempt, millis) in [(1, 100), (2, 200), (4, 800)] {
            let pause = backoff(attempt).as_millis();
            assert!((millis * 3 / 4..=millis * 5 / 4).contains(&pause), "{pause}");
        }
    }

    #[test]
    fn queries_are_escaped() {
        let mut call = Call::get(About::Path("/api/v1/events"));
        call.query.push(("fieldSelector", "involvedObject.name=a&b".to_owned()));
        call.query.push(("limit", "5".to_owned()));
        assert_eq!(call.uri(), "/api/v1/events?fieldSelector=involvedObject.name%3Da%26b&limit=5");
    }
}
