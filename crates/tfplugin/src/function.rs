//! What a function is: a pure computation, called as `provider::name::function(...)`.

use async_trait::async_trait;

use crate::provider::Call;
use crate::value::{Type, Value};

/// A function. It may be called before the provider is configured, and must give the same result for the same
/// arguments.
#[async_trait]
pub trait Function: Send + Sync + 'static {
    /// The name, without the provider's.
    fn name(&self) -> &str;

    /// What it takes and gives.
    fn signature(&self) -> Signature;

    /// Computes it. Arguments are as many as the parameters, then those of the variadic one.
    async fn call(&self, call: &Call, arguments: Vec<Value>) -> Result<Value, FunctionError>;
}

/// What a function takes and gives.
#[derive(Clone, Debug)]
pub struct Signature {
    /// What it takes, in order.
    pub parameters: Vec<Parameter>,
    /// What it takes any number of, after the others.
    pub variadic: Option<Parameter>,
    /// What it gives.
    pub returns: Type,
    /// One line for lists of functions.
    pub summary: String,
    /// For the documentation, in Markdown.
    pub description: String,
    /// Why it should not be used any more.
    pub deprecation: Option<String>,
}

impl Signature {
    /// A signature with these parameters and this result.
    #[must_use]
    pub fn new(parameters: Vec<Parameter>, returns: Type) -> Self {
        Self {
            parameters,
            variadic: None,
            returns,
            summary: String::new(),
            description: String::new(),
            deprecation: None,
        }
    }

    /// The same signature, with words for people.
    #[must_use]
    pub fn describe(mut self, summary: impl Into<String>, description: impl Into<String>) -> Self {
        self.summary = summary.into();
        self.description = description.into();
        self
    }
}

/// One parameter of a function.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// For the documentation.
    pub name: String,
    /// What values it takes.
    pub ty: Type,
    /// Whether the function wants to be called with null; otherwise the host refuses null.
    pub allow_null: bool,
    /// Whether the function wants to be called with unknown values; otherwise the host answers "unknown" by itself.
    pub allow_unknown: bool,
    /// For the documentation, in Markdown.
    pub description: String,
}

impl Parameter {
    /// A parameter that takes neither null nor unknown values.
    pub fn new(name: impl Into<String>, ty: Type, description: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ty,
            allow_null: false,
            allow_unknown: false,
            description: description.into(),
        }
    }
}

/// Why a function has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionError {
    /// Whole sentences.
    pub text: String,
    /// The argument that it is about, from zero.
    pub argument: Option<usize>,
}

impl FunctionError {
    /// An error about the call as a whole.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), argument: None }
    }

    /// An error about one argument, counted from zero.
    pub fn argument(argument: usize, text: impl Into<String>) -> Self {
        Self { text: text.into(), argument: Some(argument) }
    }
}
