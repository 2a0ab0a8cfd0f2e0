resource "fluxgate_alert" "example" {
  name      = "failures"
  namespace = "flux-system"

  spec = {
    provider_ref   = { name = "chat" }
    event_severity = "error"
    event_sources = [
      { kind = "GitRepository", name = "fleet" },
      { kind = "Kustomization", name = "*", match_labels = { team = "web" } },
      { kind = "HelmRelease", name = "*", namespace = "apps" },
    ]
    exclusion_list = ["^Dependencies do not meet ready condition.*"]
    event_metadata = { cluster = "dev", region = "fra1" }
  }
}
