variable "kubeconfig_path" {
  description = "Path of a readable kubeconfig of the cluster."
  type        = string
  default     = ""

  validation {
    condition     = try(trimspace(var.kubeconfig_path) != "", false)
    error_message = "Set kubeconfig_path to a readable kubeconfig."
  }
}

provider "fluxgate" {
  kubernetes = { config_path = var.kubeconfig_path }
}

module "fluxcd" {
  source = "../.."

  git_repository_url  = "https://github.com/fluxcd/flux2-kustomize-helm-example"
  git_repository_path = "./clusters/my-cluster"
}

output "namespace" {
  description = "Namespace that Flux runs in."
  value       = module.fluxcd.namespace
}

output "git_repository_name" {
  description = "Name of the GitRepository."
  value       = module.fluxcd.git_repository_name
}

output "kustomization_name" {
  description = "Name of the Kustomization."
  value       = module.fluxcd.kustomization_name
}
