output "flux_namespace" {
  description = "Namespace that Flux runs in; null when it is not installed."
  value       = one(module.fluxcd[*].namespace)
}

output "flux_git_repository_name" {
  description = "Name of the GitRepository; null when Flux is not installed."
  value       = one(module.fluxcd[*].git_repository_name)
}

output "flux_kustomization_name" {
  description = "Name of the Kustomization; null when Flux is not installed."
  value       = one(module.fluxcd[*].kustomization_name)
}
