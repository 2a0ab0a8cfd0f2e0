//! `relative_path`: a folder of a repository as a Kustomization's `path` takes it.

use async_trait::async_trait;
use tfplugin::{
    function::{Function, FunctionError, Parameter, Signature},
    provider::Call,
    value::{Type, Value},
};

use super::text;

/// `provider::fluxgate::relative_path(path)`.
#[derive(Debug)]
pub struct RelativePath;

#[async_trait]
impl Function for RelativePath {
    fn name(&self) -> &str {
        "relative_path"
    }

    fn signature(&self) -> Signature {
        let path =
            Parameter::new("path", Type::String, "The folder, as seen from the root of the repository.");
        Signature::new(vec![path], Type::String).describe(
            "A folder of a repository as a Kustomization's path takes it",
            "Returns the path in one spelling, `./` for the root and `./clusters/dev` for a folder: without needless dots, slashes and spaces around it, so that plans do not differ by spelling. An absolute path, one that leaves the repository by `..`, and one with backslashes are errors.",
        )
    }

    async fn call(&self, _call: &Call, arguments: Vec<Value>) -> Result<Value, FunctionError> {
        cleaned(text(&arguments, 0)?).map(Value::from).map_err(|words| FunctionError::argument(0, words))
    }
}

fn cleaned(path: &str) -> Result<String, &'static str> {
    let path = path.trim();
    if path.contains('\\') {
        return Err("The path has a backslash: part folders by / as Flux, which runs on Linux, does.");
    }
    if path.starts_with('/') {
        return Err(
            "The path is absolute: write the folder as seen from the root of the repository, such as ./clusters/dev.",
        );
    }
    let mut folders = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if folders.pop().is_none() => {
                return Err(
                    "The path leaves the repository by \"..\": write the folder as seen from its root, such as ./clusters/dev.",
                );
            }
            ".." => {}
            folder => folders.push(folder),
        }
    }
    Ok(format!("./{}", folders.join("/")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_folder_has_one_spelling() {
        for (given, wanted) in [
            ("", "./"),
            (".", "./"),
            ("./", "./"),
            ("a/b", "./a/b"),
            ("./a//b/./", "./a/b"),
            (" ./a ", "./a"),
            ("./..foo/foo..", "./..foo/foo.."),
            ("a/../b", "./b"),
            ("a/..", "./"),
        ] {
            assert_eq!(cleaned(given), Ok(wanted.to_owned()), "{given:?}");
        }
    }

    #[test]
    fn what_is_not_inside_the_repository_is_refused() {
        for given in ["/abs", " /abs", "..", "../x", "./../x", "a/../../b", "a\\..\\b", "C:\\x"] {
            assert!(cleaned(given).is_err(), "{given:?}");
        }
    }
}
