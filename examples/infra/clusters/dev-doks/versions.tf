terraform {
  required_version = ">= 1.11"

  required_providers {
    digitalocean = {
      source  = "digitalocean/digitalocean"
      version = ">= 2.40"
    }
    fluxgate = {
      source  = "fluxgate/fluxgate"
      version = ">= 0.1.0"
    }
  }
}
