# The manifests of a team and the settings of a platform as one source for a Kustomization.
resource "fluxgate_artifact_generator" "example" {
  name      = "web"
  namespace = "flux-system"

  spec = {
    sources = [
      { alias = "app", kind = "GitRepository", name = "web" },
      { alias = "platform", kind = "OCIRepository", name = "platform" },
    ]

    artifacts = [{
      name            = "web-dev"
      origin_revision = "@app"
      copy = [
        { from = "@app/deploy/**", to = "@artifact/", exclude = ["*.md"] },
        { from = "@platform/settings/dev.yaml", to = "@artifact/settings.yaml" },
      ]
    }]
  }
}
