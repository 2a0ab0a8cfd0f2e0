//! `fluxgate_install` on real parts: the real flux2 chart over HTTPS, our own engine, a real cluster, and the real helm beside it.

use kube::{
    Api,
    api::{ApiResource, DynamicObject, GroupVersionKind, PostParams},
};
use serde_json::{Value, json};
use testutil::{
    ControlPlane, Helm, Size,
    chart_server::{ChartServer, Trouble},
    require, test_data, wait,
};

use crate::support::{apply_as, delete, git, installation, live, patch, provider_block, tofu, unconnected};

/// A cluster of its own: the objects of flux2 have fixed names, so two installs cannot share one.
fn cluster(size: Size) -> Result<(ControlPlane, ChartServer), testutil::Error> {
    Ok((ControlPlane::start(size)?, ChartServer::flux2()?))
}

/// An installation as people write it.
fn install(charts: &ChartServer, version: &str, more: &str) -> String {
    let timeouts = r#"timeouts = { create = "180s", update = "180s", delete = "180s" }"#;
    installation(charts, version, &format!("{timeouts}\n  {more}"))
}

fn definition(plane: &ControlPlane, name: &str) -> Option<Value> {
    live(plane, "CustomResourceDefinition", "", name)
}

const REPOSITORIES: &str = "gitrepositories.source.toolkit.fluxcd.io";

#[test]
fn one_apply_brings_an_empty_cluster_to_reconcile_and_one_destroy_back() {
    let (plane, charts) = require!(cluster(Size::Flux));
    let namespace = plane.namespace("apps");
    let (_server, repository) = require!(git(&plane, &namespace));
    let road = format!(
        r#"
resource "fluxgate_git_repository" "fleet" {{
  name      = "fleet"
  namespace = fluxgate_install.flux.namespace
  spec      = {{ url = "{}", interval = "1m", ref = {{ branch = "main" }} }}
}}
resource "fluxgate_kustomization" "fleet" {{
  name      = "fleet"
  namespace = fluxgate_install.flux.namespace
  spec = {{
    interval   = "1m"
    path       = "./deploy"
    prune      = true
    wait       = true
    source_ref = {{ kind = "GitRepository", name = fluxgate_git_repository.fleet.name }}
  }}
}}
"#,
        repository.url()
    );
    let tofu = require!(tofu(&plane, &(install(&charts, "2.18.3", "") + &road)));

    // Every object is known before there is anything in the cluster.
    tofu.plan().changes();
    let planned = tofu.show_plan();
    let change = planned.change("fluxgate_install.flux");
    let objects = change.after["objects"].as_object().unwrap();
    assert_eq!(objects.len(), 37, "{objects:?}");
    assert!(objects.contains_key("apps/v1/Deployment/flux-system/source-controller"));
    assert!(
        objects.contains_key(&format!("apiextensions.k8s.io/v1/CustomResourceDefinition/{REPOSITORIES}"))
    );
    assert_eq!(change.after["app_version"], "2.8.5");

    tofu.apply().success();
    assert_eq!(
        live(&plane, "ConfigMap", &namespace, "from-git").expect("Flux brought it from Git")["data"]["greeting"],
        "hello"
    );
    let state = tofu.show_state();
    let values = state.values("fluxgate_install.flux");
    assert_eq!(
        (&values["status"], &values["revision"], &values["chart_version"]),
        (&json!("deployed"), &json!(1), &json!("2.18.3"))
    );
    assert_eq!(values["objects"], change.after["objects"]);
    tofu.plan().no_changes();

    // Helm sees the release as its own.
    let helm = require!(Helm::new(&plane));
    let list: Value = serde_json::from_str(&helm.run(["list", "-A", "-o", "json"]).unwrap()).unwrap();
    assert_eq!(
        (&list[0]["name"], &list[0]["status"], &list[0]["chart"]),
        (&json!("flux"), &json!("deployed"), &json!("flux2-2.18.3"))
    );

    tofu.destroy().success();
    assert_eq!(live(&plane, "Namespace", "", "flux-system"), None, "it was made for the release");
    assert_eq!(live(&plane, "ConfigMap", &namespace, "from-git"), None, "pruned before its controller went");
    // The definitions outlive the release, as keep_crds_on_destroy says.
    assert!(definition(&plane, REPOSITORIES).is_some());
}

#[test]
fn definitions_go_with_the_release_when_they_are_not_kept() {
    let (plane, charts) = require!(cluster(Size::Nodes));
    let tofu = require!(tofu(&plane, &install(&charts, "2.18.3", "keep_crds_on_destroy = false")));
    tofu.plan().changes();
    tofu.apply().success();
    let text = tofu.plan_with(&["-destroy"]).changes().text();
    assert!(text.contains("Every Flux object of the cluster goes with this"), "{text}");
    tofu.destroy().success();
    assert_eq!(definition(&plane, REPOSITORIES), None);
    assert_eq!(live(&plane, "Namespace", "", "flux-system"), None);
}

#[test]
fn what_is_unknown_is_planned_as_such_and_decided_at_apply() {
    let (plane, charts) = require!(cluster(Size::Nodes));
    let configuration =
        install(&charts, "2.18.3", "values = [yamlencode({ logLevel = terraform_data.level.output })]")
            + "resource \"terraform_data\" \"level\" {\n  input = \"debug\"\n}\n";
    let tofu = require!(tofu(&plane, &configuration));
    tofu.plan().changes();
    assert_eq!(tofu.show_plan().change("fluxgate_install.flux").after_unknown["objects"], json!(true));
    tofu.apply().success();
    tofu.plan().no_changes();
    tofu.destroy().success();
}

#[test]
fn what_the_rules_refuse_is_refused_at_plan() {
    let charts = require!(ChartServer::flux2());
    let refused = install(&charts, "latest", "").replace("https://", "http://");
    let tofu = require!(unconnected(&refused)).file("provider.tf", "provider \"fluxgate\" {\n}\n");
    tofu.init().success();
    let text = tofu.plan().failure().text();
    assert!(text.contains("Policy: chart-repository") && text.contains("Policy: chart-version"), "{text}");

    let extra = r#"values = [yamlencode({ extraObjects = [{
      apiVersion = "source.toolkit.fluxcd.io/v1", kind = "GitRepository", metadata = { name = "app", namespace = "flux-system" }
      spec = { url = "http://example.com/app.git", interval = "1m", ref = { branch = "main" } }
    }] })]"#;
    tofu.write("main.tf", &install(&charts, "2.18.3", extra));
    let text = tofu.plan().failure().text();
    assert!(text.contains("Policy: url-scheme") && text.contains("GitRepository/flux-system/app"), "{text}");
}

#[test]
fn drift_is_shown_and_repaired() {
    let (plane, charts) = require!(cluster(Size::Nodes));
    let tofu = require!(tofu(&plane, &install(&charts, "2.18.3", "")));
    tofu.plan().changes();
    tofu.apply().success();
    tofu.plan().no_changes();

    let labels = json!({"metadata": {"labels": {"app.kubernetes.io/part-of": "something-else"}}});
    patch(&plane, "ConfigMap", "flux-system", "kube-root-ca.crt", &labels);
    tofu.plan().no_changes();
    patch(&plane, "CustomResourceDefinition", "", REPOSITORIES, &labels);
    delete(&plane, "ServiceAccount", "flux-system", "kustomize-controller");
    let text = tofu.plan().changes().text();
    assert!(text.contains(REPOSITORIES) && text.contains("part-of"), "{text}");
    assert!(text.contains("v1/ServiceAccount/flux-system/kustomize-controller"), "{text}");
    tofu.apply().success();
    let repaired = definition(&plane, REPOSITORIES).unwrap();
    assert_eq!(repaired["metadata"]["labels"]["app.kubernetes.io/part-of"], "flux");
    tofu.plan().no_changes();
    tofu.destroy().success();
}

/// The other kinds of Flux 2.6, in the version that it stores, each with the least that it wants.
const OF_EACH_KIND: [(&str, &str); 12] = [
    (
        "source.toolkit.fluxcd.io/v1/Bucket/buckets",
        r#"{"interval": "1m", "bucketName": "b", "endpoint": "e"}"#,
    ),
    (
        "source.toolkit.fluxcd.io/v1/GitRepository/gitrepositories",
        r#"{"interval": "1m", "url": "https://example.com/a"}"#,
    ),
    (
        "source.toolkit.fluxcd.io/v1/HelmChart/helmcharts",
        r#"{"interval": "1m", "chart": "c", "sourceRef": {"kind": "HelmRepository", "name": "r"}}"#,
    ),
    (
        "source.toolkit.fluxcd.io/v1/HelmRepository/helmrepositories",
        r#"{"interval": "1m", "url": "https://example.com"}"#,
    ),
    (
        "source.toolkit.fluxcd.io/v1/OCIRepository/ocirepositories",
        r#"{"interval": "1m", "url": "oci://example.com/a"}"#,
    ),
    (
        "kustomize.toolkit.fluxcd.io/v1/Kustomization/kustomizations",
        r#"{"interval": "1m", "prune": true, "sourceRef": {"kind": "GitRepository", "name": "kept"}}"#,
    ),
    (
        "helm.toolkit.fluxcd.io/v2/HelmRelease/helmreleases",
        r#"{"interval": "1m", "chartRef": {"kind": "OCIRepository", "name": "kept"}}"#,
    ),
    ("notification.toolkit.fluxcd.io/v1beta3/Provider/providers", r#"{"type": "slack", "channel": "c"}"#),
    (
        "notification.toolkit.fluxcd.io/v1/Receiver/receivers",
        r#"{"type": "generic", "secretRef": {"name": "s"}, "resources": [{"kind": "GitRepository", "name": "kept"}]}"#,
    ),
    (
        "image.toolkit.fluxcd.io/v1beta2/ImageRepository/imagerepositories",
        r#"{"interval": "1m", "image": "example.com/a"}"#,
    ),
    (
        "image.toolkit.fluxcd.io/v1beta2/ImagePolicy/imagepolicies",
        r#"{"imageRepositoryRef": {"name": "kept"}, "policy": {"alphabetical": {}}}"#,
    ),
    (
        "image.toolkit.fluxcd.io/v1beta2/ImageUpdateAutomation/imageupdateautomations",
        r#"{"interval": "1m", "sourceRef": {"kind": "GitRepository", "name": "kept"}, "git": {"commit": {"author": {"email": "a@example.com"}}}}"#,
    ),
];

/// The objects of a kind, `group/version/Kind/plural`, in a version.
fn kept(plane: &ControlPlane, kind: &str) -> Api<DynamicObject> {
    let [group, version, kind, plural] = kind.split('/').collect::<Vec<_>>().try_into().unwrap();
    let kind = GroupVersionKind::gvk(group, version, kind);
    Api::namespaced_with(plane.client(), "flux-system", &ApiResource::from_gvk_with_plural(&kind, plural))
}

/// Makes an object called `kept`, and says its uid.
fn made(plane: &ControlPlane, kind: &str, spec: &str) -> Option<String> {
    let spec: Value = serde_json::from_str(spec).unwrap();
    wait::block_on(async || {
        let api = kept(plane, kind);
        let [group, version, name, _] = kind.split('/').collect::<Vec<_>>().try_into().unwrap();
        let object = json!({
            "apiVersion": format!("{group}/{version}"), "kind": name, "metadata": {"name": "kept"}, "spec": spec,
        });
        let object = serde_json::from_value(object).unwrap();
        api.create(&PostParams::default(), &object).await.unwrap_or_else(|error| panic!("{kind}: {error}"))
    })
    .metadata
    .uid
}

#[test]
fn a_change_of_values_and_of_the_version_upgrades_in_place() {
    let (plane, charts) = require!(cluster(Size::Nodes));
    let tofu = require!(tofu(&plane, &install(&charts, "2.16.4", "")));
    tofu.plan().changes();
    tofu.apply().success();
    let alert = json!({
        "apiVersion": "notification.toolkit.fluxcd.io/v1beta3", "kind": "Alert", "metadata": {"name": "all", "namespace": "flux-system"},
        "spec": {"providerRef": {"name": "chat"}, "eventSources": [{"kind": "Kustomization", "name": "*"}]},
    });
    apply_as(&plane, "kubectl", &alert);
    let before: Vec<_> = OF_EACH_KIND.iter().map(|(path, spec)| made(&plane, path, spec)).collect();

    tofu.write("main.tf", &install(&charts, "2.18.3", "values = [yamlencode({ logLevel = \"debug\" })]"));
    tofu.plan().changes();
    assert_eq!(tofu.show_plan().change("fluxgate_install.flux").actions, ["update"]);
    tofu.apply().success();
    let state = tofu.show_state();
    let values = state.values("fluxgate_install.flux");
    assert_eq!((&values["revision"], &values["app_version"]), (&json!(2), &json!("2.8.5")));
    assert!(live(&plane, "Alert", "flux-system", "all").is_some(), "custom resources outlive an upgrade");
    for ((kind, _), uid) in OF_EACH_KIND.iter().zip(before) {
        // What was beta is asked for as what it became.
        let now = kind.replace("image.toolkit.fluxcd.io/v1beta2", "image.toolkit.fluxcd.io/v1");
        let found = wait::block_on(async || kept(&plane, &now).get("kept").await);
        assert_eq!(found.unwrap_or_else(|error| panic!("{now}: {error}")).metadata.uid, uid, "{now}");
    }
    tofu.plan().no_changes();

    // A setting of the actions to come makes no new revision.
    tofu.write(
        "main.tf",
        &install(&charts, "2.18.3", "values = [yamlencode({ logLevel = \"debug\" })]\n  atomic = false"),
    );
    tofu.plan().changes();
    tofu.apply().success();
    assert_eq!(tofu.show_state().values("fluxgate_install.flux")["revision"], json!(2));

    // Definitions that are not kept, and still have objects, are not dropped.
    tofu.write("main.tf", &install(&charts, "2.18.3", "keep_crds_on_destroy = false"));
    tofu.plan().changes();
    tofu.apply().success();
    let without = "values = [yamlencode({ installCRDs = false })]\n  keep_crds_on_destroy = false";
    tofu.write("main.tf", &install(&charts, "2.18.3", without));
    let text = tofu.plan().failure().text();
    assert!(text.contains("Custom resources would be lost"), "{text}");
    assert!(text.contains("alerts.notification.toolkit.fluxcd.io"), "{text}");
}

#[test]
fn helm_and_we_take_turns() {
    let (plane, charts) = require!(cluster(Size::Nodes));
    let helm = require!(Helm::new(&plane));
    let chart = require!(test_data()).join("charts/flux2-2.17.2.tgz");
    helm.install("flux", &chart, "flux-system", &["--set", "logLevel=debug"]).unwrap();

    // What helm has installed is imported, upgraded, changed by helm, and put right again.
    let configuration = install(&charts, "2.17.2", "values = [yamlencode({ logLevel = \"debug\" })]");
    let tofu = require!(tofu(&plane, &configuration));
    tofu.import("fluxgate_install.flux", "flux-system/flux").success();
    tofu.plan().changes();
    tofu.apply().success();
    tofu.plan().no_changes();

    helm.run([
        "upgrade",
        "flux",
        chart.to_str().unwrap(),
        "-n",
        "flux-system",
        "--set",
        "logLevel=error",
        "--wait",
    ])
    .unwrap();
    let text = tofu.plan().changes().text();
    assert!(
        text.contains("values_digest") && text.contains("apps/v1/Deployment/flux-system/source-controller"),
        "{text}"
    );
    tofu.apply().success();
    tofu.plan().no_changes();
    let values: Value = serde_json::from_str(
        &helm.run(["get", "values", "flux", "-n", "flux-system", "-o", "json"]).unwrap(),
    )
    .unwrap();
    assert_eq!(values, json!({"logLevel": "debug"}));
    let history: Value =
        serde_json::from_str(&helm.run(["history", "flux", "-n", "flux-system", "-o", "json"]).unwrap())
            .unwrap();
    assert!(history.as_array().unwrap().len() <= 3, "max_history: {history}");
    helm.uninstall("flux", "flux-system").unwrap();
    // What is gone is gone: the next plan installs, and a destroy has nothing to do.
    tofu.plan().changes();
    tofu.destroy().success();
}

#[test]
fn write_only_values_are_shown_nowhere() {
    const SECRET: &str = "s3cr3t-of-the-release";
    let (plane, charts) = require!(cluster(Size::Nodes));
    let configuration = |revision: u32| {
        let more = format!(
            "set_wo = [{{ name = \"kustomizeController.labels.marked\", value = var.secret }}]\n  set_wo_revision = {revision}"
        );
        install(&charts, "2.18.3", &more)
            + "variable \"secret\" {\n  type      = string\n  ephemeral = true\n}\n"
    };
    let mut tofu = require!(tofu(&plane, &configuration(1)));
    tofu.set_env("TF_VAR_secret", format!("{SECRET}-1"));
    let mut said = tofu.plan().changes().text();
    said += &tofu.show_plan().raw.to_string();
    said += &tofu.apply().success().text();
    said += &tofu.plan().no_changes().text();
    tofu.write("main.tf", &configuration(2));
    tofu.set_env("TF_VAR_secret", format!("{SECRET}-2"));
    said += &tofu.plan().changes().text();
    said += &tofu.apply().success().text();
    said += &tofu.plan().no_changes().text();
    said += &std::fs::read_to_string(tofu.folder().join("terraform.tfstate")).unwrap();
    assert!(!said.contains(SECRET), "{}", &said[said.find(SECRET).unwrap_or_default().saturating_sub(300)..]);
    let deployment = live(&plane, "Deployment", "flux-system", "kustomize-controller").unwrap();
    assert!(deployment.to_string().contains(&format!("{SECRET}-2")), "{deployment}");
    tofu.destroy().success();
}

#[test]
fn destroy_stops_before_objects_that_only_flux_can_let_go() {
    let (plane, charts) = require!(cluster(Size::Nodes));
    let tofu = require!(tofu(&plane, &install(&charts, "2.18.3", "")));
    tofu.plan().changes();
    tofu.apply().success();
    let held = json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
        "metadata": {"name": "held", "namespace": "default", "finalizers": ["finalizers.fluxcd.io"]},
        "spec": {"url": "https://example.com/held.git", "interval": "1m"},
    });
    apply_as(&plane, "kubectl", &held);
    let text = tofu.destroy().failure().text();
    assert!(text.contains("still have finalizers") && text.contains("held"), "{text}");
    assert!(live(&plane, "Deployment", "flux-system", "source-controller").is_some(), "nothing was touched");

    tofu.write("main.tf", &install(&charts, "2.18.3", "clear_finalizers_on_destroy = true"));
    tofu.plan().changes();
    tofu.apply().success();
    tofu.destroy().success();
    assert!(
        live(&plane, "GitRepository", "default", "held").is_some(),
        "the definitions are kept, and their objects"
    );
}

#[test]
fn a_chart_on_disk_and_an_unreachable_repository() {
    let charts = require!(ChartServer::flux2());
    let chart = require!(test_data()).join("charts/flux2-2.18.3.tgz");
    let local = install(&charts, "", "values_files = [\"values.yaml\"]")
        .replace(&format!("repository         = \"{}\"", charts.url()), "")
        .replace("version            = \"\"", "")
        .replace("chart              = \"flux2\"", &format!("chart = {}", json!(chart)));
    let tofu = require!(unconnected(&local))
        .file("provider.tf", "provider \"fluxgate\" {\n}\n")
        .file("values.yaml", "logLevel: debug\n");
    tofu.init().success();
    tofu.plan().changes();
    tofu.write("values.yaml", "- no mapping\n");
    let text = tofu.plan().failure().text();
    assert!(text.contains("values.yaml is no YAML mapping") && text.contains("values_files"), "{text}");
    tofu.write("main.tf", &local.replace("flux2-2.18.3.tgz", "nothing.tgz"));
    tofu.write("values.yaml", "");
    let text = tofu.plan().failure().text();
    assert!(text.contains("The chart cannot be fetched"), "{text}");
    tofu.write("main.tf", &install(&charts, "9.9.9", ""));
    let text = tofu.plan().failure().text();
    assert!(text.contains("9.9.9") && text.contains("2.18.3"), "{text}");
}

#[test]
fn a_destroy_needs_neither_the_repository_nor_what_is_gone_already() {
    let (plane, charts) = require!(cluster(Size::Nodes));
    let tofu = require!(tofu(&plane, &install(&charts, "2.18.3", "")));
    // The authority is the user's file and stays.
    let authority = tofu.folder().join("authority.crt");
    std::fs::copy(charts.ca_file(), &authority).unwrap();
    let configuration = install(&charts, "2.18.3", "")
        .replace(&json!(charts.ca_file()).to_string(), &json!(authority).to_string());
    tofu.write("main.tf", &configuration);
    tofu.plan().changes();
    tofu.apply().success();
    drop(charts);
    for (kind, name) in [
        ("Deployment", "source-controller"),
        ("Deployment", "kustomize-controller"),
        ("ServiceAccount", "source-controller"),
    ] {
        delete(&plane, kind, "flux-system", name);
    }
    // A plan says what is missing, and a destroy goes its way.
    let text = tofu.plan().text();
    assert!(text.contains("The chart cannot be fetched"), "{text}");
    tofu.destroy().success();
    assert_eq!(live(&plane, "Namespace", "", "flux-system"), None);
    assert!(definition(&plane, REPOSITORIES).is_some());
}

#[test]
fn an_interrupted_install_leaves_nothing_and_the_next_apply_goes_through() {
    let (plane, charts) = require!(cluster(Size::Nodes));
    let tofu = require!(tofu(&plane, &install(&charts, "2.18.3", "")));
    tofu.plan().changes();
    let running = tofu.start_apply();
    running.wait_for("Creating...");
    testutil::wait::until("the install is under way", std::time::Duration::from_secs(60), || {
        match live(&plane, "Namespace", "", "flux-system") {
            Some(_) => Ok(()),
            None => Err("there is no namespace yet".to_owned()),
        }
    })
    .unwrap();
    running.interrupt();
    let text = running.wait().failure().text();
    assert!(text.contains("Stopped on request") || text.contains("stopped on request"), "{text}");
    assert_eq!(live(&plane, "Namespace", "", "flux-system"), None);
    assert!(tofu.show_state().addresses().is_empty());

    tofu.plan().changes();
    tofu.apply().success();
    tofu.plan().no_changes();
}

#[test]
fn the_data_source_shows_in_full_what_the_resource_would_apply() {
    let charts = require!(ChartServer::flux2());
    let helm = require!(testutil::tools::Tool::Helm.path());
    let chart = require!(test_data()).join("charts/flux2-2.18.3.tgz");
    let configuration = install(&charts, "2.18.3", "")
        .replace("resource \"fluxgate_install\"", "data \"fluxgate_chart\"")
        .lines()
        .filter(|line| !line.contains("timeouts"))
        .fold(String::new(), |text, line| text + line + "\n")
        + "output \"manifest\" {\n  value = data.fluxgate_chart.flux.manifest\n}\noutput \"names\" {\n  value = keys(data.fluxgate_chart.flux.manifests)\n}\n";
    let tofu = require!(unconnected(&configuration)).file("provider.tf", "provider \"fluxgate\" {\n}\n");
    tofu.init().success();
    tofu.plan().changes();
    tofu.apply().success();
    let output = tofu.output();
    let theirs = std::process::Command::new(helm)
        .args(["template", "flux", "--namespace", "flux-system", "--no-hooks"])
        .arg(chart)
        .output()
        .unwrap();
    assert_eq!(output["manifest"].as_str().unwrap().trim(), String::from_utf8(theirs.stdout).unwrap().trim());
    assert_eq!(output["names"].as_array().unwrap().len(), 37);
}

/// A chart whose templates ask the cluster: what it is, and what is in it.
fn asking() -> testutil::chart_server::PackagedChart {
    testutil::chart_server::PackagedChart::new(&[
        ("Chart.yaml", "apiVersion: v2\nname: asking\nversion: 1.0.0\n"),
        (
            "templates/conditional.yaml",
            "{{ if .Capabilities.APIVersions.Has \"v1/Pod\" }}apiVersion: v1\nkind: ConfigMap\nmetadata: {name: only-in-a-cluster}\n{{ end }}",
        ),
        (
            "templates/known.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: known}\ndata: {release: {{ .Release.Name }}}\n",
        ),
        (
            "templates/asked.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: asked}\ndata:\n  version: {{ .Capabilities.KubeVersion.Version }}\n  pods: {{ .Capabilities.APIVersions.Has \"v1/Pod\" | quote }}\n  found: {{ with lookup \"v1\" \"ConfigMap\" \"default\" \"kube-root-ca.crt\" }}{{ .metadata.name }}{{ end }}\n  many: {{ with lookup \"v1\" \"Namespace\" \"\" \"\" }}{{ len .items | quote }}{{ end }}\n  missing: {{ lookup \"v1\" \"ConfigMap\" \"default\" \"nothing\" | len | quote }}\n",
        ),
    ])
}

#[test]
fn what_templates_ask_of_the_cluster_is_unknown_at_plan_and_answered_at_apply() {
    let plane = require!(ControlPlane::start(Size::Nodes));
    let charts = require!(ChartServer::flux2());
    charts.add(asking());
    let configuration = install(&charts, "1.0.0", "").replace("\"flux2\"", "\"asking\"");
    let tofu = require!(tofu(&plane, &configuration));
    tofu.plan().changes();
    // There may be other objects then, not only objects that differ.
    assert_eq!(tofu.show_plan().change("fluxgate_install.flux").after_unknown["objects"], json!(true));
    tofu.apply().success();
    let asked = live(&plane, "ConfigMap", "flux-system", "asked").unwrap();
    assert_eq!(
        (&asked["data"]["found"], &asked["data"]["pods"], &asked["data"]["missing"]),
        (&json!("kube-root-ca.crt"), &json!("true"), &json!("0")),
        "{asked}"
    );
    assert_eq!(asked["data"]["version"], "v1.36.4");
    let state = tofu.show_state();
    let objects = state.values("fluxgate_install.flux")["objects"].as_object().unwrap();
    let names: Vec<_> = objects.keys().filter_map(|name| name.rsplit('/').next()).collect();
    assert_eq!(names, ["asked", "known", "only-in-a-cluster"]);
    // What was answered once is no reason to ask again, unless somebody takes it away.
    tofu.plan().no_changes();
    delete(&plane, "ConfigMap", "flux-system", "only-in-a-cluster");
    tofu.plan().changes();
    tofu.apply().success();
    assert!(live(&plane, "ConfigMap", "flux-system", "only-in-a-cluster").is_some());
    tofu.plan().no_changes();
}

#[test]
fn a_values_file_that_changes_is_judged_at_plan_and_never_traps_a_destroy() {
    let (plane, charts) = require!(cluster(Size::Nodes));
    let tofu = require!(tofu(&plane, &install(&charts, "2.18.3", "values_files = [\"values.yaml\"]")))
        .file("values.yaml", "logLevel: info\n");
    tofu.plan().changes();
    tofu.apply().success();
    let refused = "extraObjects:\n- apiVersion: source.toolkit.fluxcd.io/v1\n  kind: GitRepository\n  metadata: {name: app}\n  spec: {url: 'http://example.com/app.git', interval: 1m, ref: {branch: main}}\n";
    tofu.write("values.yaml", refused);
    let text = tofu.plan().failure().text();
    assert!(text.contains("Policy: url-scheme"), "{text}");

    // A release that somebody else has changed, and a rule that was tightened meanwhile, are no reason to keep anybody.
    tofu.write("values.yaml", "logLevel: info\n");
    let helm = require!(Helm::new(&plane));
    let chart = require!(test_data()).join("charts/flux2-2.18.3.tgz");
    helm.run(["upgrade", "flux", chart.to_str().unwrap(), "-n", "flux-system", "--set", "logLevel=debug"])
        .unwrap();
    tofu.write("provider.tf", &provider_block(&plane, "  policy = { rules = { multi-tenancy = \"deny\" } }"));
    tofu.plan().changes();
    tofu.destroy().success();
}

#[test]
fn a_download_that_takes_long_is_told_of_in_the_log() {
    let plane = require!(crate::support::api());
    let charts = require!(ChartServer::start(
        &testutil::Pki::new().unwrap(),
        [testutil::PackagedChart::small("flux2", "2.18.3")],
        testutil::ChartServerOptions::default()
    ));
    let tofu = require!(tofu(&plane, &install(&charts, "2.18.3", "")))
        .env("TF_LOG_PROVIDER", "info")
        .env("TF_LOG_PATH", "log");
    let log = || {
        let text = std::fs::read_to_string(tofu.folder().join("log")).unwrap_or_default();
        let _ = std::fs::remove_file(tofu.folder().join("log"));
        text
    };
    tofu.plan().changes();
    let short = log();
    assert!(short.contains("chart fetched") && !short.contains("chart download"), "{short}");
    charts.spoil("flux2-2.18.3.tgz", 1, Trouble::Slow(8, std::time::Duration::from_millis(700)));
    tofu.plan().changes();
    let long = log();
    let line = long.lines().find(|line| line.contains("chart download")).expect(&long);
    assert!(
        line.contains("/charts/flux2-2.18.3.tgz") && line.contains("received") && line.contains("total"),
        "{line}"
    );
}
