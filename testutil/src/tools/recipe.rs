//! How each tool is built and recognized. What it is built from is pinned in `testutil/tools/<name>/go.mod`.

use super::Tool;

/// How a tool is built and recognized.
pub(super) struct Recipe {
    pub(super) name: &'static str,
    pub(super) version: &'static str,
    pub(super) binary: &'static str,
    pub(super) package: &'static str,
    pub(super) stamps: &'static [&'static str],
    pub(super) build_time: &'static str,
    /// Arguments that make the program print its version, and the first line that it then prints.
    pub(super) reports: Option<(&'static [&'static str], &'static str)>,
}

impl Recipe {
    pub(super) fn arguments(&self) -> Vec<String> {
        let mut linker = String::from("-s -w");
        for stamp in self.stamps {
            linker.push_str(" -X ");
            linker.push_str(stamp);
        }
        // Two compilers at a time: the control plane's packages take a gigabyte each.
        let fixed = ["build", "-mod=readonly", "-p", "2", "-trimpath", "-buildvcs=false", "-ldflags"];
        fixed.map(str::to_owned).into_iter().chain([linker, self.package.to_owned()]).collect()
    }
}

impl Tool {
    pub(super) fn recipe(self) -> Recipe {
        match self {
            Self::Tofu => Recipe {
                name: "tofu",
                version: "1.12.6",
                binary: "tofu",
                package: "github.com/opentofu/opentofu/cmd/tofu",
                // Otherwise tofu calls itself 1.12.6-dev.
                stamps: &["github.com/opentofu/opentofu/version.dev=no"],
                build_time: "3.5 minutes",
                reports: Some((&["version"], "OpenTofu v1.12.6")),
            },
            Self::ControlPlane => Recipe {
                name: "controlplane",
                version: "1.36.4",
                binary: "controlplane",
                package: ".",
                // Charts' kubeVersion gates and clients read these from the API server.
                stamps: &[
                    "k8s.io/component-base/version.gitVersion=v1.36.4",
                    "k8s.io/component-base/version.gitMajor=1",
                    "k8s.io/component-base/version.gitMinor=36",
                    "k8s.io/component-base/version.gitTreeState=clean",
                ],
                build_time: "4 minutes",
                reports: None,
            },
            Self::Kwok => Recipe {
                name: "kwok",
                version: "0.8.0",
                binary: "kwok",
                package: "sigs.k8s.io/kwok/cmd/kwok",
                stamps: &[],
                build_time: "1 minute",
                reports: None,
            },
            Self::Helm => Recipe {
                name: "helm",
                version: "4.2.4",
                binary: "helm",
                package: "helm.sh/helm/v4/cmd/helm",
                // The Kubernetes version of its templates Helm reads from the build itself.
                stamps: &["helm.sh/helm/v4/internal/version.version=v4.2.4"],
                build_time: "1 minute",
                reports: Some((&["version", "--template", "{{.Version}}"], "v4.2.4")),
            },
            Self::Opa => Recipe {
                name: "opa",
                version: "1.20.0",
                binary: "opa",
                package: "github.com/open-policy-agent/opa",
                stamps: &[],
                build_time: "1 minute",
                reports: Some((&["version"], "Version: 1.20.0")),
            },
            Self::SourceController => Recipe {
                name: "source-controller",
                version: "1.9.4",
                binary: "source-controller",
                package: "github.com/fluxcd/source-controller",
                stamps: &[],
                build_time: "2 minutes",
                reports: None,
            },
            Self::KustomizeController => Recipe {
                name: "kustomize-controller",
                version: "1.9.4",
                binary: "kustomize-controller",
                package: "github.com/fluxcd/kustomize-controller",
                stamps: &[],
                build_time: "2.5 minutes",
                reports: None,
            },
            Self::HelmController => Recipe {
                name: "helm-controller",
                version: "1.6.3",
                binary: "helm-controller",
                package: "github.com/fluxcd/helm-controller",
                stamps: &[],
                build_time: "1.5 minutes",
                reports: None,
            },
            Self::NotificationController => Recipe {
                name: "notification-controller",
                version: "1.9.3",
                binary: "notification-controller",
                package: "github.com/fluxcd/notification-controller",
                stamps: &[],
                build_time: "2 minutes",
                reports: None,
            },
            Self::KubectlProvider => Recipe {
                name: "kubectl-provider",
                version: "1.19.0",
                binary: "terraform-provider-kubectl",
                package: "github.com/gavinbunney/terraform-provider-kubectl",
                stamps: &[],
                build_time: "half a minute",
                reports: None,
            },
        }
    }
}
