package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"time"
)

const region = "eu-west-1"

// cloud is one user of AWS, with connections that stay open. It signs what it sends, as a client
// of the real one must.
type cloud struct {
	url, host string
	client    *http.Client
}

func newCloud(connections int) *cloud {
	url := os.Getenv("BENCH_AWS_URL")
	return &cloud{url, strings.TrimPrefix(url, "http://"), &http.Client{Transport: transport(nil, false, connections)}}
}

// call asks for an operation such as "AmazonSQS.ReceiveMessage".
func (c *cloud) call(target string, body []byte) ([]byte, error) {
	text, _, err := c.exchange(target, body)
	return text, err
}

func (c *cloud) exchange(target string, body []byte) ([]byte, http.Header, error) {
	service, content := "secretsmanager", "application/x-amz-json-1.1"
	if strings.HasPrefix(target, "AmazonSQS.") {
		service, content = "sqs", "application/x-amz-json-1.0"
	}
	request, err := http.NewRequest("POST", c.url+"/", bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	request.Header.Set("Content-Type", content)
	request.Header.Set("X-Amz-Target", target)
	c.sign(request, service, target, body)
	response, err := c.client.Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer response.Body.Close()
	text, err := successful(response, target)
	return text, response.Header, err
}

// ask is call with values of Go; a nil answer is not decoded.
func (c *cloud) ask(target string, question, answer any) error {
	body, err := json.Marshal(question)
	if err != nil {
		return err
	}
	text, err := c.call(target, body)
	if err != nil || answer == nil {
		return err
	}
	return json.Unmarshal(text, answer)
}

func (c *cloud) sign(request *http.Request, service, target string, body []byte) {
	now := time.Now().UTC().Format("20060102T150405Z")
	scope := strings.Join([]string{now[:8], region, service, "aws4_request"}, "/")
	canonical := strings.Join([]string{"POST", "/", "", "host:" + c.host, "x-amz-date:" + now,
		"x-amz-target:" + target, "", "host;x-amz-date;x-amz-target", digest(body)}, "\n")
	key := []byte("AWS4test")
	for _, part := range append(strings.Split(scope, "/"),
		strings.Join([]string{"AWS4-HMAC-SHA256", now, scope, digest([]byte(canonical))}, "\n")) {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	request.Header.Set("X-Amz-Date", now)
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/"+scope+
		", SignedHeaders=host;x-amz-date;x-amz-target, Signature="+hex.EncodeToString(key))
}

func digest(bytes []byte) string {
	sum := sha256.Sum256(bytes)
	return hex.EncodeToString(sum[:])
}
