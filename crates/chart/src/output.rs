//! What rendering a chart gives.

use serde_json::Value;

/// A chart, rendered.
#[derive(Clone, Debug, Default)]
pub struct Rendered {
    /// The objects that Helm keeps as the release, in the order in which it creates them.
    pub manifests: Vec<Document>,
    /// The hooks, in the order in which Helm prints and stores them: that of kinds, not of weights.
    pub hooks: Vec<Hook>,
    /// NOTES.txt, rendered; empty where the chart has none.
    pub notes: String,
    /// The CustomResourceDefinitions under crds/ of the chart and its subcharts, which are no templates.
    pub crds: Vec<Document>,
}

/// One document of the output.
#[derive(Clone)]
pub struct Document {
    /// The template that wrote it: `flux2/templates/source-controller.yaml`.
    pub path: String,
    /// Its text, without the separator and the comment that names its template.
    pub content: String,
    /// The object that the text holds, numbers as the API server reads them; null where it holds only comments.
    pub object: Value,
}

/// A document with the annotation `helm.sh/hook`.
#[derive(Clone)]
pub struct Hook {
    /// metadata.name.
    pub name: String,
    /// The kind.
    pub kind: String,
    /// The template that wrote it.
    pub path: String,
    /// Its text.
    pub manifest: String,
    /// The object that the text holds.
    pub object: Value,
    /// The events at which it runs.
    pub events: Vec<HookEvent>,
    /// `helm.sh/hook-weight`; lower ones run first.
    pub weight: i64,
    /// `helm.sh/hook-delete-policy`, as written; empty means `before-hook-creation` when it runs.
    pub delete_policies: Vec<DeletePolicy>,
    /// `helm.sh/hook-output-log-policy`, as written.
    pub output_log_policies: Vec<String>,
}

macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$doc])* $variant,)*
        }

        impl $name {
            /// Helm's word for it.
            pub fn as_str(self) -> &'static str {
                match self {
                    $($name::$variant => $word,)*
                }
            }

            /// Reads Helm's word, letter by letter.
            pub fn parse(word: &str) -> Option<$name> {
                match word {
                    $($word => Some($name::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

words! {
    /// When a hook runs (Helm's `release.HookEvent`).
    HookEvent {
        /// Before the objects of an install.
        PreInstall = "pre-install",
        /// After the objects of an install.
        PostInstall = "post-install",
        /// Before the objects of an uninstall go.
        PreDelete = "pre-delete",
        /// After the objects of an uninstall are gone.
        PostDelete = "post-delete",
        /// Before the objects of an upgrade.
        PreUpgrade = "pre-upgrade",
        /// After the objects of an upgrade.
        PostUpgrade = "post-upgrade",
        /// Before the objects of a rollback.
        PreRollback = "pre-rollback",
        /// After the objects of a rollback.
        PostRollback = "post-rollback",
        /// When somebody tests the release.
        Test = "test",
    }
}

words! {
    /// When a hook's object is deleted (Helm's `release.HookDeletePolicy`).
    DeletePolicy {
        /// Once all hooks of the event have succeeded.
        Succeeded = "hook-succeeded",
        /// When it has failed.
        Failed = "hook-failed",
        /// Before it is created anew.
        BeforeCreation = "before-hook-creation",
    }
}

impl Rendered {
    /// The manifests as Helm stores them with a release.
    pub fn manifest(&self) -> String {
        self.manifests.iter().map(Document::stored).collect()
    }
}

impl Document {
    /// The document as it stands in a stored manifest: separator, comment with the template, text.
    pub fn stored(&self) -> String {
        format!("---\n# Source: {}\n{}\n", self.path, self.content)
    }
}

/// Path and size only: documents hold secrets.
impl std::fmt::Debug for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Document({}, {} bytes)", self.path, self.content.len())
    }
}

/// Kind and name only: hooks hold secrets.
impl std::fmt::Debug for Hook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Hook({} {})", self.kind, self.name)
    }
}
