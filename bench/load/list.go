package main

import (
	"flag"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"
)

var (
	continues = regexp.MustCompile(`"continue":"([^"]*)"`)
	metadata  = strings.ReplaceAll(onlyMetadata, "PartialObjectMetadata", "PartialObjectMetadataList")
)

// list reads collections page by page to their end, all of them at once. It decodes nothing but where the
// next page begins. "path" asks for whole objects, "+path" for their metadata.
func list(arguments []string) error {
	flags := flag.NewFlagSet("list", flag.ExitOnError)
	limit := flags.Int("limit", 500, "objects of a page")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	kube, err := newCluster(false, flags.NArg())
	if err != nil {
		return err
	}
	began := time.Now()
	var all sync.WaitGroup
	results := make([]collection, flags.NArg())
	for i, path := range flags.Args() {
		all.Go(func() { results[i] = kube.readAll(path, *limit) })
	}
	all.Wait()
	ended := time.Now()
	for _, one := range results {
		if one.err != nil {
			return one.err
		}
	}
	return say(map[string]any{"began": began.UnixNano(), "ended": ended.UnixNano(), "collections": results})
}

type collection struct {
	Path  string `json:"path"`
	Pages int    `json:"pages"`
	Bytes int    `json:"bytes"`
	err   error
}

func (c *cluster) readAll(path string, limit int) (result collection) {
	result.Path = path
	accept := plainJSON
	if rest, found := strings.CutPrefix(path, "+"); found {
		path, accept = rest, metadata
	}
	separator := "?"
	if strings.Contains(path, "?") {
		separator = "&"
	}
	for next := ""; ; {
		page := fmt.Sprintf("%s%slimit=%d", path, separator, limit)
		if next != "" {
			page += "&continue=" + url.QueryEscape(next)
		}
		text, err := c.call("GET", page, "", accept, nil)
		if err != nil {
			result.err = err
			return result
		}
		result.Pages++
		result.Bytes += len(text)
		if next = following(text); next == "" {
			return result
		}
	}
}

// following is the token of the next page. It is in the list's own metadata: in front of the items, or, of
// custom resources, behind them.
func following(page []byte) string {
	const most = 2000
	for _, part := range [][]byte{page[:min(len(page), most)], page[max(0, len(page)-most):]} {
		if found := continues.FindSubmatch(part); found != nil {
			return string(found[1])
		}
	}
	return ""
}
