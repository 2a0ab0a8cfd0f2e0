locals {
  # Flux reads "a/b", "./a/b" and "" alike; the module writes one form, so that plans do not differ by spelling.
  folder = trimspace(var.git_repository_path)
  path = (
    contains(["", "."], local.folder) ? "./" :
    startswith(local.folder, "./") ? local.folder : "./${local.folder}"
  )

  # A folder or an archive is what it is: it comes from no repository and needs no version.
  chart_is_local = can(regex("^\\.{0,2}/", var.chart_name)) || endswith(var.chart_name, ".tgz")

  # Seconds may be written as a number alone.
  helm_timeout = can(tonumber(var.helm_timeout)) ? "${var.helm_timeout}s" : var.helm_timeout

  labels = {
    "app.kubernetes.io/managed-by" = "opentofu"
    "toolkit.fluxcd.io/provider"   = "opentofu"
  }
}

resource "fluxgate_install" "flux" {
  name       = var.helm_release_name
  repository = local.chart_is_local ? null : var.chart_repository
  chart      = var.chart_name
  version    = local.chart_is_local ? null : var.chart_version

  namespace        = var.namespace
  create_namespace = true
  namespace_labels = merge(local.labels, { "toolkit.fluxcd.io/tenant" = var.namespace })

  # The content of the files and not their names, so that a plan, and what is checked of it, holds all values.
  values = concat(var.helm_values, [for name in var.helm_values_files : file(name)])

  wait                 = var.helm_wait
  atomic               = true
  cleanup_on_fail      = true
  max_history          = 3
  keep_crds_on_destroy = var.keep_crds_on_destroy

  timeouts = {
    create = local.helm_timeout
    update = local.helm_timeout
    delete = local.helm_timeout
  }
}

# From here on each name comes from a resource and not from a variable. These edges are the whole order: Flux and its CRDs first, then the
# repository, then what applies it; destroy goes the other way.

resource "fluxgate_git_repository" "this" {
  name      = var.git_repository_name
  namespace = fluxgate_install.flux.namespace
  labels    = local.labels

  spec = {
    url      = var.git_repository_url
    interval = var.reconcile_interval
    ref      = { branch = trimspace(var.git_repository_branch) }

    secret_ref = var.git_repository_secret_name == null ? null : { name = var.git_repository_secret_name }
  }
}

resource "fluxgate_kustomization" "this" {
  name      = var.kustomization_name
  namespace = fluxgate_git_repository.this.namespace
  labels    = local.labels

  spec = {
    interval = var.reconcile_interval
    timeout  = var.kustomization_timeout
    path     = local.path
    prune    = var.kustomization_prune
    suspend  = var.kustomization_suspend
    wait     = true

    source_ref = {
      kind = "GitRepository"
      name = fluxgate_git_repository.this.name
    }
  }
}
