variable "git_token" {
  type      = string
  ephemeral = true
}

resource "fluxgate_secret" "git" {
  name      = "git-credentials"
  namespace = "flux-system"
  labels    = { "reconcile.fluxcd.io/watch" = "Enabled" }

  git_https = {
    username = "git"
    password = var.git_token
  }
  version = 1 # raise it when the token changes
}
