package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"time"
)

// lane is one of the programs that are compared: how it is told, and where its effect shows.
type lane struct {
	Name     string // of the program
	Queue    string // URL
	SecretID string // in the cloud
	Watch    string // API path of the collection
	Object   string // its name

	changes chan change
	state   string
}

// latency changes the secret of one lane after the other, in random order, so that what else happens on the
// machine meets all of them alike.
func latency(arguments []string) error {
	flags := flag.NewFlagSet("latency", flag.ExitOnError)
	times := flags.Int("times", 200, "changes for each lane")
	warm := flags.Int("warm", 10, "changes before them that do not count")
	pause := flags.Duration("pause", 60*time.Millisecond, "for the program to end its work on a change")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	var lanes []*lane
	if err := json.NewDecoder(os.Stdin).Decode(&lanes); err != nil {
		return err
	}
	for _, one := range lanes {
		if err := one.open(); err != nil {
			return err
		}
	}
	aws := newCloud(1)
	for number := range *warm + *times {
		for _, which := range rand.Perm(len(lanes)) {
			took, err := lanes[which].change(aws, number)
			if err != nil {
				return err
			}
			if number >= *warm {
				if err := say(map[string]any{"lane": lanes[which].Name, "seconds": took.Seconds()}); err != nil {
					return err
				}
			}
			time.Sleep(*pause + time.Duration(rand.Int64N(int64(*pause)/2)))
		}
	}
	return nil
}

func (l *lane) open() error {
	cluster, err := newCluster(false, 2)
	if err != nil {
		return err
	}
	l.changes = make(chan change, 1000)
	return cluster.watch(l.Watch, l.changes)
}

// change is the time from the moment at which the event is put on the queue to the moment at which the watch
// shows the effect. The emulator tells the former, since its answer to the sender may arrive late.
func (l *lane) change(aws *cloud, number int) (time.Duration, error) {
	var version struct{ VersionId string }
	err := aws.ask("secretsmanager.PutSecretValue", map[string]string{
		"SecretId": l.SecretID, "SecretString": secretValue(fmt.Sprintf("%d-%d-", time.Now().UnixNano(), number))}, &version)
	if err != nil {
		return 0, err
	}
	queued, err := l.tell(aws, version.VersionId)
	if err != nil {
		return 0, err
	}
	patience := time.After(30 * time.Second)
	for {
		select {
		case seen, open := <-l.changes:
			if !open {
				return 0, fmt.Errorf("the watch of %s has ended", l.Watch)
			}
			if seen.name == l.Object && seen.state != l.state {
				l.state = seen.state
				return seen.at.Sub(queued), nil
			}
		case <-patience:
			return 0, fmt.Errorf("%s: %s does not show change %d", l.Name, l.Object, number)
		}
	}
}

// tell sends the event, and returns when it was put on the queue.
func (l *lane) tell(aws *cloud, version string) (time.Time, error) {
	body, err := json.Marshal(map[string]string{"QueueUrl": l.Queue, "MessageBody": labelUpdated(l.SecretID, version)})
	if err != nil {
		return time.Time{}, err
	}
	_, header, err := aws.exchange("AmazonSQS.SendMessage", body)
	if err != nil {
		return time.Time{}, err
	}
	nanoseconds, err := strconv.ParseInt(header.Get("X-Bench-Queued"), 10, 64)
	return time.Unix(0, nanoseconds), err
}

// secretValue has two keys and 200 bytes.
func secretValue(unique string) string {
	return fmt.Sprintf(`{"username":"%s","password":"%s"}`, strings.Repeat("u", 88),
		unique+strings.Repeat("p", 88-len(unique)))
}

// labelUpdated is the event that EventBridge sends for a new value.
func labelUpdated(secret, version string) string {
	return fmt.Sprintf(`{"version":"0","id":"%016x","detail-type":"Secret Label Updated","source":"aws.secretsmanager",`+
		`"account":"000000000000","time":%q,"region":%q,"resources":[],"detail":{"labelUpdated":"AWSCURRENT",`+
		`"name":%q,"versionId":%q}}`, rand.Uint64(), time.Now().UTC().Format(time.RFC3339), region, secret, version)
}
