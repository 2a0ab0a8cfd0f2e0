//! `fluxgate_secret` on a real API server: the keys that Flux reads, repair of what was changed outside, and values that are shown nowhere.

use std::fs;

use serde_json::{Value, json};
use testutil::{
    ChartServer, ControlPlane, Tofu,
    faults::{Answer, Fault, FaultyProxy},
    require, test_data,
};

use crate::support::{api, apply_as, delete, live, patch, tofu, unconnected, unfolded};

/// A Secret called `app` with these attributes.
fn secret(namespace: &str, attributes: &str) -> String {
    format!(
        "resource \"fluxgate_secret\" \"app\" {{\n  name = \"app\"\n  namespace = \"{namespace}\"\n  {attributes}\n}}\n"
    )
}

/// The data of a Secret, decoded.
fn data(plane: &ControlPlane, namespace: &str, name: &str) -> Value {
    let object = live(plane, "Secret", namespace, name).unwrap();
    let decoded = object["data"].as_object().unwrap().iter();
    decoded.map(|(key, value)| (key.clone(), json!(decode(value.as_str().unwrap())))).collect()
}

/// Base64 to text.
fn decode(text: &str) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bits = 0_u32;
    let (mut count, mut bytes) = (0, Vec::new());
    for letter in text.bytes().filter(|letter| *letter != b'=') {
        bits =
            (bits << 6) | u32::try_from(LETTERS.iter().position(|known| *known == letter).unwrap()).unwrap();
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from((bits >> count) & 0xff).unwrap());
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// A variable whose values are kept nowhere.
fn ephemeral(name: &str, ty: &str) -> String {
    format!("variable \"{name}\" {{\n  type = {ty}\n  ephemeral = true\n}}\n")
}

#[test]
fn every_family_has_the_keys_that_flux_reads() {
    let plane = require!(api());
    let namespace = plane.namespace("families");
    let pem = json!(plane.ca_pem());
    let pair = plane.pki().client_certificate("flux", None).unwrap();
    let (certificate, key) = (json!(pair.certificate_pem), json!(pair.key_pem));
    let host_key = "AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let identity = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    let cases = [
        ("https", "git_https = { username = \"u\", password = \"p\" }".to_owned(), "Opaque", json!({"username": "u", "password": "p"})),
        ("bearer", format!("git_https = {{ bearer_token = \"t\", ca_certificate = {pem} }}"), "Opaque", json!({"bearerToken": "t", "ca.crt": plane.ca_pem()})),
        (
            "ssh",
            format!("git_ssh = {{ identity = {}, known_hosts = \"h ssh-ed25519 {host_key}\", passphrase = \"s\" }}", json!(identity)),
            "Opaque",
            json!({"identity": identity, "known_hosts": format!("h ssh-ed25519 {host_key}"), "password": "s"}),
        ),
        (
            "app",
            format!("github_app = {{ app_id = \"1\", installation_id = \"2\", private_key = {key} }}"),
            "Opaque",
            json!({"githubAppID": "1", "githubAppInstallationID": "2", "githubAppPrivateKey": pair.key_pem}),
        ),
        (
            "helm",
            format!("helm = {{ username = \"u\", password = \"p\", client_certificate = {certificate}, client_key = {key} }}"),
            "Opaque",
            json!({"username": "u", "password": "p", "tls.crt": pair.certificate_pem, "tls.key": pair.key_pem}),
        ),
        (
            "oci",
            "oci = { registry = \"ghcr.io\", username = \"u\", password = \"p\" }".to_owned(),
            "kubernetes.io/dockerconfigjson",
            json!({".dockerconfigjson": "{\"auths\":{\"ghcr.io\":{\"auth\":\"dTpw\",\"password\":\"p\",\"username\":\"u\"}}}"}),
        ),
        (
            "tls",
            format!("tls = {{ certificate = {certificate}, key = {key} }}"),
            "kubernetes.io/tls",
            json!({"tls.crt": pair.certificate_pem, "tls.key": pair.key_pem}),
        ),
        ("authority", format!("tls = {{ ca_certificate = {pem} }}"), "Opaque", json!({"ca.crt": plane.ca_pem()})),
        ("proxy", "proxy = { address = \"http://proxy:3128\" }".to_owned(), "Opaque", json!({"address": "http://proxy:3128"})),
        ("receiver", "receiver = { token = \"t\" }".to_owned(), "Opaque", json!({"token": "t"})),
        (
            "notation",
            format!("notation = {{ trust_policy = jsonencode({{ version = \"1.0\", trustPolicies = [{{}}] }}), certificates = {{ one = {pem} }} }}"),
            "Opaque",
            json!({"trustpolicy.json": "{\"trustPolicies\":[{}],\"version\":\"1.0\"}", "one.crt": plane.ca_pem()}),
        ),
        ("sops", "sops = { age_keys = { one = \"AGE-SECRET-KEY-1A\" } }".to_owned(), "Opaque", json!({"one.agekey": "AGE-SECRET-KEY-1A"})),
        (
            "generic",
            "generic = { data = { a = \"1\" }, data_base64 = { b = \"Mg==\" } }\n  type = \"example.com/own\"".to_owned(),
            "example.com/own",
            json!({"a": "1", "b": "2"}),
        ),
    ];
    let configuration: String = cases
        .iter()
        .map(|(name, attributes, ..)| {
            secret(&namespace, attributes).replace("\"app\"", &json!(name).to_string())
        })
        .collect();
    let tofu = require!(tofu(&plane, &configuration));
    tofu.plan().changes();
    let plan = tofu.show_plan();
    assert_eq!(plan.change("fluxgate_secret.tls").after["type"], "kubernetes.io/tls", "known at plan");
    assert_eq!(plan.change("fluxgate_secret.ssh").after["family"], "git_ssh");
    tofu.apply().success();
    for (name, _, secret_type, wanted) in &cases {
        assert_eq!(data(&plane, &namespace, name), *wanted, "{name}");
        assert_eq!(live(&plane, "Secret", &namespace, name).unwrap()["type"], *secret_type, "{name}");
    }
    tofu.plan().no_changes();
    tofu.destroy().success();
    assert_eq!(live(&plane, "Secret", &namespace, "https"), None);
}

#[test]
fn a_value_that_was_changed_outside_is_shown_and_written_again() {
    let plane = require!(api());
    let namespace = plane.namespace("intact");
    let attributes = "labels = { team = \"a\" }\n  git_https = { username = \"u\", password = \"right\" }";
    let tofu = require!(tofu(&plane, &secret(&namespace, attributes)));
    tofu.plan().changes();
    tofu.apply().success();

    let repaired = || {
        tofu.plan().changes();
        let plan = tofu.show_plan();
        let change = plan.change("fluxgate_secret.app").clone();
        tofu.apply().success();
        assert_eq!(data(&plane, &namespace, "app"), json!({"username": "u", "password": "right"}));
        tofu.plan().no_changes();
        change
    };
    patch(&plane, "Secret", &namespace, "app", &json!({"stringData": {"password": "wrong"}}));
    let change = repaired();
    assert_eq!((&change.before["intact"], &change.after["intact"]), (&json!(false), &json!(true)));

    patch(&plane, "Secret", &namespace, "app", &json!({"data": {"password": null}}));
    assert_eq!(repaired().actions, ["update"]);
    patch(
        &plane,
        "Secret",
        &namespace,
        "app",
        &json!({"metadata": {"annotations": {"fluxgate/checksum": null}}}),
    );
    assert_eq!(repaired().actions, ["update"]);
    patch(&plane, "Secret", &namespace, "app", &json!({"metadata": {"labels": {"team": "b"}}}));
    assert_eq!(repaired().before["labels"]["team"], "b");
    delete(&plane, "Secret", &namespace, "app");
    assert_eq!(repaired().actions, ["create"]);

    // What others add is theirs.
    patch(
        &plane,
        "Secret",
        &namespace,
        "app",
        &json!({"stringData": {"more": "x"}, "metadata": {"labels": {"theirs": "x"}}}),
    );
    tofu.plan().no_changes();
}

#[test]
fn a_changed_value_is_written_when_the_version_is_raised() {
    let plane = require!(api());
    let namespace = plane.namespace("version");
    let configuration = |version: u32, value: &str| {
        secret(&namespace, &format!("version = {version}\n  receiver = {{ token = \"{value}\" }}"))
    };
    let tofu = require!(tofu(&plane, &configuration(1, "one")));
    tofu.plan().changes();
    tofu.apply().success();
    tofu.write("main.tf", &configuration(1, "two"));
    tofu.plan().no_changes();
    tofu.write("main.tf", &configuration(2, "two"));
    tofu.plan().changes();
    assert_eq!(tofu.show_plan().change("fluxgate_secret.app").actions, ["update"]);
    tofu.apply().success();
    assert_eq!(data(&plane, &namespace, "app"), json!({"token": "two"}));
    tofu.plan().no_changes();

    // Another family is another content, and another type another Secret.
    tofu.write("main.tf", &secret(&namespace, "version = 2\n  generic = { data = { token = \"three\" } }"));
    tofu.plan().changes();
    assert_eq!(tofu.show_plan().change("fluxgate_secret.app").actions, ["update"]);
    tofu.write(
        "main.tf",
        &secret(&namespace, "oci = { registry = \"ghcr.io\", username = \"u\", password = \"p\" }"),
    );
    tofu.plan().changes();
    assert_eq!(tofu.show_plan().change("fluxgate_secret.app").actions, ["delete", "create"]);
    tofu.apply().success();
    assert_eq!(live(&plane, "Secret", &namespace, "app").unwrap()["type"], "kubernetes.io/dockerconfigjson");
    tofu.plan().no_changes();
}

#[test]
fn an_existing_secret_is_imported_and_its_values_are_written_anew() {
    let plane = require!(api());
    let namespace = plane.namespace("import");
    let existing = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "Opaque", "data": {"token": "b2Ytc29tZWJvZHk="},
        "metadata": {"name": "app", "namespace": namespace, "labels": {"team": "a"}},
    });
    apply_as(&plane, "somebody", &existing);
    let attributes = "labels = { team = \"a\" }\n  receiver = { token = \"ours\" }";
    let tofu = require!(tofu(&plane, &secret(&namespace, attributes)));

    tofu.plan().changes();
    let text = tofu.apply().failure().text();
    assert!(text.contains("somebody") && text.contains("force_conflicts = true"), "{text}");
    assert!(!text.contains("of-somebody") && !text.contains("b2Ytc29tZWJvZHk"), "{text}");

    tofu.import("fluxgate_secret.app", &format!("{namespace}/app")).success();
    let state = fs::read_to_string(tofu.folder().join("terraform.tfstate")).unwrap();
    assert!(!state.contains("of-somebody") && !state.contains("b2Ytc29tZWJvZHk"), "{state}");
    tofu.plan().changes();
    assert_eq!(tofu.show_plan().change("fluxgate_secret.app").actions, ["update"]);
    tofu.apply().success();
    assert_eq!(data(&plane, &namespace, "app"), json!({"token": "ours"}));
    tofu.plan().no_changes();
}

#[test]
fn what_cannot_work_is_refused_on_its_attribute() {
    require!(api());
    for (attributes, wanted) in [
        ("", "Set one of git_https"),
        (
            "receiver = { token = \"t\" }\n  sops = { age_keys = { a = \"AGE-SECRET-KEY-1A\" } }",
            "each in a Secret of its own",
        ),
        ("git_https = { username = \"u\" }", "username and password belong together"),
        (
            "git_https = { ca_certificate = \"marked-value\" }",
            "git_https.ca_certificate holds no certificate",
        ),
        (
            "git_ssh = { identity = \"marked-value\", known_hosts = \"marked-value\" }",
            "git_ssh.known_hosts has a line",
        ),
        ("receiver = { token = \"t\" }\n  type = \"x\"", "type of its own"),
    ] {
        let tofu = require!(unconnected(&secret("default", attributes)));
        tofu.init().success();
        let validation: testutil::tofu::Validation = tofu.validate().json();
        let said: Vec<_> = validation.diagnostics.iter().map(|told| told.detail.as_str()).collect();
        let said = said.join(" ");
        assert!(said.contains(wanted) && !said.contains("marked-value"), "{attributes}: {said}");
    }
}

#[test]
fn a_write_ends_when_its_time_is_over() {
    let plane = require!(api());
    let namespace = plane.namespace("late");
    let proxy = require!(FaultyProxy::start(&plane));
    let attributes = "timeouts = { create = \"2s\", update = \"1s\" }\n  receiver = { token = \"t\" }";
    let provider = format!(
        "provider \"fluxgate\" {{\n  kubernetes = {{ host = {}, token = {}, cluster_ca_certificate = {} }}\n}}\n",
        json!(proxy.url()),
        json!(plane.token()),
        json!(plane.ca_pem())
    );
    let tofu = require!(unconnected(&secret(&namespace, attributes))).file("provider.tf", &provider);
    tofu.init().success();
    // The cluster is busy and asks for more patience than there is.
    let busy =
        || proxy.spoil("PATCH ", 1, Fault::Answer(Answer::new(429, "busy").header("retry-after", "20")));
    tofu.plan().changes();
    busy();
    let text = tofu.apply().failure().text();
    assert!(text.contains("429"), "{text}");
    assert_eq!(tofu.show_state().addresses(), [""; 0], "nothing is left behind");

    // The answer is lost, and what became of the write is found out.
    tofu.plan().changes();
    proxy.spoil("PATCH ", 1, Fault::Silence);
    let text = unfolded(&tofu.apply().success().text());
    assert!(text.contains("An answer of the cluster was lost") && !text.contains("taken over"), "{text}");
    tofu.plan().no_changes();

    tofu.write("main.tf", &secret(&namespace, &format!("version = 2\n  {attributes}")));
    tofu.plan().changes();
    proxy.spoil("PATCH ", 1, Fault::Silence);
    let text = tofu.apply().failure().text();
    assert!(text.contains("within 1s") && text.contains("raise timeouts.update"), "{text}");
    tofu.plan().changes();
    tofu.apply().success();
    tofu.plan().no_changes();

    // Where that cannot be found out, it is said.
    tofu.destroy().success();
    tofu.plan().changes();
    proxy.spoil("PATCH ", 1, Fault::Silence);
    let look = format!("GET /api/v1/namespaces/{namespace}/secrets/app");
    proxy.spoil(&look, 1, Fault::Answer(Answer::kubernetes(403, "Forbidden", "no")));
    let text = tofu.apply().failure().text();
    assert!(text.contains("within 2s") && text.contains("raise timeouts.create"), "{text}");
}

/// What every value of the next test holds, also in base64 wherever that begins.
const MARK: &str = "mArKeD-vAlUe-9f3";

/// Every way in which the mark may be spelled.
fn spellings() -> Vec<String> {
    let encoded = |before: &str| {
        const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let text = format!("{before}{MARK}");
        let bytes: Vec<u8> = text.bytes().collect();
        let letters = bytes.chunks(3).filter(|chunk| chunk.len() == 3).flat_map(|chunk| {
            let bits = chunk.iter().fold(0_usize, |bits, byte| (bits << 8) | usize::from(*byte));
            [18, 12, 6, 0].map(|shift| char::from(LETTERS[(bits >> shift) & 63]))
        });
        // The first letters hold what comes before the mark.
        letters.skip(4).collect::<String>()
    };
    vec![MARK.to_owned(), encoded(""), encoded("x"), encoded("xy")]
}

#[test]
fn the_search_for_the_mark_finds_it_in_every_spelling() {
    let spellings = spellings();
    // base64 of the mark behind none, one and two other letters.
    for encoded in ["bUFyS2VELXZBbFVlLTlmMw==", "eG1BcktlRC12QWxVZS05ZjM=", "eHltQXJLZUQtdkFsVWUtOWYz"] {
        assert!(spellings.iter().any(|spelling| encoded.contains(spelling)), "{encoded}: {spellings:?}");
    }
}

/// Fails where a text holds the mark.
#[track_caller]
fn clean(what: &str, text: &str) {
    for spelling in spellings() {
        if let Some(place) = text.find(&spelling) {
            let start = text[..place].char_indices().rev().nth(200).map_or(0, |(at, _)| at);
            panic!("{what} holds the mark: …{}…", &text[start..place + spelling.len()]);
        }
    }
}

/// All that OpenTofu and the provider wrote, and what they keep.
#[track_caller]
fn nothing_said(tofu: &Tofu, what: &str, said: &str) {
    clean(what, said);
    for file in ["terraform.tfstate", "terraform.tfstate.backup", "trace.log"] {
        clean(&format!("{what}: {file}"), &fs::read_to_string(tofu.folder().join(file)).unwrap_or_default());
    }
}

#[test]
fn values_of_ephemeral_variables_are_shown_nowhere() {
    let plane = require!(api());
    let namespace = plane.namespace("secrecy");
    let chart = require!(test_data()).join("charts/flux2-2.18.3.tgz");
    let charts = require!(ChartServer::flux2());
    let variables = ephemeral("mark", "string")
        + &ephemeral("marks", "map(string)")
        + &ephemeral("whole", "object({ token = string })");
    let families = [
        "git_https = { username = \"u-${var.mark}\", password = var.mark }",
        "git_ssh = { identity = \"-----BEGIN PRIVATE KEY-----\\n${var.mark}\\n-----END PRIVATE KEY-----\\n\", known_hosts = \"${var.mark} ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\", passphrase = var.mark }",
        "oci = { registry = \"ghcr.io\", username = \"u\", password = var.mark }",
        "proxy = { address = \"http://${var.mark}:3128\", username = var.mark, password = var.mark }",
        "receiver = var.whole",
        "sops = { age_keys = { one = \"AGE-SECRET-KEY-1${var.mark}\" } }",
        "generic = { data = var.marks }",
        "generic = { data = { a = var.mark }, data_base64 = { b = base64encode(var.mark) } }",
    ];
    let secrets: String = families
        .iter()
        .enumerate()
        .map(|(number, family)| secret(&namespace, family).replace("\"app\"", &format!("\"app{number}\"")))
        .collect();
    let block = |host: &str, token: &str| {
        format!(
            "provider \"fluxgate\" {{\n  kubernetes = {{ host = {}, token = {token}, cluster_ca_certificate = {} }}\n}}\n",
            json!(host),
            json!(plane.ca_pem())
        )
    };
    // The token of the connection is the cluster's own, so it is a mark of its own.
    let connected = block(plane.server(), "var.token") + &ephemeral("token", "string");
    let tofu = require!(unconnected(&(variables.clone() + &secrets)))
        .file("provider.tf", &connected)
        .env("TF_VAR_mark", MARK)
        .env("TF_VAR_marks", json!({"key": MARK}).to_string())
        .env("TF_VAR_whole", json!({"token": MARK}).to_string())
        .env("TF_VAR_token", plane.token())
        .env("TF_LOG", "TRACE")
        .env("TF_LOG_PATH", "trace.log");
    tofu.init().success();

    let mut said = tofu.plan().changes().text();
    said += &tofu.show_plan().raw.to_string();
    said += &tofu.apply().success().text();
    said += &tofu.plan().no_changes().text();
    said += &tofu.show_state().raw.to_string();
    nothing_said(&tofu, "success", &said);
    assert_eq!(data(&plane, &namespace, "app6"), json!({"key": MARK}), "what is searched for was there");
    let log = fs::read_to_string(tofu.folder().join("trace.log")).unwrap();
    assert!(
        log.contains("ApplyResourceChange") && !log.contains(plane.token()),
        "the log is there, without the token"
    );

    // The API refuses: a Secret that nobody may change.
    let frozen = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "Opaque", "immutable": true, "data": {"token": "b3RoZXI="},
        "metadata": {"name": "frozen", "namespace": namespace},
    });
    apply_as(&plane, "somebody", &frozen);
    let refused = secret(&namespace, "force_conflicts = true\n  receiver = { token = var.mark }")
        .replace("\"app\"", "\"frozen\"");
    tofu.write("main.tf", &(variables.clone() + &secrets + &refused));
    let mut said = tofu.plan().changes().text();
    let failure = tofu.apply().failure().text();
    assert!(failure.contains("immutable"), "{failure}");
    said += &failure;
    nothing_said(&tofu, "a refusal by the API", &said);

    // The provider refuses: at plan, with the values known.
    let wrong =
        secret(&namespace, "git_https = { ca_certificate = var.mark }").replace("\"app\"", "\"wrong\"");
    tofu.write("main.tf", &(variables.clone() + &secrets + &wrong));
    let failure = tofu.plan().failure().text();
    assert!(failure.contains("holds no certificate"), "{failure}");
    nothing_said(&tofu, "a refusal by the provider", &failure);

    // The cluster is away, and so is the chart's repository; the installation takes write-only values too.
    let install = |source: &str| {
        format!(
            "resource \"fluxgate_install\" \"flux\" {{\n  name = \"flux\"\n  namespace = \"secrecy-flux\"\n  {source}\n  set_wo = [{{ name = \"logLevel\", value = var.mark }}]\n  set_wo_revision = 1\n}}\n"
        )
    };
    let away = require!(testutil::faults::nobody());
    tofu.write("provider.tf", &(block(&away, "var.mark") + &ephemeral("token", "string")));
    let fresh = |source: &str| {
        let again = secret("elsewhere", "receiver = { token = var.mark }").replace("\"app\"", "\"again\"");
        tofu.write("main.tf", &(variables.clone() + &again + &install(source)));
        let _ = fs::remove_file(tofu.folder().join("terraform.tfstate"));
    };
    fresh(&format!("chart = {}", json!(chart)));
    let mut said = tofu.plan().changes().text();
    said += &tofu.show_plan().raw.to_string();
    let failure = tofu.apply().failure().text();
    assert!(failure.contains("cannot be reached"), "{failure}");
    said += &failure;
    fresh(&format!(
        "chart = \"flux2\"\n  version = \"2.18.3\"\n  repository = {}\n  repository_username = \"u\"\n  repository_password_wo = var.mark",
        json!(charts.url())
    ));
    said += &tofu.plan().text();
    nothing_said(&tofu, "an unreachable cluster", &said);
}

/// The page of `fluxgate_secret` says so; where this fails, OpenTofu has changed and the page is out of date.
#[test]
fn what_opentofu_itself_writes_is_what_the_page_says() {
    let plane = require!(api());
    let namespace = plane.namespace("host");
    let literal = secret(&namespace, "receiver = { token = \"a-literal\" }");
    let sensitive = "variable \"token\" {\n  type = string\n  sensitive = true\n}\n".to_owned()
        + &secret(&namespace, "receiver = { token = var.token }");
    for (configuration, value) in [(literal, "a-literal"), (sensitive, "a-sensitive-value")] {
        let tofu = require!(tofu(&plane, &configuration)).env("TF_VAR_token", "a-sensitive-value");
        tofu.plan().changes();
        let mut plan = tofu.show_plan().raw;
        assert!(plan.to_string().contains(value), "{value} stands in the plan's JSON");
        // It stands where OpenTofu repeats the configuration and the variables, and nowhere else.
        for part in ["configuration", "variables"] {
            plan.as_object_mut().unwrap().remove(part);
        }
        assert!(!plan.to_string().contains(value), "{plan}");
        tofu.apply().success();
        assert!(!fs::read_to_string(tofu.folder().join("terraform.tfstate")).unwrap().contains(value));
        tofu.destroy().success();
    }
}

#[test]
fn a_secret_whose_connection_is_unknown_is_not_compared_and_that_is_said() {
    let plane = require!(api());
    let namespace = plane.namespace("secret-unseen");
    let tofu = require!(tofu(&plane, ""));
    tofu.write(
        "provider.tf",
        "provider \"fluxgate\" {\n  kubernetes = { config_path = terraform_data.cluster.output }\n}\n",
    );
    let configuration = |path: &std::path::Path| {
        format!(
            "resource \"terraform_data\" \"cluster\" {{\n  input = {}\n}}\nresource \"fluxgate_secret\" \"app\" {{\n  name      = \"app\"\n  namespace = \"{namespace}\"\n  receiver  = {{ token = \"s3cret\" }}\n  version   = 1\n}}\n",
            json!(path)
        )
    };
    tofu.write("main.tf", &configuration(plane.kubeconfig_path()));
    tofu.plan().changes();
    tofu.apply().success();
    let moved = plane.write_kubeconfig(&plane.kubeconfig());
    tofu.write("main.tf", &configuration(&moved));
    let text = tofu.plan().changes().text();
    assert!(text.contains("Not compared with the cluster"), "{text}");
    tofu.apply().success();
    tofu.plan().no_changes();
}
