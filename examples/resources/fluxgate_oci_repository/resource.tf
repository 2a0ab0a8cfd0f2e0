resource "fluxgate_oci_repository" "example" {
  name      = "web"
  namespace = "flux-system"

  spec = {
    url        = "oci://ghcr.io/acme/manifests/web"
    interval   = "5m"
    ref        = { semver = ">=1.0.0 <2.0.0" }
    secret_ref = { name = "registry-credentials" }

    # Signed without a key, by the workflow that builds the artifact.
    verify = {
      provider = "cosign"
      match_oidc_identity = [{
        issuer  = "^https://token\\.actions\\.githubusercontent\\.com$"
        subject = "^https://github\\.com/acme/web/.*$"
      }]
    }
  }
}
