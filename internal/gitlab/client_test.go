package gitlab

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/release-train/release-train/internal/train"
)

const token = "glpat-very-secret"

// serve answers every call with one handler and counts the calls.
func serve(t *testing.T, h http.HandlerFunc) (*Client, *atomic.Int64) {
	t.Helper()
	var calls atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		h(w, r)
	}))
	t.Cleanup(server.Close)
	c, err := New(Options{URL: server.URL, Token: token})
	require.NoError(t, err)
	return c, &calls
}

func TestARefusalIsAFaultOfTheRightKindAndIsNeverRetried(t *testing.T) {
	for _, tt := range []struct {
		status int
		body   string
		kind   train.FaultKind
		says   string
	}{
		{400, `{"message":"Tag api/v2026.11.24.1 already exists"}`, train.FaultConflict, "already exists"},
		{409, `{"message":"Release already exists"}`, train.FaultConflict, "Release already exists"},
		{400, `{"message":"400 Bad request - Unplayable Job"}`, train.FaultConflict, "Unplayable Job"},
		{400, `{"message":{"base":["Too many pipelines created in the last minute. Try again later."]}}`,
			train.FaultRateLimited, "Too many"},
		{400, `{"message":{"base":["Insufficient permissions to set pipeline variables"]}}`,
			train.FaultForbidden, "CI/CD settings"},
		{400, `{"message":{"freeze_start":["is invalid syntax"]}}`, train.FaultInvalid, "freeze_start: is invalid syntax"},
		{401, `{"message":"401 Unauthorized"}`, train.FaultAuth, "GITLAB_TOKEN"},
		{401, `{"error":"invalid_token","error_description":"Token was revoked."}`, train.FaultAuth, "Token was revoked"},
		{403, `{"message":"403 Forbidden"}`, train.FaultForbidden, "protected against the bot"},
		{404, `{"message":"404 Tag Not Found"}`, train.FaultNotFound, "404 Tag Not Found"},
		{422, `{"message":"Ref is not specified"}`, train.FaultInvalid, "Ref is not specified"},
		{429, "Retry later", train.FaultRateLimited, "Retry later"},
		{500, `{"message":"500 Internal Server Error"}`, train.FaultUnavailable, "500"},
		{502, "<html>Bad Gateway</html>", train.FaultUnavailable, "502"},
		{503, `{"message":"503 Service Unavailable"}`, train.FaultUnavailable, "503"},
	} {
		t.Run(fmt.Sprint(tt.status, tt.says), func(t *testing.T) {
			c, calls := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(tt.status)
				_, _ = w.Write([]byte(tt.body))
			})
			_, err := c.PlayJob(t.Context(), "maven-clinic/maven/maven", 7, nil)
			var f *train.Fault
			require.ErrorAs(t, err, &f)
			assert.Equal(t, tt.kind, f.Kind)
			assert.Equal(t, tt.status, f.Status)
			assert.Contains(t, err.Error(), tt.says)
			assert.Contains(t, err.Error(), "could not play job 7 of maven-clinic/maven/maven")
			assert.NotContains(t, err.Error(), token)
			assert.Equal(t, int64(1), calls.Load())
		})
	}
}

func TestARateLimitSaysWhenToComeBack(t *testing.T) {
	for name, tt := range map[string]struct {
		header, value string
		least, most   time.Duration
	}{
		"Retry-After": {"Retry-After", "17", 17 * time.Second, 17 * time.Second},
		"RateLimit-Reset": {"RateLimit-Reset", strconv.FormatInt(time.Now().Add(90*time.Second).Unix(), 10),
			80 * time.Second, 91 * time.Second},
		"no header": {"X-Nothing", "1", time.Minute, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set(tt.header, tt.value)
				w.WriteHeader(http.StatusTooManyRequests)
			})
			_, err := c.CurrentUser(t.Context())
			var f *train.Fault
			require.ErrorAs(t, err, &f)
			assert.GreaterOrEqual(t, f.RetryAfter, tt.least)
			assert.LessOrEqual(t, f.RetryAfter, tt.most)
		})
	}
}

func TestAServerThatIsNotThereIsAFaultWithoutAnAddress(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	c, err := New(Options{URL: server.URL, Token: token})
	require.NoError(t, err)
	_, err = c.CreateTag(t.Context(), "p", "v1", "sha", "m")
	assert.True(t, train.FaultIs(err, train.FaultUnavailable), err)
	assert.NotContains(t, err.Error(), "/api/v4")
}

func TestAnAnswerThatCannotBeReadAfterASuccessKeepsItsStatus(t *testing.T) {
	c, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write([]byte(`{"name": 12`))
	})
	_, err := c.CreateTag(t.Context(), "p", "v1", "sha", "m")
	var f *train.Fault
	require.ErrorAs(t, err, &f)
	assert.Equal(t, train.FaultUnavailable, f.Kind)
	assert.Equal(t, http.StatusCreated, f.Status)
}

func TestMoreThan250CommitsArePagedToTheLast(t *testing.T) {
	const total = 257
	c, calls := serve(t, func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "a..b", r.URL.Query().Get("ref_name"))
		page, _ := strconv.Atoi(r.URL.Query().Get("page"))
		size, _ := strconv.Atoi(r.URL.Query().Get("per_page"))
		assert.Equal(t, 100, size)
		var out []map[string]any
		for i := (page - 1) * size; i < min(page*size, total); i++ {
			out = append(out, map[string]any{"id": fmt.Sprintf("%040d", i), "parent_ids": []string{}})
		}
		if page*size < total {
			w.Header().Set("X-Next-Page", strconv.Itoa(page+1))
		}
		_ = json.NewEncoder(w).Encode(out)
	})
	commits, err := c.Commits(t.Context(), "p", "a..b", 0)
	require.NoError(t, err)
	assert.Len(t, commits, total)
	assert.Equal(t, fmt.Sprintf("%040d", total-1), commits[total-1].SHA)
	assert.Equal(t, int64(3), calls.Load())
}

func TestAListingStopsAtItsLimit(t *testing.T) {
	c, calls := serve(t, func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "1", r.URL.Query().Get("per_page"))
		w.Header().Set("X-Next-Page", "2")
		_, _ = w.Write([]byte(`[{"id":"a"}]`))
	})
	commits, err := c.Commits(t.Context(), "p", "main", 1)
	require.NoError(t, err)
	assert.Len(t, commits, 1)
	assert.Equal(t, int64(1), calls.Load())
}

func TestAPlayWithoutVariablesSendsAnObjectNotNull(t *testing.T) {
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		var body map[string]any
		assert.NoError(t, json.NewDecoder(r.Body).Decode(&body))
		assert.NotNil(t, body)
		_, _ = w.Write([]byte(`{"id":7}`))
	})
	_, err := c.PlayJob(t.Context(), "p", 7, nil)
	require.NoError(t, err)
}

func TestOutputsOfTestsAreReadAsTextObjectAndList(t *testing.T) {
	c, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"test_suites":[{"name":"cypress","test_cases":[
			{"status":"failed","system_output":"text"},{"status":"failed","system_output":{"message":"m","type":"t"}},
			{"status":"failed","system_output":["a",null]},{"status":"success","system_output":null}]}]}`))
	})
	r, err := c.TestReport(t.Context(), "p", 1)
	require.NoError(t, err)
	cases := r.Suites[0].Cases
	assert.Equal(t, []string{"text", `{"message":"m","type":"t"}`, `["a",null]`, ""},
		[]string{cases[0].Output, cases[1].Output, cases[2].Output, cases[3].Output})
}

func TestOnlyTheEndOfALongLogIsKept(t *testing.T) {
	c, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("0123456789")) })
	log, err := c.Trace(t.Context(), "p", 1, 4)
	require.NoError(t, err)
	assert.Equal(t, "6789", log)
}

func TestManyCallsAtOnceDoNotRace(t *testing.T) {
	c, calls := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_,
			_ = w.Write([]byte(`{"id":1,"username":"bot"}`))
	})
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			_, err := c.CurrentUser(context.Background())
			assert.NoError(t, err)
		})
	}
	wg.Wait()
	assert.Equal(t, int64(20), calls.Load())
}

func TestAnAddressThatIsNoURLIsRefusedInASentence(t *testing.T) {
	_, err := New(Options{URL: "http://[::1", Token: token})
	assert.ErrorContains(t, err, "write for example https://gitlab.com")
}

// Answers as GitLab's documentation shows them.
func TestRecordedAnswersDecode(t *testing.T) {
	dir := os.Getenv("RELEASE_TRAIN_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared")
	}
	samples := filepath.Join(dir, "contracts", "samples", "gitlab", "gitlab-docs")
	if _, err := os.Stat(samples); err != nil {
		t.Skip("shared contracts not found: " + dir)
	}
	sample := func(name string) *Client {
		raw, err := os.ReadFile(filepath.Join(samples, name))
		require.NoError(t, err)
		c, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(raw) })
		return c
	}
	tag, err := sample("tag_created.json").Tag(t.Context(), "p", "v1.0.0")
	require.NoError(t, err)
	assert.Equal(t, Tag{Name: "v1.0.0", SHA: "2695effb5807a22ff3d138d593fd856244e155e7"}, tag)
	tags, err := sample("tags_list.json").Tags(t.Context(), "p", "v")
	require.NoError(t, err)
	assert.NotEmpty(t, tags)
	pipeline, err := sample("pipeline_get.json").Pipeline(t.Context(), "p", 46)
	require.NoError(t, err)
	assert.NotEmpty(t, pipeline.Status)
	pipelines, err := sample("pipelines_list.json").Pipelines(t.Context(), "p", PipelineQuery{})
	require.NoError(t, err)
	assert.NotEmpty(t, pipelines)
	variables, err := sample("pipeline_variables.json").PipelineVariables(t.Context(), "p", 46)
	require.NoError(t, err)
	assert.NotEmpty(t, variables)
	report, err := sample("test_report.json").TestReport(t.Context(), "p", 46)
	require.NoError(t, err)
	assert.NotEmpty(t, report.Suites)
}
