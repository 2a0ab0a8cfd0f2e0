resource "fluxgate_git_repository" "example" {
  name      = "fleet"
  namespace = "flux-system"

  spec = {
    url      = "https://github.com/acme/fleet.git"
    interval = "1m"
    ref      = { branch = "main" }
  }
}

# What it takes from the repository's resource makes it come after that, and go before it.
resource "fluxgate_kustomization" "example" {
  name      = "fleet"
  namespace = fluxgate_git_repository.example.namespace

  spec = {
    interval   = "10m"
    path       = "./clusters/dev"
    prune      = true
    source_ref = { kind = "GitRepository", name = fluxgate_git_repository.example.name }
    post_build = { substitute = { cluster = "dev" } }
  }

  timeouts = { create = "10m" }
}
