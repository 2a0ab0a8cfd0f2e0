data "fluxgate_status" "broken" {
  kinds = ["GitRepository", "Kustomization", "HelmRelease"]
  ready = false
}

output "broken" {
  value = {
    for object in data.fluxgate_status.broken.objects :
    "${object.kind}/${object.namespace}/${object.name}" => object.message if !object.suspended
  }
}
