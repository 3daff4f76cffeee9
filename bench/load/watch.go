package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"time"
)

// object is what the measures look at of a Secret or a workload.
type object struct {
	Metadata struct {
		Name            string
		UID             string
		ResourceVersion string
	}
	Data map[string][]byte
	Spec struct {
		Template struct {
			Metadata struct{ Annotations map[string]string }
		}
	}
}

// state tells one state of an object from another: the value of a Secret, or what restarts a workload.
func (o *object) state() string {
	if o.Data != nil {
		return string(o.Data["password"])
	}
	notes := o.Spec.Template.Metadata.Annotations
	text := ""
	for _, name := range slices.Sorted(maps.Keys(notes)) {
		text += name + "=" + notes[name] + ";"
	}
	return text
}

// change is one line of a watch, with the time at which it was there, before it was decoded.
type change struct {
	name, state string
	at          time.Time
}

// watch begins with the present, and hands on changes. Where the server ends it, as it does with watches that
// its own load keeps from being served, it goes on from there.
func (c *cluster) watch(path string, changes chan<- change) error {
	var present object
	text, err := c.call("GET", path+"?limit=1", "", plainJSON, nil)
	if err == nil {
		err = json.Unmarshal(text, &present)
	}
	if err != nil {
		return err
	}
	version := present.Metadata.ResourceVersion
	lines, err := c.openWatch(path, version)
	if err != nil {
		return err
	}
	go func() {
		defer close(changes)
		for err == nil {
			version = handOn(lines, version, changes)
			lines.Close()
			lines, err = c.openWatch(path, version)
		}
		fmt.Fprintln(os.Stderr, "the watch has ended:", err)
	}()
	return nil
}

func (c *cluster) openWatch(path, version string) (io.ReadCloser, error) {
	path = fmt.Sprintf("%s?watch=1&timeoutSeconds=3600&resourceVersion=%s", path, version)
	response, err := c.request("GET", path, "", plainJSON, nil)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != 200 {
		defer response.Body.Close()
		_, err = successful(response, "watch "+path)
		return nil, err
	}
	return response.Body, nil
}

// handOn returns the version after the last change that it handed on.
func handOn(watch io.Reader, version string, changes chan<- change) string {
	lines := bufio.NewReaderSize(watch, 1<<20)
	for {
		line, err := lines.ReadBytes('\n')
		at := time.Now()
		if err != nil {
			return version
		}
		var event struct {
			Type   string
			Object object
		}
		if json.Unmarshal(line, &event) != nil || event.Type == "ERROR" {
			return version
		}
		version = event.Object.Metadata.ResourceVersion
		if event.Type != "DELETED" {
			changes <- change{event.Object.Metadata.Name, event.Object.state(), at}
		}
	}
}
