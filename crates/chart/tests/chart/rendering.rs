//! What rendering says besides the text.

use std::sync::Arc;

use chart::Chart;
use chart::file::File;
use chart::moment::Moment;
use chart::output::{DeletePolicy, HookEvent, Rendered, split};
use chart::render::{Error, Options, render};
use chart::values::Values;
use gotemplate::Fuel;

fn chart(files: &[(&str, &str)]) -> Chart {
    let mut all = vec![File {
        name: "Chart.yaml".to_owned(),
        data: b"apiVersion: v2\nname: app\nversion: 1.0.0\n".to_vec(),
    }];
    all.extend(
        files.iter().map(|(name, text)| File { name: format!("templates/{name}"), data: (*text).into() }),
    );
    chart::load::load(all).unwrap()
}

fn rendered(files: &[(&str, &str)], options: &Options) -> Result<Rendered, Error> {
    render(&chart(files), &Values::new(), options)
}

fn options() -> Options {
    Options::new("demo", "here")
}

#[test]
fn what_reads_the_world_is_marked() {
    let options = Options {
        clock: Some(Moment { seconds: 0, nanoseconds: 0 }),
        random: Some(Arc::new(|bytes| {
            bytes.fill(7);
            Ok(())
        })),
        lookup: Some(Arc::new(|_, kind, _, name| Ok(serde_json::json!({ "kind": kind, "name": name })))),
        ..options()
    };
    for (text, touched) in [
        ("plain: {{ .Values.x }}", false),
        ("a: {{ .Capabilities.KubeVersion.Version }}", true),
        ("a: {{ .Capabilities.APIVersions.Has \"v1\" }}", true),
        ("a: {{ .Capabilities.HelmVersion.Version }}", false),
        ("a: {{ now | date \"2006\" }}", true),
        ("a: {{ date \"2006\" 5 }}", false),
        ("a: {{ randAlphaNum 5 }}", true),
        ("a: {{ uuidv4 }}", true),
        ("a: {{ (lookup \"v1\" \"Secret\" \"ns\" \"x\").name }}", true),
        ("a: {{ include \"reads\" . }}", true),
        ("a: {{ tpl \"{{ .Capabilities.KubeVersion.Minor }}\" . }}", true),
    ] {
        let helper = ("_helpers.tpl", "{{ define \"reads\" }}{{ .Capabilities.KubeVersion.Major }}{{ end }}");
        // Neighbours stay untouched.
        let files = [helper, ("a.yaml", "kind: A"), ("m.yaml", text), ("z.yaml", "kind: Z")];
        let rendered = rendered(&files, &options).unwrap();
        let found: Vec<(&str, bool)> =
            rendered.manifests.iter().map(|document| (document.path.as_str(), document.touched)).collect();
        let mut found = found;
        found.sort_unstable();
        let expected = [
            ("app/templates/a.yaml", false),
            ("app/templates/m.yaml", touched),
            ("app/templates/z.yaml", false),
        ];
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn a_value_that_was_set_from_the_world_marks_later_files() {
    let files = [
        ("b.yaml", "kind: B\n{{ $_ := set .Values \"v\" .Capabilities.KubeVersion.Version }}"),
        ("a.yaml", "kind: A\nv: {{ .Values.v }}"),
    ];
    let rendered = rendered(&files, &options()).unwrap();
    assert!(rendered.manifests.iter().all(|document| document.touched));
}

#[test]
fn what_it_lacks_is_an_error() {
    let error = |text: &str| rendered(&[("a.yaml", text)], &options()).unwrap_err().to_string();
    assert!(error("{{ now }}").contains("this render has no clock"));
    assert!(error("{{ randAlpha 5 }}").contains("no source of randomness"));
    assert!(error("{{ genCA \"x\" 5 }}").contains("the function genCA is not supported"));
    assert!(rendered(&[("a.yaml", "{{ if false }}{{ genCA \"x\" 5 }}{{ end }}")], &options()).is_ok());
}

#[test]
fn errors_show_the_line_and_the_way_to_it() {
    let files = [
        ("_h.tpl", "{{ define \"inner\" }}\nx: {{ .Values.a.b }}\n{{ end }}"),
        ("a.yaml", "kind: A\n  y: {{ include \"inner\" . }}"),
    ];
    let Err(Error::Template(error)) = rendered(&files, &options()) else { panic!("it should fail") };
    let places: Vec<(String, Option<&str>)> =
        error.places.iter().map(|place| (place.to_string(), place.source_line.as_deref())).collect();
    assert_eq!(
        places,
        [
            ("app/templates/a.yaml:2:8".to_owned(), Some("  y: {{ include \"inner\" . }}")),
            ("app/templates/_h.tpl:2:13".to_owned(), Some("x: {{ .Values.a.b }}")),
        ]
    );
    assert_eq!(error.message, "nil pointer evaluating interface {}.b");
    let Err(Error::Template(error)) = rendered(&[("a.yaml", "a\n{{ fail \"no\" }}")], &options()) else {
        panic!("it should fail")
    };
    assert!(error.by_author);
    assert_eq!(error.to_string(), "execution error at (app/templates/a.yaml:2:3): no");
}

#[test]
fn hooks_are_read() {
    let text = "kind: Job\nmetadata:\n  name: j\n  annotations:\n    helm.sh/hook: Pre-Install, test\n    \
                helm.sh/hook-weight: \"-5\"\n    helm.sh/hook-delete-policy: hook-succeeded,before-hook-creation\n    \
                helm.sh/hook-output-log-policy: hook-failed\n---\nkind: Job\nmetadata: {annotations: {helm.sh/hook: never}}\n";
    let rendered = rendered(&[("j.yaml", text)], &options()).unwrap();
    let [hook] = rendered.hooks.as_slice() else { panic!("{:?}", rendered.hooks) };
    assert_eq!(hook.events, [HookEvent::PreInstall, HookEvent::Test]);
    assert_eq!((hook.name.as_str(), hook.kind.as_str(), hook.weight), ("j", "Job", -5));
    assert_eq!(hook.delete_policies, [DeletePolicy::Succeeded, DeletePolicy::BeforeCreation]);
    assert_eq!(hook.output_log_policies, ["hook-failed"]);
    assert!(rendered.manifests.is_empty());
    assert_eq!(rendered.notices, ["skipping unknown hooks: never in app/templates/j.yaml"]);
}

#[test]
fn values_are_exposed() {
    let mut values = Values::new();
    values.set("a=5,n=null").unwrap();
    let rendered =
        render(&chart(&[("a.yaml", "{{ $_ := set .Values \"late\" 1 }}")]), &values, &options()).unwrap();
    assert_eq!(serde_json::to_string(&rendered.config).unwrap(), r#"{"a":5,"n":null}"#);
    assert_eq!(serde_json::to_string(&rendered.values).unwrap(), r#"{"a":5,"n":null}"#);
}

#[test]
fn the_chart_is_exposed_as_helm_stores_it() {
    let chart =
        crate::beside_helm::load_folder(&crate::beside_helm::folder().join("charts/umbrella")).unwrap();
    let rendered = render(&chart, &Values::new(), &options()).unwrap();
    let dependencies: Vec<(&str, bool)> = rendered
        .metadata
        .dependencies
        .iter()
        .map(|dependency| (dependency.name.as_str(), dependency.enabled))
        .collect();
    assert_eq!(dependencies, [("web", true), ("api", true), ("lib", true)]);
    assert_eq!(rendered.defaults["web"]["port"], 8080);
    assert!(chart.values.get("web").unwrap().get("port").is_none());
}

#[test]
fn hostile_templates_end() {
    let options = Options { fuel: Fuel { steps: 200_000, output: 1 << 22 }, ..options() };
    for text in [
        "{{ define \"x\" }}{{ include \"x\" . }}{{ end }}{{ include \"x\" . }}",
        "{{ define \"y\" }}{{ template \"y\" . }}{{ end }}{{ template \"y\" . }}",
        "{{ tpl \"{{ tpl . . }}\" \"{{ tpl . . }}\" }}",
        "{{ repeat 2000000000 \"x\" }}",
        "{{ indent 2000000000 \"x\" }}",
        "{{ until 2000000000 }}",
        "{{ untilStep 0 9223372036854775807 1 }}",
        "{{ randBytes 2000000000 }}",
        "{{ $d := dict }}{{ $_ := set $d \"d\" $d }}{{ toYaml $d }}{{ deepCopy $d }}",
        "{{ $d := dict }}{{ $_ := set $d \"d\" $d }}{{ $e := dict }}{{ $_ := set $e \"d\" $e }}{{ merge $d $e }}{{ fail \"end\" }}",
        "{{ range until 100000 }}{{ range until 100000 }}x{{ end }}{{ end }}",
        "{{ $x := \"xxxxxxxx\" }}{{ range until 60 }}{{ $x = print $x $x }}{{ end }}",
        "{{ $x := list 1 2 }}{{ range until 60 }}{{ $x = concat $x $x }}{{ end }}",
        "{{ regexFind \"(((a{1000}){1000}){1000})\" \"a\" }}",
    ] {
        assert!(rendered(&[("a.yaml", text)], &options).is_err(), "{text}");
    }
}

#[test]
fn documents_are_split_at_lines_that_begin_with_three_hyphens() {
    let parts = |text: &'static str| split(text).collect::<Vec<_>>();
    assert_eq!(parts(""), Vec::<&str>::new());
    assert_eq!(parts("\n\n---\n---\n \n"), Vec::<&str>::new());
    assert_eq!(parts("a\n---\nb\n"), ["a\n", "b\n"]);
    assert_eq!(parts("---   \n  a: 1\n---b\n----\n"), ["a: 1\n", "b\n", "-\n"]);
    assert_eq!(parts("a: ---\n ---\n"), ["a: ---\n ---\n"]);
    assert_eq!(parts("a\r\n---\r\nb"), ["a\r\n", "b"]);
}
