locals {
  kubeconfig_path = try(trimspace(var.flux.kubeconfig_path), "")
  doks            = { for name, text in var.flux.doks : name => trimspace(text) if try(trimspace(text) != "", false) }
}

provider "fluxgate" {
  kubernetes = local.kubeconfig_path == "" ? null : { config_path = local.kubeconfig_path }
  # The token of the account comes from the variable DIGITALOCEAN_TOKEN.
  doks = length(local.doks) == 0 ? null : {
    cluster_id   = try(local.doks.cluster_id, null)
    cluster_name = try(local.doks.cluster_name, null)
  }
}

module "fluxcd" {
  source = "../../modules/fluxcd"
  count  = var.flux.install ? 1 : 0

  namespace = var.flux.namespace

  git_repository_name        = var.flux.git_repository.name
  git_repository_url         = var.flux.git_repository.url
  git_repository_branch      = var.flux.git_repository.branch
  git_repository_path        = var.flux.git_repository.path
  git_repository_secret_name = var.flux.git_repository.secret_name

  reconcile_interval = var.flux.reconcile_interval

  kustomization_name    = var.flux.kustomization.name
  kustomization_prune   = var.flux.kustomization.prune
  kustomization_suspend = var.flux.kustomization.suspend
  kustomization_timeout = var.flux.kustomization.timeout

  helm_release_name    = var.flux.helm.release_name
  chart_repository     = var.flux.helm.repository
  chart_name           = var.flux.helm.chart
  chart_version        = var.flux.helm.version
  helm_wait            = var.flux.helm.wait
  helm_timeout         = var.flux.helm.timeout
  helm_values          = var.flux.helm.values
  helm_values_files    = var.flux.helm.values_files
  keep_crds_on_destroy = var.flux.helm.keep_crds_on_destroy
}
