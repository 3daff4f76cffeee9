# Who EDSM is, and what it may do.

# It needs its OIDC issuer and workload identity switched on.
data "azurerm_kubernetes_cluster" "this" {
  name                = var.cluster_name
  resource_group_name = coalesce(var.cluster_resource_group_name, var.resource_group_name)
}

data "azurerm_client_config" "current" {}

locals {
  vault_ids = { for name, vault in data.azurerm_key_vault.this : name => vault.id }

  # The whole vault, or each secret.
  readable = contains(var.secret_paths, "*") ? local.vault_ids : merge([for name, id in local.vault_ids : {
    for path in var.secret_paths : "${name}/${path}" => "${id}/secrets/${path}"
  }]...)
}

resource "azurerm_user_assigned_identity" "edsm" {
  name                = local.name
  resource_group_name = var.resource_group_name
  location            = local.location
  tags                = local.tags
}

# The pods of this ServiceAccount, and no others, get its tokens.
resource "azurerm_federated_identity_credential" "edsm" {
  name                = local.name
  resource_group_name = var.resource_group_name
  parent_id           = azurerm_user_assigned_identity.edsm.id
  issuer              = data.azurerm_kubernetes_cluster.this.oidc_issuer_url
  subject             = "system:serviceaccount:${var.edsm_namespace}:${var.edsm_service_account_name}"
  audience            = ["api://AzureADTokenExchange"]
}

resource "azurerm_role_assignment" "receive" {
  scope                = azurerm_servicebus_queue.events.id
  role_definition_name = "Azure Service Bus Data Receiver" # events
  principal_id         = azurerm_user_assigned_identity.edsm.principal_id
  principal_type       = "ServicePrincipal"
}

resource "azurerm_role_assignment" "read" {
  for_each = local.readable

  scope                = each.value
  role_definition_name = "Key Vault Secrets User" # values, and the list of what is there
  principal_id         = azurerm_user_assigned_identity.edsm.principal_id
  principal_type       = "ServicePrincipal"
}

# The sweep lists a vault. Who may read some secrets only needs this for it: names and times, no values.
resource "azurerm_role_assignment" "list" {
  for_each = contains(var.secret_paths, "*") ? {} : local.vault_ids

  scope                = each.value
  role_definition_name = "Key Vault Reader"
  principal_id         = azurerm_user_assigned_identity.edsm.principal_id
  principal_type       = "ServicePrincipal"
}
