package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"

	"connectrpc.com/vanguard"
	"connectrpc.com/vanguard/vanguardgrpc"
	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"
)

// rest is the REST face of gRPC services, as Google's front end has it: paths, verbs and JSON come from the
// annotations in Google's definitions; the envelope of errors is made here.
type rest struct{ named, numbered http.Handler }

func newREST(services *grpc.Server) (*rest, error) {
	named, err := transcode(services, false)
	if err != nil {
		return nil, err
	}
	numbered, err := transcode(services, true)
	return &rest{named, numbered}, err
}

func transcode(services *grpc.Server, enumNumbers bool) (http.Handler, error) {
	return vanguardgrpc.NewTranscoder(services,
		vanguard.WithDefaultServiceOptions(vanguard.WithRESTUnmarshalOptions(
			vanguard.RESTUnmarshalOptions{DiscardUnknownQueryParams: true})), // system parameters such as $alt
		vanguard.WithCodec(func(types vanguard.TypeResolver) vanguard.Codec {
			return &vanguard.JSONCodec{ // fields that are not set are left out
				MarshalOptions:   protojson.MarshalOptions{Resolver: types, UseEnumNumbers: enumNumbers},
				UnmarshalOptions: protojson.UnmarshalOptions{Resolver: types, DiscardUnknown: true}}
		}))
}

func (r *rest) ServeHTTP(writer http.ResponseWriter, request *http.Request) {
	request.Header.Set("Content-Type", "application/json") // whatever else was said is taken for it, too
	request.Header.Del("Accept-Encoding")
	handler := r.named
	if strings.Contains(request.URL.Query().Get("$alt"), "enum-encoding=int") {
		handler = r.numbered
	}
	answer := &answer{ResponseWriter: writer}
	handler.ServeHTTP(answer, request)
	answer.finish()
}

// answer passes a success on, and keeps a failure until it can be put into Google's envelope.
type answer struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer // of a failure
}

func (a *answer) WriteHeader(status int) {
	a.status = status
	if status < 400 {
		a.Header().Set("Content-Type", "application/json; charset=UTF-8")
		a.ResponseWriter.WriteHeader(status)
	}
}

func (a *answer) Write(data []byte) (int, error) {
	if a.status == 0 {
		a.WriteHeader(http.StatusOK)
	}
	if a.status >= 400 {
		return a.body.Write(data)
	}
	return a.ResponseWriter.Write(data)
}

func (a *answer) Flush() {
	if flusher, ok := a.ResponseWriter.(http.Flusher); ok && a.status != 0 && a.status < 400 {
		flusher.Flush()
	}
}

func (a *answer) finish() {
	if a.status < 400 {
		return
	}
	var failure struct {
		Code    code.Code         `json:"code"`
		Message string            `json:"message"`
		Details []json.RawMessage `json:"details"`
	}
	if json.Unmarshal(a.body.Bytes(), &failure) != nil { // it found no such method
		failure.Code, failure.Message = code.Code_NOT_FOUND, "Method not found."
	} else if isUnreadable(failure.Code, failure.Message) {
		a.status, failure.Code = http.StatusBadRequest, code.Code_INVALID_ARGUMENT
	}
	envelope := map[string]any{"code": a.status, "message": failure.Message, "status": failure.Code.String()}
	if len(failure.Details) > 0 {
		envelope["details"] = failure.Details
	}
	text, _ := json.MarshalIndent(map[string]any{"error": envelope}, "", "  ")
	a.Header().Del("Content-Length")
	a.Header().Del("Content-Encoding")
	a.Header().Set("Content-Type", "application/json; charset=UTF-8")
	a.ResponseWriter.WriteHeader(a.status)
	_, _ = a.ResponseWriter.Write(append(text, '\n'))
}

// isUnreadable tells a request that is no JSON of its message; the transcoder takes it for its own failure.
func isUnreadable(failure code.Code, message string) bool {
	return (failure == code.Code_UNKNOWN || failure == code.Code_INTERNAL) &&
		(strings.HasPrefix(message, "proto:") || strings.Contains(message, "request should have no body"))
}
