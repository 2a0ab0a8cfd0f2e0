locals {
  kubeconfig = <<-EOT
    apiVersion: v1
    kind: Config
    current-context: dev
    contexts: [{name: dev, context: {cluster: dev, user: admin}}]
    clusters: [{name: dev, cluster: {server: "https://dev.example.com:6443"}}]
    users: [{name: admin, user: {token: "a-token"}}]
  EOT
}

output "kubeconfig_decode" {
  value = provider::fluxgate::kubeconfig_decode(local.kubeconfig, "dev").host # https://dev.example.com:6443
}
