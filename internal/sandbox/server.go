package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"
)

// Entry is one request in the journal.
type Entry struct {
	Time   time.Time `json:"time"`
	System string    `json:"system"` // gitlab, slack, kubernetes or datadog
	Method string    `json:"method"`
	Path   string    `json:"path"` // decoded, with the query, without secrets
	Body   string    `json:"body,omitempty"`
	Status int       `json:"status"` // 0: the connection was dropped
}

// Fault makes requests fail.
type Fault struct {
	System string `json:"system"` // gitlab, slack, kubernetes or datadog; empty: any
	Method string `json:"method"` // empty: any
	Path   string `json:"path"`   // a part of the decoded path
	Times  int    `json:"times"`  // how many requests; it is counted down
	// Status is answered without any effect; 0: the effect happens and the
	// connection is dropped without an answer.
	Status int `json:"status"`
	// Hang lets the effect happen and answers nothing until the client gives up.
	Hang bool `json:"hang"`
	// RetryAfter is sent as a header, in seconds, when it is not 0.
	RetryAfter int `json:"retryAfter"`
}

// AddFault makes coming requests fail.
func (s *Sandbox) AddFault(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
}

// ClearFaults makes requests succeed again.
func (s *Sandbox) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// journalKept bounds the journal.
const journalKept = 20000

// handler serves the three systems, the page and the switches.
func (s *Sandbox) handler() http.Handler {
	mux := http.NewServeMux()
	gitlab := http.NewServeMux()
	s.gitlab.routes(gitlab)
	mux.Handle("/api/v4/", s.system("gitlab", s.authorised(gitLabAuth, gitlab)))
	mux.Handle("/api/", s.system("slack", http.HandlerFunc(s.slack.serve)))
	datadog := http.NewServeMux()
	s.datadog.routes(datadog)
	mux.Handle("/datadog/", s.system("datadog", http.StripPrefix("/datadog", datadog)))
	s.routes(mux)
	return mux
}

// system journals every request of a system and lets faults strike.
func (s *Sandbox) system(name string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(io.LimitReader(r.Body, 10<<20))
		r.Body = io.NopCloser(bytes.NewReader(body))
		entry := Entry{Time: s.now(), System: name, Method: r.Method, Path: readable(r.URL), Body: withoutToken(body)}
		fault := s.strike(name, r.Method, entry.Path)
		switch {
		case fault == nil:
			recorder := httptest.NewRecorder()
			next.ServeHTTP(recorder, r)
			entry.Status = recorder.Code
			s.write(entry)
			copyAnswer(w, recorder)
		case fault.Status != 0:
			entry.Status = fault.Status
			s.write(entry)
			if fault.RetryAfter != 0 {
				w.Header().Set("Retry-After", fmt.Sprint(fault.RetryAfter))
			}
			http.Error(w, `{"message":"the sandbox was told to fail"}`, fault.Status)
		default:
			next.ServeHTTP(httptest.NewRecorder(), r)
			s.write(entry)
			if fault.Hang {
				<-r.Context().Done()
			}
			panic(http.ErrAbortHandler) // the connection is closed without an answer
		}
	})
}

func (s *Sandbox) strike(system, method, path string) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		if f.Times > 0 && (f.System == "" || f.System == system) && (f.Method == "" || f.Method == method) &&
			strings.Contains(path, f.Path) {
			f.Times--
			return f
		}
	}
	return nil
}

func (s *Sandbox) write(e Entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.journal = append(s.journal, e)
	if len(s.journal) > journalKept {
		s.journal = s.journal[len(s.journal)-journalKept:]
	}
}

func copyAnswer(w http.ResponseWriter, from *httptest.ResponseRecorder) {
	for k, v := range from.Header() {
		w.Header()[k] = v
	}
	w.WriteHeader(from.Code)
	_, _ = w.Write(from.Body.Bytes())
}

// readable is a request's path and query as people read it.
func readable(u *url.URL) string {
	path := u.Path
	if u.RawQuery != "" {
		query, err := url.QueryUnescape(u.RawQuery)
		if err != nil {
			query = u.RawQuery
		}
		path += "?" + query
	}
	return path
}

// journalBody bounds what is kept of a body.
const journalBody = 4 << 10

// withoutToken is a request body as the journal keeps it.
func withoutToken(body []byte) string {
	text := string(body)
	if values, err := url.ParseQuery(text); err == nil && values.Has("token") {
		values.Del("token")
		text = values.Encode()
	}
	if len(text) > journalBody {
		text = strings.ToValidUTF8(text[:journalBody], "") + "…"
	}
	return text
}

// authorised lets a request through whose token check accepts.
func (s *Sandbox) authorised(check func(*http.Request) bool, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !check(r) {
			answer(w, http.StatusUnauthorized, map[string]any{"message": "401 Unauthorized"})
			return
		}
		next.ServeHTTP(w, r)
	})
}

func gitLabAuth(r *http.Request) bool {
	return r.Header.Get("PRIVATE-TOKEN") == GitLabToken || r.Header.Get("Authorization") == "Bearer "+GitLabToken
}

// answer writes JSON.
func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// stamp is a time as GitLab writes it; nil for none.
func stamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}
