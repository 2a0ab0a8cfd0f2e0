# A controller of your own builds the artifact and writes into the status where it is.
resource "fluxgate_external_artifact" "example" {
  name      = "rendered"
  namespace = "flux-system"

  spec = {
    source_ref = {
      api_version = "build.acme.example/v1"
      kind        = "Build"
      name        = "rendered"
    }
  }
}
