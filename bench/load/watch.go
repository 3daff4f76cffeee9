package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
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

// watch begins with the present, and hands on changes until the server ends it.
func (c *cluster) watch(path string, changes chan<- change) error {
	var present object
	text, err := c.call("GET", path+"?limit=1", "", plainJSON, nil)
	if err == nil {
		err = json.Unmarshal(text, &present)
	}
	if err != nil {
		return err
	}
	response, err := c.request("GET", fmt.Sprintf("%s?watch=1&timeoutSeconds=3600&resourceVersion=%s", path,
		present.Metadata.ResourceVersion), "", plainJSON, nil)
	if err != nil {
		return err
	}
	if response.StatusCode != 200 {
		_, err = successful(response, "watch "+path)
		return err
	}
	go func() {
		defer close(changes)
		lines := bufio.NewReaderSize(response.Body, 1<<20)
		for {
			line, err := lines.ReadBytes('\n')
			at := time.Now()
			if err != nil {
				return
			}
			var event struct {
				Type   string
				Object object
			}
			if json.Unmarshal(line, &event) == nil && !strings.HasPrefix(event.Type, "DEL") {
				changes <- change{event.Object.Metadata.Name, event.Object.state(), at}
			}
		}
	}()
	return nil
}
