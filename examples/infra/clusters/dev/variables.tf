# The same verdicts as in modules/fluxcd, given here too so that a message names the field that people wrote. What only an installation reads
# is looked at only when there is one; every field may be left out or be null.

variable "flux" {
  description = "Flux on the dev cluster. The untouched default installs nothing and is valid."
  type = object({
    install         = optional(bool, false)
    kubeconfig_path = optional(string, "")

    doks = optional(object({
      cluster_id   = optional(string)
      cluster_name = optional(string)
    }), {})

    namespace = optional(string, "flux-system")

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

    helm = optional(object({
      release_name         = optional(string, "flux-system")
      repository           = optional(string, "https://fluxcd-community.github.io/helm-charts")
      chart                = optional(string, "flux2")
      version              = optional(string, "2.16.4")
      wait                 = optional(bool, true)
      timeout              = optional(string, "600")
      values               = optional(list(string), [])
      values_files         = optional(list(string), [])
      keep_crds_on_destroy = optional(bool, true)
    }), {})
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.flux.install ? anytrue([for text in [var.flux.kubeconfig_path, var.flux.doks.cluster_id, var.flux.doks.cluster_name] : try(trimspace(text) != "", false)]) : true
    error_message = "flux.install requires flux.kubeconfig_path: set it to a readable kubeconfig; or flux.doks.cluster_id or flux.doks.cluster_name: the id or name of a cluster at DigitalOcean."
  }

  validation {
    condition     = length([for text in [var.flux.kubeconfig_path, var.flux.doks.cluster_id, var.flux.doks.cluster_name] : text if try(trimspace(text) != "", false)]) <= 1
    error_message = "Only one of flux.kubeconfig_path, flux.doks.cluster_id and flux.doks.cluster_name can be set: each names a cluster."
  }

  validation {
    condition     = var.flux.doks.cluster_id == null ? true : can(regex("^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$", trimspace(var.flux.doks.cluster_id)))
    error_message = "flux.doks.cluster_id must be a UUID; for the cluster's name use flux.doks.cluster_name."
  }

  validation {
    condition     = can(regex("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", var.flux.namespace))
    error_message = "flux.namespace must be a valid Kubernetes namespace name: lower-case letters, digits and '-', 1 to 63 characters, no spaces around."
  }

  validation {
    condition     = length(var.flux.git_repository.name) <= 253 && can(regex("^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$", var.flux.git_repository.name))
    error_message = "flux.git_repository.name must not be blank and must be a valid Kubernetes object name (DNS-1123 subdomain)."
  }

  validation {
    condition     = var.flux.install ? try(can(regex("^(https|ssh)://([^\\s\\x00-\\x1f\\x7f:@/?#\\\\]+@)?([A-Za-z0-9][A-Za-z0-9._-]*|\\[[0-9A-Fa-f:.]+\\])(:[0-9]{1,5})?([/?#][^\\s\\x00-\\x1f\\x7f]*)?$", var.flux.git_repository.url)), false) : true
    error_message = "flux.git_repository.url must be an https:// or ssh:// URL with a host, without spaces and without a password. Instead of git@host:path write ssh://git@host/path: Flux's API refuses the short form, and file:// too."
  }

  validation {
    condition     = var.flux.install ? trimspace(var.flux.git_repository.branch) != "" : true
    error_message = "flux.git_repository.branch must not be blank when installing Flux."
  }

  validation {
    condition     = var.flux.install ? (!can(regex("^[/\\\\]", trimspace(var.flux.git_repository.path))) && !contains(split("/", replace(trimspace(var.flux.git_repository.path), "\\", "/")), "..")) : true
    error_message = "flux.git_repository.path must be a relative path without parent-directory traversal: write \"./clusters/dev\"."
  }

  validation {
    condition     = var.flux.git_repository.secret_name == null ? true : length(var.flux.git_repository.secret_name) <= 253 && can(regex("^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$", var.flux.git_repository.secret_name))
    error_message = "flux.git_repository.secret_name must not be blank when set, and must be a valid Kubernetes object name (DNS-1123 subdomain)."
  }

  validation {
    condition     = var.flux.install ? can(regex("^([0-9]+(\\.[0-9]+)?(ms|s|m|h)){1,9}$", var.flux.reconcile_interval)) : true
    error_message = "flux.reconcile_interval must be a Flux duration: digits with the units ms, s, m or h, at most nine times, such as \"1m30s\". Days and weeks do not exist there: write \"24h\" for a day."
  }

  validation {
    condition     = var.flux.install ? (can(regex("^([0-9]+(\\.[0-9]+)?(ms|s|m|h)){1,9}$", var.flux.reconcile_interval)) ? try(alltrue([for ms in [sum([for part in regexall("([0-9]+(?:\\.[0-9]+)?)(ms|s|m|h)", var.flux.reconcile_interval) : tonumber(part[0]) * { ms = 1, s = 1000, m = 60000, h = 3600000 }[part[1]]])] : ms >= 30000 && ms < 3600000]), false) : true) : true
    error_message = "flux.reconcile_interval must be at least 30s and less than 1h: the policy refuses other intervals too."
  }

  validation {
    condition     = length(var.flux.kustomization.name) <= 253 && can(regex("^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$", var.flux.kustomization.name))
    error_message = "flux.kustomization.name must not be blank and must be a valid Kubernetes object name (DNS-1123 subdomain)."
  }

  validation {
    condition     = var.flux.install ? var.flux.kustomization.prune : true
    error_message = "flux.kustomization.prune must be true: without pruning, what leaves Git stays in the cluster, and the policy refuses it."
  }

  validation {
    condition     = var.flux.install ? !var.flux.kustomization.suspend : true
    error_message = "flux.kustomization.suspend must be false: the policy refuses what starts out suspended. To hold it for a while, run `flux suspend kustomization`."
  }

  validation {
    condition     = var.flux.install ? can(regex("^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$", var.flux.kustomization.timeout)) : true
    error_message = "flux.kustomization.timeout must be a valid duration: digits with the units ms, s, m or h, such as \"5m\"."
  }

  validation {
    condition     = length(var.flux.helm.release_name) <= 53 && can(regex("^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$", var.flux.helm.release_name))
    error_message = "flux.helm.release_name must not be blank and must be a valid Helm release name: a DNS-1123 subdomain of at most 53 characters."
  }

  validation {
    condition     = var.flux.install ? can(regex("^(https|oci)://([A-Za-z0-9][A-Za-z0-9._-]*|\\[[0-9A-Fa-f:.]+\\])(:[0-9]{1,5})?(/[^\\s\\x00-\\x1f\\x7f?#@\\\\]*)?$", var.flux.helm.repository)) : true
    error_message = "flux.helm.repository must be an https:// or oci:// URL with a host, without spaces and without a password. For a chart that is a folder or an archive it is not used."
  }

  validation {
    condition     = var.flux.install ? can(regex("^\\S(.*\\S)?$", var.flux.helm.chart)) : true
    error_message = "flux.helm.chart must not be blank, without spaces around: the name of a chart, or the path of a folder (\"./charts/flux2\") or archive (\"flux2-2.18.3.tgz\")."
  }

  validation {
    condition     = var.flux.install ? (can(regex("^((=|==|!=|>|<|>=|=>|<=|=<|~|~>|\\^)\\s*)?v?([0-9]+|[xX*])(\\.([0-9]+|[xX*])){0,2}(-[0-9A-Za-z.-]+)?(\\+[0-9A-Za-z.-]+)?((\\s*,\\s*|\\s+-\\s+|\\s*\\|\\|\\s*|\\s+)((=|==|!=|>|<|>=|=>|<=|=<|~|~>|\\^)\\s*)?v?([0-9]+|[xX*])(\\.([0-9]+|[xX*])){0,2}(-[0-9A-Za-z.-]+)?(\\+[0-9A-Za-z.-]+)?)*$", var.flux.helm.version)) && can(regex("[0-9]", var.flux.helm.version))) : true
    error_message = "flux.helm.version must not be blank and must be an exact version such as \"2.18.3\", or a range such as \"~2.18\"; \"latest\" chooses nothing."
  }

  validation {
    condition     = can(regex("^[0-9]{1,9}$", var.flux.helm.timeout)) || can(regex("^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$", var.flux.helm.timeout)) ? can(regex("[1-9]", var.flux.helm.timeout)) : false
    error_message = "flux.helm.timeout must be a positive number of seconds, such as 600, or a duration above 0, such as \"10m\"."
  }

  validation {
    condition     = alltrue([for text in var.flux.helm.values : can(keys(yamldecode(text)))])
    error_message = "Each of flux.helm.values must be a YAML mapping."
  }

  validation {
    condition     = alltrue([for name in var.flux.helm.values_files : try(trimspace(name) != "", false)])
    error_message = "flux.helm.values_files must not contain blank file paths."
  }

  validation {
    condition     = alltrue([for name in var.flux.helm.values_files : try(trimspace(name) == "", true) ? true : can(keys(yamldecode(file(name))))])
    error_message = "Each of flux.helm.values_files must be the path of a file that can be read and holds a YAML mapping."
  }
}
