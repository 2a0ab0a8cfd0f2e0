resource "fluxgate_resource_set" "example" {
  name      = "tenants"
  namespace = "flux-system"

  annotations = { "fluxcd.controlplane.io/reconcileEvery" = "30m" }

  spec = {
    inputs = [
      { tenant = "web", quota = 10 },
      { tenant = "data", quota = 40 },
    ]

    # Manifests are written as Kubernetes names their fields.
    resources = [
      {
        apiVersion = "v1"
        kind       = "Namespace"
        metadata   = { name = "<< inputs.tenant >>" }
      },
      {
        apiVersion = "v1"
        kind       = "ResourceQuota"
        metadata   = { name = "pods", namespace = "<< inputs.tenant >>" }
        spec       = { hard = { pods = "<< inputs.quota | quote >>" } }
      },
    ]

    service_account_name = "tenant-maker"
    common_metadata      = { labels = { "app.kubernetes.io/managed-by" = "tenants" } }
    wait                 = true
  }
}
