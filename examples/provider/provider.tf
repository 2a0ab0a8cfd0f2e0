provider "fluxgate" {
  kubernetes = {
    config_path    = "~/.kube/config"
    config_context = "dev"
  }

  clusters = {
    staging = { kubernetes = { config_path = "~/.kube/staging" } }
  }

  policy = {
    rules  = { interval = "warn" }
    params = { interval_at_least = "1m", interval_less_than = "30m" }
  }
}
