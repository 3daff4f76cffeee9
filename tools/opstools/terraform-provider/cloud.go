package main

// cloud is what a provider knows of: every resource has the argument `place`, and where it has none of its own
// that of the provider counts. The provider itself also takes the empty blocks that are named in `blocks`.
type cloud struct {
	name, place string
	resources   []kind
	dataSources []source
	blocks      []string
}

// What the cloud would know of itself; the issuer is that of the cluster's ServiceAccount tokens.
type surroundings struct{ account, place, endpoint, issuer string }

// values are the arguments of a resource that are strings, by name.
type values map[string]string

type argument struct {
	kind     string // string, number, bool, strings, map; block: at most one, with members
	required bool
	members  map[string]argument
}

// A kind of resource: its arguments as in version 6 of the real provider (those that the example uses and
// its neighbours), and what the cloud fills in.
type kind struct {
	name      string
	arguments map[string]argument
	computed  func(surroundings, values) values
}

var (
	text, number, boolean = argument{kind: "string"}, argument{kind: "number"}, argument{kind: "bool"}
	needed                = argument{kind: "string", required: true}
	list, labels          = argument{kind: "strings"}, argument{kind: "map"}
)

func byId(name string) func(surroundings, values) values {
	return func(_ surroundings, v values) values { return values{"id": v[name]} }
}

// A data source with its arguments; `facts` may be nested as Terraform's lists of one object.
type source struct {
	name      string
	arguments []string
	facts     func(surroundings, values) map[string]any
}
