package main

import (
	"context"
	"regexp"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"cloud.google.com/go/pubsub/v2/pstest"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

// publisher and subscriber are Google's fake, with what the service does beyond it: it refuses values out of
// range, and it holds a pull until there is a message.
type publisher struct{ *pstest.GServer }

type subscriber struct {
	*pstest.GServer
	ledger      *ledger
	deadLetters *deadLetters
	hold        time.Duration
}

const (
	lookEvery          = 10 * time.Millisecond // in a held pull
	defaultAckDeadline = 10
	maxAckDeadline     = 600
)

var (
	topicPattern        = regexp.MustCompile(`^projects/[^/]+/topics/[A-Za-z][A-Za-z0-9._~%+-]{2,254}$`)
	subscriptionPattern = regexp.MustCompile(`^projects/[^/]+/subscriptions/[A-Za-z][A-Za-z0-9._~%+-]{2,254}$`)
)

// What the fake says of a resource that is not there, or is there already.
var fakeComplaint = regexp.MustCompile(`(?:topic|subscription) "?projects/[^/]+/(?:topics|subscriptions)/([^"]+)"?$`)

// wordAsService puts the fake's complaints into the words of the service.
func wordAsService(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	answer, err := handler(ctx, request)
	found := fakeComplaint.FindStringSubmatch(status.Convert(err).Message())
	switch {
	case found != nil && status.Code(err) == codes.NotFound:
		err = status.Errorf(codes.NotFound, "Resource not found (resource=%s).", found[1])
	case found != nil && status.Code(err) == codes.AlreadyExists:
		err = status.Errorf(codes.AlreadyExists, "Resource already exists in the project (resource=%s).", found[1])
	}
	return answer, err
}

func (p *publisher) CreateTopic(ctx context.Context, topic *pubsubpb.Topic) (*pubsubpb.Topic, error) {
	if !topicPattern.MatchString(topic.Name) {
		return nil, status.Errorf(codes.InvalidArgument, "Invalid resource name given (name=%s).", topic.Name)
	}
	return p.GServer.CreateTopic(ctx, topic)
}

func (s *subscriber) CreateSubscription(ctx context.Context, wanted *pubsubpb.Subscription) (*pubsubpb.Subscription, error) {
	if !subscriptionPattern.MatchString(wanted.Name) {
		return nil, status.Errorf(codes.InvalidArgument, "Invalid resource name given (name=%s).", wanted.Name)
	}
	if wanted.AckDeadlineSeconds == 0 {
		wanted.AckDeadlineSeconds = defaultAckDeadline
	}
	if wanted.AckDeadlineSeconds < defaultAckDeadline || wanted.AckDeadlineSeconds > maxAckDeadline {
		return nil, status.Errorf(codes.InvalidArgument,
			"Invalid ack deadline given (ack_deadline_secs=%d).", wanted.AckDeadlineSeconds)
	}
	if err := s.deadLetters.take(ctx, wanted); err != nil {
		return nil, err
	}
	made, err := s.GServer.CreateSubscription(ctx, wanted)
	if err != nil {
		return nil, err
	}
	s.ledger.open(wanted.Name)
	return s.complete(made), nil
}

func (s *subscriber) GetSubscription(ctx context.Context, request *pubsubpb.GetSubscriptionRequest) (*pubsubpb.Subscription, error) {
	found, err := s.GServer.GetSubscription(ctx, request)
	if err != nil {
		return nil, err
	}
	return s.complete(found), nil
}

// complete puts back what the fake was not told.
func (s *subscriber) complete(subscription *pubsubpb.Subscription) *pubsubpb.Subscription {
	whole := copied(subscription)
	whole.DeadLetterPolicy = s.deadLetters.of(whole.Name)
	return whole
}

func (s *subscriber) UpdateSubscription(context.Context, *pubsubpb.UpdateSubscriptionRequest) (*pubsubpb.Subscription, error) {
	return nil, status.Error(codes.Unimplemented, "the bed changes no subscription: make another")
}

// Pull answers as soon as there is a message, or empty when it has waited for long enough.
func (s *subscriber) Pull(ctx context.Context, request *pubsubpb.PullRequest) (*pubsubpb.PullResponse, error) {
	if request.MaxMessages <= 0 {
		return nil, status.Error(codes.InvalidArgument, "No max_messages specified.")
	}
	look := copied(request)
	look.ReturnImmediately = true
	over := time.After(s.hold)
	defer s.ledger.hold(request.Subscription)()
	for {
		found, err := s.look(ctx, look)
		if err != nil || len(found.ReceivedMessages) > 0 || request.ReturnImmediately { // deprecated, and still obeyed
			return found, err
		}
		select {
		case <-ctx.Done(): // nothing is handed to a client that has gone
			return nil, status.FromContextError(ctx.Err()).Err()
		case <-over:
			return found, nil
		case <-time.After(lookEvery):
		}
	}
}

// look takes what there is now. What has been out too often goes to the dead letters instead.
func (s *subscriber) look(ctx context.Context, request *pubsubpb.PullRequest) (*pubsubpb.PullResponse, error) {
	found, err := s.GServer.Pull(ctx, request)
	if err != nil || len(found.ReceivedMessages) == 0 {
		return found, err
	}
	subscription, err := s.GetSubscription(ctx, &pubsubpb.GetSubscriptionRequest{Subscription: request.Subscription})
	if err != nil {
		return nil, err
	}
	policy, deadline := subscription.DeadLetterPolicy, time.Duration(subscription.AckDeadlineSeconds)*time.Second
	answer := &pubsubpb.PullResponse{}
	for _, live := range found.ReceivedMessages {
		received := copied(live)
		attempt := s.ledger.handOut(subscription.Name, received, deadline)
		switch {
		case policy == nil:
			answer.ReceivedMessages = append(answer.ReceivedMessages, received)
		case attempt <= policy.MaxDeliveryAttempts:
			received.DeliveryAttempt = attempt
			answer.ReceivedMessages = append(answer.ReceivedMessages, received)
		default:
			err := s.deadLetters.publish(ctx, policy, subscription.Name, received.Message)
			if err != nil {
				return nil, err
			}
			if err := s.settle(ctx, subscription.Name, received.AckId); err != nil {
				return nil, err
			}
		}
	}
	return answer, nil
}

func (s *subscriber) settle(ctx context.Context, subscription, id string) error {
	_, err := s.GServer.Acknowledge(ctx, &pubsubpb.AcknowledgeRequest{Subscription: subscription, AckIds: []string{id}})
	s.ledger.acknowledge(subscription, []string{id})
	return err
}

func (s *subscriber) Acknowledge(ctx context.Context, request *pubsubpb.AcknowledgeRequest) (*emptypb.Empty, error) {
	if len(request.AckIds) == 0 {
		return nil, status.Error(codes.InvalidArgument, "No ack ids specified.")
	}
	subscription, err := s.GetSubscription(ctx, &pubsubpb.GetSubscriptionRequest{Subscription: request.Subscription})
	if err != nil {
		return nil, err
	}
	done, err := s.GServer.Acknowledge(ctx, request)
	if err != nil {
		return nil, err
	}
	void := s.ledger.acknowledge(request.Subscription, request.AckIds)
	if len(void) > 0 && subscription.EnableExactlyOnceDelivery {
		return nil, tooLate(void)
	}
	return done, nil
}

// tooLate tells a subscriber with exactly-once delivery which of its ids are void; others never hear.
func tooLate(ids []string) error {
	about := &errdetails.ErrorInfo{Reason: "EXACTLY_ONCE_ACKID_FAILURE", Domain: "pubsub.googleapis.com",
		Metadata: map[string]string{}}
	for _, id := range ids {
		about.Metadata[id] = "PERMANENT_FAILURE_INVALID_ACK_ID"
	}
	refused, err := status.New(codes.FailedPrecondition, "Some acknowledgement ids are not valid, or have expired.").
		WithDetails(about)
	if err != nil {
		return err
	}
	return refused.Err()
}

func (s *subscriber) ModifyAckDeadline(ctx context.Context, request *pubsubpb.ModifyAckDeadlineRequest) (*emptypb.Empty, error) {
	if request.AckDeadlineSeconds < 0 || request.AckDeadlineSeconds > maxAckDeadline {
		return nil, status.Errorf(codes.InvalidArgument,
			"Invalid ack deadline given (ack_deadline_secs=%d).", request.AckDeadlineSeconds)
	}
	if len(request.AckIds) == 0 {
		return nil, status.Error(codes.InvalidArgument, "No ack ids specified.")
	}
	done, err := s.GServer.ModifyAckDeadline(ctx, request)
	if err == nil {
		s.ledger.extend(request.Subscription, request.AckIds, time.Duration(request.AckDeadlineSeconds)*time.Second)
	}
	return done, err
}
