// What `make bench` compares EDSM with, and what it measures both with. Standard library only.
//
//	chain    the shortest way from an event to a Secret: one call after the other
//	latency  changes one secret at a time, and takes the time until a watch shows it
//	send     sends many requests as fast as they are taken
//	await    the moments at which a watch shows that many objects are as they should be
//	list     paged lists to their end
//
// Each prints JSON lines to stdout. Where the servers are, and who asks, is in the environment:
// BENCH_KUBE_URL, BENCH_KUBE_CA, BENCH_KUBE_TOKEN or BENCH_KUBE_CERT and BENCH_KUBE_KEY, BENCH_AWS_URL.
package main

import (
	"encoding/json"
	"fmt"
	"os"
)

var commands = map[string]func(arguments []string) error{
	"chain":   chain,
	"latency": latency,
	"send":    send,
	"await":   await,
	"list":    list,
}

func main() {
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: load chain|latency|send|await|list [flags]")
		os.Exit(2)
	}
	if err := commands[os.Args[1]](os.Args[2:]); err != nil {
		fmt.Fprintf(os.Stderr, "load %s: %v\n", os.Args[1], err)
		os.Exit(1)
	}
}

// say prints one JSON line.
func say(value any) error {
	return json.NewEncoder(os.Stdout).Encode(value)
}
