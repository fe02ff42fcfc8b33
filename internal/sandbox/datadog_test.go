package sandbox_test

import (
	"bytes"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/release-train/release-train/internal/datadog"
	"github.com/release-train/release-train/internal/sandbox"
	"github.com/release-train/release-train/internal/train"
)

// datadogContract checks each request and answer against the schema of its version.
type datadogContract map[string]*contract // by "/api/v1/"

func newDatadogContract(t *testing.T) datadogContract {
	t.Helper()
	out := datadogContract{}
	for _, version := range []string{"v1", "v2"} {
		doc, err := openapi3.NewLoader().LoadFromFile(filepath.Join(sharedDir(t), "contracts",
			"datadog", version+".subset.yaml"))
		require.NoError(t, err)
		doc.Servers, doc.Security = openapi3.Servers{{URL: "/datadog"}}, nil
		for _, item := range doc.Paths.Map() {
			for _, op := range item.Operations() {
				op.Security = &openapi3.SecurityRequirements{}
			}
		}
		require.NoError(t, doc.Validate(t.Context(), openapi3.DisableSchemaPatternValidation(),
			openapi3.DisableExamplesValidation()))
		router, err := gorillamux.NewRouter(doc)
		require.NoError(t, err)
		out["/api/"+version+"/"] = &contract{t: t, router: router, checked: map[string]int{}, unknown: map[string]int{}}
	}
	return out
}

func (d datadogContract) RoundTrip(r *http.Request) (*http.Response, error) {
	for part, c := range d {
		if strings.Contains(r.URL.Path, part) {
			return c.RoundTrip(r)
		}
	}
	return nil, io.ErrUnexpectedEOF
}

// realDatadog is the real client.
func realDatadog(s *sandbox.Sandbox, via http.RoundTripper) *datadog.Client {
	return datadog.New(datadog.Options{
		URL: s.DatadogURL(), APIKey: sandbox.DatadogAPIKey, AppKey: sandbox.DatadogAppKey,
		HTTPClient: &http.Client{Transport: via},
	})
}

func TestEveryDatadogRequestAndAnswerFollowsThePublishedSchema(t *testing.T) {
	contracts := newDatadogContract(t)
	s, _ := start(t, time.Millisecond)
	ctx := t.Context()
	d := realDatadog(s, contracts)
	now := time.Now()
	require.NoError(t, d.Validate(ctx))

	_, err := d.PostEvent(ctx, datadog.Event{
		Title: strings.Repeat("ü", 600), Text: strings.Repeat("ü", 5000), AlertType: "warning",
		AggregationKey: strings.Repeat("ü", 200), Tags: []string{"a:b"}, At: now,
	})
	require.NoError(t, err)
	_, err = d.PostEvent(ctx, datadog.Event{Title: "plain", Text: "t"})
	require.NoError(t, err)
	events, err := d.FindEvents(ctx, "*", now.Add(-time.Minute), now.Add(time.Minute), 10)
	require.NoError(t, err)
	assert.Len(t, events, 2)

	s.AddErrors("api", "production", "v1", "boom", 3)
	n, err := d.CountLogs(ctx, "service:api", now.Add(-time.Minute), now.Add(time.Minute))
	require.NoError(t, err)
	assert.Equal(t, 3, n)
	_, err = d.Logs(ctx, "service:api", now.Add(-time.Minute), now.Add(time.Minute), 10)
	require.NoError(t, err)
	s.SetMonitor("Errors", "api", "production", "Alert")
	_, err = d.FiringMonitors(ctx, "service:api")
	require.NoError(t, err)

	deployment := datadog.Deployment{
		ID: datadog.DORAID("api/v2026.11.24.1", "production", "1"), Service: "api", Env: "production",
		Version: "v2026.11.24.1", Team: "web",
		RepositoryURL: "https://gitlab.com/a/b", CommitSHA: strings.Repeat("ab", 20),
		StartedAt: now.Add(-time.Minute), FinishedAt: now,
	}
	failure := datadog.Failure{ID: datadog.DORAID("failure"), Service: "api", Env: "production", Name: "Red",
		Severity: "High", StartedAt: now}
	for range 2 {
		require.NoError(t, d.RecordDeployment(ctx, deployment))
		require.NoError(t, d.RecordFailure(ctx, failure))
	}
	failure.ID, failure.FinishedAt = datadog.DORAID("another failure"), now
	require.NoError(t, d.RecordFailure(ctx, failure))
	err = d.RecordFailure(ctx, datadog.Failure{ID: "short", Service: "api", StartedAt: now})
	assert.True(t, train.FaultIs(err, train.FaultInvalid), err)

	// refusals follow it too
	stranger := datadog.New(datadog.Options{URL: s.DatadogURL(), APIKey: "wrong", AppKey: "wrong",
		HTTPClient: &http.Client{Transport: contracts}})
	require.Error(t, stranger.Validate(ctx))
	_, err = stranger.FindEvents(ctx, "*", now, now, 1)
	require.Error(t, err)
	_, err = stranger.FiringMonitors(ctx, "")
	require.Error(t, err)

	for operation, c := range map[string]string{
		"GET /api/v1/validate": "v1", "POST /api/v1/events": "v1", "GET /api/v1/monitor/search": "v1",
		"POST /api/v2/events/search": "v2", "POST /api/v2/logs/analytics/aggregate": "v2",
		"POST /api/v2/logs/events/search": "v2",
		"POST /api/v2/dora/deployment":    "v2", "GET /api/v2/dora/deployments/{deployment_id}": "v2",
		"POST /api/v2/dora/failure": "v2", "GET /api/v2/dora/failures/{failure_id}": "v2",
	} {
		assert.NotZero(t, contracts["/api/"+c+"/"].checked[operation], operation)
		assert.Empty(t, contracts["/api/"+c+"/"].unknown)
	}
}

func TestDatadogRefusesWrongKeys(t *testing.T) {
	s, _ := start(t, time.Millisecond)
	ctx := t.Context()
	d := datadog.New(datadog.Options{URL: s.DatadogURL(), APIKey: sandbox.DatadogAPIKey, AppKey: "wrong-app-key"})
	require.NoError(t, d.Validate(ctx), "that checks the API key only")
	_, err := d.CountLogs(ctx, "*", time.Now(), time.Now())
	assert.True(t, train.FaultIs(err, train.FaultForbidden), err)
	assert.NotContains(t, err.Error(), "wrong-app-key")
	d = datadog.New(datadog.Options{URL: s.DatadogURL(), APIKey: "wrong", AppKey: sandbox.DatadogAppKey})
	assert.True(t, train.FaultIs(d.Validate(ctx), train.FaultAuth))
	_, err = d.PostEvent(ctx, datadog.Event{Title: "a", Text: "b"})
	assert.True(t, train.FaultIs(err, train.FaultForbidden), err)
	assert.Empty(t, s.DatadogEvents())
}

func TestDatadogKeepsEventsAndFindsThemByTheirTags(t *testing.T) {
	s, _ := start(t, time.Millisecond)
	ctx := t.Context()
	d := realDatadog(s, nil)
	before, after := time.Now().Add(-2*time.Hour), time.Now().Add(time.Minute)
	for i, title := range []string{"old", "new"} {
		url, err := d.PostEvent(ctx, datadog.Event{
			Title: title, Text: "x", AlertType: "error", AggregationKey: "release:a",
			Tags: []string{"release_run:a", "release_step:" + title},
			At:   time.Now().Add(time.Duration(i-1) * time.Hour),
		})
		require.NoError(t, err)
		assert.True(t, strings.HasPrefix(url, s.DatadogURL()+"/event/event?id="), url)
	}
	found, err := d.FindEvents(ctx, "release_run:a", before, after, 10)
	require.NoError(t, err)
	require.Len(t, found, 2)
	assert.Equal(t, "new", found[0].Title, "newest first")
	for query, titles := range map[string]string{
		"release_run:a release_step:old": "old", "release_run:(a OR b) -release_step:old": "new", `release_step:"old"`: "old",
		"release_run:b": "", "nothing:here": "", "status:info": "",
	} {
		found, err := d.FindEvents(ctx, query, before, after, 10)
		require.NoError(t, err)
		got := ""
		for _, f := range found {
			got += f.Title
		}
		assert.Equal(t, titles, got, query)
	}
	kept := s.DatadogEvents()
	require.Len(t, kept, 2)
	assert.Equal(t, "%%% \nx\n %%%", kept[0].Text)
	assert.Equal(t, "error", kept[0].AlertType)
	assert.Equal(t, "release:a", kept[0].AggregationKey)
	assert.Equal(t, []string{"release_run:a", "release_step:old"}, kept[0].Tags)
	assert.WithinDuration(t, time.Now().Add(-time.Hour), kept[0].At, time.Minute)
}

func TestDatadogRefusesEventsOfThePast(t *testing.T) {
	s, _ := start(t, time.Millisecond)
	body := bytes.NewBufferString(`{"title":"a","text":"b","date_happened":1000}`)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.DatadogURL()+"/api/v1/events", body)
	require.NoError(t, err)
	r.Header.Set("DD-API-KEY", sandbox.DatadogAPIKey)
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	text, _ := io.ReadAll(resp.Body)
	assert.Equal(t, http.StatusBadRequest, resp.StatusCode)
	assert.JSONEq(t, `{"errors":["Event too far in the past"]}`, string(text))
}

func TestDatadogCountsAndShowsTheErrorsOfAVersion(t *testing.T) {
	s, _ := start(t, time.Millisecond)
	ctx := t.Context()
	d := realDatadog(s, nil)
	s.AddErrors("api", "production", "api/v1", "boom", 3)
	s.AddErrors("api", "production", "api/v2", "bang", 20)
	s.AddErrors("web", "staging", "api/v2", "other", 100)
	before, after := time.Now().Add(-time.Minute), time.Now().Add(time.Minute)
	for query, want := range map[string]int{
		"service:api env:production status:error": 23, `service:api env:production status:error version:"api/v2"`: 20,
		"version:api/v1":              3,
		"service:(api OR web) host:x": 123, "-service:api": 100, "status:info": 0, "version:api/*": 123,
		"*": 123, "service:none": 0,
	} {
		n, err := d.CountLogs(ctx, query, before, after)
		require.NoError(t, err)
		assert.Equal(t, want, n, query)
	}
	n, err := d.CountLogs(ctx, "*", before.Add(-time.Hour), before)
	require.NoError(t, err)
	assert.Zero(t, n, "nothing in another time")
	logs, err := d.Logs(ctx, "service:api", before, after, 21)
	require.NoError(t, err)
	require.Len(t, logs, 21)
	assert.Equal(t, "bang", logs[0].Message)
	assert.Equal(t, "boom", logs[20].Message, "newest first")
	assert.WithinDuration(t, time.Now(), logs[0].At, time.Minute)
}

func TestDatadogShowsTheMonitorsThatFire(t *testing.T) {
	s, _ := start(t, time.Millisecond)
	ctx := t.Context()
	d := realDatadog(s, nil)
	s.SetMonitor("Errors", "api", "production", "OK")
	s.SetMonitor("Latency", "api", "production", "Warn")
	s.SetMonitor("Web", "web", "production", "Alert")
	s.SetMonitor("Errors", "api", "production", "Alert")
	names := func(query string) (out []string) {
		found, err := d.FiringMonitors(ctx, query)
		require.NoError(t, err)
		for _, m := range found {
			assert.Equal(t, d.MonitorURL(m.ID), m.URL)
			out = append(out, m.Name+" "+m.Status)
		}
		return out
	}
	assert.Equal(t, []string{"Errors Alert", "Latency Warn"}, names("service:api env:production"))
	assert.Equal(t, []string{"Web Alert"}, names(`tag:"service:web"`))
	assert.Len(t, names(""), 3)
	s.SetMonitor("Errors", "api", "production", "OK")
	assert.Equal(t, []string{"Latency Warn"}, names("service:api"))
}

func TestDatadogKeepsDORARecordsThatAreLookedForFirst(t *testing.T) {
	s, _ := start(t, time.Millisecond)
	ctx := t.Context()
	d := realDatadog(s, nil)
	now := time.Now()
	id := datadog.DORAID("api/v2026.11.24.1", "production", "1")
	deployment := datadog.Deployment{ID: id, Service: "api", Env: "production", Version: "v1",
		StartedAt: now, FinishedAt: now}
	s.AddFault(sandbox.Fault{System: "datadog", Method: "POST", Path: "/dora/deployment", Times: 1}) // the answer is lost
	assert.True(t, train.FaultIs(d.RecordDeployment(ctx, deployment), train.FaultUnavailable))
	require.NoError(t, d.RecordDeployment(ctx, deployment))
	require.NoError(t, d.RecordFailure(ctx, datadog.Failure{ID: id, Service: "api", Env: "production",
		Version: "v1", StartedAt: now}))
	same := []sandbox.DORARecord{{ID: id, Service: "api", Env: "production", Version: "v1"}}
	assert.EqualExportedValues(t, same[0], s.DORADeployments()[0])
	assert.Len(t, s.DORADeployments(), 1)
	assert.EqualExportedValues(t, same[0], s.DORAFailures()[0])
	assert.Len(t, s.Requests("datadog", "POST", "/dora/deployment"), 1, "no hidden retries")
}

func TestTheEnvironmentLeadsTheRealClientToDatadog(t *testing.T) {
	s, _ := start(t, time.Millisecond)
	env := map[string]string{}
	for _, line := range s.Env() {
		key, value, _ := strings.Cut(line, "=")
		env[key] = value
	}
	d := datadog.New(datadog.Options{URL: env["DD_URL"], APIKey: env["DD_API_KEY"], AppKey: env["DD_APP_KEY"]})
	require.NoError(t, d.Validate(t.Context()))
	_, err := d.FiringMonitors(t.Context(), "")
	require.NoError(t, err)
}
