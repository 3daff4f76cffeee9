package main

import "fmt"

// The account is the number of every project.
var google = cloud{name: "google", place: "project", resources: googleResources, dataSources: googleDataSources}

// member gives a role on something to somebody.
func member(name, on string) kind {
	return kind{name + "_iam_member", ofProject(map[string]argument{
		on: needed, "role": needed, "member": needed,
		"condition": {kind: "block", members: map[string]argument{"title": needed, "description": text, "expression": needed}},
	}), func(_ surroundings, v values) values {
		return values{"id": v[on] + " " + v["role"] + " " + v["member"], "etag": "1"}
	}}
}

func ofProject(arguments map[string]argument) map[string]argument {
	if _, found := arguments["project"]; !found {
		arguments["project"] = text
	}
	return arguments
}

func named(collection string) func(surroundings, values) values {
	return func(_ surroundings, v values) values {
		return values{"id": fmt.Sprintf("projects/%s/%s/%s", v["project"], collection, v["name"])}
	}
}

var googleResources = []kind{
	{"pubsub_topic", ofProject(map[string]argument{
		"name": needed, "labels": labels, "kms_key_name": text, "message_retention_duration": text,
	}), named("topics")},
	{"pubsub_subscription", ofProject(map[string]argument{
		"name": needed, "topic": needed, "labels": labels, "ack_deadline_seconds": number, "filter": text,
		"message_retention_duration": text, "retain_acked_messages": boolean, "enable_message_ordering": boolean,
		"enable_exactly_once_delivery": boolean,
		"expiration_policy":            {kind: "block", members: map[string]argument{"ttl": needed}},
		"retry_policy":                 {kind: "block", members: map[string]argument{"minimum_backoff": text, "maximum_backoff": text}},
		"dead_letter_policy":           {kind: "block", members: map[string]argument{"dead_letter_topic": text, "max_delivery_attempts": number}},
	}), named("subscriptions")},
	member("pubsub_topic", "topic"),
	member("pubsub_subscription", "subscription"),
	member("project", "project"),
	{"service_account_iam_member", map[string]argument{"service_account_id": needed, "role": needed, "member": needed},
		byId("service_account_id")},
	{"service_account", ofProject(map[string]argument{
		"account_id": needed, "display_name": text, "description": text, "disabled": boolean,
	}), func(_ surroundings, v values) values {
		email := fmt.Sprintf("%s@%s.iam.gserviceaccount.com", v["account_id"], v["project"])
		path := fmt.Sprintf("projects/%s/serviceAccounts/%s", v["project"], email)
		return values{"id": path, "name": path, "email": email, "member": "serviceAccount:" + email}
	}},
	{"project_iam_custom_role", ofProject(map[string]argument{
		"role_id": needed, "title": needed, "permissions": {kind: "strings", required: true}, "description": text,
	}), func(_ surroundings, v values) values {
		path := fmt.Sprintf("projects/%s/roles/%s", v["project"], v["role_id"])
		return values{"id": path, "name": path}
	}},
	{"logging_project_sink", ofProject(map[string]argument{
		"name": needed, "destination": needed, "filter": text, "description": text, "disabled": boolean,
		"unique_writer_identity": boolean,
	}), func(s surroundings, v values) values {
		return values{"id": fmt.Sprintf("projects/%s/sinks/%s", v["project"], v["name"]),
			"writer_identity": fmt.Sprintf("serviceAccount:service-%s@gcp-sa-logging.iam.gserviceaccount.com", s.account)}
	}},
}

var googleDataSources = []source{
	{"project", []string{"project_id"}, func(s surroundings, _ values) map[string]any {
		return map[string]any{"number": s.account}
	}},
}
