output "namespace" {
  description = "Namespace that Flux runs in and that holds the objects."
  value       = fluxgate_install.flux.namespace
}

output "git_repository_name" {
  description = "Name of the GitRepository."
  value       = fluxgate_git_repository.this.name
}

output "kustomization_name" {
  description = "Name of the Kustomization."
  value       = fluxgate_kustomization.this.name
}
