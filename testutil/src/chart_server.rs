//! A chart repository over HTTPS, made from packaged charts.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use futures::{StreamExt, stream};
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST, WWW_AUTHENTICATE};
use http::{Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::Error;
use crate::faults::Answer;
use crate::https::{Failure, HttpsServer};
use crate::pki::Pki;
use crate::processes::Scope;
use crate::requirements::test_data;

/// Where the repository lies on its server; a URL with a path shows who forgets it.
const FOLDER: &str = "/charts";
/// Where archives lie on a host of their own.
const ELSEWHERE: &str = "/archives";
/// When all charts were made, so that the same charts have the same index in each run.
const CREATED: &str = "2026-01-01T00:00:00Z";
/// The charts of [`ChartServer::flux2`], in the folder charts/ of the test data.
const FLUX2: [&str; 3] = ["flux2-2.16.4.tgz", "flux2-2.17.2.tgz", "flux2-2.18.3.tgz"];

type Body = UnsyncBoxBody<Bytes, Failure>;

/// A server of packaged charts on loopback, with an index of its own making; dropping it ends it.
#[derive(Debug)]
pub struct ChartServer {
    index: HttpsServer,
    _elsewhere: Option<HttpsServer>,
    shelf: Arc<Mutex<Shelf>>,
    ca_pem: String,
    ca_file: PathBuf,
    _scope: Scope,
}

/// How a [`ChartServer`] serves.
#[derive(Clone, Debug, Default)]
pub struct ChartServerOptions {
    /// The user and password without which the repository answers 401.
    pub credentials: Option<(String, String)>,
    /// Whether only clients with a certificate of the server's authority are let in.
    pub members_only: bool,
    /// The index names archives by absolute URLs on a second server, another port of the same host, which
    /// asks for no credentials.
    pub archives_elsewhere: bool,
}

/// A request that came to a [`ChartServer`], to the repository itself or to its second server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChartRequest {
    /// The host and port that the client asked.
    pub host: String,
    /// The path, with the query if there is one.
    pub path: String,
    /// Whether it came with a header `Authorization`.
    pub authorization: bool,
    /// What the client calls itself; empty where it does not say.
    pub user_agent: String,
}

/// What becomes of a request that is not served as it should be.
#[derive(Clone, Debug)]
pub enum Trouble {
    /// It gets this answer.
    Answer(Answer),
    /// The connection is cut before the answer.
    Cut,
    /// Its answer begins, and the connection is cut in the middle of it.
    Truncated,
    /// It is never answered.
    Silence,
    /// Its answer comes in so many pieces, with this pause before each.
    Slow(u32, Duration),
}

impl ChartServer {
    /// Starts a server whose certificate the authority has signed.
    ///
    /// # Errors
    /// When no server can be started.
    pub fn start(
        pki: &Pki,
        charts: impl IntoIterator<Item = PackagedChart>,
        options: ChartServerOptions,
    ) -> Result<Self, Error> {
        let scope = Scope::new("charts")?;
        let ca_pem = pki.ca_pem();
        let ca_file = scope.write("ca.crt", &ca_pem)?;
        let shelf = Shelf {
            charts: charts.into_iter().collect(),
            credentials: options.credentials,
            ..Shelf::default()
        };
        let shelf = Arc::new(Mutex::new(shelf));
        let serve = |name: &str| {
            let shelf = Arc::clone(&shelf);
            let tls = match options.members_only {
                true => pki.server_config_for_members()?,
                false => pki.serving_certificate()?.server_config()?,
            };
            HttpsServer::start_with(name, tls, move |request| {
                let reply = lock(&shelf).reply(&request);
                async move { reply.send().await }
            })
        };
        let elsewhere = options.archives_elsewhere.then(|| serve("archive server")).transpose()?;
        if let Some(elsewhere) = &elsewhere {
            lock(&shelf).prefix = format!("{}{ELSEWHERE}/", elsewhere.url());
        }
        let index = serve("chart server")?;
        Ok(Self { index, _elsewhere: elsewhere, shelf, ca_pem, ca_file, _scope: scope })
    }

    /// Starts a server, with an authority of its own, of the charts flux2 2.16.4, 2.17.2 and 2.18.3.
    ///
    /// # Errors
    /// [`Error::TestData`] where the test data are missing; when no server can be started.
    pub fn flux2() -> Result<Self, Error> {
        let folder = test_data()?.join("charts");
        let charts = FLUX2.iter().map(|name| PackagedChart::read(&folder.join(name)));
        Self::start(&Pki::new()?, charts.collect::<Result<Vec<_>, _>>()?, ChartServerOptions::default())
    }

    /// Returns the repository's URL, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}{FOLDER}", self.index.url())
    }

    /// Returns the certificate of the authority that signed the server's certificate, PEM.
    #[must_use]
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// Returns a file with [`ChartServer::ca_pem`]; it goes with the server.
    #[must_use]
    pub fn ca_file(&self) -> &Path {
        &self.ca_file
    }

    /// Puts one more chart into the repository.
    pub fn add(&self, chart: PackagedChart) {
        lock(&self.shelf).charts.push(chart);
    }

    /// Takes a chart out of the index and its archive off the server.
    pub fn remove(&self, name: &str, version: &str) {
        lock(&self.shelf).charts.retain(|chart| chart.name != name || chart.version != version);
    }

    /// Serves this text as index.yaml from now on.
    pub fn set_index(&self, text: impl Into<Bytes>) {
        lock(&self.shelf).index = Some(text.into());
    }

    /// Returns index.yaml as it is served.
    ///
    /// # Panics
    /// When a text that is not UTF-8 was set.
    #[must_use]
    pub fn index(&self) -> String {
        String::from_utf8(lock(&self.shelf).index().to_vec()).expect("text")
    }

    /// Spoils the next `times` requests whose path contains this part.
    pub fn spoil(&self, part: &str, times: usize, trouble: Trouble) {
        lock(&self.shelf).orders.push(Order { part: part.into(), times, trouble });
    }

    /// Returns all requests that came, in their order.
    #[must_use]
    pub fn requests(&self) -> Vec<ChartRequest> {
        lock(&self.shelf).seen.clone()
    }
}

/// A chart in an archive.
#[derive(Clone)]
pub struct PackagedChart {
    /// The chart's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The archive, a .tgz.
    pub archive: Bytes,
    metadata: Map<String, Value>,
}

impl PackagedChart {
    /// Reads an archive from a file.
    ///
    /// # Errors
    /// When the file cannot be read or holds no chart.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let failed = || Error::io(format!("the chart {} cannot be read", path.display()));
        let archive = std::fs::read(path).map_err(failed())?;
        Self::from_archive(archive).map_err(|error| failed()(std::io::Error::other(error)))
    }

    /// Packages a folder that holds a chart, whole: .helmignore is not looked at.
    ///
    /// # Errors
    /// When the folder cannot be read or holds no chart.
    pub fn from_folder(folder: &Path) -> Result<Self, Error> {
        let failed = || Error::io(format!("the chart {} cannot be packaged", folder.display()));
        let mut files = Vec::new();
        collect(folder, "", &mut files).map_err(failed())?;
        let files: Vec<(&str, &[u8])> =
            files.iter().map(|(name, data)| (name.as_str(), data.as_slice())).collect();
        Self::packaged(&files).map_err(|error| failed()(std::io::Error::other(error)))
    }

    /// Packages files; their names are paths within the chart, and one is Chart.yaml.
    ///
    /// # Panics
    /// When there is no Chart.yaml with a name and a version.
    #[must_use]
    pub fn new(files: &[(&str, &str)]) -> Self {
        let files: Vec<_> = files.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
        Self::packaged(&files).expect("a chart")
    }

    /// Packages a chart that makes one ConfigMap, for tests that care for its name and version only.
    #[must_use]
    pub fn small(name: &str, version: &str) -> Self {
        let metadata = format!("apiVersion: v2\nname: {name}\nversion: {version}\nappVersion: \"1.0\"\n");
        let map = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n";
        Self::new(&[("Chart.yaml", &metadata), ("values.yaml", ""), ("templates/map.yaml", map)])
    }

    /// Returns the SHA-256 digest of the archive, in hexadecimal digits.
    #[must_use]
    pub fn digest(&self) -> String {
        Sha256::digest(&self.archive).iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// Returns the name under which the archive is served.
    #[must_use]
    pub fn file_name(&self) -> String {
        format!("{}-{}.tgz", self.name, self.version)
    }

    fn packaged(files: &[(&str, &[u8])]) -> Result<Self, Failure> {
        let chart = files.iter().find(|(name, _)| *name == "Chart.yaml").ok_or("it has no Chart.yaml")?;
        let (name, version, metadata) = metadata(chart.1)?;
        let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
        for (path, data) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(data.len() as u64);
            header.set_mode(0o644);
            tar.append_data(&mut header, format!("{name}/{path}"), *data)?;
        }
        let archive = tar.into_inner()?.finish()?.into();
        Ok(Self { name, version, archive, metadata })
    }

    fn from_archive(archive: Vec<u8>) -> Result<Self, Failure> {
        let mut tar = tar::Archive::new(GzDecoder::new(archive.as_slice()));
        for entry in tar.entries()? {
            let mut entry = entry?;
            let path = entry.path()?;
            if path.components().count() != 2 || !path.ends_with("Chart.yaml") {
                continue;
            }
            let mut text = Vec::new();
            entry.read_to_end(&mut text)?;
            let (name, version, metadata) = metadata(&text)?;
            return Ok(Self { name, version, archive: archive.into(), metadata });
        }
        Err("it has no Chart.yaml".into())
    }
}

impl std::fmt::Debug for PackagedChart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PackagedChart({} {}, {} bytes)", self.name, self.version, self.archive.len())
    }
}

fn metadata(text: &[u8]) -> Result<(String, String, Map<String, Value>), Failure> {
    let metadata: Map<String, Value> = serde_saphyr::from_str(std::str::from_utf8(text)?)?;
    let word = |key: &str| metadata.get(key).and_then(Value::as_str).map(str::to_owned);
    let name = word("name").ok_or("Chart.yaml has no name")?;
    let version = word("version").ok_or("Chart.yaml has no version")?;
    Ok((name, version, metadata))
}

fn collect(folder: &Path, under: &str, files: &mut Vec<(String, Vec<u8>)>) -> std::io::Result<()> {
    let entries = std::fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    let mut paths: Vec<_> = entries.iter().map(std::fs::DirEntry::path).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            collect(&path, &format!("{under}{name}/"), files)?;
        } else {
            let mut data = Vec::new();
            File::open(&path)?.read_to_end(&mut data)?;
            files.push((format!("{under}{name}"), data));
        }
    }
    Ok(())
}

/// What is served, and what came.
#[derive(Debug, Default)]
struct Shelf {
    charts: Vec<PackagedChart>,
    credentials: Option<(String, String)>,
    /// What stands before the names of archives in the index.
    prefix: String,
    index: Option<Bytes>,
    orders: Vec<Order>,
    seen: Vec<ChartRequest>,
}

#[derive(Debug)]
struct Order {
    part: String,
    times: usize,
    trouble: Trouble,
}

impl Shelf {
    fn reply(&mut self, request: &Request<Bytes>) -> Reply {
        let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
        let path = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
        self.seen.push(ChartRequest {
            host: header(HOST).unwrap_or_default().to_owned(),
            path: path.clone(),
            authorization: header(AUTHORIZATION).is_some(),
            user_agent: header(http::header::USER_AGENT).unwrap_or_default().to_owned(),
        });
        let trouble =
            self.orders.iter_mut().find(|order| order.times > 0 && path.contains(&order.part)).map(|order| {
                order.times -= 1;
                order.trouble.clone()
            });
        let response = match self.credentials.as_ref().filter(|_| path.starts_with(FOLDER)) {
            Some(wanted) if header(AUTHORIZATION) != Some(basic(wanted).as_str()) => unauthorized(),
            _ => self.serve(request.uri().path()),
        };
        Reply { trouble, response }
    }

    fn serve(&self, path: &str) -> Response<Bytes> {
        let Some(name) = path.strip_prefix(FOLDER).or_else(|| path.strip_prefix(ELSEWHERE)) else {
            return answer(StatusCode::NOT_FOUND, "text/plain", "not here\n".into());
        };
        if name == "/index.yaml" && path.starts_with(FOLDER) {
            return answer(StatusCode::OK, "text/yaml", self.index());
        }
        match self.charts.iter().find(|chart| Some(chart.file_name().as_str()) == name.strip_prefix('/')) {
            Some(chart) => answer(StatusCode::OK, "application/gzip", chart.archive.clone()),
            None => answer(StatusCode::NOT_FOUND, "text/plain", "no such chart\n".into()),
        }
    }

    /// The index, in the block style of `helm repo index` with values in the flow style of JSON.
    fn index(&self) -> Bytes {
        if let Some(text) = &self.index {
            return text.clone();
        }
        let mut text = "apiVersion: v1\nentries:\n".to_owned();
        let mut charts: Vec<_> = self.charts.iter().collect();
        charts.sort_by(|a, b| a.name.cmp(&b.name));
        let mut last = "";
        for chart in charts {
            if chart.name != last {
                let _ = writeln!(text, "  {}:", chart.name);
                last = &chart.name;
            }
            let url = Value::from(format!("{}{}", self.prefix, chart.file_name()));
            let _ = writeln!(text, "  - created: \"{CREATED}\"\n    digest: {}", Value::from(chart.digest()));
            let _ = writeln!(text, "    urls:\n    - {url}");
            for (key, value) in &chart.metadata {
                let _ = writeln!(text, "    {key}: {value}");
            }
        }
        let _ = writeln!(text, "generated: \"{CREATED}\"");
        text.into()
    }
}

/// An answer, and what is done to it.
struct Reply {
    trouble: Option<Trouble>,
    response: Response<Bytes>,
}

impl Reply {
    async fn send(self) -> Result<Response<Body>, Failure> {
        let whole = |response: Response<Bytes>| {
            response.map(|body| Full::new(body).map_err(|never| match never {}).boxed_unsync())
        };
        match self.trouble {
            None => Ok(whole(self.response)),
            Some(Trouble::Answer(answer)) => Ok(whole(answer.into_response())),
            Some(Trouble::Cut) => Err("the connection is cut".into()),
            Some(Trouble::Silence) => std::future::pending().await,
            Some(Trouble::Slow(pieces, pause)) => {
                let (mut head, body) = self.response.into_parts();
                head.headers.insert(CONTENT_LENGTH, body.len().into());
                let size = body.len().div_ceil(pieces.max(1) as usize).max(1);
                let parts: Vec<Bytes> = body.chunks(size).map(Bytes::copy_from_slice).collect();
                let parts = stream::iter(parts).then(move |part| async move {
                    tokio::time::sleep(pause).await;
                    Ok(Frame::data(part))
                });
                Ok(Response::from_parts(head, StreamBody::new(parts).boxed_unsync()))
            }
            Some(Trouble::Truncated) => {
                let (mut head, body) = self.response.into_parts();
                head.headers.insert(CONTENT_LENGTH, body.len().into());
                let half = Ok(Frame::data(body.slice(..body.len() / 2)));
                let cut = Err("the connection is cut".into());
                Ok(Response::from_parts(head, StreamBody::new(stream::iter([half, cut])).boxed_unsync()))
            }
        }
    }
}

fn basic((user, password): &(String, String)) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

fn unauthorized() -> Response<Bytes> {
    let mut response = answer(StatusCode::UNAUTHORIZED, "text/plain", "who are you?\n".into());
    let realm = http::HeaderValue::from_static("Basic realm=\"charts\"");
    response.headers_mut().insert(WWW_AUTHENTICATE, realm);
    response
}

fn answer(status: StatusCode, content_type: &'static str, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static(content_type));
    response
}

fn lock(shelf: &Mutex<Shelf>) -> MutexGuard<'_, Shelf> {
    shelf.lock().unwrap_or_else(PoisonError::into_inner)
}
