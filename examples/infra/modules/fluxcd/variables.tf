# One verdict for each thing: what is refused here is refused by the policy too, at its defaults, and what is accepted here is accepted by the
# policy and by the API. The patterns are those of the rules in policies/flux/rules.

variable "namespace" {
  description = "Namespace that Flux runs in and that holds the objects; it is made, and goes again on destroy, unless it exists."
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
  description = "URL of the Git repository: `https://host/path` or `ssh://user@host/path`."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^(https|ssh)://([^\\s\\x00-\\x1f\\x7f:@/?#\\\\]+@)?([A-Za-z0-9][A-Za-z0-9._-]*|\\[[0-9A-Fa-f:.]+\\])(:[0-9]{1,5})?([/?#][^\\s\\x00-\\x1f\\x7f]*)?$", var.git_repository_url))
    error_message = "git_repository_url must be an https:// or ssh:// URL with a host, without spaces and without a password. Instead of git@host:path write ssh://git@host/path: Flux's API refuses the short form, and file:// too."
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
  description = "Folder in the repository that the Kustomization applies, relative to its root: `.`, `./clusters/dev` or `clusters/dev`."
  type        = string
  nullable    = false

  validation {
    condition     = !can(regex("^[/\\\\]", trimspace(var.git_repository_path))) && !contains(split("/", replace(trimspace(var.git_repository_path), "\\", "/")), "..")
    error_message = "git_repository_path must be a relative path without parent-directory traversal: write \"./clusters/dev\"."
  }
}

variable "git_repository_secret_name" {
  description = "Name of the Secret with the Git credentials, in the same namespace; null for a public repository."
  type        = string
  default     = null

  validation {
    condition     = var.git_repository_secret_name == null ? true : length(var.git_repository_secret_name) <= 253 && can(regex("^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$", var.git_repository_secret_name))
    error_message = "git_repository_secret_name must not be blank when set, and must be a valid Kubernetes object name (DNS-1123 subdomain)."
  }
}

variable "reconcile_interval" {
  description = "How often Flux looks at the repository and applies it: a Flux duration of at least 30s and less than 1h, such as `1m30s`."
  type        = string
  default     = "1m"
  nullable    = false

  validation {
    condition     = can(regex("^([0-9]+(\\.[0-9]+)?(ms|s|m|h)){1,9}$", var.reconcile_interval))
    error_message = "reconcile_interval must be a Flux duration: digits with the units ms, s, m or h, at most nine times, such as \"1m30s\". Days and weeks do not exist there: write \"24h\" for a day."
  }

  validation {
    condition     = can(regex("^([0-9]+(\\.[0-9]+)?(ms|s|m|h)){1,9}$", var.reconcile_interval)) ? try(alltrue([for ms in [sum([for part in regexall("([0-9]+(?:\\.[0-9]+)?)(ms|s|m|h)", var.reconcile_interval) : tonumber(part[0]) * { ms = 1, s = 1000, m = 60000, h = 3600000 }[part[1]]])] : ms >= 30000 && ms < 3600000]), false) : true
    error_message = "reconcile_interval must be at least 30s and less than 1h: the policy refuses other intervals too."
  }
}

variable "kustomization_prune" {
  description = "Whether objects that leave Git leave the cluster; the policy accepts only true."
  type        = bool
  default     = true
  nullable    = false

  validation {
    condition     = var.kustomization_prune
    error_message = "kustomization_prune must be true: without pruning, what leaves Git stays in the cluster, and the policy refuses it."
  }
}

variable "kustomization_suspend" {
  description = "Whether Flux leaves the Kustomization alone; the policy accepts only false."
  type        = bool
  default     = false
  nullable    = false

  validation {
    condition     = !var.kustomization_suspend
    error_message = "kustomization_suspend must be false: the policy refuses what starts out suspended. To hold it for a while, run `flux suspend kustomization`."
  }
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

variable "chart_repository" {
  description = "Repository of the chart: `https://` or `oci://`; not used where `chart_name` is a path."
  type        = string
  default     = "https://fluxcd-community.github.io/helm-charts"
  nullable    = false

  validation {
    condition     = can(regex("^(https|oci)://([A-Za-z0-9][A-Za-z0-9._-]*|\\[[0-9A-Fa-f:.]+\\])(:[0-9]{1,5})?(/[^\\s\\x00-\\x1f\\x7f?#@\\\\]*)?$", var.chart_repository))
    error_message = "chart_repository must be an https:// or oci:// URL with a host, without spaces and without a password. For a chart that is a folder or an archive it is not used."
  }
}

variable "chart_name" {
  description = "Name of the chart in its repository, or the path of a folder (with a `/` or `./` in front) or of an archive (ending in `.tgz`)."
  type        = string
  default     = "flux2"
  nullable    = false

  validation {
    condition     = can(regex("^\\S(.*\\S)?$", var.chart_name))
    error_message = "chart_name must not be blank, without spaces around: the name of a chart, or the path of a folder (\"./charts/flux2\") or archive (\"flux2-2.18.3.tgz\")."
  }
}

variable "chart_version" {
  description = "Version of the chart, or a range; not used where `chart_name` is a path."
  type        = string
  default     = "2.16.4"
  nullable    = false

  validation {
    condition     = can(regex("^((=|==|!=|>|<|>=|=>|<=|=<|~|~>|\\^)\\s*)?v?([0-9]+|[xX*])(\\.([0-9]+|[xX*])){0,2}(-[0-9A-Za-z.-]+)?(\\+[0-9A-Za-z.-]+)?((\\s*,\\s*|\\s+-\\s+|\\s*\\|\\|\\s*|\\s+)((=|==|!=|>|<|>=|=>|<=|=<|~|~>|\\^)\\s*)?v?([0-9]+|[xX*])(\\.([0-9]+|[xX*])){0,2}(-[0-9A-Za-z.-]+)?(\\+[0-9A-Za-z.-]+)?)*$", var.chart_version)) && can(regex("[0-9]", var.chart_version))
    error_message = "chart_version must not be blank and must be an exact version such as \"2.18.3\", or a range such as \"~2.18\"; \"latest\" chooses nothing."
  }
}

variable "helm_release_name" {
  description = "Name of the Helm release."
  type        = string
  default     = "flux-system"
  nullable    = false

  validation {
    condition     = length(var.helm_release_name) <= 53 && can(regex("^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$", var.helm_release_name))
    error_message = "helm_release_name must not be blank and must be a valid Helm release name: a DNS-1123 subdomain of at most 53 characters."
  }
}

variable "helm_wait" {
  description = "Whether to wait until everything in the chart is ready."
  type        = bool
  default     = true
  nullable    = false
}

variable "helm_timeout" {
  description = "How long installing, upgrading and uninstalling may each take: whole seconds, or a duration such as `10m`."
  type        = string
  default     = "600"
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{1,9}$", var.helm_timeout)) || can(regex("^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$", var.helm_timeout)) ? can(regex("[1-9]", var.helm_timeout)) : false
    error_message = "helm_timeout must be a positive number of seconds, such as 600, or a duration above 0, such as \"10m\"."
  }
}

variable "helm_values" {
  description = "Values for the chart, as YAML texts; later ones go over earlier ones."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for text in var.helm_values : can(keys(yamldecode(text)))])
    error_message = "Each of helm_values must be a YAML mapping."
  }
}

variable "helm_values_files" {
  description = "Files with values for the chart, as YAML; they go over `helm_values`, later ones over earlier ones."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for name in var.helm_values_files : try(trimspace(name) != "", false)])
    error_message = "helm_values_files must not contain blank file paths."
  }

  validation {
    condition     = alltrue([for name in var.helm_values_files : try(trimspace(name) == "", true) ? true : can(keys(yamldecode(file(name))))])
    error_message = "Each of helm_values_files must be the path of a file that can be read and holds a YAML mapping."
  }
}

variable "keep_crds_on_destroy" {
  description = "Whether destroy leaves the CRDs of Flux, and with them every object of their kinds, in the cluster."
  type        = bool
  default     = true
  nullable    = false
}
