//! The `Status` object in which an API server refuses something.

use serde::Deserialize;

/// The reason of a refusal by trouble of the server's own.
pub(crate) const INTERNAL: &str = "InternalError";

/// A refusal, as <https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/> describes it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Status {
    pub kind: String,
    pub message: String,
    pub reason: String,
    pub code: u16,
    pub details: Details,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Details {
    pub name: String,
    pub kind: String,
    pub causes: Vec<StatusCause>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct StatusCause {
    pub reason: String,
    pub message: String,
    pub field: String,
}

impl Status {
    /// Reads a refusal; `None` when the text is not one, as with proxies and plain 404 pages.
    pub fn read(body: &[u8]) -> Option<Self> {
        serde_json::from_slice::<Self>(body).ok().filter(|status| status.kind == "Status")
    }

    /// Takes out what may quote the object that was refused. What the server itself says of rights, conflicts and names quotes nothing;
    /// what a policy or a webhook says may.
    pub fn hide(&mut self) {
        const HIDDEN: &str = "not valid; what the server says is not shown, since it may quote the Secret";
        let says = |words| self.message.contains(words);
        let harmless = match self.reason.as_str() {
            "Forbidden" => says(" cannot ") && says(" resource \""),
            "Conflict" | "NotFound" => true,
            _ => false,
        };
        if self.reason == INTERNAL {
            // Internal error occurred: failed calling webhook "name": …
            let webhook =
                self.message.split_once("calling webhook \"").and_then(|(_, rest)| rest.split('"').next());
            let who = webhook.map(|name| format!("the webhook {name:?} failed; ")).unwrap_or_default();
            self.message =
                format!("{who}what else the server says is not shown, since it may quote the Secret");
        } else if !harmless || says(" denied ") {
            self.message = HIDDEN.to_owned();
            if matches!(self.code, 400 | 500) {
                self.reason = "Invalid".to_owned();
            }
        }
        for cause in &mut self.details.causes {
            if cause.reason != "FieldManagerConflict" && !cause.field.starts_with("metadata.") {
                cause.message = HIDDEN.to_owned();
                cause.field.clear();
            }
        }
    }

    /// Whether one of its causes has this reason.
    pub fn has_cause(&self, reason: &str) -> bool {
        self.details.causes.iter().any(|cause| cause.reason == reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(code: u16, reason: &str, message: &str) -> String {
        let mut status =
            Status { code, reason: reason.to_owned(), message: message.to_owned(), ..Status::default() };
        status.hide();
        status.message
    }

    #[test]
    fn what_may_quote_a_secret_is_hidden_and_what_helps_is_not() {
        for (code, reason, message) in [
            (400, "", "admission webhook \"w\" denied the request: token 'abc' cannot be shorter than 20"),
            (
                403,
                "Forbidden",
                "policy 'p' with binding 'b' denied request: token 'abc' cannot be a resource \"x\"",
            ),
            (403, "Forbidden", "token 'abc' cannot be shorter than 20"),
            (409, "Conflict", "admission webhook \"w\" denied the request: 'abc' is taken"),
            (422, "Invalid", "data[token]: Invalid value: 'abc'"),
            (500, "", "failed to decode 'abc'"),
            (500, INTERNAL, "Internal error occurred: failed calling webhook \"w\": the body was 'abc'"),
        ] {
            let shown = shown(code, reason, message);
            assert!(!shown.contains("abc") && shown.contains("is not shown"), "{shown}");
        }
        let rights =
            "secrets \"s\" is forbidden: User \"dev\" cannot patch resource \"secrets\" in API group \"\"";
        assert_eq!(shown(403, "Forbidden", rights), rights);
        assert!(
            shown(500, INTERNAL, "failed calling webhook \"w.example.com\": …").contains("w.example.com")
        );
    }
}
