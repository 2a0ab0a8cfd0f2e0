resource "fluxgate_receiver" "example" {
  name      = "github"
  namespace = "flux-system"

  spec = {
    type       = "github"
    events     = ["ping", "push"]
    secret_ref = { name = "webhook-token" }
    resources = [
      { kind = "GitRepository", name = "fleet" },
      { kind = "ImageRepository", name = "*", match_labels = { team = "web" } },
    ]
  }
}
