package main

import (
	"context"
	"hash/crc32"
	"strconv"
	"strings"

	"cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"
)

const (
	latest     = "latest" // the version that was created last, whatever its state
	maxPayload = 64 << 10
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func (s *secretManager) AddSecretVersion(ctx context.Context, request *secretmanagerpb.AddSecretVersionRequest) (*secretmanagerpb.SecretVersion, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	owner, err := s.named(request.Parent, "")
	if err != nil {
		return nil, err
	}
	payload := copied(request.GetPayload())
	checksum := int64(crc32.Checksum(payload.GetData(), castagnoli))
	switch {
	case len(payload.GetData()) == 0:
		return nil, status.Error(codes.InvalidArgument, "Secret Payload cannot be empty.")
	case len(payload.Data) > maxPayload:
		return nil, status.Errorf(codes.InvalidArgument, "The payload exceeds %d bytes.", maxPayload)
	case payload.DataCrc32C != nil && *payload.DataCrc32C != checksum:
		return nil, status.Error(codes.InvalidArgument, "The checksum is not that of the payload.")
	}
	made := &version{payload: payload, SecretVersion: &secretmanagerpb.SecretVersion{
		Name: owner.Name + "/versions/" + strconv.Itoa(len(owner.versions)+1), CreateTime: s.now(), Etag: s.newEtag(),
		State: secretmanagerpb.SecretVersion_ENABLED, ReplicationStatus: replicated(owner.Replication),
		ClientSpecifiedPayloadChecksum: payload.DataCrc32C != nil}}
	payload.DataCrc32C = &checksum
	owner.versions = append(owner.versions, made)
	return copied(made.SecretVersion), s.notifier.ofVersion(ctx, owner, made, "SECRET_VERSION_ADD")
}

func replicated(policy *secretmanagerpb.Replication) *secretmanagerpb.ReplicationStatus {
	switch policy := policy.GetReplication().(type) {
	case *secretmanagerpb.Replication_Automatic_:
		return &secretmanagerpb.ReplicationStatus{ReplicationStatus: &secretmanagerpb.ReplicationStatus_Automatic{
			Automatic: &secretmanagerpb.ReplicationStatus_AutomaticStatus{}}}
	case *secretmanagerpb.Replication_UserManaged_:
		replicas := &secretmanagerpb.ReplicationStatus_UserManagedStatus{}
		for _, replica := range policy.UserManaged.Replicas {
			replicas.Replicas = append(replicas.Replicas,
				&secretmanagerpb.ReplicationStatus_UserManagedStatus_ReplicaStatus{Location: replica.Location})
		}
		return &secretmanagerpb.ReplicationStatus{
			ReplicationStatus: &secretmanagerpb.ReplicationStatus_UserManaged{UserManaged: replicas}}
	}
	return nil // a regional secret
}

// resolve finds a version by its number; for readers also as `latest` and by alias.
func (s *secretManager) resolve(text string, forReader bool) (*secret, *version, error) {
	wanted, err := s.projects.parse(text)
	if err != nil {
		return nil, nil, err
	}
	owner, err := s.find(wanted, " or has no versions")
	if err != nil {
		return nil, nil, err
	}
	number, err := strconv.ParseInt(wanted.version, 10, 64)
	if err != nil && !forReader {
		return nil, nil, status.Errorf(codes.InvalidArgument, "The resource name [%s] is not valid.", text)
	}
	if alias, known := owner.VersionAliases[wanted.version]; known {
		number = alias
	} else if wanted.version == latest {
		number = int64(len(owner.versions))
	}
	if number >= 1 && number <= int64(len(owner.versions)) {
		return owner, owner.versions[number-1], nil
	}
	if wanted.version == latest {
		return nil, nil, status.Errorf(codes.NotFound, "Secret [%s] not found or has no versions.", owner.Name)
	}
	return nil, nil, status.Errorf(codes.NotFound, "Secret Version [%s] not found.", wanted.versionName())
}

func (s *secretManager) GetSecretVersion(_ context.Context, request *secretmanagerpb.GetSecretVersionRequest) (*secretmanagerpb.SecretVersion, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	_, found, err := s.resolve(request.Name, true)
	if err != nil {
		return nil, err
	}
	return copied(found.SecretVersion), nil
}

func (s *secretManager) AccessSecretVersion(_ context.Context, request *secretmanagerpb.AccessSecretVersionRequest) (*secretmanagerpb.AccessSecretVersionResponse, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	_, found, err := s.resolve(request.Name, true)
	if err != nil {
		return nil, err
	}
	if found.State != secretmanagerpb.SecretVersion_ENABLED {
		return nil, wrongState(found)
	}
	return &secretmanagerpb.AccessSecretVersionResponse{Name: found.Name, Payload: copied(found.payload)}, nil
}

func wrongState(version *version) error {
	return status.Errorf(codes.FailedPrecondition, "Secret Version [%s] is in %s state.", version.Name, version.State)
}

// ListSecretVersions gives the newest first.
func (s *secretManager) ListSecretVersions(_ context.Context, request *secretmanagerpb.ListSecretVersionsRequest) (*secretmanagerpb.ListSecretVersionsResponse, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	owner, err := s.named(request.Parent, "")
	if err != nil {
		return nil, err
	}
	state, isState := strings.CutPrefix(strings.ReplaceAll(request.Filter, "=", ":"), "state:")
	if request.Filter != "" && !isState {
		return nil, status.Error(codes.Unimplemented, "the bed filters versions by state:STATE only")
	}
	var all []*secretmanagerpb.SecretVersion
	for index := len(owner.versions) - 1; index >= 0; index-- {
		if found := owner.versions[index]; request.Filter == "" || found.State.String() == state {
			all = append(all, found.SecretVersion)
		}
	}
	page, next, err := pageOf(all, request.PageSize, request.PageToken)
	return &secretmanagerpb.ListSecretVersionsResponse{Versions: page, NextPageToken: next, TotalSize: int32(len(all))}, err
}

func (s *secretManager) EnableSecretVersion(ctx context.Context, request *secretmanagerpb.EnableSecretVersionRequest) (*secretmanagerpb.SecretVersion, error) {
	return s.change(ctx, request, func(_ *secret, version *version) string {
		version.State, version.ScheduledDestroyTime = secretmanagerpb.SecretVersion_ENABLED, nil
		return "SECRET_VERSION_ENABLE"
	})
}

func (s *secretManager) DisableSecretVersion(ctx context.Context, request *secretmanagerpb.DisableSecretVersionRequest) (*secretmanagerpb.SecretVersion, error) {
	return s.change(ctx, request, func(_ *secret, version *version) string {
		version.State = secretmanagerpb.SecretVersion_DISABLED
		return "SECRET_VERSION_DISABLE"
	})
}

// DestroySecretVersion only disables a version of a secret with a destruction delay; the bed does not come
// back to destroy it.
func (s *secretManager) DestroySecretVersion(ctx context.Context, request *secretmanagerpb.DestroySecretVersionRequest) (*secretmanagerpb.SecretVersion, error) {
	return s.change(ctx, request, func(owner *secret, version *version) string {
		if delay := owner.VersionDestroyTtl; delay != nil {
			version.State = secretmanagerpb.SecretVersion_DISABLED
			version.ScheduledDestroyTime = timestamppb.New(s.now().AsTime().Add(delay.AsDuration()))
			return "SECRET_VERSION_DESTROY_SCHEDULED"
		}
		version.State, version.DestroyTime = secretmanagerpb.SecretVersion_DESTROYED, s.now()
		version.payload = nil
		return "SECRET_VERSION_DESTROY"
	})
}

type stateChange interface {
	GetName() string
	GetEtag() string
}

// change applies a change of state, which says what it is called, to a version that is not destroyed.
func (s *secretManager) change(ctx context.Context, request stateChange,
	apply func(*secret, *version) string) (*secretmanagerpb.SecretVersion, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	owner, found, err := s.resolve(request.GetName(), false)
	if err != nil {
		return nil, err
	}
	if err := checkEtag(request.GetEtag(), found.Etag); err != nil {
		return nil, err
	}
	if found.State == secretmanagerpb.SecretVersion_DESTROYED {
		return nil, wrongState(found)
	}
	event := apply(owner, found)
	found.Etag = s.newEtag()
	return copied(found.SecretVersion), s.notifier.ofVersion(ctx, owner, found, event)
}
