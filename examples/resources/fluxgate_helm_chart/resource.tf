resource "fluxgate_helm_chart" "example" {
  name      = "web"
  namespace = "flux-system"

  spec = {
    chart        = "web"
    version      = "2.x"
    interval     = "10m"
    source_ref   = { kind = "HelmRepository", name = "charts" }
    values_files = ["values.yaml", "values-dev.yaml"]
  }
}
