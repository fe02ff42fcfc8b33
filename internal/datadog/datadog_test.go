package datadog_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/release-train/release-train/internal/datadog"
	"github.com/release-train/release-train/internal/train"
)

const (
	apiKey = "very-secret-api-key"
	appKey = "very-secret-app-key"
)

// request is what the server saw.
type request struct {
	Line   string // method and path
	Query  string // of the URL
	Header http.Header
	Body   map[string]any
}

// at is a part of the body by the names that lead to it.
func (r request) at(names ...string) any {
	var v any = r.Body
	for _, n := range names {
		m, _ := v.(map[string]any)
		v = m[n]
	}
	return v
}

// serve answers the first calls as told, each with a status and a body, the
// last of them for ever.
func serve(t *testing.T, answers ...any) (*datadog.Client, *[]request) {
	t.Helper()
	var seen []request
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		saw := request{Line: r.Method + " " + r.URL.Path, Query: r.URL.Query().Get("query"), Header: r.Header}
		_ = json.Unmarshal(raw, &saw.Body)
		i := min(2*len(seen), len(answers)-2)
		seen = append(seen, saw)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(answers[i].(int))
		_, _ = io.WriteString(w, answers[i+1].(string))
	}))
	t.Cleanup(server.Close)
	return datadog.New(datadog.Options{URL: server.URL + "/base", APIKey: apiKey, AppKey: appKey}), &seen
}

var (
	from = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	to   = from.Add(time.Hour)
)

func TestTheAPIKeyIsValidWhenDatadogSaysSo(t *testing.T) {
	c, seen := serve(t, 200, `{"valid":true}`, 200, `{"valid":false}`, 403, `{"errors":["Forbidden"]}`)
	require.NoError(t, c.Validate(t.Context()))
	assert.Equal(t, "GET /base/api/v1/validate", (*seen)[0].Line)
	assert.Equal(t, apiKey, (*seen)[0].Header.Get("DD-API-KEY"))
	for range 2 {
		err := c.Validate(t.Context())
		assert.True(t, train.FaultIs(err, train.FaultAuth), err)
		assert.Contains(t, err.Error(), "Check DD_API_KEY")
	}
}

func TestAnEventIsPostedAsMarkdownWithItsKeyTagsAndTime(t *testing.T) {
	c, seen := serve(t, 202, `{"status":"ok","event":{"id":7,"id_str":"7","url":"https://app.example.com/event/event?id=7"}}`)
	at := time.Now().Add(-time.Hour)
	url, err := c.PostEvent(t.Context(), datadog.Event{
		Title: "Deployed", Text: "**api**", AlertType: "success", AggregationKey: "release:api",
		Tags: []string{"env:staging"}, At: at,
	})
	require.NoError(t, err)
	assert.Equal(t, "https://app.example.com/event/event?id=7", url)
	r := (*seen)[0]
	assert.Equal(t, "POST /base/api/v1/events", r.Line)
	assert.Equal(t, map[string]any{
		"title": "Deployed", "text": "%%% \n**api**\n %%%", "alert_type": "success", "aggregation_key": "release:api",
		"tags": []any{"env:staging"}, "date_happened": float64(at.Unix()),
	}, r.Body)
	assert.Equal(t, apiKey, r.Header.Get("DD-API-KEY"))
	assert.Empty(t, r.Header.Get("DD-APPLICATION-KEY"), "posting needs one key only")
}

func TestAnEventThatIsTooLongOrTooOldIsCutToWhatDatadogTakes(t *testing.T) {
	c, seen := serve(t, 202, `{"event":{"id_str":"7","url":"/event/event?id=7"}}`)
	for i, e := range []datadog.Event{
		{At: time.Now().Add(-18 * time.Hour), AggregationKey: strings.Repeat("k", 200) + "1"},
		{At: time.Now().Add(3 * time.Hour), AggregationKey: strings.Repeat("k", 200) + "2"},
		{AggregationKey: strings.Repeat("k", 100)},
	} {
		e.Title, e.Text = strings.Repeat("ü", 600), strings.Repeat("ä", 5000)
		url, err := c.PostEvent(t.Context(), e)
		require.NoError(t, err)
		assert.True(t, strings.HasSuffix(url, "/base/event/event?id=7"), url)
		r := (*seen)[i]
		assert.Equal(t, 500, utf8.RuneCountInString(r.at("title").(string)))
		text := r.at("text").(string)
		assert.Equal(t, 4000, utf8.RuneCountInString(text))
		assert.True(t, strings.HasSuffix(text, "ä…\n %%%"), "the end stays")
		assert.Len(t, r.at("aggregation_key"), 100)
		assert.Equal(t, "info", r.at("alert_type"))
		assert.NotContains(t, r.Body, "date_happened")
	}
	assert.NotEqual(t, (*seen)[0].at("aggregation_key"), (*seen)[1].at("aggregation_key"), "cut keys stay apart")
}

func TestAnEventIsPostedWhenOnlyItsAnswerCannotBeRead(t *testing.T) {
	for _, body := range []string{"accepted", `{"event":"x"}`, ""} {
		c, _ := serve(t, 202, body)
		url, err := c.PostEvent(t.Context(), datadog.Event{Title: "a", Text: "b"})
		assert.NoError(t, err, body)
		assert.Empty(t, url)
	}
}

func TestEventsAreFoundNewestFirstWithTheirPages(t *testing.T) {
	c, seen := serve(t, 200, `{"data":[
		{"type":"event","attributes":{"message":"m",
		 "timestamp":"2026-11-24T09:30:00.5Z","attributes":{"title":"Deployed","status":"brand-new","evt":{"id":"42"}}}},
		{"type":"event","attributes":{"message":"only text","timestamp":"2026-11-24T09:10:00Z"}}]}`)
	found, err := c.FindEvents(t.Context(), "release_run:x", from, to, 5000)
	require.NoError(t, err)
	require.Len(t, found, 2)
	assert.Equal(t, "Deployed", found[0].Title, "also with a status that the library does not know")
	assert.True(t, strings.HasSuffix(found[0].URL, "/base/event/event?id=42"), found[0].URL)
	assert.Equal(t, from.Add(30*time.Minute+500*time.Millisecond), found[0].At)
	assert.Equal(t, datadog.FoundEvent{Title: "only text", At: from.Add(10 * time.Minute)}, found[1])
	r := (*seen)[0]
	assert.Equal(t, "POST /base/api/v2/events/search", r.Line)
	assert.Equal(t, map[string]any{
		"filter": map[string]any{"query": "release_run:x", "from": "1795510800000", "to": "1795514400000"},
		"page":   map[string]any{"limit": 1000.0}, "sort": "-timestamp",
	}, r.Body)
	assert.Equal(t, apiKey, r.Header.Get("DD-API-KEY"))
	assert.Equal(t, appKey, r.Header.Get("DD-APPLICATION-KEY"))
}

func TestLogsAreCountedInOneCall(t *testing.T) {
	c, seen := serve(t,
		200, `{"data":{"buckets":[{"by":{},"computes":{"c0":19}}]},"meta":{"status":"done"}}`,
		200, `{"data":{"buckets":[]},"meta":{"status":"done"}}`,
		200, `{"data":{"buckets":[{"by":{},"computes":{"c0":3}}]},"meta":{"status":"timeout"}}`)
	n, err := c.CountLogs(t.Context(), "service:api status:error", from, to)
	require.NoError(t, err)
	assert.Equal(t, 19, n)
	assert.Equal(t, "POST /base/api/v2/logs/analytics/aggregate", (*seen)[0].Line)
	assert.Equal(t, "service:api status:error", (*seen)[0].at("filter", "query"))
	assert.Equal(t, []any{map[string]any{"aggregation": "count", "type": "total"}}, (*seen)[0].at("compute"))
	n, err = c.CountLogs(t.Context(), "*", from, to)
	require.NoError(t, err)
	assert.Zero(t, n)
	_, err = c.CountLogs(t.Context(), "*", from, to)
	assert.True(t, train.FaultIs(err, train.FaultUnavailable), "a count of a part is no count: %v", err)
	assert.Len(t, *seen, 3)
}

func TestLogsAreReadNewestFirst(t *testing.T) {
	c, seen := serve(t, 200, `{"data":[{"type":"log","attributes":{"timestamp":"2026-11-24T09:30:00Z","service":"api","message":"boom","status":"error"}}]}`)
	logs, err := c.Logs(t.Context(), "service:api", from, to, 5)
	require.NoError(t, err)
	assert.Equal(t, []datadog.Log{{At: from.Add(30 * time.Minute), Service: "api", Message: "boom"}}, logs)
	assert.Equal(t, "POST /base/api/v2/logs/events/search", (*seen)[0].Line)
	assert.Equal(t, "-timestamp", (*seen)[0].at("sort"))
	assert.InDelta(t, 5, (*seen)[0].at("page", "limit"), 0)
}

func TestOnlyMonitorsThatAlertOrWarnAreFiring(t *testing.T) {
	c, seen := serve(t, 200, `{"monitors":[
		{"id":1,"name":"Errors","status":"Alert","type":"query alert"},
		{"id":2,"name":"Latency","status":"Warn","type":"a type of next year"},
		{"id":3,"name":"alert or warn","status":"OK"},{"id":4,"name":"Gone","status":"No Data"}]}`)
	found, err := c.FiringMonitors(t.Context(), "service:api env:production")
	require.NoError(t, err)
	assert.Equal(t, []datadog.Monitor{
		{ID: 1, Name: "Errors", Status: "Alert", URL: c.MonitorURL(1)},
		{ID: 2, Name: "Latency", Status: "Warn", URL: c.MonitorURL(2)},
	}, found)
	assert.Equal(t, "GET /base/api/v1/monitor/search", (*seen)[0].Line)
	assert.Equal(t, "service:api env:production status:(alert OR warn)", (*seen)[0].Query)
}

func TestADeploymentIsRecordedOnce(t *testing.T) {
	c, seen := serve(t, 404, `{"errors":["Not Found"]}`, 202, `{"data":{"id":"x"}}`, 200,
		`{"data":{"id":"x","type":"dora_deployment","attributes":{}}}`)
	d := datadog.Deployment{
		ID: datadog.DORAID("api/v2026.11.24.1", "production", "1"), Service: "api", Env: "production",
		Version: "v1", Team: "web",
		RepositoryURL: "https://gitlab.com/a/b", CommitSHA: strings.Repeat("a", 40), StartedAt: from, FinishedAt: to,
	}
	require.NoError(t, c.RecordDeployment(t.Context(), d))
	require.NoError(t, c.RecordDeployment(t.Context(), d))
	require.Len(t, *seen, 3)
	assert.Equal(t, "GET /base/api/v2/dora/deployments/"+d.ID, (*seen)[0].Line)
	assert.Equal(t, "POST /base/api/v2/dora/deployment", (*seen)[1].Line)
	assert.Equal(t, map[string]any{
		"id": d.ID, "service": "api", "env": "production", "version": "v1", "team": "web",
		"started_at": float64(from.UnixNano()), "finished_at": float64(to.UnixNano()),
		"git": map[string]any{"repository_url": "https://gitlab.com/a/b", "commit_sha": d.CommitSHA},
	}, (*seen)[1].at("data", "attributes"))
	assert.Equal(t, "GET /base/api/v2/dora/deployments/"+d.ID, (*seen)[2].Line)
}

func TestAFailureIsRecordedOnceAndMayStillLast(t *testing.T) {
	c, seen := serve(t, 400, `{"errors":[{"title":"Bad Request"}]}`, 200, `not JSON`, 200, `{"data":{"id":"x"}}`)
	f := datadog.Failure{ID: datadog.DORAID("api/v2026.11.24.1", "failure"), Service: "api", Env: "production",
		Name: "Rolled back", Severity: "High", StartedAt: from}
	require.NoError(t, c.RecordFailure(t.Context(), f))
	require.NoError(t, c.RecordFailure(t.Context(), f))
	require.Len(t, *seen, 3)
	assert.Equal(t, "GET /base/api/v2/dora/failures/"+f.ID, (*seen)[0].Line)
	assert.Equal(t, "POST /base/api/v2/dora/failure", (*seen)[1].Line)
	assert.Equal(t, map[string]any{
		"id": f.ID, "services": []any{"api"}, "env": "production", "name": "Rolled back", "severity": "High",
		"started_at": float64(from.UnixNano()),
	}, (*seen)[1].at("data", "attributes"))
}

func TestNothingIsRecordedWhenLookingFails(t *testing.T) {
	c, seen := serve(t, 403, `{"errors":["Forbidden"]}`)
	err := c.RecordDeployment(t.Context(), datadog.Deployment{ID: datadog.DORAID("a")})
	assert.True(t, train.FaultIs(err, train.FaultForbidden), err)
	assert.Contains(t, err.Error(), "dora_metrics_read")
	assert.True(t, train.FaultIs(c.RecordFailure(t.Context(), datadog.Failure{ID: datadog.DORAID("a")}),
		train.FaultForbidden))
	for _, r := range *seen {
		assert.True(t, strings.HasPrefix(r.Line, "GET "), r.Line)
	}
}

// calls are all calls, as they are made in the tests of errors.
func calls(ctx context.Context, c *datadog.Client) map[string]error {
	errs := map[string]error{"Validate": c.Validate(ctx)}
	_, errs["PostEvent"] = c.PostEvent(ctx, datadog.Event{Title: "a", Text: "b"})
	_, errs["FindEvents"] = c.FindEvents(ctx, "*", from, to, 1)
	_, errs["CountLogs"] = c.CountLogs(ctx, "*", from, to)
	_, errs["Logs"] = c.Logs(ctx, "*", from, to, 1)
	_, errs["FiringMonitors"] = c.FiringMonitors(ctx, "")
	errs["RecordDeployment"] = c.RecordDeployment(ctx, datadog.Deployment{ID: datadog.DORAID("a"),
		StartedAt: from, FinishedAt: to})
	errs["RecordFailure"] = c.RecordFailure(ctx, datadog.Failure{ID: datadog.DORAID("a"), StartedAt: from})
	return errs
}

func TestEveryRefusalOfEveryCallIsAFaultWithoutKeys(t *testing.T) {
	for status, kind := range map[int]train.FaultKind{
		307: train.FaultInvalid, 400: train.FaultInvalid, 401: train.FaultAuth, 403: train.FaultForbidden,
		404: train.FaultNotFound, 408: train.FaultUnavailable,
		409: train.FaultConflict, 413: train.FaultInvalid, 429: train.FaultRateLimited, 500: train.FaultUnavailable,
		503: train.FaultUnavailable,
	} {
		echo := `{"errors":["refused ` + apiKey + ` and ` + appKey + `",{"title":"Odd","detail":"because"}]}`
		c, _ := serve(t, status, echo)
		for name, err := range calls(t.Context(), c) {
			var f *train.Fault
			require.ErrorAs(t, err, &f, "%s %d", name, status)
			if name == "Validate" && status == 403 {
				assert.Equal(t, train.FaultAuth, f.Kind)
				continue
			}
			assert.Equal(t, kind, f.Kind, "%s %d", name, status)
			assert.Equal(t, status, f.Status)
			assert.Equal(t, "Datadog", f.System)
			assert.Equal(t, "refused … and …; Odd: because", f.Answer)
			assert.NotContains(t, err.Error(), "very-secret")
			assert.Equal(t, kind == train.FaultAuth || kind == train.FaultForbidden, f.Advice != "", err)
		}
	}
}

func TestALimitSaysHowManySecondsAreLeft(t *testing.T) {
	for header, wait := range map[string]time.Duration{
		"X-RateLimit-Reset: 37": 37 * time.Second, "Retry-After: 5": 5 * time.Second,
		"X-RateLimit-Reset: 1795514400": time.Hour,
		"X-RateLimit-Reset: soon":       0, "X-RateLimit-Reset: -1": 0, "X-Other: 1": 0,
	} {
		count := 0
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			count++
			name, value, _ := strings.Cut(header, ": ")
			w.Header().Set(name, value)
			w.WriteHeader(http.StatusTooManyRequests)
		}))
		_, err := datadog.New(datadog.Options{URL: server.URL, APIKey: apiKey}).CountLogs(t.Context(), "*", from, to)
		server.Close()
		var f *train.Fault
		require.ErrorAs(t, err, &f)
		assert.Equal(t, train.FaultRateLimited, f.Kind)
		assert.Equal(t, wait, f.RetryAfter, header)
		assert.Equal(t, 1, count, "no retry of its own")
	}
}

func TestABrokenNetworkIsUnavailableAndNamesNoURL(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter,
		*http.Request) {
		panic(http.ErrAbortHandler)
	}))
	defer server.Close()
	for name, err := range calls(t.Context(),
		datadog.New(datadog.Options{URL: server.URL, APIKey: apiKey, AppKey: appKey})) {
		assert.True(t, train.FaultIs(err, train.FaultUnavailable), "%s: %v", name, err)
		assert.NotContains(t, err.Error(), "http://", name)
		assert.NotContains(t, err.Error(), "very-secret", name)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, err := range calls(ctx, datadog.New(datadog.Options{URL: server.URL})) {
		assert.True(t, train.FaultIs(err, train.FaultUnavailable), "%s: %v", name, err)
	}
}

func TestAWrongSettingIsInvalidAndNamesNoKey(t *testing.T) {
	for name, err := range calls(t.Context(),
		datadog.New(datadog.Options{URL: "http://[broken", APIKey: apiKey, AppKey: appKey})) {
		assert.True(t, train.FaultIs(err, train.FaultInvalid), "%s: %v", name, err)
	}
	for name, err := range calls(t.Context(),
		datadog.New(datadog.Options{URL: "http://127.0.0.1:1", APIKey: apiKey + "\n", AppKey: appKey + "\n"})) {
		var f *train.Fault
		require.ErrorAs(t, err, &f, name)
		assert.NotContains(t, err.Error(), "very-secret", name)
	}
}

func TestAnAnswerThatCannotBeReadFailsReadingButNotWriting(t *testing.T) {
	c, _ := serve(t, 200, `<html>`)
	for name, err := range calls(t.Context(), c) {
		if name == "PostEvent" || strings.HasPrefix(name, "Record") {
			assert.NoError(t, err, name)
		} else {
			assert.True(t, train.FaultIs(err, train.FaultUnavailable), "%s: %v", name, err)
		}
	}
}

func TestKeysDoNotFollowARedirect(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter,
		*http.Request) {
		t.Error("the redirect was followed")
	}))
	defer other.Close()
	server := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	defer server.Close()
	err := datadog.New(datadog.Options{URL: server.URL, APIKey: apiKey}).Validate(t.Context())
	assert.True(t, train.FaultIs(err, train.FaultInvalid), err)
}

func TestEverySiteHasItsServersAndPages(t *testing.T) {
	for site, want := range map[string][2]string{
		"":                  {"api.datadoghq.com", "app.datadoghq.com"},
		"datadoghq.eu":      {"api.datadoghq.eu", "app.datadoghq.eu"},
		"us3.datadoghq.com": {"api.us3.datadoghq.com", "us3.datadoghq.com"},
		"ap2.datadoghq.com": {"api.ap2.datadoghq.com", "ap2.datadoghq.com"},
		"ddog-gov.com":      {"api.ddog-gov.com", "app.ddog-gov.com"},
	} {
		var host string
		h := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			host = r.URL.Scheme + "://" + r.URL.Host
			return nil, io.EOF
		})}
		c := datadog.New(datadog.Options{Site: site, HTTPClient: h})
		for name, err := range calls(t.Context(), c) {
			assert.True(t, train.FaultIs(err, train.FaultUnavailable), name)
			assert.Equal(t, "https://"+want[0], host)
		}
		assert.Equal(t, "https://"+want[1]+"/monitors/12", c.MonitorURL(12))
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestLinksShowTheQueryInItsTime(t *testing.T) {
	c := datadog.New(datadog.Options{})
	assert.Equal(t, "https://app.datadoghq.com/logs?query=service%3Aapi%20%22a%2Bb%22"+
		"&from_ts=1795510800000&to_ts=1795514400000&live=false",
		c.LogsURL(`service:api "a+b"`, from, to))
	assert.Equal(t, "https://app.datadoghq.com/event/explorer?query=release_run%3Ax"+
		"&from_ts=1795510800000&to_ts=1795514400000&live=false",
		c.EventsURL("release_run:x", from, to))
	local := datadog.New(datadog.Options{URL: "http://127.0.0.1:8090/datadog/"})
	assert.True(t, strings.HasPrefix(local.LogsURL("a", from, to), "http://127.0.0.1:8090/datadog/logs?query=a&"))
}

func TestADORAIDIsAlwaysAllowedStableAndUnique(t *testing.T) {
	allowed := regexp.MustCompile(`^[A-Za-z0-9._:-]{16,128}$`)
	seen := map[string]string{}
	for _, n := range []int{0, 1, 2, 15, 16, 17, 100, 127, 128, 129, 500} {
		for _, end := range []string{"", "1", "2", "_", "/ü 3"} {
			part := strings.Repeat("x", n) + end
			id := datadog.DORAID(part)
			assert.Regexp(t, allowed, id)
			assert.Equal(t, id, datadog.DORAID(part))
			if before, twice := seen[id]; twice {
				assert.Equal(t, before, part, id)
			}
			seen[id] = part
		}
	}
	assert.Equal(t, "api_v2026.11.24.1:production:1", datadog.DORAID("api/v2026.11.24.1", "production", fmt.Sprint(1)))
	assert.NotEqual(t, datadog.DORAID("a/b"), datadog.DORAID("a_b"), "a hash tells short ones apart")
}
