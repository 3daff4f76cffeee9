variable "project_id" {
  description = "Project of the secrets, and of all that is made here."
  type        = string
  default     = "my-project"
}

variable "cluster_name" {
  description = "Name of the GKE cluster. Everything is named after it: one subscription and one service account per cluster."
  type        = string
  default     = "my-cluster"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,24}$", var.cluster_name))
    error_message = "At most 25 lower case letters, digits and hyphens, so that NAME-edsm can be a service account."
  }
}

variable "cluster_project_id" {
  description = "Project of the cluster, if it is another one."
  type        = string
  default     = null
}

variable "edsm_namespace" {
  description = "Namespace that the chart is installed into."
  type        = string
  default     = "kube-system"
}

variable "edsm_service_account_name" {
  description = "Kubernetes ServiceAccount of EDSM: the chart's full name, if the release is called edsm."
  type        = string
  default     = "edsm-k8s-event-driven-secrets"
}

variable "identity" {
  description = "Who EDSM's pods are: service-account (one of Google's, by Workload Identity) or direct (their own principal, no service account between)."
  type        = string
  default     = "service-account"

  validation {
    condition     = contains(["service-account", "direct"], var.identity)
    error_message = "identity is service-account or direct."
  }
}

variable "secret_paths" {
  description = "Names of the secrets that EDSM may read; a final * stands for anything: prod-*, shared-tls."
  type        = list(string)
  default     = ["*"] # narrow it: whoever may write an EventDrivenSecret gets to see what EDSM may read

  validation {
    condition     = length(var.secret_paths) > 0 && alltrue([for path in var.secret_paths : can(regex("^[A-Za-z0-9_-]*\\*?$", path))])
    error_message = "Each is the name of a secret, perhaps with a * at its end."
  }

  validation {
    condition     = length(var.secret_paths) <= 6 # each takes up to two operators
    error_message = "A condition of IAM has at most 12 operators, so at most 6 names fit: use common prefixes."
  }
}

variable "audit_log_events" {
  description = "Hear of all secrets of the project by a sink of its audit log. Without it EDSM hears of those secrets only that name the topic."
  type        = bool
  default     = true
}

variable "doctor_permissions" {
  description = "Let `edsm doctor` in EDSM's pods also look at policies and log sinks, and publish its probe."
  type        = bool
  default     = false
}

variable "labels" {
  description = "Labels of everything that can have some."
  type        = map(string)
  default     = {}
}
