output "edsm_client_id" {
  description = "The annotation azure.workload.identity/client-id of EDSM's ServiceAccount."
  value       = azurerm_user_assigned_identity.edsm.client_id
}

output "edsm_tenant_id" {
  description = "The annotation azure.workload.identity/tenant-id, if the cluster's own tenant is another one."
  value       = data.azurerm_client_config.current.tenant_id
}

output "servicebus_queue_url" {
  description = "The queue of events: one of the chart's azure.queueUrls."
  value       = "${trimsuffix(azurerm_servicebus_namespace.this.endpoint, ":443/")}/${azurerm_servicebus_queue.events.name}"
}

output "servicebus_queue_urls" {
  description = "The queues of all vaults: the chart's azure.queueUrls. It is one."
  value       = ["${trimsuffix(azurerm_servicebus_namespace.this.endpoint, ":443/")}/${azurerm_servicebus_queue.events.name}"]
}

output "dead_letter_queue_urls" {
  description = "Where to look for what EDSM could not deal with."
  value       = ["${trimsuffix(azurerm_servicebus_namespace.this.endpoint, ":443/")}/${azurerm_servicebus_queue.events.name}/$deadletterqueue"]
}

output "undelivered_events" {
  description = "The container of what Event Grid could not deliver."
  value       = azurerm_storage_container.undelivered.id
}

output "vault_urls" {
  description = "What EventDrivenSecrets name as azureVaultURL."
  value       = [for vault in data.azurerm_key_vault.this : trimsuffix(vault.vault_uri, "/")]
}
