//! The probe provider as a process: the handshake, who may talk to it, and how it ends.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests end in a panic with the full story"
)]
#![cfg(unix)]

use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tfplugin::codec::encode_msgpack;
use tfplugin::host::{self, Certificate, Host, HostError};
use tfplugin::rpc::messages::{self as m, DynamicValue};
use tfplugin::rpc::provider::Client;
use tfplugin::value::{Type, Value};

/// The example that cargo builds beside this test.
fn probe() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let probe = tests.parent().and_then(Path::parent).unwrap().join("examples/probe");
    assert!(probe.exists(), "{} is missing: run `cargo build --example probe` first", probe.display());
    probe
}

/// The probe with a folder for its temporary files, and without what the environment of the tests may say.
fn command(temporary: &TempDir) -> Command {
    let mut command = Command::new(probe());
    command.env("TMPDIR", temporary.path());
    for name in [
        "TF_LOG",
        "TF_LOG_PROVIDER",
        "TF_PLUGIN_MAGIC_COOKIE",
        "PLUGIN_PROTOCOL_VERSIONS",
        "PLUGIN_UNIX_SOCKET_DIR",
    ] {
        command.env_remove(name);
    }
    command
}

fn temporary() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn is_empty(folder: &TempDir) -> bool {
    folder.path().read_dir().unwrap().next().is_none()
}

fn kill(pid: u32, signal: &str) {
    assert!(Command::new("kill").args([signal, &pid.to_string()]).status().unwrap().success());
}

async fn schema(host: &Host) -> m::get_provider_schema::Response {
    host.provider().get_provider_schema(m::get_provider_schema::Request {}).await.unwrap().into_inner()
}

#[tokio::test]
async fn the_host_is_served_and_nothing_is_left_behind() {
    let temporary = temporary();
    let host = Host::start(command(&temporary)).await.unwrap();
    assert!(schema(&host).await.resource_schemas.contains_key("probe_thing"));
    let (socket, certificate) = host::parse(host.line()).unwrap();
    assert!(certificate.is_some());
    assert!(socket.starts_with(temporary.path()));
    assert_eq!(socket.parent().unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o700);
    assert!(host.end().await.unwrap().success());
    assert!(is_empty(&temporary));
}

#[tokio::test]
async fn only_the_host_that_started_it_is_let_in() {
    let temporary = temporary();
    let certificate = Certificate::generate().unwrap();
    let (mut process, line, _) = host::start(command(&temporary), Some(certificate.pem())).await.unwrap();
    let (socket, server) = host::parse(&line).unwrap();
    let call = async |server: Option<Vec<u8>>, certificate: Option<&Certificate>| -> Result<(), HostError> {
        let channel = host::connect(socket.clone(), server, certificate).await?;
        Client::new(channel).get_provider_schema(m::get_provider_schema::Request {}).await?;
        Ok(())
    };
    let other = Certificate::generate().unwrap();
    assert!(call(server.clone(), None).await.is_err(), "no certificate");
    assert!(call(server.clone(), Some(&other)).await.is_err(), "another certificate");
    assert!(call(None, None).await.is_err(), "no TLS");
    call(server.clone(), Some(&certificate)).await.unwrap();
    call(server, Some(&certificate)).await.unwrap();
    process.kill().await.unwrap();
}

/// Someone who has seen the host's certificate, which is no secret, but lacks its key.
#[tokio::test]
async fn a_certificate_without_its_key_is_refused() {
    let temporary = temporary();
    let certificate = Certificate::generate().unwrap();
    let (mut process, line, _) = host::start(command(&temporary), Some(certificate.pem())).await.unwrap();
    let (socket, server) = host::parse(&line).unwrap();
    let stolen = certificate.with_key_of(&Certificate::generate().unwrap());
    let channel = host::connect(socket, server, Some(&stolen)).await;
    let called = match channel {
        Ok(channel) => {
            Client::new(channel).get_provider_schema(m::get_provider_schema::Request {}).await.is_ok()
        }
        Err(_) => false,
    };
    assert!(!called);
    process.kill().await.unwrap();
}

#[tokio::test]
async fn a_host_without_tls_and_one_with_a_folder_are_served() {
    let (temporary, folder) = (temporary(), temporary());
    let mut command = command(&temporary);
    command.env("PLUGIN_UNIX_SOCKET_DIR", folder.path()).env("PLUGIN_MULTIPLEX_GRPC", "true");
    let (mut process, line, _) = host::start(command, None).await.unwrap();
    assert!(line.ends_with("|grpc||false"), "{line}");
    let (socket, server) = host::parse(&line).unwrap();
    assert!(server.is_none() && socket.starts_with(folder.path()));
    let channel = host::connect(socket, None, None).await.unwrap();
    Client::new(channel).get_provider_schema(m::get_provider_schema::Request {}).await.unwrap();
    process.kill().await.unwrap();
}

#[tokio::test]
async fn an_interrupt_is_the_hosts_business_and_a_termination_is_a_clean_end() {
    let temporary = temporary();
    let host = Host::start(command(&temporary)).await.unwrap();
    kill(host.pid().unwrap(), "-INT");
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(schema(&host).await.provider.is_some(), "still there");

    let certificate = Certificate::generate().unwrap();
    let (mut process, _, _) = host::start(command(&temporary), Some(certificate.pem())).await.unwrap();
    kill(process.id().unwrap(), "-TERM");
    let status = tokio::time::timeout(Duration::from_secs(5), process.wait()).await.unwrap().unwrap();
    assert!(status.success());
    host.end().await.unwrap();
    assert!(is_empty(&temporary));
}

#[tokio::test]
async fn a_termination_cancels_what_is_in_flight_and_waits_for_its_answer() {
    let (temporary, objects) = (temporary(), temporary());
    let host = Host::start(command(&temporary)).await.unwrap();
    let mut provider = host.provider();
    let ty = Type::object([("folder", Type::String), ("mode", Type::String), ("key", Type::String)]);
    let folder = Value::object([("folder", objects.path().to_str().unwrap().into())]);
    let config = DynamicValue { msgpack: encode_msgpack(&folder, &ty).unwrap(), json: Vec::new() };
    let configure = m::configure_provider::Request { config: Some(config), ..Default::default() };
    provider.configure_provider(configure).await.unwrap();

    let schema = schema(&host).await.resource_schemas.remove("probe_thing").unwrap();
    let attributes = schema.block.unwrap().attributes;
    let null = |name: &str| !["name", "spec"].contains(&name);
    let mut planned: Vec<(String, Value)> =
        attributes.iter().filter(|a| null(&a.name)).map(|a| (a.name.clone(), Value::Null)).collect();
    planned.push(("name".into(), "app".into()));
    let spec = ["interval", "patches", "labels", "revision"].map(|name| (name, Value::Null));
    planned.push(("spec".into(), Value::object(spec).with("url", "slow://x")));
    let planned = Value::object(planned);
    let bytes = encode_msgpack(&planned, &planned.own_type()).unwrap();
    let request = m::apply_resource_change::Request {
        type_name: "probe_thing".into(),
        planned_state: Some(DynamicValue { msgpack: bytes.clone(), json: Vec::new() }),
        config: Some(DynamicValue { msgpack: bytes, json: Vec::new() }),
        ..Default::default()
    };
    let pid = host.pid().unwrap();
    let file = objects.path().join("app");
    let terminate = async move {
        while !file.exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        kill(pid, "-TERM");
    };
    let (answer, ()) = tokio::join!(provider.apply_resource_change(request), terminate);
    let answer = answer.unwrap().into_inner();
    assert_eq!(answer.diagnostics[0].detail, "You asked to stop.");
    assert!(answer.new_state.is_some_and(|state| state.msgpack.len() > 10));
}

fn by_hand(cookie: Option<&str>, protocols: Option<&str>) -> Output {
    let temporary = temporary();
    let mut command = command(&temporary);
    if let Some(cookie) = cookie {
        command.env("TF_PLUGIN_MAGIC_COOKIE", cookie);
    }
    if let Some(protocols) = protocols {
        command.env("PLUGIN_PROTOCOL_VERSIONS", protocols);
    }
    command.output().unwrap()
}

#[test]
fn who_starts_it_by_hand_is_told_what_to_do() {
    for cookie in [None, Some("wrong")] {
        let output = by_hand(cookie, None);
        assert_eq!(output.status.code(), Some(1));
        assert!(output.stdout.is_empty());
        insta::assert_snapshot!("started_by_hand", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn a_host_of_another_protocol_is_told() {
    let cookie = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2";
    let output = by_hand(Some(cookie), Some("4,5"));
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    insta::assert_snapshot!("other_protocol", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn for_debugging_it_tells_how_to_be_found_and_an_interrupt_ends_it() {
    let temporary = temporary();
    let mut command = command(&temporary);
    command.arg("--reattach");
    let (mut process, line, _) = host::start(command, None).await.unwrap();
    let document = line.strip_prefix("TF_REATTACH_PROVIDERS='").unwrap().strip_suffix('\'').unwrap();
    let document: serde_json::Value = serde_json::from_str(document).unwrap();
    let entry = &document["registry.opentofu.org/example/probe"];
    assert_eq!(entry["Pid"], process.id().unwrap());
    let socket = PathBuf::from(entry["Addr"]["String"].as_str().unwrap());
    for _ in 0..2 {
        let channel = host::connect(socket.clone(), None, None).await.unwrap();
        Client::new(channel).get_provider_schema(m::get_provider_schema::Request {}).await.unwrap();
    }
    kill(process.id().unwrap(), "-INT");
    assert!(tokio::time::timeout(Duration::from_secs(5), process.wait()).await.unwrap().unwrap().success());
    assert!(is_empty(&temporary));
}

#[tokio::test]
async fn it_says_nothing_more_on_stdout_and_logs_json_when_asked() {
    let temporary = temporary();
    let log = tempfile::NamedTempFile::new().unwrap();
    let mut command = command(&temporary);
    command.env("TF_LOG_PROVIDER_PROBE", "debug").stderr(Stdio::from(log.reopen().unwrap()));
    let host = Host::start(command).await.unwrap();
    schema(&host).await;
    host.end().await.unwrap();
    let mut text = String::new();
    log.reopen().unwrap().read_to_string(&mut text).unwrap();
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let answered = lines.iter().find(|line| line["tf_rpc"] == "GetProviderSchema").unwrap();
    assert_eq!(
        (answered["@level"].as_str(), answered["@message"].as_str()),
        (Some("debug"), Some("answered"))
    );
}

#[tokio::test]
async fn it_ends_when_its_host_is_gone() {
    let temporary = temporary();
    let pid_file = temporary.path().join("pid");
    // A shell plays the host that is killed: it starts the provider, waits for its line, and ends without a word.
    let script =
        r#""$0" > "$1/line" 2> /dev/null & echo $! > "$1/pid"; until [ -s "$1/line" ]; do sleep 0.05; done"#;
    let mut shell = Command::new("sh");
    shell.args(["-c", script]).arg(probe()).arg(temporary.path()).env("TMPDIR", temporary.path());
    shell.env("TF_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2");
    assert!(shell.status().unwrap().success());
    let pid = std::fs::read_to_string(&pid_file).unwrap();
    let alive = || Path::new("/proc").join(pid.trim()).join("exe").exists();
    for _ in 0..100 {
        if !alive() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("still there");
}
