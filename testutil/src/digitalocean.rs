//! A stand-in for DigitalOcean's API: the routes of DOKS over HTTPS, in front of real control planes.
//!
//! What it answers has the shape of the real API. A token that it issues for a cluster is
//! accepted by that cluster's real API server, which asks here about every token it does not know, and refused once it has expired.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::Error;
use crate::control_plane::{ControlPlane, Setup, Size};
use crate::faults::{Answer, Fault};
use crate::https::{Failure, HttpsServer};
use crate::kubeconfig::{Kubeconfig, User};
use crate::machine::secret;
use crate::pki::Pki;
use crate::processes::Scope;

/// What the API itself takes where nobody says how long a credential is to last.
const A_WEEK: i64 = 7 * 24 * 3600;

/// Both scopes that credentials for a cluster need.
const SCOPES: [&str; 2] = ["kubernetes:read", "kubernetes:access_cluster"];

/// One account of DigitalOcean, with the clusters that tests put into it.
#[derive(Debug)]
pub struct DigitalOcean {
    https: HttpsServer,
    account: Arc<Mutex<Account>>,
    pki: Pki,
    token: String,
    scope: Scope,
    ca_path: PathBuf,
}

/// A cluster of the account with a real control plane behind it. It stays in the account when this is dropped.
#[derive(Debug)]
pub struct DoksCluster {
    /// Its id.
    pub id: String,
    /// Its control plane.
    pub plane: ControlPlane,
}

#[derive(Debug, Default)]
struct Account {
    /// The scopes of each token of the account.
    tokens: BTreeMap<String, Vec<String>>,
    clusters: Vec<Cluster>,
    issued: Vec<Issued>,
    faults: Vec<(String, usize, Fault)>,
    requests: Vec<String>,
    page_at_most: usize,
}

#[derive(Debug)]
struct Cluster {
    id: String,
    name: String,
    endpoint: String,
    authority: String,
    state: String,
    message: String,
    /// How often it is still seen being made.
    provisioning: usize,
    created: Timestamp,
}

#[derive(Debug)]
struct Issued {
    cluster: String,
    token: String,
    expires: Timestamp,
}

impl DigitalOcean {
    /// Starts an account without clusters.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start() -> Result<Self, Error> {
        let pki = Pki::new()?;
        let scope = Scope::new("digitalocean")?;
        let ca_path = scope.write("ca.crt", pki.ca_pem())?;
        let token = format!("dop_v1_{}{}", secret()?, secret()?);
        let mut account = Account { page_at_most: 200, ..Account::default() };
        account.tokens.insert(token.clone(), SCOPES.map(str::to_owned).to_vec());
        let account = Arc::new(Mutex::new(account));
        let given = Arc::clone(&account);
        let address = Arc::new(Mutex::new(String::new()));
        let own = Arc::clone(&address);
        let https = HttpsServer::start("stand-in for DigitalOcean", &pki, move |request| {
            let base = own.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let answer = lock(&given).answer(&base, &request);
            async move {
                match answer? {
                    Some(answer) => Ok(answer),
                    None => std::future::pending().await,
                }
            }
        })?;
        *address.lock().unwrap_or_else(PoisonError::into_inner) = https.url();
        Ok(Self { https, account, pki, token, scope, ca_path })
    }

    /// Returns the API's URL, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        self.https.url()
    }

    /// Returns a token of the account with the two scopes that credentials need.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Returns the authority that signed the API's certificate and those of its clusters.
    #[must_use]
    pub fn pki(&self) -> &Pki {
        &self.pki
    }

    /// Returns the file with that authority's certificate.
    #[must_use]
    pub fn ca_path(&self) -> &Path {
        &self.ca_path
    }

    /// Makes a token of the account with these scopes.
    ///
    /// # Panics
    /// When there is no randomness.
    #[must_use]
    pub fn token_with(&self, scopes: &[&str]) -> String {
        let token = format!("dop_v1_{}", secret().expect("a random word"));
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        lock(&self.account).tokens.insert(token.clone(), scopes);
        token
    }

    /// Starts a control plane and puts it into the account as a running cluster.
    ///
    /// # Errors
    /// As [`ControlPlane::start`].
    pub fn cluster(&self, name: &str, size: Size) -> Result<DoksCluster, Error> {
        let id = uuid()?;
        let webhook = Kubeconfig::new(
            &format!("{}/authenticate/{id}", self.url()),
            Some(&self.pki.ca_pem()),
            User::Anonymous,
        );
        let plane = ControlPlane::start_with(Setup {
            size,
            pki: Some(self.pki.clone()),
            token_webhook: Some(self.scope.write(&format!("{id}.webhook"), webhook.to_string())?),
        })?;
        self.put(&id, name, plane.server());
        Ok(DoksCluster { id, plane })
    }

    /// Puts a running cluster into the account whose API server is at `endpoint`, where nobody needs to listen.
    ///
    /// # Panics
    /// When there is no randomness.
    #[must_use]
    pub fn listed(&self, name: &str, endpoint: &str) -> String {
        let id = uuid().expect("a random word");
        self.put(&id, name, endpoint);
        id
    }

    fn put(&self, id: &str, name: &str, endpoint: &str) {
        lock(&self.account).clusters.push(Cluster {
            id: id.to_owned(),
            name: name.to_owned(),
            endpoint: endpoint.to_owned(),
            authority: STANDARD.encode(self.pki.ca_pem()),
            state: "running".into(),
            message: String::new(),
            provisioning: 0,
            created: Timestamp::now(),
        });
    }

    /// Takes a cluster out of the account, as when it was deleted; its tokens are refused.
    pub fn remove(&self, id: &str) {
        let mut account = lock(&self.account);
        account.clusters.retain(|cluster| cluster.id != id);
        account.issued.retain(|issued| issued.cluster != id);
    }

    /// Lets the API tell another address for a cluster, for example that of a proxy in front of it.
    pub fn set_endpoint(&self, id: &str, endpoint: &str) {
        self.change(id, |cluster| cluster.endpoint = endpoint.to_owned());
    }

    /// Lets the API tell another authority for a cluster: what is to stand in `certificate_authority_data`.
    pub fn set_authority(&self, id: &str, data: &str) {
        self.change(id, |cluster| cluster.authority = data.to_owned());
    }

    /// Sets a cluster's state and the message beside it.
    pub fn set_state(&self, id: &str, state: &str, message: &str) {
        self.change(id, |cluster| (cluster.state, cluster.message) = (state.to_owned(), message.to_owned()));
    }

    /// Lets a cluster be seen as being made, as often as this, and then as running.
    pub fn set_provisioning(&self, id: &str, times: usize) {
        self.change(id, |cluster| cluster.provisioning = times);
    }

    fn change(&self, id: &str, change: impl FnOnce(&mut Cluster)) {
        let mut account = lock(&self.account);
        change(
            account.clusters.iter_mut().find(|cluster| cluster.id == id).expect("a cluster of the account"),
        );
    }

    /// Sets how many clusters a page holds at most, so that a few of them fill several.
    pub fn set_page(&self, at_most: usize) {
        lock(&self.account).page_at_most = at_most;
    }

    /// Ends the life of all tokens that were issued so far.
    pub fn expire_tokens(&self) {
        for issued in &mut lock(&self.account).issued {
            issued.expires = Timestamp::UNIX_EPOCH;
        }
    }

    /// Spoils the next `times` requests whose line (`GET /v2/kubernetes/clusters?page=1`) contains this part.
    pub fn spoil(&self, part: &str, times: usize, fault: Fault) {
        lock(&self.account).faults.push((part.to_owned(), times, fault));
    }

    /// Returns the lines of all requests of clients that came.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        lock(&self.account).requests.clone()
    }

    /// Returns all tokens that were issued for a cluster.
    #[must_use]
    pub fn issued(&self, id: &str) -> Vec<String> {
        let account = lock(&self.account);
        account.issued.iter().filter(|it| it.cluster == id).map(|it| it.token.clone()).collect()
    }

    /// Returns what it answers to somebody with the account's token, as status and body.
    ///
    /// # Panics
    /// When the path is none.
    #[must_use]
    pub fn look(&self, path: &str) -> (u16, Value) {
        let request = Request::get(path)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .body(Bytes::new())
            .expect("a request");
        let answer = lock(&self.account).route(&self.url(), &request).into_response();
        let status = answer.status().as_u16();
        let text = String::from_utf8_lossy(answer.body()).into_owned();
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }
}

/// The answer to too many requests within a minute: it says when to come back.
#[must_use]
pub fn too_many_at_once(seconds: u32) -> Fault {
    Fault::Answer(
        refusal(429, "too_many_requests", "API Rate limit exceeded.")
            .header("retry-after", &seconds.to_string()),
    )
}

/// The answer to too many requests within an hour: it says only when the hour is over.
#[must_use]
pub fn too_many_in_the_hour(left: Duration) -> Fault {
    let reset = Timestamp::now() + SignedDuration::try_from(left).unwrap_or_default();
    Fault::Answer(limits(refusal(429, "too_many_requests", "API Rate limit exceeded."), 0, reset))
}

impl Account {
    /// The answer to a request; none where it never comes.
    fn answer(
        &mut self,
        base: &str,
        request: &Request<Bytes>,
    ) -> Result<Option<Response<Full<Bytes>>>, Failure> {
        if let Some(id) = request.uri().path().strip_prefix("/authenticate/") {
            return Ok(Some(self.review(id, request.body()).into_response().map(Full::new)));
        }
        let line = format!("{} {}", request.method(), request.uri());
        let fault =
            self.faults.iter_mut().find(|(part, times, _)| *times > 0 && line.contains(part.as_str()));
        self.requests.push(line);
        let answer = match fault {
            None => self.route(base, request),
            Some((_, times, fault)) => {
                *times -= 1;
                match fault.clone() {
                    Fault::Answer(answer) => answer,
                    Fault::Cut => return Err("the connection is cut".into()),
                    Fault::LostAnswer => {
                        self.route(base, request);
                        return Err("the answer is lost".into());
                    }
                    Fault::Silence => {
                        self.route(base, request);
                        return Ok(None);
                    }
                }
            }
        };
        Ok(Some(answer.into_response().map(Full::new)))
    }

    fn route(&mut self, base: &str, request: &Request<Bytes>) -> Answer {
        let bearer = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let scopes =
            bearer.and_then(|value| value.strip_prefix("Bearer ")).and_then(|token| self.tokens.get(token));
        let Some(scopes) = scopes else {
            return refusal(401, "unauthorized", "Unable to authenticate you.");
        };
        let path = request.uri().path();
        let Some(rest) = path.strip_prefix("/v2/kubernetes/clusters") else {
            return refusal(404, "not_found", "The resource you were accessing could not be found.");
        };
        let parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).collect();
        let needed = match parts.as_slice() {
            [] | [_] => "kubernetes:read",
            _ => "kubernetes:access_cluster",
        };
        if !scopes.iter().any(|scope| scope == needed) {
            return refusal(403, "forbidden", "You are not authorized to perform this operation");
        }
        if request.method() != Method::GET {
            return refusal(405, "method_not_allowed", "The method is not allowed for this resource.");
        }
        let answer = match parts.as_slice() {
            [] => self.page(base, &query(request)),
            [id] => self.found(id).map_or_else(not_found, |cluster| {
                let told = json!({ "kubernetes_cluster": cluster.told() });
                // It is a little further each time it is looked at.
                cluster.provisioning = cluster.provisioning.saturating_sub(1);
                success(&told)
            }),
            [id, "credentials"] => self.credentials(id, &query(request)),
            [id, "kubeconfig"] => self.kubeconfig(id, &query(request)),
            _ => refusal(404, "not_found", "The resource you were accessing could not be found."),
        };
        limits(answer, 4_999, Timestamp::now() + SignedDuration::from_hours(1))
    }

    /// The cluster of an id, which must be a UUID as in the real API.
    fn found(&mut self, id: &str) -> Option<&mut Cluster> {
        self.clusters.iter_mut().find(|cluster| cluster.id == id)
    }

    fn page(&self, base: &str, query: &BTreeMap<String, String>) -> Answer {
        let number = |name: &str, default: usize| match query.get(name) {
            None => Some(default),
            Some(text) => text.parse::<usize>().ok().filter(|number| *number >= 1),
        };
        let (Some(page), Some(per_page)) = (number("page", 1), number("per_page", 20)) else {
            return refusal(400, "bad_request", "page and per_page are numbers from 1 on.");
        };
        let size = per_page.min(200).min(self.page_at_most);
        let last = self.clusters.len().div_ceil(size).max(1);
        let link =
            |page: usize| json!(format!("{base}/v2/kubernetes/clusters?page={page}&per_page={per_page}"));
        let mut pages = serde_json::Map::new();
        if page > 1 {
            pages.insert("first".into(), link(1));
            pages.insert("prev".into(), link(page - 1));
        }
        if page < last {
            pages.insert("next".into(), link(page + 1));
            pages.insert("last".into(), link(last));
        }
        let links = if pages.is_empty() { json!({}) } else { json!({ "pages": pages }) };
        let told: Vec<Value> =
            self.clusters.iter().skip((page - 1) * size).take(size).map(Cluster::told).collect();
        success(
            &json!({ "kubernetes_clusters": told, "links": links, "meta": { "total": self.clusters.len() } }),
        )
    }

    fn credentials(&mut self, id: &str, query: &BTreeMap<String, String>) -> Answer {
        let (token, expires) = match self.issue(id, query) {
            Ok(issued) => issued,
            Err(refusal) => return *refusal,
        };
        let Some(cluster) = self.found(id) else { return not_found() };
        success(&json!({
            "server": cluster.endpoint,
            "certificate_authority_data": cluster.authority,
            "client_certificate_data": null,
            "client_key_data": null,
            "token": token,
            "expires_at": expires.to_string(),
        }))
    }

    fn kubeconfig(&mut self, id: &str, query: &BTreeMap<String, String>) -> Answer {
        let (token, _) = match self.issue(id, query) {
            Ok(issued) => issued,
            Err(refusal) => return *refusal,
        };
        let Some(cluster) = self.found(id) else { return not_found() };
        let name = format!("do-nyc1-{}", cluster.name);
        let text = format!(
            "apiVersion: v1\nclusters:\n- cluster:\n    certificate-authority-data: {}\n    server: {}\n  name: {name}\ncontexts:\n- context:\n    cluster: {name}\n    user: {name}-admin\n  name: {name}\ncurrent-context: {name}\nkind: Config\npreferences: {{}}\nusers:\n- name: {name}-admin\n  user:\n    token: {token}\n",
            cluster.authority, cluster.endpoint
        );
        Answer::new(200, &text).header("content-type", "application/yaml")
    }

    fn issue(
        &mut self,
        id: &str,
        query: &BTreeMap<String, String>,
    ) -> Result<(String, Timestamp), Box<Answer>> {
        let seconds = match query.get("expiry_seconds").map(|text| text.parse::<i64>()) {
            None | Some(Ok(0)) => A_WEEK,
            Some(Ok(seconds)) if seconds > 0 => seconds,
            Some(_) => {
                return Err(Box::new(refusal(400, "bad_request", "expiry_seconds is a number from 0 on.")));
            }
        };
        if self.found(id).is_none() {
            return Err(Box::new(not_found()));
        }
        let token = format!("{}{}", secret().unwrap_or_default(), secret().unwrap_or_default());
        let expires = Timestamp::now() + SignedDuration::from_secs(seconds);
        self.issued.push(Issued { cluster: id.to_owned(), token: token.clone(), expires });
        Ok((token, expires))
    }

    /// What a cluster's API server is told about a token: the webhook of Kubernetes' token authentication.
    fn review(&self, id: &str, body: &Bytes) -> Answer {
        let review: Value = serde_json::from_slice(body).unwrap_or_default();
        let token = review["spec"]["token"].as_str().unwrap_or_default();
        let now = Timestamp::now();
        let good = self.issued.iter().any(|it| it.cluster == id && it.token == token && it.expires > now);
        let status = if good {
            json!({ "authenticated": true, "user": { "username": "somebody@example.com", "groups": ["system:masters"] } })
        } else {
            json!({ "authenticated": false })
        };
        success(&json!({ "apiVersion": review["apiVersion"], "kind": "TokenReview", "status": status }))
    }
}

impl Cluster {
    fn told(&self) -> Value {
        let making = self.provisioning > 0;
        let (state, message) = match (making, self.state.as_str(), self.message.as_str()) {
            (true, "running", "") => ("provisioning", "the control plane is being made"),
            (true, "running", message) => ("provisioning", message),
            (_, state, message) => (state, message),
        };
        let mut status = json!({ "state": state });
        if !message.is_empty() {
            status["message"] = message.into();
        }
        let created = self.created.to_string();
        let mut told = json!({
            "id": self.id,
            "name": self.name,
            "region": "nyc1",
            "version": "1.36.4-do.0",
            "cluster_subnet": "10.244.0.0/16",
            "service_subnet": "10.245.0.0/16",
            "vpc_uuid": "c33931f2-a26a-4e61-b85c-4e95a2ec431b",
            "tags": ["k8s", format!("k8s:{}", self.id)],
            "node_pools": [],
            "maintenance_policy": { "start_time": "00:00", "duration": "4h0m0s", "day": "any" },
            "auto_upgrade": false,
            "status": status,
            "created_at": created,
            "updated_at": created,
            "surge_upgrade": true,
            "ha": true,
            "registry_enabled": false,
        });
        // It has none before there is one.
        if !making {
            told["endpoint"] = self.endpoint.as_str().into();
        }
        told
    }
}

fn query(request: &Request<Bytes>) -> BTreeMap<String, String> {
    let query = request.uri().query().unwrap_or_default();
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn success(body: &Value) -> Answer {
    Answer::new(StatusCode::OK.as_u16(), &body.to_string()).header("content-type", "application/json")
}

fn refusal(status: u16, id: &str, message: &str) -> Answer {
    let body = json!({ "id": id, "message": message, "request_id": "4d9d8375-3c56-4925-a3e7-eb137fed17e9" });
    Answer::new(status, &body.to_string()).header("content-type", "application/json")
}

fn not_found() -> Answer {
    refusal(404, "not_found", "The resource you were accessing could not be found.")
}

fn limits(answer: Answer, remaining: u32, reset: Timestamp) -> Answer {
    answer
        .header("ratelimit-limit", "5000")
        .header("ratelimit-remaining", &remaining.to_string())
        .header("ratelimit-reset", &reset.as_second().to_string())
}

fn uuid() -> Result<String, Error> {
    let digits = secret()?;
    Ok(format!(
        "{}-{}-4{}-a{}-{}",
        &digits[..8],
        &digits[8..12],
        &digits[13..16],
        &digits[17..20],
        &digits[20..32]
    ))
}

fn lock(account: &Mutex<Account>) -> MutexGuard<'_, Account> {
    account.lock().unwrap_or_else(PoisonError::into_inner)
}
