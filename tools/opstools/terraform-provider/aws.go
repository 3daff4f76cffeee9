package main

import (
	"fmt"
	"maps"
)

var aws = cloud{name: "aws", place: "region", resources: awsResources, dataSources: awsDataSources}

func (s surroundings) arn(service, region, rest string) string {
	return fmt.Sprintf("arn:aws:%s:%s:%s:%s", service, region, s.account, rest)
}

func regional(arguments map[string]argument) map[string]argument {
	result := maps.Clone(arguments)
	result["region"] = text
	return result
}

var awsResources = []kind{
	{"sqs_queue", regional(map[string]argument{
		"name": text, "visibility_timeout_seconds": number, "message_retention_seconds": number,
		"receive_wait_time_seconds": number, "delay_seconds": number, "max_message_size": number,
		"redrive_policy": text, "kms_master_key_id": text, "sqs_managed_sse_enabled": boolean,
		"fifo_queue": boolean, "tags": labels,
	}), func(s surroundings, v values) values {
		url := fmt.Sprintf("%s/%s/%s", s.endpoint, s.account, v["name"])
		return values{"id": url, "url": url, "arn": s.arn("sqs", v["region"], v["name"])}
	}},
	{"sqs_queue_policy", regional(map[string]argument{"queue_url": needed, "policy": needed}), byId("queue_url")},
	{"sqs_queue_redrive_allow_policy", regional(map[string]argument{
		"queue_url": needed, "redrive_allow_policy": needed,
	}), byId("queue_url")},
	{"cloudwatch_event_rule", regional(map[string]argument{
		"name": text, "description": text, "event_pattern": text, "event_bus_name": text, "state": text,
		"schedule_expression": text, "tags": labels,
	}), func(s surroundings, v values) values {
		return values{"id": v["name"], "arn": s.arn("events", v["region"], "rule/"+v["name"])}
	}},
	{"cloudwatch_event_target", regional(map[string]argument{
		"rule": needed, "arn": needed, "target_id": text, "event_bus_name": text, "role_arn": text, "input_path": text,
		"dead_letter_config": {kind: "block", members: map[string]argument{"arn": needed}},
	}), byId("target_id")},
	{"cloudwatch_metric_alarm", regional(map[string]argument{
		"alarm_name": needed, "alarm_description": text, "namespace": text, "metric_name": text, "dimensions": labels,
		"statistic": text, "period": number, "evaluation_periods": number, "comparison_operator": text,
		"threshold": number, "treat_missing_data": text, "alarm_actions": list, "ok_actions": list, "tags": labels,
	}), byId("alarm_name")},
	{"iam_role", map[string]argument{
		"name": text, "path": text, "description": text, "assume_role_policy": needed, "max_session_duration": number,
		"permissions_boundary": text, "tags": labels,
	}, func(s surroundings, v values) values {
		return values{"id": v["name"], "arn": s.arn("iam", "", "role/"+v["name"])}
	}},
	{"iam_role_policy", map[string]argument{"name": text, "role": needed, "policy": needed}, byId("role")},
	{"eks_pod_identity_association", regional(map[string]argument{
		"cluster_name": needed, "namespace": needed, "service_account": needed, "role_arn": needed, "tags": labels,
	}), func(s surroundings, v values) values {
		return values{"id": "a-1", "association_arn": s.arn("eks", v["region"], "podidentityassociation/"+v["cluster_name"]+"/a-1")}
	}},
}

var awsDataSources = []source{
	{"caller_identity", nil, func(s surroundings, _ values) map[string]any {
		return map[string]any{"account_id": s.account}
	}},
	{"partition", nil, func(surroundings, values) map[string]any {
		return map[string]any{"partition": "aws", "dns_suffix": "amazonaws.com"}
	}},
	{"eks_cluster", []string{"name"}, func(s surroundings, v values) map[string]any {
		return map[string]any{
			"arn":      s.arn("eks", s.place, "cluster/"+v["name"]),
			"identity": []map[string]any{{"oidc": []map[string]any{{"issuer": "https://" + s.issuer}}}},
		}
	}},
	{"iam_openid_connect_provider", []string{"url"}, func(s surroundings, _ values) map[string]any {
		return map[string]any{"arn": s.arn("iam", "", "oidc-provider/"+s.issuer)}
	}},
}
