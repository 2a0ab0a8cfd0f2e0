resource "fluxgate_install" "flux" {
  name       = "flux"
  namespace  = "flux-system"
  repository = "https://fluxcd-community.github.io/helm-charts"
  chart      = "flux2"
  version    = "2.18.3"

  values = [
    yamlencode({
      multitenancy = { enabled = true }
      logLevel     = "info"
    }),
  ]
}

# Whatever Flux reconciles takes its namespace from the installation, so that it goes before Flux does.
resource "fluxgate_git_repository" "fleet" {
  name      = "fleet"
  namespace = fluxgate_install.flux.namespace
  spec = {
    url      = "https://github.com/acme/fleet.git"
    interval = "1m"
    ref      = { branch = "main" }
  }
}
