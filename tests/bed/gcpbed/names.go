package main

import (
	"fmt"
	"regexp"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// knownProjects leads from a project's ID, and from its number, to its number.
type knownProjects map[string]string

func parseProjects(text string) (knownProjects, error) {
	known := knownProjects{}
	for _, pair := range strings.Split(text, ",") {
		id, number, found := strings.Cut(pair, "=")
		if !found {
			return nil, fmt.Errorf("-projects: %q is not ID=NUMBER", pair)
		}
		known[id], known[number] = number, number
	}
	return known, nil
}

// numbered writes the number for the project's ID in any resource name; an unknown project stays as it is.
func (k knownProjects) numbered(resource string) string {
	parts := strings.SplitN(resource, "/", 3)
	if len(parts) > 1 && parts[0] == "projects" && k[parts[1]] != "" {
		parts[1] = k[parts[1]]
	}
	return strings.Join(parts, "/")
}

// name is a resource name of Secret Manager; what it has not is empty.
type name struct{ project, location, secret, version string }

var namePattern = regexp.MustCompile(
	`^projects/([^/]+)(?:/locations/([^/]+))?(?:/secrets/([^/]+)(?:/versions/([^/]+))?)?$`)

var (
	idPattern    = regexp.MustCompile(`^[A-Za-z0-9_-]{1,255}$`)
	aliasPattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,62}$`)
)

// parse takes a resource name apart. As in every answer of the service, its project is then the number.
func (k knownProjects) parse(text string) (name, error) {
	found := namePattern.FindStringSubmatch(text)
	if found == nil || (found[3] != "" && !idPattern.MatchString(found[3])) {
		return name{}, status.Errorf(codes.InvalidArgument, "The resource name [%s] is not valid.", text)
	}
	number := k[found[1]]
	if number == "" {
		return name{}, status.Errorf(codes.PermissionDenied, "Permission denied on resource project %s.", found[1])
	}
	return name{number, found[2], found[3], found[4]}, nil
}

// parentName is projects/P or projects/P/locations/L.
func (n name) parentName() string {
	if n.location == "" {
		return "projects/" + n.project
	}
	return "projects/" + n.project + "/locations/" + n.location
}

func (n name) secretName() string { return n.parentName() + "/secrets/" + n.secret }

func (n name) versionName() string { return n.secretName() + "/versions/" + n.version }
