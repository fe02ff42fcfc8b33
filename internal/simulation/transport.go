package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// transport leads every request of every adapter to the sandbox's handlers, and
// lets faults strike on the way. Nothing is dialled.
type transport struct{}

// request is one call to an outside system.
type request struct {
	*task
	at     time.Time
	system string
	method string
	path   string // decoded, with the query
	body   string
	answer string
	status int // 0: no answer was made
}

// write says whether the request may have an effect.
func (r *request) write() bool {
	switch r.system {
	case systemKubernetes:
		return false
	case systemSlack:
		return strings.Contains(r.path, "chat.") || strings.Contains(r.path, "setTopic")
	case systemDatadog:
		return r.method == http.MethodPost && !strings.Contains(r.path, "search") && !strings.Contains(r.path, "aggregate")
	}
	return r.method != http.MethodGet
}

// Outside systems.
const (
	systemGitLab     = "gitlab"
	systemSlack      = "slack"
	systemDatadog    = "datadog"
	systemKubernetes = "kubernetes"
	systemTemporal   = "temporal"
)

func systemOf(path string) string {
	switch {
	case strings.HasPrefix(path, "/clusters/"):
		return systemKubernetes
	case strings.HasPrefix(path, "/api/v4/"):
		return systemGitLab
	case strings.HasPrefix(path, "/datadog/"):
		return systemDatadog
	}
	return systemSlack
}

// RoundTrip makes one call.
func (transport) RoundTrip(r *http.Request) (*http.Response, error) {
	t := taskOf(r.Context())
	if t == nil {
		return nil, errors.New("a request from outside the simulated activities")
	}
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		_ = r.Body.Close()
	}
	q := &request{
		task:   t,
		at:     t.env.Now(),
		system: systemOf(r.URL.Path),
		method: r.Method,
		path:   readable(r.URL),
		body:   string(body),
	}
	t.requests++
	f := t.faults.strike(q)
	if err := before(q, f); err != nil {
		return nil, err
	}
	if status := f.status(); status != 0 {
		q.status = status
		return canned(r, f), nil
	}
	response := serve(q, r, body)
	if err := behind(q, f); err != nil {
		return nil, err
	}
	if f == faultGarbled {
		response.Body = io.NopCloser(strings.NewReader("<html><head><title>502 Bad Gateway</titl"))
		response.Header.Set("Content-Type", "text/html")
	}
	return response, nil
}

// serve lets the sandbox answer.
func serve(q *request, r *http.Request, body []byte) *http.Response {
	inner := r.Clone(context.Background())
	inner.Body = io.NopCloser(bytes.NewReader(body))
	handler := q.gitlab
	if q.system == systemKubernetes {
		handler = q.kube
	}
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, inner)
	q.status, q.answer = recorder.Code, recorder.Body.String()
	if q.write() {
		q.wrote(q)
	}
	response := recorder.Result()
	response.Request = r
	return response
}

// silence is how long a client waits for an answer before it gives up.
const silence = 30 * time.Second

// slowness is how long a slow call takes: less than silence.
const slowness = 15 * time.Second

// before is what a fault does before the request takes effect.
func before(q *request, f faultKind) error {
	switch f { //nolint:exhaustive // the others strike later
	case faultRefused:
		return fmt.Errorf("dial tcp 192.0.2.1:443: connect: %w", syscall.ECONNREFUSED)
	case faultReset:
		return fmt.Errorf("read tcp 192.0.2.1:443: %w", errReset(q))
	case faultSilent:
		if err := q.Sleep(context.Background(), silence); err != nil {
			return err
		}
		return timeoutError{}
	case faultSlow:
		return q.Sleep(context.Background(), slowness)
	case faultKilledBefore:
		q.die("before it asks " + q.system)
	}
	return nil
}

// behind is what a fault does after the request took effect.
func behind(q *request, f faultKind) error {
	switch f { //nolint:exhaustive // the others have struck before
	case faultLostAnswer:
		return fmt.Errorf("read tcp 192.0.2.1:443: %w", errReset(q))
	case faultLate:
		return q.Sleep(context.Background(), slowness)
	case faultKilledAfter:
		q.die("after it asked " + q.system)
	}
	return nil
}

// errReset is a reset connection. The Kubernetes client tries again by itself,
// by the machine's time, on those that it knows.
func errReset(q *request) error {
	if q.system == systemKubernetes {
		return errors.New("the connection was closed by the peer")
	}
	return syscall.ECONNRESET
}

type timeoutError struct{}

func (timeoutError) Error() string { return "Client.Timeout exceeded while awaiting headers" }
func (timeoutError) Timeout() bool { return true }

// canned is a refusal that the outside system's front makes, without any effect.
func canned(r *http.Request, f faultKind) *http.Response {
	header := http.Header{"Content-Type": {"application/json"}}
	if f == faultLimited {
		header.Set("Retry-After", "30")
	}
	status := f.status()
	return &http.Response{
		Status: fmt.Sprint(
			status,
			" ",
			http.StatusText(status),
		), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(strings.NewReader(`{"message":"` + http.StatusText(status) + `"}`)), Request: r,
	}
}

// readable is a request's path and query as people read it.
func readable(u *url.URL) string {
	if u.RawQuery == "" {
		return u.Path
	}
	query, err := url.QueryUnescape(u.RawQuery)
	if err != nil {
		query = u.RawQuery
	}
	return u.Path + "?" + query
}
