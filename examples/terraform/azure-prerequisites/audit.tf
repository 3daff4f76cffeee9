# Who changed a secret: no event says it, this log does, some minutes later.

locals {
  workspace_id = var.log_analytics_workspace_id != null ? var.log_analytics_workspace_id : one(azurerm_log_analytics_workspace.audit[*].id)
}

resource "azurerm_log_analytics_workspace" "audit" {
  count = var.audit_trail && var.log_analytics_workspace_id == null ? 1 : 0

  name                = "${local.name}-audit"
  resource_group_name = var.resource_group_name
  location            = local.location
  sku                 = "PerGB2018"
  retention_in_days   = 90
  tags                = local.tags
}

resource "azurerm_monitor_diagnostic_setting" "audit" {
  for_each = var.audit_trail ? local.vault_ids : {}

  name                           = local.name
  target_resource_id             = each.value
  log_analytics_workspace_id     = local.workspace_id
  log_analytics_destination_type = "Dedicated" # the table AZKVAuditLogs

  enabled_log {
    category = "AuditEvent"
  }
}
