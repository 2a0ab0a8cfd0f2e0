resource "fluxgate_alert_provider" "example" {
  name      = "chat"
  namespace = "flux-system"

  spec = {
    type       = "slack"
    channel    = "deployments"
    secret_ref = { name = "slack-webhook" } # with the key address
  }
}
