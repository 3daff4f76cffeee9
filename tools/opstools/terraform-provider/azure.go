package main

import (
	"crypto/sha1"
	"fmt"
	"strings"
)

// The account is the subscription. Arguments are those of version 4 of azurerm.
var azure = cloud{name: "azurerm", place: "subscription_id", resources: azureResources, dataSources: azureDataSources,
	blocks: []string{"features"}}

// below names a resource after what it belongs to: an id, and the rest of the path.
func below(parent, collection string) func(surroundings, values) values {
	return func(_ surroundings, v values) values {
		return values{"id": fmt.Sprintf("%s/%s/%s", v[parent], collection, v["name"])}
	}
}

func (s surroundings) id(group, kind, name string) string {
	return fmt.Sprintf("/subscriptions/%s/resourceGroups/%s/providers/%s/%s", s.account, group, kind, name)
}

func inGroup(kind string) func(surroundings, values) values {
	return func(s surroundings, v values) values {
		return values{"id": s.id(v["resource_group_name"], kind, v["name"])}
	}
}

// guid is always the same for the same words.
func guid(words ...string) string {
	sum := sha1.Sum([]byte(strings.Join(words, "\n")))
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[0:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// placed adds what everything in a resource group has.
func placed(arguments map[string]argument) map[string]argument {
	for name, kind := range map[string]argument{"name": needed, "resource_group_name": needed, "location": needed, "tags": labels} {
		arguments[name] = kind
	}
	return arguments
}

func block(members map[string]argument) argument { return argument{kind: "block", members: members} }

var azureResources = []kind{
	{"user_assigned_identity", placed(map[string]argument{}), func(s surroundings, v values) values {
		id := s.id(v["resource_group_name"], "Microsoft.ManagedIdentity/userAssignedIdentities", v["name"])
		return values{"id": id, "client_id": guid("client", id), "principal_id": guid("principal", id), "tenant_id": guid("tenant")}
	}},
	{"federated_identity_credential", map[string]argument{
		"name": needed, "resource_group_name": needed, "parent_id": needed, "issuer": needed, "subject": needed,
		"audience": {kind: "strings", required: true},
	}, below("parent_id", "federatedIdentityCredentials")},
	{"role_assignment", map[string]argument{
		"scope": needed, "principal_id": needed, "role_definition_name": text, "role_definition_id": text,
		"principal_type": text, "description": text, "condition": text, "condition_version": text,
	}, func(_ surroundings, v values) values {
		name := guid(v["scope"], v["principal_id"], v["role_definition_name"])
		return values{"id": v["scope"] + "/providers/Microsoft.Authorization/roleAssignments/" + name, "name": name}
	}},
	{"servicebus_namespace", placed(map[string]argument{
		"sku": needed, "capacity": number, "premium_messaging_partitions": number, "local_auth_enabled": boolean,
		"minimum_tls_version": text, "public_network_access_enabled": boolean,
	}), func(s surroundings, v values) values {
		return values{"id": s.id(v["resource_group_name"], "Microsoft.ServiceBus/namespaces", v["name"]),
			"endpoint": fmt.Sprintf("https://%s.servicebus.windows.net:443/", v["name"])}
	}},
	{"servicebus_queue", map[string]argument{
		"name": needed, "namespace_id": needed, "lock_duration": text, "max_delivery_count": number,
		"default_message_ttl": text, "dead_lettering_on_message_expiration": boolean, "partitioning_enabled": boolean,
		"requires_session": boolean, "requires_duplicate_detection": boolean, "max_size_in_megabytes": number,
		"duplicate_detection_history_time_window": text,
	}, below("namespace_id", "queues")},
	{"eventgrid_system_topic", placed(map[string]argument{
		"source_arm_resource_id": needed, "topic_type": needed,
		"identity": block(map[string]argument{"type": needed, "identity_ids": list}),
	}), inGroup("Microsoft.EventGrid/systemTopics")},
	{"eventgrid_system_topic_event_subscription", map[string]argument{
		"name": needed, "resource_group_name": needed, "system_topic": needed, "event_delivery_schema": text,
		"service_bus_queue_endpoint_id": text, "service_bus_topic_endpoint_id": text, "included_event_types": list, "labels": list,
		"delivery_identity":    block(map[string]argument{"type": needed, "user_assigned_identity": text}),
		"dead_letter_identity": block(map[string]argument{"type": needed, "user_assigned_identity": text}),
		"storage_blob_dead_letter_destination": block(map[string]argument{
			"storage_account_id": needed, "storage_blob_container_name": needed}),
		"retry_policy": block(map[string]argument{
			"max_delivery_attempts": {kind: "number", required: true}, "event_time_to_live": {kind: "number", required: true}}),
	}, func(s surroundings, v values) values {
		topic := s.id(v["resource_group_name"], "Microsoft.EventGrid/systemTopics", v["system_topic"])
		return values{"id": topic + "/eventSubscriptions/" + v["name"]}
	}},
	{"storage_account", placed(map[string]argument{
		"account_tier": needed, "account_replication_type": needed, "account_kind": text, "min_tls_version": text,
		"allow_nested_items_to_be_public": boolean, "shared_access_key_enabled": boolean, "https_traffic_only_enabled": boolean,
	}), inGroup("Microsoft.Storage/storageAccounts")},
	{"storage_container", map[string]argument{"name": needed, "storage_account_id": needed, "container_access_type": text},
		below("storage_account_id", "blobServices/default/containers")},
	{"log_analytics_workspace", placed(map[string]argument{"sku": text, "retention_in_days": number}),
		inGroup("Microsoft.OperationalInsights/workspaces")},
	{"monitor_diagnostic_setting", map[string]argument{
		"name": needed, "target_resource_id": needed, "log_analytics_workspace_id": text, "storage_account_id": text,
		"log_analytics_destination_type": text, "enabled_log": block(map[string]argument{"category": text, "category_group": text}),
	}, func(_ surroundings, v values) values {
		return values{"id": v["target_resource_id"] + "|" + v["name"]}
	}},
}

var azureDataSources = []source{
	{"client_config", nil, func(s surroundings, _ values) map[string]any {
		return map[string]any{"subscription_id": s.account, "tenant_id": guid("tenant")}
	}},
	{"resource_group", []string{"name"}, func(s surroundings, v values) map[string]any {
		return map[string]any{"id": fmt.Sprintf("/subscriptions/%s/resourceGroups/%s", s.account, v["name"]), "location": "westeurope"}
	}},
	{"kubernetes_cluster", []string{"name", "resource_group_name"}, func(s surroundings, v values) map[string]any {
		return map[string]any{"oidc_issuer_url": "https://" + s.issuer,
			"id": s.id(v["resource_group_name"], "Microsoft.ContainerService/managedClusters", v["name"])}
	}},
	{"eventgrid_system_topic", []string{"name", "resource_group_name"}, func(s surroundings, v values) map[string]any {
		id := s.id(v["resource_group_name"], "Microsoft.EventGrid/systemTopics", v["name"])
		return map[string]any{"id": id, "identity": []map[string]any{
			{"type": "SystemAssigned", "principal_id": guid("principal", id), "tenant_id": guid("tenant")}}}
	}},
	{"key_vault", []string{"name", "resource_group_name"}, func(s surroundings, v values) map[string]any {
		return map[string]any{"id": s.id(v["resource_group_name"], "Microsoft.KeyVault/vaults", v["name"]), "location": "westeurope",
			"vault_uri": fmt.Sprintf("https://%s.vault.azure.net/", v["name"])}
	}},
}
