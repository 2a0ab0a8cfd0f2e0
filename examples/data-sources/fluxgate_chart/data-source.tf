data "fluxgate_chart" "flux" {
  name       = "flux"
  namespace  = "flux-system"
  repository = "https://fluxcd-community.github.io/helm-charts"
  chart      = "flux2"
  version    = "2.18.3"
}

output "source_controller" {
  value = data.fluxgate_chart.flux.manifests["apps/v1/Deployment/flux-system/source-controller"]
}
