# One verdict for each thing: what is refused here is refused by the policy and by the API too, and the other way round. Rules on values that
# need arithmetic (how long an interval is) or judgement (prune, suspend) are the policy's alone; it speaks at plan as well.

variable "namespace" {
  description = "Namespace that Flux runs in and that holds the objects. A DNS-1123 label."
  type        = string
  default     = "flux-system"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", var.namespace))
    error_message = "namespace must be a valid Kubernetes namespace name: lower-case letters, digits and '-', 1 to 63 characters, no spaces around."
  }
}

variable "git_repository_name" {
  description = "Name of the GitRepository."
  type        = string
  default     = "flux-system"
  nullable    = false

  validation {
    condition     = length(var.git_repository_name) <= 253 && can(regex("^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$", var.git_repository_name))
    error_message = "git_repository_name must not be blank and must be a valid Kubernetes object name (DNS-1123 subdomain)."
  }
}

variable "kustomization_name" {
  description = "Name of the Kustomization."
  type        = string
  default     = "flux-system"
  nullable    = false

  validation {
    condition     = length(var.kustomization_name) <= 253 && can(regex("^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$", var.kustomization_name))
    error_message = "kustomization_name must not be blank and must be a valid Kubernetes object name (DNS-1123 subdomain)."
  }
}

variable "git_repository_url" {
  description = "URL of the Git repository: https://host/path or ssh://user@host/path."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^(https|ssh)://([^/?#@:]+@)?(\\[[0-9A-Fa-f:.]+\\]|[^/?#@:]+)(:[0-9]+)?([/?#]|$)", var.git_repository_url))
    error_message = "git_repository_url must be an https:// or ssh:// URL with a host and without a password. Instead of git@host:path write ssh://git@host/path: Flux's API refuses the short form, and file:// too."
  }
}

variable "git_repository_branch" {
  description = "Branch to follow."
  type        = string
  default     = "main"
  nullable    = false

  validation {
    condition     = trimspace(var.git_repository_branch) != ""
    error_message = "git_repository_branch must not be blank."
  }
}

variable "git_repository_path" {
  description = "Folder in the repository that the Kustomization applies, relative to its root: \".\", \"./clusters/dev\" or \"clusters/dev\"."
  type        = string
  nullable    = false

  validation {
    condition     = !can(regex("^[/\\\\]", var.git_repository_path)) && !contains(split("/", replace(var.git_repository_path, "\\", "/")), "..")
    error_message = "git_repository_path must be a relative path without parent-directory traversal: write \"./clusters/dev\"."
  }
}

variable "git_repository_secret_name" {
  description = "Name of the Secret with the Git credentials, in the same namespace; null for a public repository."
  type        = string
  default     = null

  validation {
    condition     = var.git_repository_secret_name == null ? true : can(regex("^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$", var.git_repository_secret_name))
    error_message = "git_repository_secret_name must not be blank when set, and must be a valid Kubernetes object name."
  }
}

variable "reconcile_interval" {
  description = "How often Flux looks at the repository and applies it: digits and units ms, s, m, h, such as \"1m\" or \"1m30s\". The policy asks for at least 30s and less than 1h."
  type        = string
  default     = "1m"
  nullable    = false

  validation {
    condition     = can(regex("^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$", var.reconcile_interval))
    error_message = "reconcile_interval must be a Flux duration: digits with the units ms, s, m or h, such as \"1m30s\". Days and weeks do not exist there: write \"24h\" for a day."
  }
}

variable "kustomization_prune" {
  description = "Whether objects that disappear from Git disappear from the cluster. The policy asks for true."
  type        = bool
  default     = true
  nullable    = false
}

variable "kustomization_suspend" {
  description = "Whether Flux leaves the Kustomization alone."
  type        = bool
  default     = false
  nullable    = false
}

variable "kustomization_timeout" {
  description = "How long applying and the health checks of the Kustomization may take: a Flux duration."
  type        = string
  default     = "5m"
  nullable    = false

  validation {
    condition     = can(regex("^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$", var.kustomization_timeout))
    error_message = "kustomization_timeout must be a valid duration: digits with the units ms, s, m or h, such as \"5m\"."
  }
}
