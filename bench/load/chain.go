package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"time"
)

type message struct {
	Body          string
	ReceiptHandle string
}

// chain handles one event after the other by the smallest number of calls that the job needs: receive, read,
// patch the Secret (and the workload), delete. It decides nothing, retries nothing and keeps nothing.
func chain(arguments []string) error {
	flags := flag.NewFlagSet("chain", flag.ExitOnError)
	queue := flags.String("queue", "", "URL of the queue of events")
	secret := flags.String("secret", "", "API path of the Secret")
	workload := flags.String("workload", "", "API path of a workload to restart after it")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	link, err := newLink(*secret, *workload)
	if err != nil {
		return err
	}
	// One connection to poll and one to read, as the poll is not to be waited for.
	polls, values := newCloud(1), newCloud(1)
	if err := say(map[string]bool{"ready": true}); err != nil {
		return err
	}
	for {
		var received struct{ Messages []message }
		err := polls.ask("AmazonSQS.ReceiveMessage", map[string]any{
			"QueueUrl": *queue, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 20}, &received)
		if err != nil {
			return err
		}
		for _, one := range received.Messages {
			if err := link.follow(values, one); err != nil {
				return err
			}
			err := values.ask("AmazonSQS.DeleteMessage", map[string]string{
				"QueueUrl": *queue, "ReceiptHandle": one.ReceiptHandle}, nil)
			if err != nil {
				return err
			}
		}
	}
}

// link is where the changes go.
type link struct {
	cluster          *cluster
	secret, workload string
	uid, version     string
}

func newLink(secret, workload string) (*link, error) {
	cluster, err := newCluster(false, 1)
	if err != nil {
		return nil, err
	}
	result := &link{cluster: cluster, secret: secret, workload: workload}
	text, err := cluster.call("GET", secret, "", onlyMetadata, nil)
	if err != nil {
		return nil, err
	}
	return result, result.note(text)
}

func (l *link) note(text []byte) error {
	var answer object
	err := json.Unmarshal(text, &answer)
	l.uid, l.version = answer.Metadata.UID, answer.Metadata.ResourceVersion
	return err
}

func (l *link) follow(values *cloud, event message) error {
	var hint struct{ Detail struct{ Name string } }
	if err := json.Unmarshal([]byte(event.Body), &hint); err != nil {
		return err
	}
	var value struct{ SecretString, VersionId string }
	err := values.ask("secretsmanager.GetSecretValue", map[string]string{"SecretId": hint.Detail.Name}, &value)
	if err != nil {
		return err
	}
	var members map[string]string
	if err := json.Unmarshal([]byte(value.SecretString), &members); err != nil {
		return fmt.Errorf("value of %s: %w", hint.Detail.Name, err)
	}
	if err := l.write(members, value.VersionId); err != nil {
		return err
	}
	if l.workload == "" {
		return nil
	}
	patch := fmt.Sprintf(`{"spec":{"template":{"metadata":{"annotations":{"secrets.edsm.io/rollout":%q}}}}}`,
		value.VersionId)
	_, err = l.cluster.call("PATCH", l.workload+"?fieldManager=chain", mergePatch, plainJSON, []byte(patch))
	return err
}

// write sends what EDSM would send: data and marks in one patch, with a precondition.
func (l *link) write(members map[string]string, version string) error {
	data := map[string]any{"$patch": "replace"}
	for key, text := range members {
		data[key] = []byte(text) // base64 in JSON
	}
	patch, err := json.Marshal(map[string]any{"data": data, "metadata": map[string]any{
		"uid": l.uid, "resourceVersion": l.version,
		"annotations": map[string]string{"secrets.edsm.io/version": version,
			"secrets.edsm.io/changed-at": time.Now().UTC().Format(time.RFC3339Nano)}}})
	if err != nil {
		return err
	}
	answer, err := l.cluster.call("PATCH", l.secret+"?fieldManager=chain", strategicPatch, onlyMetadata, patch)
	if err != nil {
		return err
	}
	return l.note(answer)
}
