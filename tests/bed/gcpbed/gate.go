package main

import (
	"context"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// gate lets only the bearers of known access tokens in, to what they were granted.
type gate struct {
	file     string // without one it stands open
	projects knownProjects
	clock    *clock
}

// bearer is what the file says of one access token.
type bearer struct {
	Expires float64             `json:"expires"` // seconds since 1970
	Scopes  []string            `json:"scopes"`
	Grants  map[string][]string `json:"grants"` // resource: permissions on it and below (PREFIX*: on all of these); null: everything
}

// permissions of Google's IAM, by the method that needs them. Whatever is not here needs "*".
var permissions = map[string]string{
	"google.pubsub.v1.Subscriber/Pull":              "pubsub.subscriptions.consume",
	"google.pubsub.v1.Subscriber/Acknowledge":       "pubsub.subscriptions.consume",
	"google.pubsub.v1.Subscriber/ModifyAckDeadline": "pubsub.subscriptions.consume",
	"google.pubsub.v1.Subscriber/GetSubscription":   "pubsub.subscriptions.get",
	"google.pubsub.v1.Publisher/Publish":            "pubsub.topics.publish",
	"google.pubsub.v1.Publisher/GetTopic":           "pubsub.topics.get",
	secretManagerMethod("ListSecrets"):              "secretmanager.secrets.list",
	secretManagerMethod("GetSecret"):                "secretmanager.secrets.get",
	secretManagerMethod("ListSecretVersions"):       "secretmanager.versions.list",
	secretManagerMethod("GetSecretVersion"):         "secretmanager.versions.get",
	secretManagerMethod("AccessSecretVersion"):      "secretmanager.versions.access",
	secretManagerMethod("AddSecretVersion"):         "secretmanager.versions.add",
	secretManagerMethod("CreateSecret"):             "secretmanager.secrets.create",
	secretManagerMethod("DeleteSecret"):             "secretmanager.secrets.delete",
}

func secretManagerMethod(method string) string {
	return "google.cloud.secretmanager.v1.SecretManagerService/" + method
}

func (g *gate) intercept(ctx context.Context, request any, info *grpc.UnaryServerInfo,
	handler grpc.UnaryHandler) (any, error) {
	if g.file != "" {
		if err := g.check(ctx, request, strings.TrimPrefix(info.FullMethod, "/")); err != nil {
			return nil, err
		}
	}
	return handler(ctx, request)
}

func (g *gate) check(ctx context.Context, request any, method string) error {
	who, err := g.bearerOf(ctx)
	if err != nil {
		return err
	}
	if !inScope(who.Scopes, method) {
		return status.Error(codes.PermissionDenied, "Request had insufficient authentication scopes.")
	}
	permission, resource := permissions[method], resourceOf(request)
	if who.Grants == nil || g.granted(who.Grants, permission, resource) {
		return nil
	}
	if strings.HasPrefix(method, "google.pubsub.") {
		return status.Error(codes.PermissionDenied, "User not authorized to perform this action.")
	}
	return status.Errorf(codes.PermissionDenied, "Permission '%s' denied for resource '%s' (or it may not exist).",
		permission, g.projects.numbered(resource))
}

func (g *gate) bearerOf(ctx context.Context) (bearer, error) {
	headers, _ := metadata.FromIncomingContext(ctx)
	given := strings.Join(headers.Get("authorization"), ",")
	if given == "" {
		return bearer{}, status.Error(codes.Unauthenticated, "Request is missing required authentication credential. "+
			"Expected OAuth 2 access token, login cookie or other valid authentication credential.")
	}
	text, err := os.ReadFile(g.file)
	if err != nil {
		return bearer{}, status.Errorf(codes.Internal, "the bed's bearers: %v", err)
	}
	known := map[string]bearer{}
	if err := json.Unmarshal(text, &known); err != nil {
		return bearer{}, status.Errorf(codes.Internal, "the bed's bearers: %v", err)
	}
	token, isBearer := strings.CutPrefix(given, "Bearer ")
	who, found := known[token]
	if ends := time.UnixMilli(int64(who.Expires * 1000)); !isBearer || !found || !g.clock.now().Before(ends) {
		return bearer{}, status.Error(codes.Unauthenticated, "Request had invalid authentication credentials. "+
			"Expected OAuth 2 access token, login cookie or other valid authentication credential.")
	}
	return who, nil
}

func inScope(scopes []string, method string) bool {
	const prefix = "https://www.googleapis.com/auth/"
	return slices.Contains(scopes, prefix+"cloud-platform") ||
		(strings.HasPrefix(method, "google.pubsub.") && slices.Contains(scopes, prefix+"pubsub"))
}

func (g *gate) granted(grants map[string][]string, permission, resource string) bool {
	wanted := g.projects.numbered(resource) + "/"
	for on, allowed := range grants {
		on, isPattern := strings.CutSuffix(g.projects.numbered(on), "*")
		if !isPattern {
			on += "/"
		}
		covers := strings.HasPrefix(wanted, on)
		if covers && (slices.Contains(allowed, "*") || (permission != "" && slices.Contains(allowed, permission))) {
			return true
		}
	}
	return false
}

// resourceOf is the resource that a request is about: the first of these that it has.
func resourceOf(request any) string {
	switch it := request.(type) {
	case interface{ GetSubscription() string }:
		return it.GetSubscription()
	case interface{ GetName() string }: // of a subscription that is made, too: its topic comes second
		return it.GetName()
	case interface{ GetTopic() string }:
		return it.GetTopic()
	case interface{ GetParent() string }:
		return it.GetParent()
	case interface{ GetProject() string }:
		return it.GetProject()
	}
	return ""
}
