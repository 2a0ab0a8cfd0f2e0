variable "cluster_name" {
  description = "Name of the cluster to make."
  type        = string
  default     = "wildside-dev"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", var.cluster_name))
    error_message = "cluster_name must be lower-case letters, digits and '-'."
  }
}

variable "region" {
  description = "Region to make it in: three letters and a digit."
  type        = string
  default     = "nyc1"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{3}[0-9]$", var.region))
    error_message = "region must be three letters and a digit, such as \"nyc1\"."
  }
}

variable "node_size" {
  description = "Size of its nodes."
  type        = string
  default     = "s-2vcpu-4gb"
  nullable    = false
}

variable "node_count" {
  description = "Number of its nodes."
  type        = number
  default     = 2
  nullable    = false

  validation {
    condition     = var.node_count >= 1 && floor(var.node_count) == var.node_count
    error_message = "node_count must be a whole number from 1 on."
  }
}

variable "git_repository_name" {
  description = "Name of the GitRepository."
  type        = string
  default     = "flux-system"
  nullable    = false
}

variable "git_repository_url" {
  description = "URL of the Git repository: `https://host/path` or `ssh://user@host/path`."
  type        = string
  nullable    = false
}

variable "git_repository_branch" {
  description = "Branch to follow."
  type        = string
  default     = "main"
  nullable    = false
}

variable "git_repository_path" {
  description = "Folder in the repository that the Kustomization applies, relative to its root."
  type        = string
  default     = "./clusters/dev"
  nullable    = false
}

variable "chart_name" {
  description = "Name of the chart in its repository, or the path of a folder or archive."
  type        = string
  default     = "flux2"
  nullable    = false
}

variable "chart_version" {
  description = "Version of the chart, or a range."
  type        = string
  default     = "2.18.3"
  nullable    = false
}
