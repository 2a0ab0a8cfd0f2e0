resource "fluxgate_image_repository" "example" {
  name      = "web"
  namespace = "flux-system"

  spec = {
    image      = "ghcr.io/acme/web"
    interval   = "5m"
    secret_ref = { name = "registry-credentials" }

    # Signatures and what branches build are no releases.
    exclusion_list = ["^.*\\.sig$", "^branch-"]
  }
}
