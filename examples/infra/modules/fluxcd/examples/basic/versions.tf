terraform {
  required_version = ">= 1.11"

  required_providers {
    fluxgate = {
      source  = "fluxgate/fluxgate"
      version = ">= 0.1.0"
    }
  }
}
