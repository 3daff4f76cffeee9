// Google Cloud on loopback, as far as the tests of EDSM need it: Pub/Sub, which is Google's own fake
// (pstest), and Secret Manager, whose wire format is Google's generated code and whose behaviour is ours. Policies,
// the caller's permissions and log sinks are ours, too (iam.go).
// Both answer REST as the real services do, on one port: the host name in a request is not looked at.
//
// Beside them, for the tests only:
//
//	GET /bed/backlog?subscription=NAME   how many messages wait, how many somebody has received, how many pulls are held
//	PUT /bed/sinks?project=P             says which sinks the project has: a JSON list
//	PUT /bed/clock?offset=30s            moves the clock of all of it to that distance from the true time
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"cloud.google.com/go/pubsub/v2/pstest"
	"cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"
	"google.golang.org/grpc"
)

var (
	address  = flag.String("address", "127.0.0.1:0", "where to listen; port 0: any, it is printed")
	projects = flag.String("projects", "edsm-bed=123456789012", "the projects with secrets: ID=NUMBER,...")
	hold     = flag.Duration("hold", 90*time.Second, "how long a pull waits for a message")
	bearers  = flag.String("bearers", "", "file with the access tokens that count; read at every request (empty: anybody may do everything)")
	cert     = flag.String("cert", "", "PEM certificate; with it HTTPS is spoken")
	key      = flag.String("key", "", "PEM key of the certificate")
)

func main() {
	flag.Parse()
	if err := run(); err != nil {
		log.Fatalf("gcpbed: %v", err)
	}
}

func run() error {
	known, err := parseProjects(*projects)
	if err != nil {
		return err
	}
	clock := &clock{}
	fake := pstest.NewServer() // its own gRPC port is of no use here
	fake.SetTimeNowFunc(clock.now)
	ledger := newLedger(clock)
	gate := &gate{file: *bearers, projects: known, clock: clock}
	services := grpc.NewServer(grpc.ChainUnaryInterceptor(gate.intercept, wordAsService))
	pubsubpb.RegisterPublisherServer(services, &publisher{GServer: &fake.GServer})
	pubsubpb.RegisterSubscriberServer(services, &subscriber{GServer: &fake.GServer, ledger: ledger, hold: *hold,
		deadLetters: &deadLetters{topics: &fake.GServer, policies: map[string]*pubsubpb.DeadLetterPolicy{}}})
	secrets := newSecretManager(known, clock, &fake.GServer)
	secretmanagerpb.RegisterSecretManagerServiceServer(services, secrets)

	rest, err := newREST(services)
	if err != nil {
		return err
	}
	routes := http.NewServeMux()
	routes.Handle("/", &iam{gate: gate, topics: &fake.GServer, secrets: secrets, next: rest,
		policies: map[string]json.RawMessage{}})
	sinks := &sinks{gate: gate, of: map[string]json.RawMessage{}}
	routes.HandleFunc("GET /v2/projects/{project}/sinks", sinks.list)
	routes.HandleFunc("PUT /bed/sinks", sinks.put)
	routes.Handle("GET /bed/backlog", backlogHandler(ledger, fake))
	routes.Handle("PUT /bed/clock", clock)

	listener, err := net.Listen("tcp", *address)
	if err != nil {
		return err
	}
	fmt.Println("gcpbed listens on", listener.Addr())
	server := &http.Server{Handler: routes}
	if *cert != "" {
		return server.ServeTLS(listener, *cert, *key)
	}
	return server.Serve(listener)
}
