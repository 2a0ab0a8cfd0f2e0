output "cluster_id" {
  description = "Id of the cluster."
  value       = local.cluster_id
}

output "flux_namespace" {
  description = "Namespace that Flux runs in."
  value       = module.fluxcd.namespace
}

output "flux_git_repository_name" {
  description = "Name of the GitRepository."
  value       = module.fluxcd.git_repository_name
}

output "flux_kustomization_name" {
  description = "Name of the Kustomization."
  value       = module.fluxcd.kustomization_name
}
