package main

import (
	"context"

	"cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/emptypb"
)

const maxTopics = 10

// updatable are the fields that a mask may name.
var updatable = map[string]bool{"labels": true, "annotations": true, "topics": true, "version_aliases": true,
	"rotation": true, "version_destroy_ttl": true}

func (s *secretManager) CreateSecret(ctx context.Context, request *secretmanagerpb.CreateSecretRequest) (*secretmanagerpb.Secret, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	wanted, err := s.projects.parse(request.Parent + "/secrets/" + request.SecretId)
	if err != nil {
		return nil, err
	}
	if _, err := s.find(wanted, ""); err == nil {
		return nil, status.Errorf(codes.AlreadyExists, "Secret [%s] already exists.", wanted.secretName())
	}
	made := &secret{Secret: &secretmanagerpb.Secret{}}
	proto.Merge(made.Secret, request.Secret)
	if (made.GetReplication() != nil) == (wanted.location != "") {
		return nil, status.Error(codes.InvalidArgument,
			"A secret has a replication policy, unless it is regional: then it has none.")
	}
	if err := s.check(made); err != nil {
		return nil, err
	}
	if err := s.notifier.configured(ctx, made); err != nil {
		return nil, err
	}
	made.Name, made.CreateTime, made.Etag = wanted.secretName(), s.now(), s.newEtag()
	s.secrets = append(s.secrets, made)
	return copied(made.Secret), s.notifier.ofSecret(ctx, made, "SECRET_CREATE")
}

// check refuses what no secret may have, and what this bed does not do.
func (s *secretManager) check(secret *secret) error {
	if secret.GetExpireTime() != nil || secret.GetTtl() != nil {
		return status.Error(codes.Unimplemented, "the bed lets no secret expire")
	}
	if len(secret.Topics) > maxTopics {
		return status.Errorf(codes.InvalidArgument, "A secret has at most %d topics.", maxTopics)
	}
	if secret.Rotation != nil && len(secret.Topics) == 0 {
		return status.Error(codes.InvalidArgument, "A secret with a rotation schedule needs a topic.")
	}
	for alias, number := range secret.VersionAliases {
		if !aliasPattern.MatchString(alias) || alias == latest || alias == "NEW" {
			return status.Errorf(codes.InvalidArgument, "The alias [%s] is not valid.", alias)
		}
		if number < 1 || number > int64(len(secret.versions)) {
			return status.Errorf(codes.InvalidArgument, "The alias [%s] is for a version that does not exist.", alias)
		}
	}
	return nil
}

func (s *secretManager) GetSecret(_ context.Context, request *secretmanagerpb.GetSecretRequest) (*secretmanagerpb.Secret, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	found, err := s.named(request.Name, "")
	if err != nil {
		return nil, err
	}
	return copied(found.Secret), nil
}

func (s *secretManager) named(text, etag string) (*secret, error) {
	wanted, err := s.projects.parse(text)
	if err != nil {
		return nil, err
	}
	found, err := s.find(wanted, "")
	if err != nil {
		return nil, err
	}
	return found, checkEtag(etag, found.Etag)
}

func (s *secretManager) ListSecrets(_ context.Context, request *secretmanagerpb.ListSecretsRequest) (*secretmanagerpb.ListSecretsResponse, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	parent, err := s.projects.parse(request.Parent)
	if err != nil {
		return nil, err
	}
	if request.Filter != "" {
		return nil, status.Error(codes.Unimplemented, "the bed lists all secrets or none: it knows no filters")
	}
	var all []*secretmanagerpb.Secret
	for _, secret := range s.secrets {
		if owner, _ := s.projects.parse(secret.Name); owner.parentName() == parent.parentName() {
			all = append(all, secret.Secret)
		}
	}
	page, next, err := pageOf(all, request.PageSize, request.PageToken)
	return &secretmanagerpb.ListSecretsResponse{Secrets: page, NextPageToken: next, TotalSize: int32(len(all))}, err
}

func (s *secretManager) UpdateSecret(ctx context.Context, request *secretmanagerpb.UpdateSecretRequest) (*secretmanagerpb.Secret, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	found, err := s.named(request.GetSecret().GetName(), request.GetSecret().GetEtag())
	if err != nil {
		return nil, err
	}
	changed := &secret{copied(found.Secret), found.versions}
	topics := false
	for _, path := range request.GetUpdateMask().GetPaths() {
		if !updatable[path] {
			return nil, status.Errorf(codes.InvalidArgument, "The field [%s] cannot be updated.", path)
		}
		topics = topics || path == "topics"
		overwrite(changed.Secret.ProtoReflect(), request.Secret.ProtoReflect(), protoreflect.Name(path))
	}
	if err := s.check(changed); err != nil {
		return nil, err
	}
	if topics {
		if err := s.notifier.configured(ctx, changed); err != nil {
			return nil, err
		}
	}
	changed.Etag = s.newEtag()
	found.Secret = changed.Secret
	return copied(found.Secret), s.notifier.ofSecret(ctx, found, "SECRET_UPDATE")
}

func overwrite(target, source protoreflect.Message, name protoreflect.Name) {
	field := target.Descriptor().Fields().ByName(name)
	if source.Has(field) {
		target.Set(field, source.Get(field))
	} else {
		target.Clear(field)
	}
}

func (s *secretManager) DeleteSecret(ctx context.Context, request *secretmanagerpb.DeleteSecretRequest) (*emptypb.Empty, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	found, err := s.named(request.Name, request.Etag)
	if err != nil {
		return nil, err
	}
	for index, secret := range s.secrets {
		if secret == found {
			s.secrets = append(s.secrets[:index:index], s.secrets[index+1:]...)
			break
		}
	}
	return &emptypb.Empty{}, s.notifier.ofSecret(ctx, found, "SECRET_DELETE")
}
