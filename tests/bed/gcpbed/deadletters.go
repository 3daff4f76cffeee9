package main

import (
	"context"
	"maps"
	"strconv"
	"strings"
	"sync"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"cloud.google.com/go/pubsub/v2/pstest"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
)

// deadLetters moves messages that were received too often in vain. The fake can do so too, but it never lets such
// a message go, and publishes it again and again: so its subscriptions know nothing of their policies.
type deadLetters struct {
	topics   *pstest.GServer
	mutex    sync.Mutex
	policies map[string]*pubsubpb.DeadLetterPolicy // by subscription
}

const minAttempts, maxAttempts = 5, 100

// take takes the policy off a subscription that is about to be made.
func (d *deadLetters) take(ctx context.Context, subscription *pubsubpb.Subscription) error {
	policy := subscription.DeadLetterPolicy
	subscription.DeadLetterPolicy = nil
	if policy != nil {
		if policy.MaxDeliveryAttempts == 0 {
			policy.MaxDeliveryAttempts = minAttempts
		}
		if policy.MaxDeliveryAttempts < minAttempts || policy.MaxDeliveryAttempts > maxAttempts {
			return status.Errorf(codes.InvalidArgument,
				"Invalid maximum of delivery attempts given (max_delivery_attempts=%d).", policy.MaxDeliveryAttempts)
		}
		if _, err := d.topics.GetTopic(ctx, &pubsubpb.GetTopicRequest{Topic: policy.DeadLetterTopic}); err != nil {
			return err
		}
	}
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.policies[subscription.Name] = policy
	return nil
}

// of gives the policy of a subscription; nil: none.
func (d *deadLetters) of(subscription string) *pubsubpb.DeadLetterPolicy {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	return d.policies[subscription]
}

// publish gives a message to the policy's topic, with what the service says of where it comes from.
func (d *deadLetters) publish(ctx context.Context, policy *pubsubpb.DeadLetterPolicy, subscription string,
	message *pubsubpb.PubsubMessage) error {
	attributes := maps.Clone(message.Attributes)
	if attributes == nil {
		attributes = map[string]string{}
	}
	parts := strings.Split(subscription, "/") // projects/P/subscriptions/S
	const prefix = "CloudPubSubDeadLetterSource"
	attributes[prefix+"SubscriptionProject"], attributes[prefix+"Subscription"] = parts[1], parts[3]
	attributes[prefix+"DeliveryCount"] = strconv.Itoa(int(policy.MaxDeliveryAttempts))
	published, err := protojson.Marshal(message.PublishTime) // with 0, 3, 6 or 9 digits, as the message itself says it
	if err != nil {
		return err
	}
	attributes[prefix+"TopicPublishTime"] = strings.Trim(string(published), `"`)
	_, err = d.topics.Publish(ctx, &pubsubpb.PublishRequest{Topic: policy.DeadLetterTopic,
		Messages: []*pubsubpb.PubsubMessage{{Data: message.Data, Attributes: attributes}}})
	return err
}
