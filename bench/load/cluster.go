package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
)

const (
	strategicPatch = "application/strategic-merge-patch+json"
	mergePatch     = "application/merge-patch+json"
	plainJSON      = "application/json"
	onlyMetadata   = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"
)

// cluster is one user of one API server, with connections that stay open.
type cluster struct {
	url, token string
	client     *http.Client
}

// newCluster uses HTTP/2 on one connection, or HTTP/1.1 on as many as are in use at once.
func newCluster(http2 bool, connections int) (*cluster, error) {
	pem, err := os.ReadFile(os.Getenv("BENCH_KUBE_CA"))
	if err != nil {
		return nil, err
	}
	config := &tls.Config{RootCAs: x509.NewCertPool()}
	config.RootCAs.AppendCertsFromPEM(pem)
	if file := os.Getenv("BENCH_KUBE_CERT"); file != "" {
		pair, err := tls.LoadX509KeyPair(file, os.Getenv("BENCH_KUBE_KEY"))
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return &cluster{
		url:    os.Getenv("BENCH_KUBE_URL"),
		token:  os.Getenv("BENCH_KUBE_TOKEN"),
		client: &http.Client{Transport: transport(config, http2, connections)},
	}, nil
}

func transport(config *tls.Config, http2 bool, connections int) *http.Transport {
	var protocols http.Protocols
	protocols.SetHTTP1(!http2)
	protocols.SetHTTP2(http2)
	return &http.Transport{
		TLSClientConfig: config, Protocols: &protocols, DisableCompression: true,
		MaxIdleConns: connections, MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections,
	}
}

func (c *cluster) request(method, path, contentType, accept string, body []byte) (*http.Response, error) {
	request, err := http.NewRequest(method, c.url+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", accept)
	if len(body) > 0 {
		request.Header.Set("Content-Type", contentType)
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	return c.client.Do(request)
}

// call returns the body of a successful answer.
func (c *cluster) call(method, path, contentType, accept string, body []byte) ([]byte, error) {
	response, err := c.request(method, path, contentType, accept, body)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	return successful(response, method+" "+path)
}

func successful(response *http.Response, what string) ([]byte, error) {
	answer, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode >= 300 {
		err = fmt.Errorf("%s: %d %s", what, response.StatusCode, answer[:min(len(answer), 500)])
	}
	return answer, err
}
