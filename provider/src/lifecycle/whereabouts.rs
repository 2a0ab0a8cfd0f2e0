//! Where the object of a state is by the time of the apply, as far as a plan can tell.

use cluster::Error;
use tfplugin::diagnostic::{Diagnostic, Severity};

use super::marks::Marks;
use crate::{context::Reach, explain};

/// Where the object of a state is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whereabouts {
    /// In the cluster that the state speaks of; or there is no state yet.
    Here,
    /// Perhaps not in the cluster of the apply, which is not there yet or is another one: it is applied anew.
    Elsewhere,
    /// The cluster does not say which one it is. An apply finds out, and must therefore take place: OpenTofu plans once more right before
    /// it, and drops a change that has become none.
    Open,
}

impl Whereabouts {
    /// Asks the cluster which one it is, and says what is to be said of the answer.
    ///
    /// `exists` tells whether there is a state, and `anew` what happens in another cluster (`The object is applied`).
    pub async fn of(
        reached: &Reach,
        exists: bool,
        marks: &Marks,
        anew: &str,
    ) -> (Whereabouts, Option<Diagnostic>) {
        let warning = |mut diagnostic: Diagnostic, more: &str| {
            diagnostic.severity = Severity::Warning;
            diagnostic.detail.push_str(more);
            Some(diagnostic)
        };
        match reached {
            // A plan is worth reading without a cluster; only the apply needs one.
            Reach::Unnamed(diagnostic) => {
                (if exists { Self::Open } else { Self::Here }, warning(diagnostic.clone(), ""))
            }
            Reach::Unknown if exists => (Self::Elsewhere, None),
            Reach::Known(cluster) if exists => {
                // An apply plans once more, by when a connection that was unknown leads to the new cluster. The requests of
                // a refresh have asked for the identity already.
                let Some(recorded) = &marks.cluster else { return (Self::Here, None) };
                match cluster.expect_identity(recorded).await {
                    Ok(()) => (Self::Here, None),
                    Err(error @ Error::WrongCluster { .. }) => {
                        let mut diagnostic = explain::error(&error);
                        diagnostic.detail = format!("{}.", explain::sentence(&error));
                        (Self::Elsewhere, warning(diagnostic, &format!("\n\n{anew} there anew.")))
                    }
                    Err(error) => (
                        Self::Open,
                        warning(
                            explain::error(&error),
                            "\n\nWhether this is the cluster that the state speaks of is found out at apply.",
                        ),
                    ),
                }
            }
            Reach::Unknown | Reach::Known(_) => (Self::Here, None),
        }
    }

    /// Whether the object is to be applied wherever it is then: also where nothing else of it changes and the cluster gives no answer.
    pub fn is_unseen(self, changes: bool) -> bool {
        match self {
            Self::Here => false,
            Self::Elsewhere => true,
            Self::Open => !changes,
        }
    }
}
