# Versions come and go: the newest patch of the newest minor version that DigitalOcean has.
data "digitalocean_kubernetes_versions" "available" {}

resource "digitalocean_kubernetes_cluster" "dev" {
  name    = var.cluster_name
  region  = var.region
  version = data.digitalocean_kubernetes_versions.available.latest_version

  node_pool {
    name       = "default"
    size       = var.node_size
    node_count = var.node_count
  }

  lifecycle {
    # A newer version is an upgrade that somebody decides on.
    ignore_changes = [version]
  }
}

locals {
  cluster_id = digitalocean_kubernetes_cluster.dev.id
}
