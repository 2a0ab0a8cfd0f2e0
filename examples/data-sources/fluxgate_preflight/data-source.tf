data "fluxgate_preflight" "here" {
  lifecycle {
    postcondition {
      condition     = self.ok
      error_message = join("\n", [for check in self.checks : "${check.message} ${check.remedy}" if !check.ok])
    }
  }
}

output "kubernetes" {
  value = data.fluxgate_preflight.here.kubernetes_version
}
