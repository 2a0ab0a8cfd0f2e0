variable "flux" {
  description = "Flux on the dev cluster. The untouched default installs nothing and is valid."
  type = object({
    install         = optional(bool, false)
    kubeconfig_path = optional(string, "")
    namespace       = optional(string, "flux-system")

    git_repository = optional(object({
      name        = optional(string, "flux-system")
      url         = optional(string)
      branch      = optional(string, "main")
      path        = optional(string, "./clusters/dev")
      secret_name = optional(string)
    }), {})

    reconcile_interval = optional(string, "1m")

    kustomization = optional(object({
      name    = optional(string, "flux-system")
      prune   = optional(bool, true)
      suspend = optional(bool, false)
      timeout = optional(string, "5m")
    }), {})
  })
  default  = {}
  nullable = false

  validation {
    condition     = !var.flux.install || trimspace(coalesce(var.flux.kubeconfig_path, " ")) != ""
    error_message = "flux.install requires flux.kubeconfig_path: set it to a readable kubeconfig."
  }

  validation {
    condition     = !var.flux.install || trimspace(coalesce(var.flux.git_repository.url, " ")) != ""
    error_message = "flux.install requires flux.git_repository.url, an https:// or ssh:// URL."
  }
}
