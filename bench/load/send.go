package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"os"
	"sync"
	"time"
)

// order is one request: to the API server, or, with a target, to AWS.
type order struct {
	Method, Path, Type string
	Target             string
	Body               json.RawMessage
}

// send reads orders, one a line, and sends them, as many at once as it is told.
func send(arguments []string) error {
	flags := flag.NewFlagSet("send", flag.ExitOnError)
	atOnce := flags.Int("at-once", 16, "requests in flight")
	http2 := flags.Bool("http2", false, "to the API server: HTTP/2 on one connection instead of HTTP/1.1 on many")
	full := flags.Bool("full", false, "ask for whole objects as answers, not only for their metadata")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	orders, err := readOrders()
	if err != nil {
		return err
	}
	kube, err := newCluster(*http2, *atOnce)
	if err != nil {
		return err
	}
	sender := &sender{kube: kube, aws: newCloud(*atOnce), accept: onlyMetadata, problems: map[string]int{}}
	if *full {
		sender.accept = plainJSON
	}
	if len(orders) > 0 && orders[0].Target == "" {
		sender.warm(*atOnce)
	}
	began := time.Now()
	sender.send(orders, *atOnce)
	ended := time.Now()
	return say(map[string]any{"count": len(orders), "failed": sender.failed, "problems": sender.problems,
		"began": began.UnixNano(), "ended": ended.UnixNano()})
}

func readOrders() (orders []order, err error) {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		var one order
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			return nil, err
		}
		orders = append(orders, one)
	}
	return orders, lines.Err()
}

type sender struct {
	kube     *cluster
	aws      *cloud
	accept   string
	mutex    sync.Mutex
	failed   int
	problems map[string]int
}

// warm opens the connections: those of EDSM are open, too, when a burst comes.
func (s *sender) warm(connections int) {
	var all sync.WaitGroup
	for range connections {
		all.Go(func() { _, _ = s.kube.call("GET", "/readyz", "", "*/*", nil) })
	}
	all.Wait()
}

func (s *sender) send(orders []order, atOnce int) {
	next := make(chan order)
	var all sync.WaitGroup
	for range atOnce {
		all.Go(func() {
			for one := range next {
				s.note(s.one(one))
			}
		})
	}
	for _, one := range orders {
		next <- one
	}
	close(next)
	all.Wait()
}

func (s *sender) one(one order) (err error) {
	if one.Target != "" {
		_, err = s.aws.call(one.Target, one.Body)
	} else {
		_, err = s.kube.call(one.Method, one.Path, one.Type, s.accept, one.Body)
	}
	return err
}

// note counts failures and keeps the first few texts.
func (s *sender) note(err error) {
	if err == nil {
		return
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.failed++
	if text := err.Error(); len(s.problems) < 3 || s.problems[text] > 0 {
		s.problems[text]++
	}
}
