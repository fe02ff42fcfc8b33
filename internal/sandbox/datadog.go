package sandbox

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Calls, fields and limits: https://docs.datadoghq.com/api/latest.

// Keys that Datadog requires.
const (
	DatadogAPIKey = "sandbox-datadog-api-key"
	DatadogAppKey = "sandbox-datadog-app-key"
)

// datadog is the state of the Datadog organisation.
type datadog struct {
	s           *Sandbox
	events      []DatadogEvent
	errors      []errorBurst
	monitors    []*monitor
	deployments []DORARecord
	failures    []DORARecord
}

// errorBurst is a number of equal error logs.
type errorBurst struct {
	service, env, version string
	message               string
	at                    time.Time
	count                 int
}

type monitor struct {
	id                         int
	name, service, env, status string
}

// DatadogEvent is an event that was posted.
type DatadogEvent struct {
	Title          string    `json:"title"`
	Text           string    `json:"text"`
	AlertType      string    `json:"alertType"`
	Tags           []string  `json:"tags,omitempty"`
	At             time.Time `json:"at"`
	AggregationKey string    `json:"aggregationKey,omitempty"`
}

// DORARecord is a deployment or a failure for the DORA metrics. A repeated ID
// makes a second record here: what the real one does is not documented.
type DORARecord struct {
	ID      string `json:"id"`
	Service string `json:"service"`
	Env     string `json:"env"`
	Version string `json:"version"`

	started, finished time.Time
}

func newDatadog(s *Sandbox) *datadog { return &datadog{s: s} }

func (d *datadog) routes(mux *http.ServeMux) {
	const write, read = false, true // reading needs the application key too
	for pattern, call := range map[string]struct {
		app    bool
		answer func(*http.Request) (int, any)
	}{
		"GET /api/v1/validate":                  {write, d.validate},
		"POST /api/v1/events":                   {write, d.createEvent},
		"POST /api/v2/events/search":            {read, d.searchEvents},
		"POST /api/v2/logs/analytics/aggregate": {read, d.aggregateLogs},
		"POST /api/v2/logs/events/search":       {read, d.listLogs},
		"GET /api/v1/monitor/search":            {read, d.searchMonitors},
		"POST /api/v2/dora/deployment":          {write, d.createDORA(&d.deployments, "dora_deployment")},
		"GET /api/v2/dora/deployments/{id}":     {read, d.getDORA(&d.deployments, "dora_deployment")},
		"POST /api/v2/dora/failure":             {write, d.createDORA(&d.failures, "dora_failure")},
		"GET /api/v2/dora/failures/{id}":        {read, d.getDORA(&d.failures, "dora_failure")},
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("DD-API-KEY") != DatadogAPIKey || call.app && r.Header.Get("DD-APPLICATION-KEY") != DatadogAppKey {
				answer(w, http.StatusForbidden, refusal("Forbidden"))
				return
			}
			d.s.locked(func() {
				status, v := call.answer(r)
				answer(w, status, v)
			})
		})
	}
}

func refusal(text string) any { return map[string]any{"errors": []string{text}} }

func (d *datadog) validate(*http.Request) (int, any) {
	return http.StatusOK, map[string]any{"valid": true}
}

const (
	datadogMaxText = 4000
	datadogMaxKey  = 100
	datadogMaxPast = 18 * time.Hour
	datadogMaxNext = 2 * time.Hour
)

func (d *datadog) createEvent(r *http.Request) (int, any) {
	var in struct {
		Title          string   `json:"title"`
		Text           string   `json:"text"`
		AlertType      string   `json:"alert_type"`
		AggregationKey string   `json:"aggregation_key"`
		Tags           []string `json:"tags"`
		DateHappened   int64    `json:"date_happened"`
	}
	if json.NewDecoder(r.Body).Decode(&in) != nil || in.Title == "" || in.Text == "" {
		return http.StatusBadRequest, refusal("Title and text are required")
	}
	now := d.s.now()
	at := now
	if in.DateHappened != 0 {
		at = time.Unix(in.DateHappened, 0)
	}
	switch {
	case now.Sub(at) > datadogMaxPast:
		return http.StatusBadRequest, refusal("Event too far in the past")
	case at.Sub(now) > datadogMaxNext:
		return http.StatusBadRequest, refusal("Event too far in the future")
	case utf8.RuneCountInString(in.Text) > datadogMaxText || utf8.RuneCountInString(in.AggregationKey) > datadogMaxKey:
		return http.StatusBadRequest, refusal("Text or aggregation key too long")
	}
	e := DatadogEvent{
		Title: in.Title, Text: in.Text, AlertType: cmp.Or(in.AlertType, "info"), Tags: in.Tags, At: at,
		AggregationKey: in.AggregationKey,
	}
	d.events = append(d.events, e)
	id := eventID(len(d.events))
	return http.StatusAccepted, map[string]any{"status": "ok", "event": map[string]any{
		"id": id, "id_str": strconv.Itoa(id), "title": e.Title, "text": e.Text, "alert_type": e.AlertType,
		"tags":          append([]string{}, e.Tags...),
		"date_happened": at.Unix(), "priority": "normal", "url": fmt.Sprintf("%s/datadog/event/event?id=%d", d.s.url, id),
	}}
}

// eventID is the ID of the nth event.
func eventID(n int) int { return 7000000000 + n }

// search is what the searches of version 2 take.
type search struct {
	Filter struct {
		Query string `json:"query"`
		From  string `json:"from"`
		To    string `json:"to"`
	} `json:"filter"`
	Page struct {
		Limit int `json:"limit"`
	} `json:"page"`
	Sort string `json:"sort"`

	from, to time.Time
}

func (d *datadog) search(r *http.Request) (q search, err error) {
	if err = json.NewDecoder(r.Body).Decode(&q); err != nil {
		return q, err
	}
	if q.Page.Limit = cmp.Or(q.Page.Limit, 10); q.Page.Limit < 1 || q.Page.Limit > 1000 {
		return q, fmt.Errorf("page.limit is from 1 to 1000, not %d", q.Page.Limit)
	}
	if q.from, err = instant(cmp.Or(q.Filter.From, "now-15m"), d.s.now()); err == nil {
		q.to, err = instant(cmp.Or(q.Filter.To, "now"), d.s.now())
	}
	return q, err
}

// instant reads milliseconds, RFC 3339, "now" and "now-15m".
func instant(text string, now time.Time) (time.Time, error) {
	if ms, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.UnixMilli(ms), nil
	}
	if rest, ok := strings.CutPrefix(text, "now"); ok {
		offset, err := time.ParseDuration(cmp.Or(rest, "0"))
		return now.Add(offset), err
	}
	return time.Parse(time.RFC3339, text)
}

// covers compares by milliseconds, because searches know nothing smaller.
func (q search) covers(t time.Time) bool {
	ms := t.UnixMilli()
	return ms >= q.from.UnixMilli() && ms <= q.to.UnixMilli()
}

// order sorts and cuts what was found, which is oldest first.
func order[T any](q search, found []T) []T {
	if strings.HasPrefix(q.Sort, "-") {
		slices.Reverse(found)
	}
	return found[:min(len(found), q.Page.Limit)]
}

// term is a part of a query: key:value, -key:value, key:"value" or key:(a OR b).
type term struct {
	key    string
	values []string
	not    bool
}

var (
	termForm = regexp.MustCompile(`(-?)([A-Za-z_@.]+):(\([^)]*\)|"[^"]*"|[^\s()]+)`)
	orForm   = regexp.MustCompile(`\s+OR\s+`)
)

func terms(query string) (out []term) {
	for _, m := range termForm.FindAllStringSubmatch(query, -1) {
		t := term{key: m[2], not: m[1] != ""}
		for _, v := range orForm.Split(strings.Trim(m[3], "()"), -1) {
			t.values = append(t.values, strings.Trim(strings.TrimSpace(v), `"`))
		}
		out = append(out, t)
	}
	return out
}

// allows says whether one of the term's values is one of those that something has.
func (t term) allows(has []string) bool {
	found := slices.ContainsFunc(t.values, func(v string) bool {
		return slices.ContainsFunc(has, func(h string) bool {
			if prefix, wild := strings.CutSuffix(v, "*"); wild {
				return strings.HasPrefix(strings.ToLower(h), strings.ToLower(prefix))
			}
			return strings.EqualFold(v, h)
		})
	})
	return found != t.not
}

// matches says whether all terms allow something; terms whose key it does not have are ignored.
func matches(query string, has map[string][]string) bool {
	return !slices.ContainsFunc(terms(query), func(t term) bool {
		values, known := has[t.key]
		return known && !t.allows(values)
	})
}

func (d *datadog) searchEvents(r *http.Request) (int, any) {
	q, err := d.search(r)
	if err != nil {
		return http.StatusBadRequest, refusal(err.Error())
	}
	found := []any{}
	for i, e := range d.events {
		if q.covers(e.At) && e.matches(q.Filter.Query) {
			found = append(found, e.json(eventID(i+1)))
		}
	}
	return http.StatusOK, map[string]any{"data": order(q, found), "meta": map[string]any{"elapsed": 1, "status": "done"}}
}

// matches wants every term among the tags, so that a search for one of our own
// marks never finds other events.
func (e DatadogEvent) matches(query string) bool {
	has := map[string][]string{}
	for _, t := range terms(query) {
		has[t.key] = nil
	}
	has["status"], has["aggregation_key"] = []string{e.AlertType}, []string{e.AggregationKey}
	for _, tag := range e.Tags {
		key, value, _ := strings.Cut(tag, ":")
		has[key] = append(has[key], value)
	}
	return matches(query, has)
}

func (e DatadogEvent) json(id int) any {
	return map[string]any{"id": fmt.Sprintf("AAAA%d", id), "type": "event", "attributes": map[string]any{
		"message": e.Text, "tags": append([]string{}, e.Tags...), "timestamp": stamp(e.At),
		"attributes": map[string]any{
			"title": e.Title, "status": e.AlertType, "aggregation_key": e.AggregationKey, "timestamp": e.At.UnixMilli(),
			"evt": map[string]any{"id": strconv.Itoa(id), "name": e.Title},
		},
	}}
}

func (b errorBurst) matches(query string) bool {
	return matches(query, map[string][]string{"service": {b.service}, "env": {b.env},
		"version": {b.version}, "status": {"error"}})
}

// bursts are the errors that a search finds, oldest first.
func (d *datadog) bursts(q search) (out []errorBurst) {
	for _, b := range d.errors {
		if q.covers(b.at) && b.matches(q.Filter.Query) {
			out = append(out, b)
		}
	}
	slices.SortStableFunc(out, func(a, b errorBurst) int { return a.at.Compare(b.at) })
	return out
}

func (d *datadog) aggregateLogs(r *http.Request) (int, any) {
	q, err := d.search(r)
	if err != nil {
		return http.StatusBadRequest, refusal(err.Error())
	}
	count := 0
	for _, b := range d.bursts(q) {
		count += b.count
	}
	return http.StatusOK, map[string]any{
		"data": map[string]any{"buckets": []any{map[string]any{"by": map[string]any{},
			"computes": map[string]any{"c0": count}}}},
		"meta": map[string]any{"elapsed": 1, "status": "done"},
	}
}

func (d *datadog) listLogs(r *http.Request) (int, any) {
	q, err := d.search(r)
	if err != nil {
		return http.StatusBadRequest, refusal(err.Error())
	}
	found := []any{}
	for _, b := range d.bursts(q) {
		for range min(b.count, q.Page.Limit) { // more would be cut anyway
			found = append(found, map[string]any{"id": fmt.Sprintf("LOG%06d", len(found)+1), "type": "log",
				"attributes": map[string]any{
					"timestamp": stamp(b.at), "service": b.service, "status": "error", "message": b.message,
					"tags": []string{"env:" + b.env, "version:" + b.version},
				}})
		}
	}
	return http.StatusOK, map[string]any{"data": order(q, found), "meta": map[string]any{"elapsed": 1, "status": "done"}}
}

func (d *datadog) searchMonitors(r *http.Request) (int, any) {
	v := r.URL.Query()
	found := []any{}
	statuses := map[string]int{}
	for _, m := range d.monitors {
		if m.matches(v.Get("query")) {
			found = append(found, m.json())
			statuses[m.status]++
		}
	}
	counts := []any{}
	for _, status := range slices.Sorted(maps.Keys(statuses)) {
		counts = append(counts, map[string]any{"name": status, "count": statuses[status]})
	}
	page, _ := strconv.Atoi(v.Get("page"))
	size, _ := strconv.Atoi(cmp.Or(v.Get("per_page"), "30"))
	if page < 0 || size < 1 {
		return http.StatusBadRequest, refusal("Invalid page")
	}
	from := min(page*size, len(found))
	return http.StatusOK, map[string]any{
		"counts": map[string]any{"status": counts},
		"metadata": map[string]any{"page": page, "page_count": (len(found) + size - 1) / size, "per_page": size,
			"total_count": len(found)},
		"monitors": found[from:min(from+size, len(found))],
	}
}

func (m *monitor) tags() []string { return []string{"service:" + m.service, "env:" + m.env} }

func (m *monitor) matches(query string) bool {
	return matches(query, map[string][]string{"service": {m.service}, "env": {m.env},
		"status": {m.status}, "tag": m.tags()})
}

func (m *monitor) json() any {
	return map[string]any{"id": m.id, "name": m.name, "org_id": 1, "status": m.status,
		"type": "query alert", "tags": m.tags()}
}

var doraIDForm = regexp.MustCompile(`^[A-Za-z0-9._:-]{16,128}$`)

func (d *datadog) createDORA(records *[]DORARecord, kind string) func(*http.Request) (int, any) {
	return func(r *http.Request) (int, any) {
		var in struct {
			Data struct {
				Attributes struct {
					ID         string   `json:"id"`
					Service    string   `json:"service"`
					Services   []string `json:"services"`
					Env        string   `json:"env"`
					Version    string   `json:"version"`
					StartedAt  int64    `json:"started_at"`
					FinishedAt int64    `json:"finished_at"`
				} `json:"attributes"`
			} `json:"data"`
		}
		err := json.NewDecoder(r.Body).Decode(&in)
		a := in.Data.Attributes
		service := cmp.Or(a.Service, strings.Join(a.Services, ","))
		id := cmp.Or(a.ID, fmt.Sprintf("%016x", len(*records)+1))
		unfinished := a.FinishedAt <= 0 && kind == "dora_deployment"
		if err != nil || service == "" || a.StartedAt <= 0 || unfinished || !doraIDForm.MatchString(id) {
			return http.StatusBadRequest, map[string]any{"errors": []any{map[string]any{
				"status": "400", "title": "Generic Error", "detail": "id, service, started_at or finished_at is missing or wrong",
			}}}
		}
		*records = append(*records, DORARecord{
			ID: id, Service: service, Env: a.Env, Version: a.Version, started: doraTime(a.StartedAt),
			finished: doraTime(a.FinishedAt),
		})
		return http.StatusOK, map[string]any{"data": map[string]any{"id": id, "type": kind}}
	}
}

// doraTime reads nanoseconds, milliseconds or seconds, as Datadog does.
func doraTime(n int64) time.Time {
	switch {
	case n == 0:
		return time.Time{}
	case n > 1e17:
		return time.Unix(0, n)
	case n > 1e11:
		return time.UnixMilli(n)
	}
	return time.Unix(n, 0)
}

func (d *datadog) getDORA(records *[]DORARecord, kind string) func(*http.Request) (int, any) {
	return func(r *http.Request) (int, any) {
		i := slices.IndexFunc(*records, func(rec DORARecord) bool { return rec.ID == r.PathValue("id") })
		if i < 0 {
			return http.StatusNotFound, refusal("Not Found")
		}
		return http.StatusOK, map[string]any{"data": map[string]any{"id": (*records)[i].ID, "type": kind,
			"attributes": (*records)[i].json(kind)}}
	}
}

func (r DORARecord) json(kind string) any {
	out := map[string]any{"env": r.Env, "version": r.Version, "started_at": stamp(r.started)}
	if !r.finished.IsZero() {
		out["finished_at"] = stamp(r.finished)
	}
	if kind == "dora_deployment" {
		out["service"] = r.Service
	} else {
		out["services"] = strings.Split(r.Service, ",")
	}
	return out
}

// DatadogURL is the base of Datadog's API and pages.
func (s *Sandbox) DatadogURL() string { return s.url + "/datadog" }

// AddErrors makes a service log errors now.
func (s *Sandbox) AddErrors(service, env, version, message string, count int) {
	s.locked(func() {
		s.datadog.errors = append(s.datadog.errors, errorBurst{
			service: service, env: env, version: version, message: message, at: s.now(), count: count,
		})
	})
}

// SetMonitor makes a monitor or changes it; the status is OK, Warn, Alert or No Data.
func (s *Sandbox) SetMonitor(name, service, env, status string) {
	s.locked(func() {
		d := s.datadog
		i := slices.IndexFunc(d.monitors, func(m *monitor) bool { return m.name == name })
		if i < 0 {
			i = len(d.monitors)
			d.monitors = append(d.monitors, &monitor{id: 1001 + i, name: name})
		}
		m := d.monitors[i]
		m.service, m.env, m.status = service, env, status
	})
}

// DatadogEvents are the events so far, oldest first.
func (s *Sandbox) DatadogEvents() (out []DatadogEvent) {
	s.locked(func() { out = slices.Clone(s.datadog.events) })
	return out
}

// DORADeployments are the recorded deployments, oldest first.
func (s *Sandbox) DORADeployments() (out []DORARecord) {
	s.locked(func() { out = slices.Clone(s.datadog.deployments) })
	return out
}

// DORAFailures are the recorded failures, oldest first.
func (s *Sandbox) DORAFailures() (out []DORARecord) {
	s.locked(func() { out = slices.Clone(s.datadog.failures) })
	return out
}
