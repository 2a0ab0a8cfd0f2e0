resource "fluxgate_flux_instance" "example" {
  name      = "flux" # the only name that the operator takes
  namespace = "flux-system"

  spec = {
    distribution = { version = "2.9.x", registry = "ghcr.io/fluxcd" }
    components   = ["source-controller", "kustomize-controller", "helm-controller", "notification-controller"]
    cluster      = { type = "kubernetes", size = "medium", multitenant = true }

    sync = {
      kind        = "GitRepository"
      url         = "https://github.com/acme/fleet.git"
      ref         = "refs/heads/main"
      path        = "clusters/dev"
      pull_secret = "git-credentials"
    }
  }
}
