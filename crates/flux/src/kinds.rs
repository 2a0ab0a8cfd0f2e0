//! One table for each kind of Flux: what its fields are called, what they take, and how the kind behaves.
//!
//! From a table come the provider's schema and documentation, the way between HCL names and wire names, the
//! checks that need no cluster, readiness, references and the columns of `fluxgate get`. A test compares
//! every table with the CustomResourceDefinition of the Flux release that it names.
//!
//! To add a kind: write its file below `kinds/`, register it in [`all`], and follow the tests that fail.

mod alert;
mod alert_provider;
mod artifact_generator;
mod bucket;
mod definition;
mod external_artifact;
mod field;
mod flux_instance;
mod git_repository;
mod helm_chart;
mod helm_release;
mod helm_repository;
mod image_policy;
mod image_repository;
mod image_update_automation;
mod kustomization;
mod oci_repository;
mod receiver;
mod resource_set;
mod resource_set_input_provider;
mod rule;
mod shapes;

#[cfg(test)]
mod crds;
#[cfg(test)]
mod tests;

pub use field::{Field, FieldType, Format};
pub use rule::Rule;
pub(crate) use rule::Verdict;

use serde_json::Value;

use crate::path::{FieldPath, Step};

/// The Flux release whose CRDs the tables follow.
pub const FLUX_VERSION: &str = "2.9";

/// Every kind that has a table, in the order in which a person meets them.
pub fn all() -> &'static [&'static Kind] {
    ALL
}

static ALL: &[&Kind] = &[
    &git_repository::GIT_REPOSITORY,
    &oci_repository::OCI_REPOSITORY,
    &helm_repository::HELM_REPOSITORY,
    &helm_chart::HELM_CHART,
    &bucket::BUCKET,
    &external_artifact::EXTERNAL_ARTIFACT,
    &kustomization::KUSTOMIZATION,
    &helm_release::HELM_RELEASE,
    &alert_provider::ALERT_PROVIDER,
    &alert::ALERT,
    &receiver::RECEIVER,
    &image_repository::IMAGE_REPOSITORY,
    &image_policy::IMAGE_POLICY,
    &image_update_automation::IMAGE_UPDATE_AUTOMATION,
    &artifact_generator::ARTIFACT_GENERATOR,
    &resource_set::RESOURCE_SET,
    &resource_set_input_provider::RESOURCE_SET_INPUT_PROVIDER,
    &flux_instance::FLUX_INSTANCE,
];

/// The table of a kind, by API group and kind: `by_kind("source.toolkit.fluxcd.io", "GitRepository")`.
pub fn by_kind(group: &str, kind: &str) -> Option<&'static Kind> {
    all().iter().copied().find(|known| known.group == group && known.name == kind)
}

/// The table of a kind, by its HCL suffix: `by_resource("git_repository")`.
pub fn by_resource(resource: &str) -> Option<&'static Kind> {
    all().iter().copied().find(|known| known.resource == resource)
}

/// Names that an attribute at the top level of a resource cannot have for a field of Flux.
///
/// The first part is OpenTofu's: its meta-arguments, and the block types that it reads itself. The second
/// part is ours: what every Flux resource has. Flux's own fields collide with several (`dependsOn`,
/// `provider`, `wait`), which is why they live inside the attribute `spec`. There nothing is reserved, since
/// OpenTofu reads names inside an attribute's value as plain keys; they only have to be valid identifiers,
/// snake_case, and unique at their level.
pub const RESERVED: &[&str] = &[
    "connection",
    "count",
    "depends_on",
    "dynamic",
    "for_each",
    "lifecycle",
    "locals",
    "provider",
    "provisioner",
    // Ours.
    "allow_cluster_change",
    "annotations",
    "cluster",
    "force_conflicts",
    "generation",
    "id",
    "labels",
    "name",
    "namespace",
    "spec",
    "timeouts",
    "uid",
    "wait",
];

/// Everything that is known about a kind of Flux.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// The kind: `GitRepository`.
    pub name: &'static str,
    /// The API group: `source.toolkit.fluxcd.io`.
    pub group: &'static str,
    /// The API version that is served and stored: `v1`.
    pub version: &'static str,
    /// The plural, as in the API's paths: `gitrepositories`.
    pub plural: &'static str,
    /// The HCL suffix of the resource: `git_repository`.
    pub resource: &'static str,
    /// One or two sentences for the documentation.
    pub description: &'static str,
    /// The fields of `spec`.
    pub spec: &'static [Field],
    /// Rules between fields.
    pub rules: &'static [Rule],
    /// What being ready means.
    pub readiness: Readiness,
    /// The controller that reconciles the kind: `source-controller`.
    pub controller: &'static str,
    /// The finalizer that the controller sets, and that only it removes.
    pub finalizer: Option<&'static str>,
    /// Whether deleting an object of the kind may delete running workloads with it.
    pub prunes: bool,
    /// The columns of `fluxgate get`, after the name.
    pub columns: &'static [Column],
    /// What objects of the kind need besides themselves.
    pub references: &'static [Refers],
    /// What the CRD has and the table leaves out on purpose: path in wire names, and why.
    pub left_out: &'static [(&'static str, &'static str)],
}

impl Kind {
    /// The kind in a sentence: `a GitRepository`, `an OCIRepository`.
    pub fn with_article(&self) -> String {
        let article = if self.name.starts_with(['A', 'E', 'I', 'O']) { "an" } else { "a" };
        format!("{article} {}", self.name)
    }

    /// The `apiVersion`: `source.toolkit.fluxcd.io/v1`.
    pub fn api_version(&self) -> String {
        format!("{}/{}", self.group, self.version)
    }

    /// The only name that an object of the kind may have, where a cluster has but one of them.
    pub fn only_name(&self) -> Option<&'static str> {
        (self.resource == flux_instance::FLUX_INSTANCE.resource).then_some(flux_instance::NAME)
    }

    /// The field of `spec` at a path in wire names (`spec.ref.branch`, `spec.patches[0].patch`).
    ///
    /// Below a map or free JSON there are no fields; the answer is none there, and for `spec` itself.
    pub fn field(&self, path: &FieldPath) -> Option<&'static Field> {
        let (first, mut rest) = path.steps().split_first()?;
        if *first != Step::from("spec") {
            return None;
        }
        let mut fields = self.spec;
        loop {
            let (Step::Key(name), after) = rest.split_first()? else { return None };
            let field = fields.iter().find(|field| field.wire() == name)?;
            let mut ty = &field.ty;
            let mut left = after;
            while let (FieldType::List(item), Some((Step::Index(_), after))) = (ty, left.split_first()) {
                (ty, left) = (item, after);
            }
            match ty {
                _ if left.is_empty() => return Some(field),
                FieldType::Object(inner) => (fields, rest) = (inner, left),
                _ => return None,
            }
        }
    }

    /// The fields of the object at a place inside `spec`, in wire names: `sourceRef`, `include[].repository`;
    /// empty for `spec` itself.
    pub(crate) fn fields_at(&self, at: &str) -> Option<&'static [Field]> {
        at.split('.').filter(|step| !step.is_empty()).try_fold(self.spec, |fields, step| {
            let lists = step.matches("[]").count();
            let field = fields.iter().find(|field| field.wire() == step.trim_end_matches("[]"))?;
            let item = (0..lists).try_fold(&field.ty, |ty, _| match ty {
                FieldType::List(item) => Some(*item),
                _ => None,
            })?;
            match item {
                FieldType::Object(fields) => Some(*fields),
                _ => None,
            }
        })
    }

    /// The attribute of the resource for a path of the object: `spec.source_ref.name` for
    /// `spec.sourceRef.name`, `labels.app` for `metadata.labels.app`.
    ///
    /// What the resource has no attribute for leads to the nearest one around it: the answer for
    /// `spec.nonsense` is `spec`, for `status.conditions` the resource itself (the empty path).
    pub fn attribute_path(&self, path: &FieldPath) -> FieldPath {
        let steps = path.steps();
        let key = |position: usize| match steps.get(position) {
            Some(Step::Key(key)) => key.as_str(),
            _ => "",
        };
        match (key(0), key(1)) {
            ("spec", _) => {
                FieldPath::of(["spec"]).join(renamed(self.spec, &steps[1..], Field::wire, Field::hcl))
            }
            ("metadata", attribute @ ("name" | "namespace" | "uid" | "generation")) => {
                FieldPath::of([attribute])
            }
            ("metadata", attribute @ ("labels" | "annotations")) => {
                FieldPath::of([attribute]).join(steps[2..].to_vec())
            }
            _ => FieldPath::root(),
        }
    }

    /// The path of the object for an attribute of the resource: the way back from [`Kind::attribute_path`].
    ///
    /// Attributes that are not part of the object (`wait`, `timeouts`) lead to the object itself.
    pub fn object_path(&self, attribute: &FieldPath) -> FieldPath {
        let steps = attribute.steps();
        match steps.first() {
            Some(Step::Key(first)) => match first.as_str() {
                "spec" => {
                    FieldPath::of(["spec"]).join(renamed(self.spec, &steps[1..], Field::hcl, Field::wire))
                }
                "name" | "namespace" | "uid" | "generation" | "labels" | "annotations" => {
                    FieldPath::of(["metadata"]).join(steps.to_vec())
                }
                _ => FieldPath::root(),
            },
            _ => FieldPath::root(),
        }
    }
}

/// Follows steps that are spelled as `from` through the fields and spells them as `to`, as far as they lead.
fn renamed(
    mut fields: &'static [Field],
    mut steps: &[Step],
    from: fn(&'static Field) -> &'static str,
    to: fn(&'static Field) -> &'static str,
) -> Vec<Step> {
    let mut path = Vec::new();
    while let Some((Step::Key(name), after)) = steps.split_first() {
        let Some(field) = fields.iter().find(|field| from(field) == name) else { break };
        path.push(Step::from(to(field)));
        steps = after;
        let mut ty = &field.ty;
        while let (FieldType::List(item), Some((position @ Step::Index(_), after))) =
            (ty, steps.split_first())
        {
            path.push(position.clone());
            (ty, steps) = (item, after);
        }
        match ty {
            FieldType::Object(inner) => fields = inner,
            // Keys of maps and of free JSON are the user's own, in both spellings.
            FieldType::StringMap | FieldType::Map(_) | FieldType::Json => {
                path.extend_from_slice(steps);
                break;
            }
            _ => break,
        }
    }
    path
}

/// What being ready means for a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// A condition that is True for the current generation.
    Condition {
        /// The type of the condition, as a rule `Ready`.
        condition: &'static str,
        /// Whether `status.observedGeneration` is kept too and must be current as well.
        status_generation: bool,
    },
    /// The object has no status: being there is all there is.
    Existence,
    /// Nothing says whether the object is ready, and nobody should wait for it.
    None,
    /// The controller leaves the object alone, as the object asks.
    Suspended,
    /// It depends on a text of the object; upper and lower case are the same.
    Where {
        /// The path of the text in wire names: `spec.type`.
        path: &'static str,
        /// The text that decides.
        is: &'static str,
        /// What being ready means where the text is that.
        then: &'static Readiness,
        /// What it means elsewhere, also where there is no such text.
        otherwise: &'static Readiness,
    },
}

impl Readiness {
    /// What being ready means for one object: never [`Readiness::Where`].
    pub fn of(self, object: &Value) -> Readiness {
        match self {
            Readiness::Where { path, is, then, otherwise } => {
                let text = path.parse::<FieldPath>().ok();
                let text = text.as_ref().and_then(|path| path.get(object)).and_then(Value::as_str);
                let decides = text.is_some_and(|text| text.eq_ignore_ascii_case(is));
                if decides { then.of(object) } else { otherwise.of(object) }
            }
            plain => plain,
        }
    }
}

/// A column of `fluxgate get`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// The heading.
    pub title: &'static str,
    /// What the cells show.
    pub shows: Shows,
}

/// What the cells of a column show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shows {
    /// A field, by its path in wire names: `spec.url`.
    Field(&'static str),
    /// The status of a condition: True, False or Unknown.
    Status(&'static str),
    /// The message of a condition.
    Message(&'static str),
    /// How long ago the object was made.
    Age,
}

impl Column {
    /// A column that shows a field.
    pub const fn field(title: &'static str, path: &'static str) -> Column {
        Column { title, shows: Shows::Field(path) }
    }

    /// The column with the status of the condition `Ready`.
    pub const READY: Column = Column { title: "Ready", shows: Shows::Status("Ready") };

    /// The column with the message of the condition `Ready`.
    pub const MESSAGE: Column = Column { title: "Status", shows: Shows::Message("Ready") };

    /// The column with the age.
    pub const AGE: Column = Column { title: "Age", shows: Shows::Age };

    /// The column that says whether the object is suspended.
    pub const SUSPENDED: Column = Column { title: "Suspended", shows: Shows::Field("spec.suspend") };
}

/// A place in `spec` that names another object.
#[derive(Clone, Copy, Debug)]
pub struct Refers {
    /// The path inside `spec` in wire names, `[]` after a list: `include[].repository`. It leads to an object
    /// with a `name`, or to a text that is the name.
    pub path: &'static str,
    /// Which kind is meant.
    pub to: Target,
    /// A path inside `spec`: where it is set, the name means an object of another cluster.
    pub unless: Option<&'static str>,
}

/// Which kind a reference means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Always this one: API group (empty for the core group) and kind.
    Kind(&'static str, &'static str),
    /// What the `kind` beside the name says; the group is that of `apiVersion` beside it, or this one.
    Named(&'static str),
}

impl Refers {
    /// A reference to one kind of a group.
    pub const fn to(path: &'static str, group: &'static str, kind: &'static str) -> Refers {
        Refers { path, to: Target::Kind(group, kind), unless: None }
    }

    /// A reference to a Secret beside the object.
    pub const fn secret(path: &'static str) -> Refers {
        Refers::to(path, "", "Secret")
    }

    /// A reference to a ServiceAccount beside the object.
    pub const fn service_account(path: &'static str) -> Refers {
        Refers::to(path, "", "ServiceAccount")
    }

    /// A reference that says itself which kind it means; `group` is meant where it does not say.
    pub const fn named(path: &'static str, group: &'static str) -> Refers {
        Refers { path, to: Target::Named(group), unless: None }
    }

    /// The same, void where another path inside `spec` is set.
    #[must_use]
    pub const fn unless(mut self, path: &'static str) -> Refers {
        self.unless = Some(path);
        self
    }
}
