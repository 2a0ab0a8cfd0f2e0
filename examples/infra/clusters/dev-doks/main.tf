# Both providers take the token from the variable DIGITALOCEAN_TOKEN. The id is known only once the cluster is made; until then everything
# is planned and checked without it, and no credential of the cluster is ever written to state.
provider "fluxgate" {
  doks = { cluster_id = local.cluster_id }
}

module "fluxcd" {
  source = "../../modules/fluxcd"

  git_repository_name   = var.git_repository_name
  git_repository_url    = var.git_repository_url
  git_repository_branch = var.git_repository_branch
  git_repository_path   = var.git_repository_path

  chart_name    = var.chart_name
  chart_version = var.chart_version
}
