resource "fluxgate_git_repository" "example" {
  name      = "fleet"
  namespace = "flux-system"

  spec = {
    url        = "https://github.com/acme/fleet.git"
    interval   = "1m"
    ref        = { branch = "main" }
    secret_ref = { name = "git-credentials" }
  }
}
