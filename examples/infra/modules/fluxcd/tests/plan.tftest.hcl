# What the inputs become. The provider is a mock: no cluster, no chart.

mock_provider "fluxgate" {}

variables {
  git_repository_url  = "https://example.com/fleet.git"
  git_repository_path = "clusters/dev"
}

run "the_url_and_the_path_are_enough" {
  command = plan

  assert {
    condition = alltrue([
      fluxgate_install.flux.name == "flux-system",
      fluxgate_install.flux.repository == "https://fluxcd-community.github.io/helm-charts",
      fluxgate_install.flux.chart == "flux2",
      fluxgate_install.flux.version == "2.16.4",
      fluxgate_install.flux.namespace == "flux-system",
      fluxgate_install.flux.create_namespace,
      fluxgate_install.flux.wait,
      fluxgate_install.flux.atomic,
      fluxgate_install.flux.cleanup_on_fail,
      fluxgate_install.flux.max_history == 3,
      fluxgate_install.flux.keep_crds_on_destroy,
      fluxgate_install.flux.timeouts.create == "600s",
    ])
    error_message = "The installation is not the one of the defaults."
  }

  assert {
    condition = fluxgate_install.flux.namespace_labels == tomap({
      "app.kubernetes.io/managed-by" = "opentofu"
      "toolkit.fluxcd.io/provider"   = "opentofu"
      "toolkit.fluxcd.io/tenant"     = "flux-system"
    })
    error_message = "The namespace does not have its three labels."
  }

  assert {
    condition = alltrue([
      fluxgate_git_repository.this.name == "flux-system",
      fluxgate_git_repository.this.namespace == "flux-system",
      fluxgate_git_repository.this.labels == tomap({
        "app.kubernetes.io/managed-by" = "opentofu"
        "toolkit.fluxcd.io/provider"   = "opentofu"
      }),
      fluxgate_git_repository.this.spec.url == "https://example.com/fleet.git",
      fluxgate_git_repository.this.spec.ref.branch == "main",
      fluxgate_git_repository.this.spec.interval == "1m",
      fluxgate_git_repository.this.spec.secret_ref == null,
    ])
    error_message = "The GitRepository is not the one of the defaults."
  }

  assert {
    condition = alltrue([
      fluxgate_kustomization.this.name == "flux-system",
      fluxgate_kustomization.this.spec.interval == "1m",
      fluxgate_kustomization.this.spec.timeout == "5m",
      fluxgate_kustomization.this.spec.path == "./clusters/dev",
      fluxgate_kustomization.this.spec.prune,
      !fluxgate_kustomization.this.spec.suspend,
      fluxgate_kustomization.this.spec.wait,
      fluxgate_kustomization.this.spec.source_ref.kind == "GitRepository",
      fluxgate_kustomization.this.spec.source_ref.name == "flux-system",
    ])
    error_message = "The Kustomization is not the one of the defaults."
  }

  assert {
    condition = alltrue([
      output.namespace == "flux-system",
      output.git_repository_name == "flux-system",
      output.kustomization_name == "flux-system",
    ])
    error_message = "The outputs do not name what was made."
  }
}

run "null_is_the_default" {
  command = plan

  variables {
    namespace                  = null
    git_repository_name        = null
    kustomization_name         = null
    git_repository_branch      = null
    git_repository_secret_name = null
    reconcile_interval         = null
    kustomization_prune        = null
    kustomization_suspend      = null
    kustomization_timeout      = null
    chart_repository           = null
    chart_name                 = null
    chart_version              = null
    helm_release_name          = null
    helm_wait                  = null
    helm_timeout               = null
    helm_values                = null
    helm_values_files          = null
    keep_crds_on_destroy       = null
  }

  assert {
    condition     = fluxgate_install.flux.version == "2.16.4" && fluxgate_git_repository.this.spec.ref.branch == "main"
    error_message = "Null is not the default."
  }
}

run "names_go_through" {
  command = plan

  variables {
    namespace                  = "gitops"
    git_repository_name        = "fleet"
    kustomization_name         = "apps"
    git_repository_branch      = " release "
    git_repository_secret_name = "git-credentials"
    helm_release_name          = "flux"
  }

  assert {
    condition = alltrue([
      fluxgate_install.flux.name == "flux",
      fluxgate_install.flux.namespace_labels["toolkit.fluxcd.io/tenant"] == "gitops",
      fluxgate_git_repository.this.namespace == "gitops",
      fluxgate_git_repository.this.spec.ref.branch == "release",
      fluxgate_git_repository.this.spec.secret_ref.name == "git-credentials",
      fluxgate_kustomization.this.namespace == "gitops",
      fluxgate_kustomization.this.spec.source_ref.name == "fleet",
      output.kustomization_name == "apps",
    ])
    error_message = "A name got lost on its way."
  }
}

run "the_root_of_the_repository_has_one_spelling" {
  command = plan

  variables {
    git_repository_path = " . "
  }

  assert {
    condition     = fluxgate_kustomization.this.spec.path == "./"
    error_message = "The path is not normalised."
  }
}

run "no_folder_is_the_root_too" {
  command = plan

  variables {
    git_repository_path = ""
  }

  assert {
    condition     = fluxgate_kustomization.this.spec.path == "./"
    error_message = "The path is not normalised."
  }
}

run "files_go_over_inline_values" {
  command = plan

  variables {
    helm_values       = ["logLevel: debug\n"]
    helm_values_files = ["./tests/values.yaml"]
  }

  assert {
    condition     = fluxgate_install.flux.values == tolist(["logLevel: debug\n", "imageReflectionController:\n  create: false\n"])
    error_message = "The values are not the inline ones and then those of the file."
  }
}

run "a_local_chart_needs_no_repository_and_no_version" {
  command = plan

  variables {
    chart_name   = "./charts/flux2-2.18.3.tgz"
    helm_timeout = "10m"
  }

  assert {
    condition = alltrue([
      fluxgate_install.flux.repository == null,
      fluxgate_install.flux.version == null,
      fluxgate_install.flux.timeouts.delete == "10m",
    ])
    error_message = "A local chart still has a repository or a version."
  }
}
