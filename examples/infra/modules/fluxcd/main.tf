locals {
  # Flux reads "a/b", "./a/b" and "" alike; the module writes one form, so that plans do not differ by spelling.
  path = (
    contains(["", "."], var.git_repository_path) ? "./" :
    startswith(var.git_repository_path, "./") ? var.git_repository_path : "./${var.git_repository_path}"
  )

  labels = {
    "app.kubernetes.io/managed-by" = "opentofu"
  }
}

resource "fluxgate_git_repository" "this" {
  name      = var.git_repository_name
  namespace = var.namespace
  labels    = local.labels

  spec = {
    url      = var.git_repository_url
    interval = var.reconcile_interval
    ref      = { branch = var.git_repository_branch }

    secret_ref = var.git_repository_secret_name == null ? null : { name = var.git_repository_secret_name }
  }
}

resource "fluxgate_kustomization" "this" {
  name      = var.kustomization_name
  namespace = fluxgate_git_repository.this.namespace
  labels    = local.labels

  spec = {
    interval = var.reconcile_interval
    timeout  = var.kustomization_timeout
    path     = local.path
    prune    = var.kustomization_prune
    suspend  = var.kustomization_suspend
    wait     = true

    # The name comes from the resource and not from the variable: this edge is what makes destroy go in order.
    source_ref = {
      kind = "GitRepository"
      name = fluxgate_git_repository.this.name
    }
  }
}
