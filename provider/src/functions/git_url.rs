//! `git_url`: the address of a Git repository as Flux accepts it.

use async_trait::async_trait;
use flux::git_url::{GitUrl, GitUrlError};
use tfplugin::{
    function::{Function, FunctionError, Parameter, Signature},
    provider::Call,
    value::{Type, Value},
};

use super::text;
use crate::explain;

/// `provider::fluxgate::git_url(url)`.
#[derive(Debug)]
pub struct GitUrlFunction;

#[async_trait]
impl Function for GitUrlFunction {
    fn name(&self) -> &str {
        "git_url"
    }

    fn signature(&self) -> Signature {
        let url =
            Parameter::new("url", Type::String, "The address, `https://…`, `ssh://…` or `user@host:path`.");
        Signature::new(vec![url], Type::String).describe(
            "The address of a Git repository as Flux accepts it",
            "Returns an `https://` or `ssh://` address as it is, and `user@host:path`, the form that git and scp use, as the `ssh://` address that means the same. Everything else is an error that says what to write: plain http, a password in the address, a local file, no host.",
        )
    }

    async fn call(&self, _call: &Call, arguments: Vec<Value>) -> Result<Value, FunctionError> {
        accepted(text(&arguments, 0)?).map(Value::from)
    }
}

fn accepted(url: &str) -> Result<String, FunctionError> {
    let judged = match GitUrl::judge(url) {
        Err(GitUrlError::ScpForm { ssh: Some(ssh) }) => GitUrl::judge(&ssh),
        judged => judged,
    };
    match judged {
        Ok(url) => Ok(url.as_str().to_owned()),
        Err(error) => {
            Err(FunctionError::argument(0, format!("{}: {}.", explain::sentence(&error), error.remedy())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_flux_accepts_stays_and_the_form_of_scp_becomes_ssh() {
        for (given, wanted) in [
            ("https://github.com/acme/app", "https://github.com/acme/app"),
            ("ssh://git@github.com:2222/acme/app.git", "ssh://git@github.com:2222/acme/app.git"),
            ("git@github.com:acme/app.git", "ssh://git@github.com/acme/app.git"),
        ] {
            assert_eq!(accepted(given), Ok(wanted.to_owned()), "{given}");
        }
    }

    #[test]
    fn a_refusal_says_what_to_write_and_no_password() {
        for (given, wanted) in [
            ("http://example.com/app", "https://"),
            ("https://me:hunter2@example.com/app", "secretRef"),
            ("file:///srv/app", "Git server"),
            ("", "cannot be blank"),
        ] {
            let error = accepted(given).unwrap_err();
            assert_eq!(error.argument, Some(0));
            assert!(
                error.text.contains(wanted) && !error.text.contains("hunter2"),
                "{given}: {}",
                error.text
            );
        }
    }
}
