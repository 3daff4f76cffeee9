variable "region" {
  description = "Region of the cluster and of its secrets."
  type        = string
  default     = "eu-west-3"
}

variable "additional_regions" {
  description = "Other regions whose secrets EDSM shall read; each gets a queue and rules of its own."
  type        = list(string)
  default     = []
}

variable "cluster_name" {
  description = "Name of the EKS cluster. Everything is named after it: one queue and one role per cluster."
  type        = string
  default     = "my-cluster"
}

variable "edsm_namespace" {
  description = "Namespace that the chart is installed into."
  type        = string
  default     = "kube-system"
}

variable "edsm_service_account_name" {
  description = "ServiceAccount of EDSM: the chart's full name, if the release is called edsm."
  type        = string
  default     = "edsm-k8s-event-driven-secrets"
}

variable "identity" {
  description = "How the pods get their credentials: irsa (an OIDC provider of the cluster must exist) or pod-identity (the agent must be installed)."
  type        = string
  default     = "irsa"

  validation {
    condition     = contains(["irsa", "pod-identity"], var.identity)
    error_message = "identity is irsa or pod-identity."
  }
}

variable "secret_paths" {
  description = "Names of the secrets that EDSM may read; a final * stands for anything: prod/*, shared/tls."
  type        = list(string)
  default     = ["*"] # narrow it: whoever may write an EventDrivenSecret gets to see what EDSM may read

  validation {
    condition     = length(var.secret_paths) > 0 && alltrue([for path in var.secret_paths : can(regex("^[A-Za-z0-9/_+=.@-]*\\*?$", path))])
    error_message = "Each is the name of a secret, perhaps with a * at its end."
  }
}

variable "kms_key_arns" {
  description = "Customer managed keys of those secrets. The key policies have to admit the role, too."
  type        = list(string)
  default     = []
}

variable "assumable_role_arns" {
  description = "Roles that EventDrivenSecrets may name (roleARN), perhaps with a * in them. SecretAccessPolicies say which namespace may use which."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.assumable_role_arns : can(regex("^arn:aws[a-z-]*:iam::[0-9*]+:role/[A-Za-z0-9_+=,.@/*-]+$", arn))])
    error_message = "Each is the ARN of a role: arn:aws:iam::111122223333:role/edsm/*."
  }
}

variable "cloudtrail_events" {
  description = "Also hear of created, deleted and restored secrets at once. Needs a trail that logs management events in each region."
  type        = bool
  default     = true
}

variable "doctor_permissions" {
  description = "Let `edsm doctor` in EDSM's pods also look at rules, trails and dead letters, and send its probe."
  type        = bool
  default     = false
}

variable "alarm_actions" {
  description = "SNS topics that hear of dead letters; without any there is no alarm."
  type        = list(string)
  default     = []
}

variable "tags" {
  description = "Tags of everything that can have some."
  type        = map(string)
  default     = {}
}
