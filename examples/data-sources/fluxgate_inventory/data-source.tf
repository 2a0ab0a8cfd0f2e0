data "fluxgate_inventory" "apps" {
  kind      = "Kustomization"
  namespace = "flux-system"
  name      = "apps"
}

output "deployments" {
  value = [for object in data.fluxgate_inventory.apps.objects : object.name if object.kind == "Deployment"]
}
