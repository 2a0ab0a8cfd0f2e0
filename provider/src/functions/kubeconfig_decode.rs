//! `kubeconfig_decode`: address and credential of one context of a kubeconfig.
//!
//! Nothing that is said here quotes the kubeconfig but for the names of its entries.

use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value as Json;
use tfplugin::{
    function::{Function, FunctionError, Parameter, Signature},
    provider::Call,
    value::{Type, Value},
};

use super::text;

/// `provider::fluxgate::kubeconfig_decode(kubeconfig, context...)`.
#[derive(Debug)]
pub struct KubeconfigDecode;

/// The fields of the result that are texts.
const TEXTS: [&str; 8] = [
    "client_certificate",
    "client_key",
    "cluster_ca_certificate",
    "context",
    "host",
    "proxy_url",
    "tls_server_name",
    "token",
];

const FLATTEN: &str = "a function reads no files. `kubectl config view --flatten --raw` writes a kubeconfig that holds everything";

#[async_trait]
impl Function for KubeconfigDecode {
    fn name(&self) -> &str {
        "kubeconfig_decode"
    }

    fn signature(&self) -> Signature {
        let kubeconfig = Parameter::new("kubeconfig", Type::String, "The text of the kubeconfig.");
        let context = Parameter::new(
            "context",
            Type::String,
            "The context, at most one; without it the current one of the kubeconfig.",
        );
        let mut signature = Signature::new(vec![kubeconfig], returns()).describe(
            "Address and credential of one context of a kubeconfig",
            "Returns an object whose attributes are named as in the provider's `kubernetes`: `host`, `cluster_ca_certificate`, `client_certificate` and `client_key` (PEM), `token`, `tls_server_name`, `proxy_url`, `insecure` and `exec`, and `context`, the context's name; null where the kubeconfig has nothing. What it refers to by a file's name is an error, since a function reads no files. Errors quote nothing but names of entries. The result of a sensitive kubeconfig is sensitive.",
        );
        signature.variadic = Some(context);
        signature
    }

    async fn call(&self, _call: &Call, arguments: Vec<Value>) -> Result<Value, FunctionError> {
        if arguments.len() > 2 {
            return Err(FunctionError::argument(2, "One context is enough."));
        }
        let context = arguments.get(1).map(|_| text(&arguments, 1)).transpose()?;
        decoded(text(&arguments, 0)?, context)
    }
}

fn returns() -> Type {
    let texts = TEXTS.into_iter().map(|name| (name, Type::String));
    let exec = Type::object([
        ("api_version", Type::String),
        ("command", Type::String),
        ("args", Type::list(Type::String)),
        ("env", Type::map(Type::String)),
    ]);
    Type::object(texts.chain([("insecure", Type::Bool), ("exec", exec)]))
}

fn decoded(kubeconfig: &str, wanted: Option<&str>) -> Result<Value, FunctionError> {
    let refused = |words: String| FunctionError::argument(0, words);
    let file = read(kubeconfig).map_err(refused)?;
    let name = match wanted {
        Some(wanted) => wanted,
        None => file["current-context"].as_str().filter(|name| !name.is_empty()).ok_or_else(|| {
            refused(format!(
                "The kubeconfig has no current context. {}: name one as second argument.",
                known(&file)
            ))
        })?,
    };
    let context = entry(&file, "contexts", "context", name).ok_or_else(|| {
        FunctionError::argument(
            usize::from(wanted.is_some()),
            format!("The kubeconfig has no context {name:?}. {}.", known(&file)),
        )
    })?;
    facts(&file, name, context).map_err(refused)
}

fn read(kubeconfig: &str) -> Result<Json, String> {
    // The parser's own message may quote the text, so only the line is passed on.
    let file = yaml::read(kubeconfig.trim_start_matches('\u{feff}')).map_err(|error| match error.line {
        Some(line) => format!("This is no kubeconfig: it is not YAML at line {line}."),
        None => "This is no kubeconfig: it is not YAML.".to_owned(),
    })?;
    if !file.is_object() {
        return Err("This is no kubeconfig: give the text of the file, not its path.".to_owned());
    }
    match file["kind"].as_str() {
        None | Some("Config") => Ok(file),
        Some(_) => Err("This is no kubeconfig: its kind is not Config.".to_owned()),
    }
}

/// The names of the contexts, in words.
fn known(file: &Json) -> String {
    let contexts = file["contexts"].as_array().map(Vec::as_slice).unwrap_or_default();
    let names: Vec<_> = contexts.iter().filter_map(|context| context["name"].as_str()).collect();
    if names.is_empty() { "It has none".to_owned() } else { format!("It has: {}", names.join(", ")) }
}

fn entry<'f>(file: &'f Json, list: &str, inside: &str, name: &str) -> Option<&'f Json> {
    let entries = file[list].as_array()?;
    entries.iter().find(|entry| entry["name"] == name).map(|entry| &entry[inside])
}

fn facts(file: &Json, name: &str, context: &Json) -> Result<Value, String> {
    let named = |list: &str, inside: &str| match context[inside].as_str() {
        Some(wanted) => entry(file, list, inside, wanted).ok_or_else(|| {
            format!("The context {name:?} names the {inside} {wanted:?}, which the kubeconfig does not have.")
        }),
        None => Ok(&Json::Null),
    };
    let cluster = Entry { what: "cluster", fields: named("clusters", "cluster")? };
    let user = Entry { what: "user", fields: named("users", "user")? };
    let host = cluster.text("server")?.ok_or_else(|| {
        format!(
            "The context {name:?} leads to no server: its cluster has none, or the context names no cluster."
        )
    })?;
    let token = user.text("token")?;
    if token.is_none() && user.text("tokenFile")?.is_some() {
        return Err(format!("tokenFile of the user names a file, and {FLATTEN}."));
    }
    if user.fields["auth-provider"].is_object() {
        return Err("The user has an auth-provider, which Kubernetes no longer knows: use a token, a client certificate or an exec plugin.".to_owned());
    }
    Ok(Value::object([
        ("context", Value::from(name)),
        ("host", Value::from(host)),
        ("cluster_ca_certificate", cluster.pem("certificate-authority")?.into()),
        ("tls_server_name", cluster.text("tls-server-name")?.map(str::to_owned).into()),
        ("proxy_url", cluster.text("proxy-url")?.map(str::to_owned).into()),
        ("insecure", cluster.fields["insecure-skip-tls-verify"].as_bool().into()),
        ("token", token.map(str::to_owned).into()),
        ("client_certificate", user.pem("client-certificate")?.into()),
        ("client_key", user.pem("client-key")?.into()),
        ("exec", exec(&user)?),
    ]))
}

fn exec(user: &Entry<'_>) -> Result<Value, String> {
    let fields = &user.fields["exec"];
    if fields.is_null() {
        return Ok(Value::Null);
    }
    let exec = Entry { what: "user's exec", fields };
    let needed = |field: &str| exec.text(field)?.ok_or_else(|| format!("The user's exec has no {field}."));
    let args = fields["args"].as_array().map(Vec::as_slice).unwrap_or_default();
    let args = args.iter().filter_map(Json::as_str).map(Value::from);
    let env = fields["env"].as_array().map(Vec::as_slice).unwrap_or_default();
    let env =
        env.iter().filter_map(|pair| Some((pair["name"].as_str()?, Value::from(pair["value"].as_str()?))));
    Ok(Value::object([
        ("api_version", Value::from(needed("apiVersion")?)),
        ("command", Value::from(needed("command")?)),
        ("args", Value::list(args)),
        ("env", Value::map(env)),
    ]))
}

/// One entry of a kubeconfig.
struct Entry<'f> {
    what: &'static str,
    fields: &'f Json,
}

impl Entry<'_> {
    fn text(&self, field: &str) -> Result<Option<&str>, String> {
        match &self.fields[field] {
            Json::Null => Ok(None),
            Json::String(text) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
            _ => Err(format!("{field} of the {} is no text: put it in quotes.", self.what)),
        }
    }

    /// What `FIELD-data` holds in base64; the file that `FIELD` names is not read.
    fn pem(&self, field: &str) -> Result<Option<String>, String> {
        let data = format!("{field}-data");
        let Some(text) = self.text(&data)? else {
            return match self.text(field)? {
                Some(_) => Err(format!("{field} of the {} names a file, and {FLATTEN}.", self.what)),
                None => Ok(None),
            };
        };
        let packed: String = text.split_ascii_whitespace().collect();
        let wrong = || format!("{data} of the {} is not PEM in base64.", self.what);
        let pem =
            STANDARD.decode(packed).ok().and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(wrong)?;
        if pem.contains("-----BEGIN ") { Ok(Some(pem)) } else { Err(wrong()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "
apiVersion: v1
kind: Config
current-context: dev
contexts:
- {name: dev, context: {cluster: one, user: token}}
- {name: cert, context: {cluster: one, user: cert}}
- {name: plugin, context: {cluster: one, user: plugin}}
- {name: files, context: {cluster: one, user: files}}
- {name: lost, context: {cluster: nowhere, user: token}}
clusters:
- {name: one, cluster: {server: 'https://127.0.0.1:6443', certificate-authority-data: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg==}}
users:
- {name: token, user: {token: hunter2}}
- {name: cert, user: {client-certificate-data: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg==, client-key-data: aHVudGVyMg==}}
- {name: plugin, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: doctl, args: [a, b], env: [{name: A, value: b}]}}}
- {name: files, user: {client-certificate: /etc/cert.pem}}
";

    #[test]
    fn the_current_context_and_a_named_one() {
        let dev = decoded(CONFIG, None).unwrap();
        assert_eq!(dev.get("host").as_str(), Some("https://127.0.0.1:6443"));
        assert_eq!(dev.get("token").as_str(), Some("hunter2"));
        assert_eq!(dev.get("cluster_ca_certificate").as_str(), Some("-----BEGIN CERTIFICATE-----\n"));
        assert!(dev.get("client_key").is_null() && dev.get("exec").is_null());
        let plugin = decoded(CONFIG, Some("plugin")).unwrap();
        assert_eq!(plugin.get("exec").get("command").as_str(), Some("doctl"));
        assert_eq!(plugin.get("exec").get("env").get("A").as_str(), Some("b"));
        assert!(plugin.get("token").is_null());
    }

    #[test]
    fn refusals_name_the_entry_and_quote_no_secret() {
        for (text, context, wanted) in [
            (CONFIG, Some("other"), "It has: dev, cert, plugin, files, lost"),
            (CONFIG, Some("cert"), "client-key-data of the user is not PEM"),
            (CONFIG, Some("files"), "--flatten"),
            (CONFIG, Some("lost"), "names the cluster \"nowhere\""),
            ("hunter2", None, "not its path"),
            ("a: [hunter2", None, "not YAML"),
            ("hunter2: &a [*hunter2]", None, "not YAML"),
            ("kind: hunter2", None, "kind is not Config"),
            ("{}", None, "no current context. It has none"),
            (
                "{current-context: a, contexts: [{name: a, context: {cluster: a, user: a}}], clusters: [{name: a, cluster: {server: s}}], users: [{name: a, user: {token: 12345678}}]}",
                None,
                "put it in quotes",
            ),
        ] {
            let error = decoded(text, context).unwrap_err().text;
            assert!(error.contains(wanted), "{error}");
            assert!(
                !error.contains("hunter2") && !error.contains("aHVudGVyMg") && !error.contains("12345678"),
                "{error}"
            );
        }
    }
}
