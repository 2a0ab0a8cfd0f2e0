resource "fluxgate_image_update_automation" "example" {
  name      = "fleet"
  namespace = "flux-system"

  spec = {
    interval   = "30m"
    source_ref = { kind = "GitRepository", name = "fleet" }

    git = {
      checkout = { ref = { branch = "main" } }
      commit = {
        author           = { name = "flux", email = "flux@acme.example" }
        message_template = "images of {{ .AutomationObject }}"
      }
      push = { branch = "image-updates" }
    }

    update          = { path = "./clusters/dev", strategy = "Setters" }
    policy_selector = { match_labels = { "acme.example/stage" = "dev" } }
  }
}
