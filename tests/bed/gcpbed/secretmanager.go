package main

import (
	"fmt"
	"sync"
	"time"

	"cloud.google.com/go/pubsub/v2/pstest"
	"cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// secretManager holds the secrets of all projects. Its methods are in secrets.go and versions.go.
type secretManager struct {
	secretmanagerpb.UnimplementedSecretManagerServiceServer
	projects knownProjects
	clock    *clock
	notifier notifier

	mutex    sync.Mutex
	secrets  []*secret // in the order of their creation
	lastEtag int64
}

type secret struct {
	*secretmanagerpb.Secret
	versions []*version // number N is at N-1
}

type version struct {
	*secretmanagerpb.SecretVersion
	payload *secretmanagerpb.SecretPayload // nil: destroyed
}

func newSecretManager(projects knownProjects, clock *clock, topics *pstest.GServer) *secretManager {
	return &secretManager{projects: projects, clock: clock, notifier: notifier{topics, clock}}
}

// find gives the secret of that name; `missing` is added to what the error says of it.
func (s *secretManager) find(wanted name, missing string) (*secret, error) {
	for _, secret := range s.secrets {
		if secret.Name == wanted.secretName() {
			return secret, nil
		}
	}
	return nil, status.Errorf(codes.NotFound, "Secret [%s] not found%s.", wanted.secretName(), missing)
}

// now is in microseconds, as all times of the service are.
func (s *secretManager) now() *timestamppb.Timestamp {
	return timestamppb.New(s.clock.now().Truncate(time.Microsecond))
}

// newEtag never comes twice. Its quotes belong to it.
func (s *secretManager) newEtag() string {
	s.lastEtag = max(s.lastEtag+1, s.clock.now().UnixMicro())
	return fmt.Sprintf(`"1%x"`, s.lastEtag)
}

func checkEtag(given, current string) error {
	if given != "" && given != current {
		return status.Error(codes.FailedPrecondition, "The etag of the request is not the current one.")
	}
	return nil
}

// copied is what may leave the lock.
func copied[Message proto.Message](message Message) Message {
	return proto.Clone(message).(Message)
}
