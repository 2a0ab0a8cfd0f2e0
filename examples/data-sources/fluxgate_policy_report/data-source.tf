data "fluxgate_policy_report" "apps" {
  manifests = [
    {
      apiVersion = "kustomize.toolkit.fluxcd.io/v1"
      kind       = "Kustomization"
      metadata   = { name = "apps", namespace = "flux-system" }
      spec = {
        interval  = "1d"
        prune     = true
        path      = "./apps"
        sourceRef = { kind = "GitRepository", name = "apps" }
      }
    },
  ]
}

output "findings" {
  value = [for finding in data.fluxgate_policy_report.apps.findings : "${finding.rule}: ${finding.message}"]
}
