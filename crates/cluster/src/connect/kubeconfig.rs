//! Kubeconfig files: read, merged as kubectl merges them, and one context chosen.
//!
//! The rules are those of
//! <https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/#merging-kubeconfig-files>.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use kube::config::{
    AuthInfo, Cluster, Context, ExecConfig, ExecInteractiveMode, Kubeconfig as File, KubeconfigError,
};

use serde_json::Value;

use super::{
    ConfigError, Exec, Identity, Kubeconfig, Named, Parts, Proxies, Session, half, named, pem, variables,
};
use crate::Secret;

/// Reads the files and checks what is chosen from them.
pub(super) fn load(choice: &Kubeconfig, proxies: &Proxies) -> Result<Session, ConfigError> {
    let (paths, files): (Vec<_>, Vec<_>) = read(&choice.paths)?.into_iter().unzip();
    let merged = merge(files);
    let (name, context) = choose(&merged, &paths, choice.context.as_deref())?;
    let missing = |entry, missing: &str| ConfigError::NoSuchEntry {
        paths: paths.clone(),
        context: name.to_owned(),
        entry,
        name: missing.to_owned(),
    };

    let cluster_name = choice.cluster.as_deref().unwrap_or(&context.cluster);
    let cluster = merged.clusters.iter().find(|entry| entry.name == cluster_name);
    let cluster =
        cluster.and_then(|entry| entry.cluster.as_ref()).ok_or_else(|| missing("cluster", cluster_name))?;

    let user_name = choice.user.as_deref().or(context.user.as_deref()).unwrap_or_default();
    let user = match merged.auth_infos.iter().find(|entry| entry.name == user_name) {
        Some(entry) => entry.auth_info.clone().unwrap_or_default(),
        None if user_name.is_empty() => AuthInfo::default(),
        None => return Err(missing("user", user_name)),
    };
    let mut parts = parts(name, context, cluster_name, cluster, user_name, user)?;
    parts.proxy = parts.proxy.or_else(|| named(choice.proxy_url.as_ref()));
    parts.check(proxies)
}

/// Reads the files that exist, each with its paths made absolute.
fn read(paths: &[PathBuf]) -> Result<Vec<(PathBuf, File)>, ConfigError> {
    let mut files = Vec::new();
    for path in paths {
        match fs::read(path) {
            Ok(bytes) => files.push((path.clone(), parse(path, bytes)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound && paths.len() > 1 => {}
            Err(source) => return Err(ConfigError::Unreadable { path: path.clone(), source }),
        }
    }
    if files.is_empty() { Err(ConfigError::NoneExists { paths: paths.to_vec() }) } else { Ok(files) }
}

fn parse(path: &Path, bytes: Vec<u8>) -> Result<File, ConfigError> {
    let wrong = |why: String| ConfigError::NotAKubeconfig { path: path.to_owned(), why };
    let text = String::from_utf8(bytes).map_err(|_| wrong("it is not text in UTF-8".to_owned()))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut file = File::from_yaml(text).map_err(|error| wrong(place(&error)))?;
    if let Some(kind) = file.kind.as_deref().filter(|kind| *kind != "Config") {
        return Err(wrong(format!("its kind is {kind}, not Config")));
    }
    resolve(&mut file, path.parent().unwrap_or(Path::new("")));
    Ok(file)
}

/// Where a file stops being a kubeconfig. The parser's own message quotes the file, so it is left out.
fn place(error: &KubeconfigError) -> String {
    match error {
        KubeconfigError::Parse(error) => match error.location() {
            Some(at) => format!("it is not YAML of that shape at line {}, column {}", at.line(), at.column()),
            None => "it is not YAML of that shape".to_owned(),
        },
        _ => "its documents differ in kind or version".to_owned(),
    }
}

/// Makes the paths in a file relative to where the file is, not to where the process runs.
fn resolve(file: &mut File, folder: &Path) {
    let absolute = |path: &mut Option<String>| {
        if let Some(text) = path.as_mut()
            && !text.is_empty()
        {
            *text = folder.join(&*text).to_string_lossy().into_owned();
        }
    };
    for cluster in file.clusters.iter_mut().filter_map(|entry| entry.cluster.as_mut()) {
        absolute(&mut cluster.certificate_authority);
    }
    for user in file.auth_infos.iter_mut().filter_map(|entry| entry.auth_info.as_mut()) {
        absolute(&mut user.client_certificate);
        absolute(&mut user.client_key);
        absolute(&mut user.token_file);
        // A bare name is looked up on the PATH.
        if let Some(exec) =
            user.exec.as_mut().filter(|exec| exec.command.as_ref().is_some_and(|c| c.contains('/')))
        {
            absolute(&mut exec.command);
        }
    }
}

/// Merges files: the first that has an entry, or a current context, wins.
fn merge(files: Vec<File>) -> File {
    let mut merged = File::default();
    for file in files {
        let current = file.current_context.filter(|name| !name.is_empty());
        merged.current_context = merged.current_context.or(current);
        add(&mut merged.clusters, file.clusters, |entry| &entry.name);
        add(&mut merged.contexts, file.contexts, |entry| &entry.name);
        add(&mut merged.auth_infos, file.auth_infos, |entry| &entry.name);
    }
    merged
}

fn add<T>(merged: &mut Vec<T>, entries: Vec<T>, name: impl Fn(&T) -> &str) {
    for entry in entries {
        if !merged.iter().any(|known| name(known) == name(&entry)) {
            merged.push(entry);
        }
    }
}

fn choose<'a>(
    merged: &'a File,
    paths: &[PathBuf],
    wanted: Option<&'a str>,
) -> Result<(&'a str, &'a Context), ConfigError> {
    let paths = paths.to_vec();
    let known: Vec<String> = merged.contexts.iter().map(|entry| entry.name.clone()).collect();
    if known.is_empty() {
        return Err(ConfigError::NoContexts { paths });
    }
    let Some(wanted) = wanted.or(merged.current_context.as_deref()) else {
        return Err(ConfigError::NoCurrentContext { paths, known });
    };
    let entry = merged.contexts.iter().find(|entry| entry.name == wanted);
    match entry.and_then(|entry| entry.context.as_ref()) {
        Some(context) => Ok((wanted, context)),
        None => Err(ConfigError::NoSuchContext { paths, context: wanted.to_owned(), known }),
    }
}

fn parts(
    context_name: &str,
    context: &Context,
    cluster_name: &str,
    cluster: &Cluster,
    user_name: &str,
    mut user: AuthInfo,
) -> Result<Parts, ConfigError> {
    is_one_caller(user_name, &user)?;
    let of_cluster = |field: &str| format!("{field} of cluster {cluster_name}");
    let of_user = |field: &str| format!("{field} of user {user_name}");

    let given = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
    let once = |field, file: &Option<String>, data: bool, entry: String| match given(file) && data {
        true => Err(ConfigError::Twice { field, entry }),
        false => Ok(()),
    };
    let authority_data = given(&cluster.certificate_authority_data);
    let entry = || format!("cluster {cluster_name}");
    once("certificate-authority", &cluster.certificate_authority, authority_data, entry())?;
    let authorities = data_or_file(
        of_cluster("certificate-authority"),
        cluster.certificate_authority_data.as_deref(),
        cluster.certificate_authority.as_deref(),
    )?;
    user.impersonate = user.impersonate.take().filter(|name| !name.is_empty());
    let key_data = secret_text(&user, "client-key-data");
    user.client_key_data = None;
    let entry = || format!("user {user_name}");
    let certificate_data = given(&user.client_certificate_data);
    once("client-certificate", &user.client_certificate, certificate_data, entry())?;
    once(
        "client-key",
        &user.client_key,
        key_data.as_ref().is_some_and(|key| !key.reveal().is_empty()),
        entry(),
    )?;
    let certificate = data_or_file(
        of_user("client-certificate"),
        user.client_certificate_data.take().as_deref(),
        user.client_certificate.take().as_deref(),
    )?;
    let key = data_or_file(
        of_user("client-key"),
        key_data.as_ref().map(Secret::reveal),
        user.client_key.take().as_deref(),
    )?;
    let identity = match (certificate, key) {
        (Some((certificate_field, certificate)), Some((key_field, key))) => {
            Some(Identity { certificate_field, certificate, key_field, key })
        }
        (None, None) => None,
        (Some((given, _)), None) => return Err(half(&given, "client-key")),
        (None, Some((given, _))) => return Err(half(&given, "client-certificate")),
    };

    if let Some(provider) = &user.auth_provider {
        return Err(ConfigError::Unsupported {
            user: user_name.to_owned(),
            way: format!("the auth-provider {}", provider.name),
        });
    }
    choose_token(&mut user).map_err(|(path, source)| ConfigError::UnreadableFile {
        field: of_user("tokenFile"),
        path,
        source,
    })?;
    // A token goes before a plugin, which is not even started then.
    let exec = user.exec.take().filter(|_| user.token.is_none() && user.token_file.is_none());
    let exec = exec.map(|exec| plugin(user_name, exec)).transpose()?;

    Ok(Parts {
        server: cluster.server.clone().unwrap_or_default(),
        server_field: of_cluster("server"),
        context: Some(context_name.to_owned()),
        namespace: context.namespace.clone(),
        authorities,
        identity,
        tls_server_name: cluster.tls_server_name.clone().filter(|name| !name.is_empty()),
        insecure: cluster.insecure_skip_tls_verify.unwrap_or(false),
        disable_compression: cluster.disable_compression.unwrap_or(false),
        proxy: cluster
            .proxy_url
            .as_deref()
            .filter(|url| !url.is_empty())
            .map(|url| Named { field: of_cluster("proxy-url"), url: Secret::from(url) }),
        auth: user,
        exec,
        plugin_config: plugin_config(cluster),
    })
}

/// Refuses what client-go refuses of a user entry (`validateAuthInfo`): two ways to say who asks, and a part of somebody else without
/// the name.
fn is_one_caller(name: &str, user: &AuthInfo) -> Result<(), ConfigError> {
    let given = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
    let held = |field| secret_text(user, field).is_some_and(|secret| !secret.reveal().is_empty());
    if held("token") && (given(&user.username) || held("password")) {
        return Err(ConfigError::TwoWays { user: name.to_owned() });
    }
    let parts = [
        ("as-uid", given(&user.impersonate_uid)),
        ("as-groups", user.impersonate_groups.as_ref().is_some_and(|groups| !groups.is_empty())),
        ("as-user-extra", user.impersonate_user_extra.as_ref().is_some_and(|extra| !extra.is_empty())),
    ];
    match parts.iter().find(|(_, there)| *there && !given(&user.impersonate)) {
        Some((field, _)) => Err(ConfigError::ImpersonatesNobody { user: name.to_owned(), field }),
        None => Ok(()),
    }
}

/// What a cluster entry holds for the plugin of whoever uses it, under the name that is reserved for that.
fn plugin_config(cluster: &Cluster) -> Value {
    let extensions = cluster.extensions.iter().flatten();
    let mut ours = extensions.filter(|named| named.name == "client.authentication.k8s.io/exec");
    ours.next().map(|named| named.extension.clone()).unwrap_or_default()
}

/// Keeps one of token and token file: the file, whose token may be a newer one, while it can be read.
fn choose_token(user: &mut AuthInfo) -> Result<(), (PathBuf, io::Error)> {
    if secret_text(user, "token").is_none_or(|token| token.reveal().is_empty()) {
        user.token = None;
    }
    let Some(path) = user.token_file.take().filter(|path| !path.is_empty()) else { return Ok(()) };
    match fs::read_to_string(&path) {
        Ok(text) if !text.trim().is_empty() => {
            user.token = None;
            user.token_file = Some(path);
            Ok(())
        }
        _ if user.token.is_some() => Ok(()),
        Ok(_) => Err((path.into(), io::Error::other("it is empty"))),
        Err(source) => Err((path.into(), source)),
    }
}

/// A credential of a user entry; the type that hides it there gives it back only when it is written.
fn secret_text(user: &AuthInfo, field: &str) -> Option<Secret> {
    let written = serde_json::to_value(user).ok()?;
    written.get(field)?.as_str().map(Secret::from)
}

/// The PEM of a field: from its data where there is some, else from its file.
fn data_or_file(
    field: String,
    data: Option<&str>,
    path: Option<&str>,
) -> Result<Option<(String, Secret)>, ConfigError> {
    if let Some(data) = data.filter(|data| !data.is_empty()) {
        let field = field.replacen(' ', "-data ", 1);
        let pem = pem::base64_of_pem(&field, data)?;
        return Ok(Some((field, pem)));
    }
    let Some(path) = path.filter(|path| !path.is_empty()) else {
        return Ok(None);
    };
    match fs::read_to_string(path) {
        Ok(pem) => Ok(Some((field, Secret::new(pem)))),
        Err(source) => Err(ConfigError::UnreadableFile { field, path: path.into(), source }),
    }
}

fn plugin(user: &str, exec: ExecConfig) -> Result<Exec, ConfigError> {
    let unsupported = |way: &str| ConfigError::Unsupported { user: user.to_owned(), way: way.to_owned() };
    if exec.interactive_mode == Some(ExecInteractiveMode::Always) {
        return Err(unsupported("a credential plugin that needs a terminal (interactiveMode: Always)"));
    }
    Ok(Exec {
        api_version: exec.api_version.unwrap_or_default(),
        command: exec
            .command
            .filter(|command| !command.is_empty())
            .ok_or_else(|| unsupported("a credential plugin without a command"))?,
        args: exec.args.unwrap_or_default(),
        env: variables(&exec.env.unwrap_or_default()),
        install_hint: exec.install_hint,
        provide_cluster_info: exec.provide_cluster_info,
    })
}

#[cfg(test)]
mod tests {
    use kube::config::NamedContext;
    use proptest::prelude::*;

    use super::*;

    /// A file with these contexts, each of which remembers by its cluster where it stood.
    fn file(number: usize, contexts: &[String], current: Option<&String>) -> File {
        let context = |cluster: String| Context { cluster, ..Context::default() };
        let named = |name: &String| NamedContext {
            name: name.clone(),
            context: Some(context(format!("{number}"))),
            ..NamedContext::default()
        };
        File {
            contexts: contexts.iter().map(named).collect(),
            current_context: current.cloned(),
            ..File::default()
        }
    }

    fn files() -> impl Strategy<Value = Vec<File>> {
        let names = prop::collection::btree_set("[a-d]", 0..4).prop_map(Vec::from_iter);
        let one = (names, prop::option::of("[a-d]?"));
        prop::collection::vec(one, 0..5).prop_map(|files| {
            let numbered = files.iter().enumerate();
            numbered.map(|(number, (names, current))| file(number, names, current.as_ref())).collect()
        })
    }

    proptest! {
        #[test]
        fn each_entry_and_the_current_context_are_those_of_the_first_file_that_has_them(files in files()) {
            let merged = merge(files.clone());
            for name in ["a", "b", "c", "d"] {
                let find = |file: &File| {
                    let found = file.contexts.iter().find(|context| context.name == name);
                    found.and_then(|context| context.context.clone()).map(|context| context.cluster)
                };
                prop_assert_eq!(find(&merged), files.iter().find_map(find));
            }
            let current = files.iter().filter_map(|file| file.current_context.clone()).find(|name| !name.is_empty());
            prop_assert_eq!(merged.current_context, current);
        }

        #[test]
        fn merging_in_two_steps_is_merging_in_one(files in files(), cut in 0_usize..5) {
            let (first, rest) = files.split_at(cut.min(files.len()));
            let steps = std::iter::once(merge(first.to_vec())).chain(rest.to_vec()).collect();
            let names = |file: &File| {
                let mut names: Vec<_> = file.contexts.iter().map(|context| {
                    (context.name.clone(), context.context.as_ref().map(|context| context.cluster.clone()))
                }).collect();
                names.sort();
                (names, file.current_context.clone())
            };
            prop_assert_eq!(names(&merge(steps)), names(&merge(files.clone())));
        }
    }

    #[test]
    fn paths_are_those_beside_the_file_and_bare_commands_are_looked_up() {
        let text = "
clusters: [{ name: a, cluster: { certificate-authority: ca.crt } }]
users:
- { name: a, user: { client-key: /abs/key, tokenFile: ../token, exec: { command: bin/plugin } } }
- { name: b, user: { exec: { command: plugin } } }
";
        let file = parse(Path::new("/home/dev/.kube/config"), text.into()).unwrap();
        let user = |number: usize| file.auth_infos[number].auth_info.clone().unwrap();
        let command = |number: usize| user(number).exec.unwrap().command;
        assert_eq!(
            file.clusters[0].cluster.as_ref().unwrap().certificate_authority.as_deref(),
            Some("/home/dev/.kube/ca.crt")
        );
        assert_eq!(user(0).client_key.as_deref(), Some("/abs/key"));
        assert_eq!(user(0).token_file.as_deref(), Some("/home/dev/.kube/../token"));
        assert_eq!(command(0).as_deref(), Some("/home/dev/.kube/bin/plugin"));
        assert_eq!(command(1).as_deref(), Some("plugin"));
    }
}
