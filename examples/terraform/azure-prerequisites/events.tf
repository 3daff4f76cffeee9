# Key Vault --event--> Event Grid --> queue --> EDSM. What EDSM cannot deal with --> the queue's dead letters;
# what Event Grid cannot deliver --> a container.

data "azurerm_resource_group" "this" {
  name = var.resource_group_name
}

data "azurerm_key_vault" "this" {
  for_each = toset(var.key_vault_names)

  name                = each.value
  resource_group_name = coalesce(var.key_vault_resource_group_name, var.resource_group_name)
}

locals {
  name     = "${var.cluster_name}-edsm"
  location = data.azurerm_resource_group.this.location
  tags     = merge({ "edsm-cluster" = var.cluster_name }, var.tags)

  # Names of namespaces and of storage accounts are unique in the world.
  suffix         = substr(sha1("${data.azurerm_resource_group.this.id}/${var.cluster_name}"), 0, 10)
  namespace_name = coalesce(var.servicebus_namespace_name, "${local.name}-${substr(local.suffix, 0, 6)}")

  # By which identity each vault's topic delivers; null: its own.
  carriers = { for name in var.key_vault_names : name =>
    contains(keys(var.system_topic_names), name) ? null : azurerm_user_assigned_identity.events.id
  }

  # Azure has no event for a secret that was deleted, disabled or restored: the sweep finds these.
  events = ["Microsoft.KeyVault.SecretNewVersionCreated", "Microsoft.KeyVault.SecretNearExpiry", "Microsoft.KeyVault.SecretExpired"]
}

resource "azurerm_servicebus_namespace" "this" {
  name                         = local.namespace_name
  resource_group_name          = var.resource_group_name
  location                     = local.location
  sku                          = var.servicebus_sku
  capacity                     = var.servicebus_sku == "Premium" ? 1 : 0
  premium_messaging_partitions = var.servicebus_sku == "Premium" ? 1 : 0
  local_auth_enabled           = false # roles only, no keys
  minimum_tls_version          = "1.2"
  tags                         = local.tags
}

resource "azurerm_servicebus_queue" "events" {
  name                                    = "${local.name}-events"
  namespace_id                            = azurerm_servicebus_namespace.this.id
  lock_duration                           = "PT1M" # EDSM renews it while it works; a crashed one's messages come back after it
  max_delivery_count                      = 10     # then to the dead letters
  default_message_ttl                     = "P4D"  # the sweep finds what is older
  dead_lettering_on_message_expiration    = false
  requires_duplicate_detection            = true # Event Grid delivers again under the same id
  duplicate_detection_history_time_window = "PT10M"
  partitioning_enabled                    = false # receiving over HTTP is slow from partitioned queues
  requires_session                        = false # Event Grid cannot deliver to sessions
}

# Who delivers: Event Grid, as an identity that may do nothing else.
resource "azurerm_user_assigned_identity" "events" {
  name                = "${local.name}-events"
  resource_group_name = var.resource_group_name
  location            = local.location
  tags                = local.tags
}

resource "azurerm_role_assignment" "send" {
  scope                = azurerm_servicebus_queue.events.id
  role_definition_name = "Azure Service Bus Data Sender"
  principal_id         = azurerm_user_assigned_identity.events.principal_id
  principal_type       = "ServicePrincipal"
}

resource "azurerm_role_assignment" "keep" {
  scope                = azurerm_storage_container.undelivered.id
  role_definition_name = "Storage Blob Data Contributor"
  principal_id         = azurerm_user_assigned_identity.events.principal_id
  principal_type       = "ServicePrincipal"
}

# The same for topics that are there already, as what they are.
resource "azurerm_role_assignment" "send_existing" {
  for_each = data.azurerm_eventgrid_system_topic.existing

  scope                = azurerm_servicebus_queue.events.id
  role_definition_name = "Azure Service Bus Data Sender"
  principal_id         = each.value.identity[0].principal_id
  principal_type       = "ServicePrincipal"
}

resource "azurerm_role_assignment" "keep_existing" {
  for_each = data.azurerm_eventgrid_system_topic.existing

  scope                = azurerm_storage_container.undelivered.id
  role_definition_name = "Storage Blob Data Contributor"
  principal_id         = each.value.identity[0].principal_id
  principal_type       = "ServicePrincipal"
}

resource "azurerm_storage_account" "undelivered" {
  name                            = "edsm${local.suffix}"
  resource_group_name             = var.resource_group_name
  location                        = local.location
  account_tier                    = "Standard"
  account_replication_type        = "LRS"
  min_tls_version                 = "TLS1_2"
  allow_nested_items_to_be_public = false
  tags                            = local.tags
}

resource "azurerm_storage_container" "undelivered" {
  name                  = "edsm-undelivered"
  storage_account_id    = azurerm_storage_account.undelivered.id
  container_access_type = "private"
}

# A vault has one system topic at most. It lies in the vault's resource group and region.
data "azurerm_eventgrid_system_topic" "existing" {
  for_each = var.system_topic_names

  name                = each.value
  resource_group_name = data.azurerm_key_vault.this[each.key].resource_group_name
}

resource "azurerm_eventgrid_system_topic" "vault" {
  for_each = { for name, vault in data.azurerm_key_vault.this : name => vault if !contains(keys(var.system_topic_names), name) }

  name                   = "${local.name}-${each.key}"
  resource_group_name    = each.value.resource_group_name
  location               = each.value.location
  source_arm_resource_id = each.value.id
  topic_type             = "Microsoft.KeyVault.vaults"
  tags                   = local.tags

  # Its own identity is for other clusters' subscriptions.
  identity {
    type         = "SystemAssigned, UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.events.id]
  }
}

resource "azurerm_eventgrid_system_topic_event_subscription" "queue" {
  for_each = data.azurerm_key_vault.this

  name                          = local.name
  resource_group_name           = each.value.resource_group_name
  system_topic                  = try(azurerm_eventgrid_system_topic.vault[each.key].name, var.system_topic_names[each.key])
  event_delivery_schema         = "CloudEventSchemaV1_0"
  service_bus_queue_endpoint_id = azurerm_servicebus_queue.events.id
  included_event_types          = local.events

  delivery_identity {
    type                   = local.carriers[each.key] == null ? "SystemAssigned" : "UserAssigned"
    user_assigned_identity = local.carriers[each.key]
  }

  retry_policy {
    max_delivery_attempts = 30
    event_time_to_live    = 1440 # minutes
  }

  storage_blob_dead_letter_destination {
    storage_account_id          = azurerm_storage_account.undelivered.id
    storage_blob_container_name = azurerm_storage_container.undelivered.name
  }

  dead_letter_identity {
    type                   = local.carriers[each.key] == null ? "SystemAssigned" : "UserAssigned"
    user_assigned_identity = local.carriers[each.key]
  }

  # Event Grid tries when it is made.
  depends_on = [
    azurerm_role_assignment.send, azurerm_role_assignment.keep,
    azurerm_role_assignment.send_existing, azurerm_role_assignment.keep_existing,
  ]
}
