variable "subscription_id" {
  description = "Subscription of all that is made here, and of the vaults and the cluster."
  type        = string
  default     = null # azurerm asks for it, unless ARM_SUBSCRIPTION_ID is set
}

variable "resource_group_name" {
  description = "Resource group of all that is made here. It must exist."
  type        = string
  default     = "my-group"
}

variable "cluster_name" {
  description = "Name of the AKS cluster. Everything is named after it: one queue and one identity per cluster."
  type        = string
  default     = "my-cluster"

  validation {
    condition     = can(regex("^[A-Za-z]([A-Za-z0-9-]{0,34}[A-Za-z0-9])?$", var.cluster_name))
    error_message = "A letter, and up to 35 letters, digits and hyphens, so that a namespace of Service Bus can be named after it."
  }
}

variable "cluster_resource_group_name" {
  description = "Resource group of the cluster, if it is another one."
  type        = string
  default     = null
}

variable "key_vault_names" {
  description = "Vaults of the secrets. They must use Azure's role-based access, not access policies."
  type        = list(string)
  default     = ["my-vault"]

  validation {
    condition     = length(var.key_vault_names) > 0
    error_message = "At least one vault."
  }
}

variable "key_vault_resource_group_name" {
  description = "Resource group of the vaults, if it is another one."
  type        = string
  default     = null
}

variable "system_topic_names" {
  description = "Vaults that have a system topic of Event Grid already: its name, by the vault's. It needs a system-assigned identity."
  type        = map(string)
  default     = {}
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

variable "secret_paths" {
  description = "Names of the secrets that EDSM may read, in each of the vaults; [\"*\"] are all."
  type        = list(string)
  default     = ["*"] # narrow it: whoever may write an EventDrivenSecret gets to see what EDSM may read

  validation {
    condition     = length(var.secret_paths) > 0 && (contains(var.secret_paths, "*") ? length(var.secret_paths) == 1 : alltrue([for path in var.secret_paths : can(regex("^[A-Za-z0-9-]+$", path))]))
    error_message = "Each is the whole name of a secret, since roles of Azure know no prefixes; or [\"*\"] for all."
  }
}

variable "servicebus_namespace_name" {
  description = "Name of the Service Bus namespace, which no other in the world has. Without one it is named after cluster and resource group."
  type        = string
  default     = null
}

variable "servicebus_sku" {
  description = "Standard, or Premium for a namespace with private endpoints."
  type        = string
  default     = "Standard"

  validation {
    condition     = contains(["Standard", "Premium"], var.servicebus_sku)
    error_message = "servicebus_sku is Standard or Premium."
  }
}

variable "audit_trail" {
  description = "Log who reads and writes the vaults' secrets to Log Analytics."
  type        = bool
  default     = true
}

variable "log_analytics_workspace_id" {
  description = "Where the audit trail goes, if a workspace for it is there already."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of everything that can have some."
  type        = map(string)
  default     = {}
}
