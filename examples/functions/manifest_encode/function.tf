output "manifest_encode" {
  value = provider::fluxgate::manifest_encode({
    apiVersion = "v1"
    kind       = "Namespace"
    metadata   = { name = "apps" }
  })
}
