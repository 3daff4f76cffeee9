package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"cloud.google.com/go/pubsub/v2/pstest"
	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// iam answers what is asked of resources' policies, and what the caller may do; all else goes on to the services.
// A policy is only kept: what somebody may do is said by the bearers.
type iam struct {
	gate    *gate
	topics  *pstest.GServer
	secrets *secretManager
	next    http.Handler

	mutex    sync.Mutex
	policies map[string]json.RawMessage // by resource
}

func (i *iam) ServeHTTP(writer http.ResponseWriter, request *http.Request) {
	resource, verb, found := strings.Cut(strings.TrimPrefix(request.URL.Path, "/v1/"), ":")
	work := map[string]func(context.Context, string, []byte) (any, error){
		"POST testIamPermissions": i.test, "GET getIamPolicy": i.get, "POST setIamPolicy": i.set,
	}[request.Method+" "+verb]
	if !found || work == nil {
		i.next.ServeHTTP(writer, request)
		return
	}
	body, err := io.ReadAll(request.Body)
	var answer any
	if err == nil {
		answer, err = work(caller(request), resource, body)
	}
	reply(writer, answer, err)
}

// kindOf is the part of a permission's name that says of what it is.
func kindOf(resource string) string {
	parts := strings.Split(resource, "/")
	switch {
	case len(parts) == 4 && parts[2] == "topics":
		return "pubsub.topics"
	case len(parts) == 4 && parts[2] == "subscriptions":
		return "pubsub.subscriptions"
	default:
		return "secretmanager.secrets"
	}
}

func (i *iam) exists(ctx context.Context, resource string) bool {
	var err error
	switch kindOf(resource) {
	case "pubsub.topics":
		_, err = i.topics.GetTopic(ctx, &pubsubpb.GetTopicRequest{Topic: resource})
	case "pubsub.subscriptions":
		_, err = i.topics.GetSubscription(ctx, &pubsubpb.GetSubscriptionRequest{Subscription: resource})
	default:
		i.secrets.mutex.Lock()
		defer i.secrets.mutex.Unlock()
		_, err = i.secrets.named(resource, "")
	}
	return err == nil
}

// test needs no permission; of what is not there nobody has any.
func (i *iam) test(ctx context.Context, resource string, body []byte) (any, error) {
	var asked struct {
		Permissions []string `json:"permissions"`
	}
	if json.Unmarshal(body, &asked) != nil || len(asked.Permissions) == 0 {
		return nil, status.Error(codes.InvalidArgument, "No permissions given.")
	}
	var granted []string
	for _, permission := range asked.Permissions {
		allowed, err := i.gate.may(ctx, permission, resource)
		if err != nil {
			return nil, err
		}
		if allowed && i.exists(ctx, resource) {
			granted = append(granted, permission)
		}
	}
	if len(granted) == 0 {
		return struct{}{}, nil
	}
	return map[string]any{"permissions": granted}, nil
}

func (i *iam) get(ctx context.Context, resource string, _ []byte) (any, error) {
	if err := i.permitted(ctx, kindOf(resource)+".getIamPolicy", resource); err != nil {
		return nil, err
	}
	i.mutex.Lock()
	defer i.mutex.Unlock()
	if policy := i.policies[resource]; policy != nil {
		return policy, nil
	}
	return map[string]string{"etag": "ACAB"}, nil
}

func (i *iam) set(ctx context.Context, resource string, body []byte) (any, error) {
	if err := i.permitted(ctx, kindOf(resource)+".setIamPolicy", resource); err != nil {
		return nil, err
	}
	var asked struct {
		Policy json.RawMessage `json:"policy"`
	}
	if json.Unmarshal(body, &asked) != nil || asked.Policy == nil {
		return nil, status.Error(codes.InvalidArgument, "No policy given.")
	}
	i.mutex.Lock()
	defer i.mutex.Unlock()
	i.policies[resource] = asked.Policy
	return asked.Policy, nil
}

func (i *iam) permitted(ctx context.Context, permission, resource string) error {
	allowed, err := i.gate.may(ctx, permission, resource)
	switch {
	case err != nil:
		return err
	case !allowed:
		return status.Error(codes.PermissionDenied, "User not authorized to perform this action.")
	case !i.exists(ctx, resource):
		return status.Errorf(codes.NotFound, "Resource not found (resource=%s).", resource)
	}
	return nil
}

// sinks are those of Cloud Logging: they are only listed; PUT /bed/sinks says which there are.
type sinks struct {
	gate  *gate
	mutex sync.Mutex
	of    map[string]json.RawMessage // by project
}

func (s *sinks) list(writer http.ResponseWriter, request *http.Request) {
	project := request.PathValue("project")
	allowed, err := s.gate.may(caller(request), "logging.sinks.list", "projects/"+project)
	if err == nil && !allowed {
		err = status.Error(codes.PermissionDenied,
			"Permission 'logging.sinks.list' denied on resource (or it may not exist).")
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	answer := map[string]any{}
	if found := s.of[project]; found != nil {
		answer["sinks"] = found
	}
	reply(writer, answer, err)
}

func (s *sinks) put(writer http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	if err != nil || !json.Valid(body) {
		http.Error(writer, "no JSON", http.StatusBadRequest)
		return
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.of[request.URL.Query().Get("project")] = body
}

// caller is the context of a request as the services get it.
func caller(request *http.Request) context.Context {
	given := metadata.MD{}
	if token := request.Header.Get("Authorization"); token != "" {
		given.Set("authorization", token)
	}
	return metadata.NewIncomingContext(request.Context(), given)
}

// may tells whether the caller has a permission on a resource.
func (g *gate) may(ctx context.Context, permission, resource string) (bool, error) {
	if g.file == "" {
		return true, nil
	}
	who, err := g.bearerOf(ctx)
	if err != nil {
		return false, err
	}
	return who.Grants == nil || g.granted(who.Grants, permission, resource), nil
}

// reply puts an answer, or a failure in Google's envelope.
func reply(writer http.ResponseWriter, answer any, err error) {
	writer.Header().Set("Content-Type", "application/json; charset=UTF-8")
	if err != nil {
		failure := status.Convert(err)
		as := map[codes.Code]int{codes.Unauthenticated: 401, codes.PermissionDenied: 403, codes.NotFound: 404,
			codes.InvalidArgument: 400}[failure.Code()]
		if as == 0 {
			as = http.StatusInternalServerError
		}
		writer.WriteHeader(as)
		answer = map[string]any{"error": map[string]any{
			"code": as, "message": failure.Message(), "status": code.Code(failure.Code()).String()}}
	}
	_ = json.NewEncoder(writer).Encode(answer)
}
