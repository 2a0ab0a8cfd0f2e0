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
