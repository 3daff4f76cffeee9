package main

import (
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"time"
)

// await says when it watches, and then, of many objects, when each was first seen in the wanted state.
func await(arguments []string) error {
	flags := flag.NewFlagSet("await", flag.ExitOnError)
	path := flags.String("path", "", "API path of the collection")
	prefix := flags.String("prefix", "", "what their state begins with")
	count := flags.Int("count", 0, "how many")
	patience := flags.Duration("patience", 2*time.Minute, "until it gives up")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	kube, err := newCluster(false, 2)
	if err != nil {
		return err
	}
	changes := make(chan change, 10000)
	if err := kube.watch(*path, changes); err != nil {
		return err
	}
	if err := say(map[string]bool{"ready": true}); err != nil {
		return err
	}
	seen := map[string]int64{}
	over := time.After(*patience)
	for len(seen) < *count {
		select {
		case one, open := <-changes:
			if !open {
				return errors.New("the watch has ended")
			}
			if _, known := seen[one.name]; !known && strings.HasPrefix(one.state, *prefix) {
				seen[one.name] = one.at.UnixNano()
			}
		case <-over:
			return fmt.Errorf("%d of %d are as they should be after %s", len(seen), *count, *patience)
		}
	}
	var moments []int64
	for _, at := range seen {
		moments = append(moments, at)
	}
	slices.Sort(moments)
	return say(map[string]any{"moments": moments})
}
