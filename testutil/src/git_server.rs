//! Git repositories over HTTPS, served by git itself: its `http-backend` behind a small CGI shim.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::Full;
use tokio::io::AsyncWriteExt;

use crate::Error;
use crate::https::HttpsServer;
use crate::pki::Pki;
use crate::processes::Scope;

/// The branch that a repository has from its first commit on.
const BRANCH: &str = "main";
/// How long one git command may take.
const LIMIT: Duration = Duration::from_secs(60);
const AUTHOR: &str = "Fluxgate Test <test@fluxgate.invalid>";
/// 2026-01-01, so that the same commits have the same names in each run.
const TIME: &str = "1767225600 +0000";

/// A server of Git repositories on loopback, for clone and fetch; dropping it ends it and its repositories.
#[derive(Debug)]
pub struct GitServer {
    https: HttpsServer,
    shared: Arc<Git>,
}

/// A bare repository of a [`GitServer`].
#[derive(Clone, Debug)]
pub struct Repository {
    url: String,
    folder: PathBuf,
    git: Arc<Git>,
}

impl GitServer {
    /// Starts a server whose certificate the authority has signed.
    ///
    /// # Errors
    /// When git is not installed or no server can be started.
    pub fn start(pki: &Pki) -> Result<Self, Error> {
        let git = Arc::new(Git::find()?);
        let repositories = git.scope.subfolder("repositories")?;
        let backend = Arc::clone(&git);
        let https = HttpsServer::start("git server", pki, move |request| {
            let (backend, repositories) = (Arc::clone(&backend), repositories.clone());
            async move { Ok(backend.serve(&repositories, request).await.map(Full::new)) }
        })?;
        Ok(Self { https, shared: git })
    }

    /// Returns the server's URL, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        self.https.url()
    }

    /// Returns the repository of this name; makes an empty one if there is none yet.
    ///
    /// # Panics
    /// When it cannot be made.
    #[must_use]
    pub fn repository(&self, name: &str) -> Repository {
        let folder = self.shared.scope.folder().join("repositories").join(format!("{name}.git"));
        if !folder.exists() {
            let path = folder.to_string_lossy();
            let branch = format!("--initial-branch={BRANCH}");
            self.shared
                .run(&["init", "--quiet", "--bare", &branch, &path], None)
                .expect("an empty repository");
        }
        Repository { url: format!("{}/{name}.git", self.url()), folder, git: Arc::clone(&self.shared) }
    }
}

impl Repository {
    /// Returns the URL to clone it from.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Adds or changes files on the branch main and returns the commit's name.
    ///
    /// # Panics
    /// When git refuses.
    pub fn commit(&self, files: &[(&str, &str)], message: &str) -> String {
        self.commit_to(BRANCH, files, message)
    }

    /// Adds or changes files on a branch, which is made from nothing if it is not there.
    ///
    /// # Panics
    /// When git refuses.
    pub fn commit_to(&self, branch: &str, files: &[(&str, &str)], message: &str) -> String {
        let change = |(path, content): &(&str, &str)| {
            format!("M 100644 inline {path}\ndata {}\n{content}\n", content.len())
        };
        self.import(branch, &files.iter().map(change).collect::<String>(), message)
    }

    /// Removes files or folders from the branch main and returns the commit's name.
    ///
    /// # Panics
    /// When git refuses.
    pub fn remove(&self, paths: &[&str], message: &str) -> String {
        self.import(BRANCH, &paths.iter().map(|path| format!("D {path}\n")).collect::<String>(), message)
    }

    /// Makes a branch, or moves it, to where main is.
    ///
    /// # Panics
    /// When git refuses, for example because main has no commit.
    pub fn branch(&self, name: &str) {
        self.git(&["branch", "--force", name, BRANCH]);
    }

    /// Tags the head of main.
    ///
    /// # Panics
    /// When git refuses, for example because the tag is there.
    pub fn tag(&self, name: &str) {
        self.git(&["tag", name, BRANCH]);
    }

    /// Returns the name of the last commit on main.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn head(&self) -> String {
        self.head_of(BRANCH)
    }

    /// Returns the name of the last commit of a branch or tag.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn head_of(&self, name: &str) -> String {
        self.git(&["rev-parse", "--verify", &format!("{name}^{{commit}}")])
    }

    fn import(&self, branch: &str, changes: &str, message: &str) -> String {
        let reference = format!("refs/heads/{branch}");
        let exists = self.git.run(&["-C", &self.path(), "show-ref", "--verify", "--quiet", &reference], None);
        let from = exists.map(|_| format!("from {reference}^0\n")).unwrap_or_default();
        let stream = format!(
            "commit {reference}\ncommitter {AUTHOR} {TIME}\ndata {}\n{message}\n{from}{changes}\n",
            message.len(),
        );
        let import = ["-C", &self.path(), "fast-import", "--quiet", "--date-format=raw"];
        self.git.run(&import, Some(&stream)).expect("a commit");
        self.head_of(branch)
    }

    fn git(&self, args: &[&str]) -> String {
        let path = self.path();
        let args: Vec<&str> = ["-C", &path].into_iter().chain(args.iter().copied()).collect();
        self.git.run(&args, None).expect("git does it").trim().to_owned()
    }

    fn path(&self) -> String {
        self.folder.to_string_lossy().into_owned()
    }
}

/// The git of this machine, with nobody's configuration.
#[derive(Debug)]
struct Git {
    scope: Scope,
}

impl Git {
    fn find() -> Result<Self, Error> {
        let git = Self { scope: Scope::new("git")? };
        git.run(&["--version"], None)?;
        Ok(git)
    }

    fn environment(&self) -> [(&'static str, std::ffi::OsString); 4] {
        [
            ("PATH", std::env::var_os("PATH").unwrap_or_default()),
            ("HOME", self.scope.folder().into()),
            ("GIT_CONFIG_GLOBAL", "/dev/null".into()),
            ("GIT_CONFIG_NOSYSTEM", "1".into()),
        ]
    }

    fn run(&self, args: &[&str], input: Option<&str>) -> Result<String, Error> {
        use std::io::Write;
        let failed = || Error::io(format!("git {}", args.join(" ")));
        let mut child = std::process::Command::new("git")
            .args(args)
            .env_clear()
            .envs(self.environment())
            .current_dir(self.scope.folder())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(failed())?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(input.unwrap_or_default().as_bytes()).map_err(failed())?;
        }
        let output = child.wait_with_output().map_err(failed())?;
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
            false => Err(Error::Command {
                command: format!("git {}", args.join(" ")),
                status: output.status.to_string(),
                output: String::from_utf8_lossy(&output.stderr).into_owned(),
            }),
        }
    }

    /// Answers one request as a web server does that runs `git http-backend` by CGI (RFC 3875).
    async fn serve(&self, repositories: &Path, request: Request<Bytes>) -> Response<Bytes> {
        match tokio::time::timeout(LIMIT, self.backend(repositories, &request)).await {
            Ok(Ok(output)) => cgi_response(&output).unwrap_or_else(|| refusal("git's answer is not one")),
            Ok(Err(error)) => refusal(&error.to_string()),
            Err(_) => refusal("git took too long"),
        }
    }

    async fn backend(&self, repositories: &Path, request: &Request<Bytes>) -> std::io::Result<Vec<u8>> {
        let header = |name: &str| {
            request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
        };
        let mut child = tokio::process::Command::new("git")
            .arg("http-backend")
            .env_clear()
            .envs(self.environment())
            .env("GIT_PROJECT_ROOT", repositories)
            .env("GIT_HTTP_EXPORT_ALL", "1")
            .env("GIT_PROTOCOL", header("git-protocol"))
            .env("HTTP_CONTENT_ENCODING", header("content-encoding"))
            .env("CONTENT_TYPE", header("content-type"))
            .env("CONTENT_LENGTH", request.body().len().to_string())
            .env("REQUEST_METHOD", request.method().as_str())
            .env("PATH_INFO", request.uri().path())
            .env("QUERY_STRING", request.uri().query().unwrap_or_default())
            .env("REMOTE_ADDR", "127.0.0.1")
            .current_dir(self.scope.folder())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let stdin = child.stdin.take();
        let feed = async {
            if let Some(mut stdin) = stdin {
                // git may answer without reading all of it.
                let _ = stdin.write_all(request.body()).await;
            }
        };
        let (output, ()) = tokio::join!(child.wait_with_output(), feed);
        Ok(output?.stdout)
    }
}

/// Reads a CGI answer: header lines, one of which may be the status, an empty line, the body.
fn cgi_response(output: &[u8]) -> Option<Response<Bytes>> {
    let end = output.windows(4).position(|four| four == b"\r\n\r\n")?;
    let mut response = Response::new(Bytes::copy_from_slice(&output[end + 4..]));
    for line in std::str::from_utf8(&output[..end]).ok()?.lines() {
        let (name, value) = line.split_once(':')?;
        let value = value.trim();
        if name.eq_ignore_ascii_case("status") {
            *response.status_mut() = value.split(' ').next()?.parse().ok()?;
        } else {
            let name = HeaderName::try_from(name).ok()?;
            response.headers_mut().append(name, HeaderValue::try_from(value).ok()?);
        }
    }
    Some(response)
}

fn refusal(reason: &str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(format!("{reason}\n")));
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}
