resource "fluxgate_helm_repository" "example" {
  name      = "charts"
  namespace = "flux-system"

  spec = {
    url        = "https://charts.acme.example"
    interval   = "10m"
    secret_ref = { name = "charts-credentials" }
  }
}

# A repository in a container registry: nothing is fetched before a chart is, so nothing is waited for.
resource "fluxgate_helm_repository" "registry" {
  name      = "charts-registry"
  namespace = "flux-system"

  spec = {
    type = "oci"
    url  = "oci://ghcr.io/acme/charts"
  }
}
