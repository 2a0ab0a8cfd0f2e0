# A credential for the provider of Kubernetes, which no plan and no state keeps.
ephemeral "fluxgate_doks_credentials" "dev" {
  cluster_name = "dev"
  expiry       = "2h" # as long as the longest run
}

provider "kubernetes" {
  host                   = ephemeral.fluxgate_doks_credentials.dev.host
  token                  = ephemeral.fluxgate_doks_credentials.dev.token
  cluster_ca_certificate = ephemeral.fluxgate_doks_credentials.dev.cluster_ca_certificate
}
