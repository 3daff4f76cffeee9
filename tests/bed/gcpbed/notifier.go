package main

import (
	"context"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"cloud.google.com/go/pubsub/v2/pstest"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// notifier publishes what happened to a secret to each of its topics.
type notifier struct {
	topics *pstest.GServer
	clock  *clock
}

// The service writes times with the offset of its home.
var pacific = time.FixedZone("", -8*60*60)

// configured tries the topics of a secret that is about to be made or changed.
func (n notifier) configured(ctx context.Context, secret *secret) error {
	for _, topic := range secret.Topics {
		if err := n.publish(ctx, topic.Name, nil, map[string]string{"eventType": "TOPIC_CONFIGURED"}); err != nil {
			return status.Errorf(codes.FailedPrecondition, "Cannot publish to the topic [%s].", topic.Name)
		}
	}
	return nil
}

func (n notifier) ofSecret(ctx context.Context, secret *secret, event string) error {
	attributes := map[string]string{"secretId": secret.Name}
	if event == "SECRET_DELETE" {
		attributes["deleteType"] = "REQUESTED"
	}
	return n.tell(ctx, secret, event, secret.Secret, attributes)
}

func (n notifier) ofVersion(ctx context.Context, owner *secret, version *version, event string) error {
	return n.tell(ctx, owner, event, version.SecretVersion,
		map[string]string{"secretId": owner.Name, "versionId": version.Name})
}

func (n notifier) tell(ctx context.Context, owner *secret, event string, resource proto.Message,
	attributes map[string]string) error {
	data, err := protojson.Marshal(resource)
	if err != nil {
		return err
	}
	attributes["eventType"], attributes["dataFormat"] = event, "JSON_API_V1"
	attributes["timestamp"] = n.clock.now().In(pacific).Format("2006-01-02T15:04:05.000000-07:00")
	for _, topic := range owner.Topics {
		// A topic that is gone by now misses it: what it tells of has happened.
		_ = n.publish(ctx, topic.Name, data, attributes)
	}
	return nil
}

func (n notifier) publish(ctx context.Context, topic string, data []byte, attributes map[string]string) error {
	_, err := n.topics.Publish(ctx, &pubsubpb.PublishRequest{
		Topic: topic, Messages: []*pubsubpb.PubsubMessage{{Data: data, Attributes: attributes}}})
	return err
}
