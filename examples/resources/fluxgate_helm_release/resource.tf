resource "fluxgate_helm_release" "example" {
  name      = "podinfo"
  namespace = "flux-system"

  spec = {
    interval         = "30m"
    target_namespace = "podinfo"

    chart = {
      spec = {
        chart      = "podinfo"
        version    = "6.x"
        source_ref = { kind = "HelmRepository", name = "podinfo" }
      }
    }

    # Values are named as the chart names them.
    values = {
      replicaCount = 2
      ui           = { message = "Hello from OpenTofu" }
      ingress = {
        enabled = true
        hosts   = [{ host = "podinfo.example.com", paths = [{ path = "/", pathType = "Prefix" }] }]
      }
    }
    values_from = [{ kind = "Secret", name = "podinfo-passwords", optional = true }]

    install = {
      create_namespace = true
      remediation      = { retries = 3 }
    }
    upgrade         = { strategy = { name = "RetryOnFailure", retry_interval = "2m" } }
    drift_detection = { mode = "enabled" }
  }

  # What the chart takes, for a check of the values at plan. data.fluxgate_chart has it of any chart, as values_schema.
  values_schema = jsonencode({
    properties = { replicaCount = { type = "integer", minimum = 1 } }
  })

  timeouts = { create = "15m" }
}
