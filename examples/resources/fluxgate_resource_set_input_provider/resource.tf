resource "fluxgate_resource_set_input_provider" "example" {
  name      = "pull-requests"
  namespace = "flux-system"

  spec = {
    type           = "GitHubPullRequest"
    url            = "https://github.com/acme/shop"
    secret_ref     = { name = "github-token" }
    filter         = { labels = ["preview"], include_branch = "^feature/.*", limit = 20 }
    default_values = { domain = "preview.example.com", replicas = 1 }
    schedule       = [{ cron = "0 7 * * 1-5", time_zone = "Europe/Berlin", window = "12h" }]
  }
}
