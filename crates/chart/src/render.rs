//! Rendering: a chart and a user's values become manifests, hooks and notes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::thread;

use gotemplate::value::{Map, Value};
use gotemplate::{Fuel, STACK, Set};
use serde_json::Value as Json;

use crate::Chart;
use crate::capabilities::{self, Capabilities};
use crate::coalesce::{Notices, Nulls, TypeMismatch, coalesce};
use crate::context::Context;
use crate::dependencies::{self, Node};
use crate::excerpt::Excerpt;
use crate::file::File;
use crate::files_object::Files;
use crate::functions;
use crate::moment::Moment;
use crate::output::{self, Rendered};
use crate::path;
use crate::release_name;
use crate::semver;
use crate::template_error::TemplateError;
use crate::values::Values;

/// Where randomness comes from: fills a buffer, or says why it cannot; then the template that asked fails.
pub type Random = Arc<dyn Fn(&mut [u8]) -> Result<(), String> + Send + Sync>;

/// What `lookup` finds: `apiVersion`, `kind`, namespace and name, the name empty for a list; null for nothing.
pub type Lookup = Arc<dyn Fn(&str, &str, &str, &str) -> Result<Json, String> + Send + Sync>;

/// What a render knows besides the chart and the values.
#[derive(Clone)]
pub struct Options {
    /// The release for which it renders.
    pub release: Release,
    /// What the cluster can do.
    pub capabilities: Capabilities,
    /// The time; without one, templates that ask for it fail.
    pub clock: Option<Moment>,
    /// Randomness; without, templates that ask for it fail.
    pub random: Option<Random>,
    /// The cluster's objects; without, `lookup` finds nothing.
    pub lookup: Option<Lookup>,
    /// What the templates may use up.
    pub fuel: Fuel,
    /// Whether the notes of subcharts are wanted too.
    pub subchart_notes: bool,
    /// Whether values are taken as they are, though a values.schema.json may refuse them.
    pub skip_schema: bool,
}

/// The release for which a chart is rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// Its revision, from 1.
    pub revision: i64,
    /// Whether this is an upgrade or a rollback, and not an install.
    pub is_upgrade: bool,
}

impl Options {
    /// A first install of that name, without a cluster, a clock and randomness.
    pub fn new(name: &str, namespace: &str) -> Options {
        Options {
            release: Release {
                name: name.to_owned(),
                namespace: namespace.to_owned(),
                revision: 1,
                is_upgrade: false,
            },
            capabilities: Capabilities::default(),
            clock: None,
            random: None,
            lookup: None,
            fuel: Fuel::default(),
            subchart_notes: false,
            skip_schema: false,
        }
    }
}

/// Why a chart could not be rendered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Helm takes no release of that name.
    #[error("release name {0:?} is invalid: lower-case words with hyphens, joined by dots, at most 53 bytes")]
    ReleaseName(String),
    /// A library chart has nothing to install.
    #[error("library charts are not installable")]
    Library,
    /// Chart.yaml names charts that charts/ lacks.
    #[error("found in Chart.yaml, but missing in charts/ directory: {}", .0.join(", "))]
    MissingDependencies(Vec<String>),
    /// A value stands where a subchart's values should be.
    #[error(transparent)]
    Values(#[from] TypeMismatch),
    /// A values.schema.json refuses the values; the text has a line for each fault, under the name of its chart.
    #[error("values don't meet the specifications of the schema(s) in the following chart(s):\n{0}")]
    Schema(String),
    /// The chart does not work with this version of Kubernetes.
    #[error("chart requires kubeVersion: {required} which is incompatible with Kubernetes {version}")]
    KubeVersion {
        /// What Chart.yaml asks for.
        required: String,
        /// What there is.
        version: String,
    },
    /// A template does not parse, or failed.
    #[error(transparent)]
    Template(Box<TemplateError>),
    /// What the templates wrote are no objects.
    #[error(transparent)]
    Output(#[from] output::Error),
    /// There is no thread to render in.
    #[error("no thread to render in")]
    Thread(#[source] io::Error),
}

impl Error {
    /// The line in which it happened, where that is one.
    pub fn excerpt(&self) -> Option<Excerpt> {
        Excerpt::of(self)
    }
}

/// Renders a chart with a user's values.
///
/// ```
/// use chart::file::File;
/// use chart::render::{Options, render};
/// use chart::values::Values;
///
/// let file = |name: &str, text: &str| File { name: name.to_owned(), data: text.into() };
/// let chart = chart::load::load(vec![
///     file("Chart.yaml", "apiVersion: v2\nname: app\nversion: 1.0.0\n"),
///     file("values.yaml", "color: red\n"),
///     file("templates/config.yaml", "kind: ConfigMap\ndata: {color: {{ .Values.color | quote }}}\n"),
/// ])
/// .unwrap();
/// let mut values = Values::new();
/// values.set("color=blue").unwrap();
/// let rendered = render(&chart, &values, &Options::new("demo", "default")).unwrap();
/// assert_eq!(rendered.manifests[0].object["data"]["color"], "blue");
/// ```
///
/// # Errors
///
/// The chart cannot be installed, a template failed, or what came out are no objects.
pub fn render(chart: &Chart, values: &Values, options: &Options) -> Result<Rendered, Error> {
    check(chart, options)?;
    // Templates may run within each other deeper than a thread's usual stack allows.
    thread::scope(|scope| {
        let thread = thread::Builder::new()
            .name("render".to_owned())
            .stack_size(STACK)
            .spawn_scoped(scope, || render_here(chart, values, options))
            .map_err(Error::Thread)?;
        thread
            .join()
            .unwrap_or_else(|_| Err(Error::Thread(io::Error::other("the thread that renders has died"))))
    })
}

fn check(chart: &Chart, options: &Options) -> Result<(), Error> {
    if !release_name::is_valid(&options.release.name) {
        return Err(Error::ReleaseName(options.release.name.clone()));
    }
    if chart.metadata.kind == "library" {
        return Err(Error::Library);
    }
    let missing = dependencies::missing(chart);
    if !missing.is_empty() {
        return Err(Error::MissingDependencies(missing));
    }
    Ok(())
}

fn render_here(chart: &Chart, values: &Values, options: &Options) -> Result<Rendered, Error> {
    let notices = Notices::default();
    let user: Map = values.typed().iter().map(|(key, value)| (key.as_str(), typed(value))).collect();
    let mut root = Node::new(chart);
    dependencies::process(&mut root, &user, &notices)?;
    let coalesced = coalesce(&root, &user, Nulls::Delete, &notices)?;
    let coalesced_json = Value::Map(coalesced.clone()).to_json().unwrap_or_default();
    if !options.skip_schema {
        let mut faults = String::new();
        check_schemas(&root, &coalesced_json, &mut faults, &notices);
        if !faults.is_empty() {
            return Err(Error::Schema(faults));
        }
    }
    let required = &root.metadata.kube_version;
    let version = &options.capabilities.kube_version;
    if !required.is_empty() && !semver::compatible(required, &version.normalized) {
        return Err(Error::KubeVersion { required: required.clone(), version: version.version.clone() });
    }
    let context = Rc::new(Context::new(options.clock, options.random.clone(), options.lookup.clone()));
    let texts = run(&root, coalesced, options, &context)?;
    let mut rendered = output::collect(texts, &root.metadata.name, options.subchart_notes, &notices)?;
    rendered.crd_files = crd_files(&root, &root.metadata.name);
    rendered.crds = output::crds(&rendered.crd_files)?;
    rendered.config = values.to_json();
    rendered.values = fields_of(coalesced_json);
    rendered.defaults = fields_of(Value::Map(root.values.clone()).to_json().unwrap_or_default());
    rendered.metadata = root.metadata;
    rendered.notices = notices.take();
    Ok(rendered)
}

fn fields_of(json: Json) -> serde_json::Map<String, Json> {
    match json {
        Json::Object(fields) => fields,
        _ => serde_json::Map::new(),
    }
}

/// Checks the values of a chart and of its subcharts, each against its own schema.
fn check_schemas(node: &Node<'_>, values: &Json, faults: &mut String, notices: &Notices) {
    if let Some(schema) = &node.chart.schema {
        match crate::schema::check(schema, values) {
            Ok(unchecked) => unchecked.into_iter().for_each(|notice| notices.add(notice)),
            Err(words) => faults.push_str(&format!("{}:\n{words}\n", node.name())),
        }
    }
    for child in &node.dependencies {
        match values.get(child.name()) {
            None | Some(Json::Null) => {}
            Some(values) => check_schemas(child, values, faults, notices),
        }
    }
}

/// What each template file wrote, by path.
pub(crate) struct Text {
    pub(crate) text: String,
    /// Whether it may differ at the next render.
    pub(crate) touched: bool,
}

fn run(
    root: &Node<'_>,
    values: Map,
    options: &Options,
    context: &Rc<Context>,
) -> Result<BTreeMap<String, Text>, Error> {
    let release = &options.release;
    let release = Value::map([
        ("Name", Value::str(&release.name)),
        ("Namespace", Value::str(&release.namespace)),
        ("IsUpgrade", release.is_upgrade.into()),
        ("IsInstall", (!release.is_upgrade).into()),
        ("Revision", Value::Int(release.revision)),
        ("Service", "Helm".into()),
    ]);
    let shared =
        [("Release", release), ("Capabilities", capabilities::object(&options.capabilities, context))];
    let mut templates = BTreeMap::new();
    gather(root, &root.metadata.name, true, values, &shared, &mut templates);
    // Deeper files come first, so that a chart's own definitions win over those of its subcharts.
    let mut order: Vec<&String> = templates.keys().collect();
    order.sort_by_key(|name| std::cmp::Reverse((name.matches('/').count(), *name)));
    let fault = |error| {
        Error::Template(Box::new(TemplateError::new(error, |name| {
            templates.get(name).map(|template| template.file)
        })))
    };
    let mut set = Set::new(functions::table(context));
    for name in &order {
        if let Some(template) = templates.get(*name) {
            set.parse(name, &text(&template.file.data)).map_err(fault)?;
        }
    }
    let mut fuel = options.fuel;
    let mut texts = BTreeMap::new();
    for name in order {
        let Some(template) = templates.get(name).filter(|_| !path::base(name).starts_with('_')) else {
            continue;
        };
        let about = Value::map([("Name", Value::str(name)), ("BasePath", Value::str(&template.base_path))]);
        template.root.insert("Template", about);
        let text = set.execute(name, &Value::Map(template.root.clone()), &mut fuel).map_err(fault)?;
        let text = functions::without_no_value(text);
        texts.insert(name.clone(), Text { text, touched: context.take_touched() });
    }
    Ok(texts)
}

/// The text of a file; what is no UTF-8 becomes `U+FFFD`.
fn text(data: &[u8]) -> Cow<'_, str> {
    // The lenient way is several times slower.
    std::str::from_utf8(data).map_or_else(|_| String::from_utf8_lossy(data), Cow::Borrowed)
}

/// One template file, and what its dot is.
struct Template<'a> {
    file: &'a File,
    root: Map,
    base_path: Rc<str>,
}

/// Adds the templates of a chart and its subcharts, and answers with the chart's root object.
fn gather<'a>(
    node: &Node<'a>,
    full_path: &str,
    is_root: bool,
    values: Map,
    shared: &[(&'static str, Value)],
    templates: &mut BTreeMap<String, Template<'a>>,
) -> Map {
    let subcharts = Map::new();
    let root: Map = shared.iter().cloned().collect();
    root.insert("Chart", Value::Map(chart_map(node, is_root)));
    root.insert("Files", Value::Object(Rc::new(Files::new(&node.chart.files))));
    root.insert("Values", Value::Map(values.clone()));
    root.insert("Subcharts", Value::Map(subcharts.clone()));
    for child in &node.dependencies {
        let values = dependencies::table_at(&values, child.name()).unwrap_or_default();
        let path = format!("{full_path}/charts/{}", child.name());
        let child_root = gather(child, &path, false, values, shared, templates);
        subcharts.insert(child.name(), Value::Map(child_root));
    }
    let base_path: Rc<str> = path::join(&[full_path, "templates"]).into();
    let is_library = node.metadata.kind.eq_ignore_ascii_case("library");
    for file in &node.chart.templates {
        if is_library && !path::base(&file.name).starts_with('_') {
            continue;
        }
        let name = path::join(&[full_path, &file.name]);
        templates.insert(name, Template { file, root: root.clone(), base_path: Rc::clone(&base_path) });
    }
    root
}

/// `.Chart`, by Go's names of the fields.
fn chart_map(node: &Node<'_>, is_root: bool) -> Map {
    let metadata = &node.metadata;
    let texts = |list: &[String]| Value::list(list.iter().map(Value::str));
    let maintainer = |maintainer: &crate::metadata::Maintainer| {
        Value::map([
            ("Name", Value::str(&maintainer.name)),
            ("Email", Value::str(&maintainer.email)),
            ("URL", Value::str(&maintainer.url)),
        ])
    };
    let dependency = |dependency: &crate::metadata::Dependency| {
        Value::map([
            ("Name", Value::str(&dependency.name)),
            ("Version", Value::str(&dependency.version)),
            ("Repository", Value::str(&dependency.repository)),
            ("Condition", Value::str(&dependency.condition)),
            ("Tags", texts(&dependency.tags)),
            ("Enabled", dependency.enabled.into()),
            ("ImportValues", Value::list(dependency.import_values.iter().map(Value::from_json))),
            ("Alias", Value::str(&dependency.alias)),
        ])
    };
    let annotations = functions::TextMap(metadata.annotations.clone());
    [
        ("Name", Value::str(&metadata.name)),
        ("Home", Value::str(&metadata.home)),
        ("Sources", texts(&metadata.sources)),
        ("Version", Value::str(&metadata.version)),
        ("Description", Value::str(&metadata.description)),
        ("Keywords", texts(&metadata.keywords)),
        ("Maintainers", Value::list(metadata.maintainers.iter().map(maintainer))),
        ("Icon", Value::str(&metadata.icon)),
        ("APIVersion", Value::str(&metadata.api_version)),
        ("Condition", Value::str(&metadata.condition)),
        ("Tags", Value::str(&metadata.tags)),
        ("AppVersion", Value::str(&metadata.app_version)),
        ("Deprecated", metadata.deprecated.into()),
        ("Annotations", Value::Object(Rc::new(annotations))),
        ("KubeVersion", Value::str(&metadata.kube_version)),
        ("Dependencies", Value::list(metadata.dependencies.iter().map(dependency))),
        ("Type", Value::str(&metadata.kind)),
        ("IsRoot", is_root.into()),
    ]
    .into_iter()
    .collect()
}

/// The files under crds/ of a chart and its subcharts, named by their full paths.
fn crd_files(node: &Node<'_>, full_path: &str) -> Vec<File> {
    let is_manifest = |name: &str| {
        let extension = path::extension(name);
        [".yaml", ".yml", ".json"].iter().any(|known| extension.eq_ignore_ascii_case(known))
    };
    let own =
        node.chart.files.iter().filter(|file| file.name.starts_with("crds/") && is_manifest(&file.name));
    let own = own.map(|file| File { name: path::join(&[full_path, &file.name]), data: file.data.clone() });
    let children = node
        .dependencies
        .iter()
        .flat_map(|child| crd_files(child, &format!("{full_path}/charts/{}", child.name())));
    own.chain(children).collect()
}

/// A value as templates see it: floats are `float64`, integers (of `--set`) `int64`.
fn typed(value: &Json) -> Value {
    match value {
        Json::Number(number) => match number.as_i64() {
            Some(integer) => Value::Int64(integer),
            None => Value::Float(number.as_f64().unwrap_or_default()),
        },
        Json::Array(elements) => Value::list(elements.iter().map(typed)),
        Json::Object(fields) => Value::map(fields.iter().map(|(key, value)| (key.as_str(), typed(value)))),
        scalar => Value::from_json(scalar),
    }
}
