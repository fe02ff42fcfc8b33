package sandbox

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"
)

func (g *gitlab) pipelineRoutes(on func(pattern string, h handle)) {
	on("GET /pipelines", g.listPipelines)
	on("POST /pipeline", g.createPipeline)
	on("GET /pipelines/{pipeline}", g.withPipeline(func(w http.ResponseWriter, _ *http.Request, pl *pipeline) {
		answer(w, http.StatusOK, g.pipelineJSON(pl))
	}))
	on("GET /pipelines/{pipeline}/variables", g.withPipeline(g.listVariables))
	on("GET /pipelines/{pipeline}/jobs", g.withPipeline(g.listJobs))
	on("GET /pipelines/{pipeline}/test_report", g.withPipeline(g.testReport))
	on("POST /pipelines/{pipeline}/cancel", g.withPipeline(g.cancelPipeline))
	on("GET /jobs/{job}", g.withJob(func(w http.ResponseWriter, _ *http.Request,
		j *job) {
		answer(w, http.StatusOK, g.jobJSON(j))
	}))
	on("POST /jobs/{job}/play", g.withJob(g.playJob))
	on("POST /jobs/{job}/retry", g.withJob(g.retryJob))
	on("POST /jobs/{job}/cancel", g.withJob(g.cancelJob))
	on("GET /jobs/{job}/artifacts", g.withJob(g.artifacts))
	on("GET /jobs/{job}/trace", g.withJob(func(w http.ResponseWriter, _ *http.Request, j *job) {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = w.Write([]byte(j.trace()))
	}))
	on("GET /deployments", g.listDeployments)
	on("GET /environments", g.listEnvironments)
	on("GET /freeze_periods", g.listFreezes)
	on("POST /freeze_periods", g.createFreeze)
	on("PUT /freeze_periods/{freeze}", g.withFreeze(g.updateFreeze))
	on("DELETE /freeze_periods/{freeze}", g.withFreeze(g.deleteFreeze))
}

func (g *gitlab) withPipeline(h func(http.ResponseWriter, *http.Request, *pipeline)) handle {
	return func(w http.ResponseWriter, r *http.Request, p *project) {
		id, _ := strconv.Atoi(r.PathValue("pipeline"))
		for _, pl := range p.visible(g.s.now()) {
			if pl.ID == id {
				h(w, r, pl)
				return
			}
		}
		refuse(w, http.StatusNotFound, "404 Pipeline Not Found")
	}
}

func (g *gitlab) withJob(h func(http.ResponseWriter, *http.Request, *job)) handle {
	return func(w http.ResponseWriter, r *http.Request, p *project) {
		id, _ := strconv.Atoi(r.PathValue("job"))
		for _, pl := range p.visible(g.s.now()) {
			for _, j := range pl.Jobs {
				if j.ID == id {
					h(w, r, j)
					return
				}
			}
		}
		refuse(w, http.StatusNotFound, "404 Not Found")
	}
}

func (g *gitlab) pipelineJSON(pl *pipeline) map[string]any {
	return map[string]any{
		"id": pl.ID, "iid": pl.ID, "project_id": pl.Project.ID, "status": pl.status(), "source": pl.Source,
		"ref": pl.Ref, "sha": pl.SHA,
		"tag": pl.Tag, "web_url": pl.url(g.s.url), "created_at": stamp(pl.CreatedAt),
		"updated_at": stamp(pl.updated()), "yaml_errors": nil,
		"user": user(botName),
	}
}

// updated is when something last happened in a pipeline.
func (pl *pipeline) updated() time.Time {
	at := pl.CreatedAt
	for _, j := range pl.Jobs {
		for _, t := range []time.Time{j.StartedAt, j.EndedAt} {
			if t.After(at) {
				at = t
			}
		}
	}
	return at
}

func (g *gitlab) listPipelines(w http.ResponseWriter, r *http.Request, p *project) {
	q := r.URL.Query()
	after, afterErr := time.Parse(time.RFC3339, q.Get("updated_after"))
	match := func(key, value string) bool { return q.Get(key) == "" || q.Get(key) == value }
	var found []*pipeline
	for _, pl := range slices.Backward(p.visible(g.s.now())) {
		if match("ref", pl.Ref) && match("sha", pl.SHA) && match("source", pl.Source) && match("status", pl.status()) &&
			(afterErr != nil || pl.updated().After(after)) {
			found = append(found, pl)
		}
	}
	list(w, r, found, g.pipelineJSON)
}

func (g *gitlab) createPipeline(w http.ResponseWriter, r *http.Request, p *project) {
	in := input(r)
	ref := text(in, "ref")
	variables := variablesOf(in["variables"])
	var pl *pipeline
	if ref == mainBranch {
		pl = g.addTestPipeline(p, ref, variables)
	} else if sha, err := g.s.git.sha(background, "refs/tags/"+ref); err == nil {
		pl = g.tagPipeline(p, ref, sha, "api", g.s.now())
	}
	if pl == nil {
		refuse(w, http.StatusBadRequest, map[string]any{"base": []string{"Reference not found"}})
		return
	}
	pl.Variables = variables
	g.advance(g.s.now())
	answer(w, http.StatusCreated, g.pipelineJSON(pl))
}

func variablesOf(list any) map[string]string {
	out := map[string]string{}
	for _, v := range items(list) {
		out[text(v, "key")] = text(v, "value")
	}
	return out
}

// items are the objects of a JSON list.
func items(v any) []map[string]any {
	var out []map[string]any
	raw, _ := v.([]any)
	for _, e := range raw {
		if m, ok := e.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

func (g *gitlab) listVariables(w http.ResponseWriter, _ *http.Request, pl *pipeline) {
	out := []map[string]any{}
	for _, k := range slices.Sorted(maps.Keys(pl.Variables)) {
		out = append(out, map[string]any{"key": k, "value": pl.Variables[k], "variable_type": "env_var"})
	}
	answer(w, http.StatusOK, out)
}

func (g *gitlab) jobJSON(j *job) map[string]any {
	out := map[string]any{
		"id": j.ID, "name": j.Name, "stage": j.Stage, "status": j.Status, "allow_failure": false,
		"failure_reason": orNil(j.Reason),
		"ref":            j.Pipeline.Ref, "tag": j.Pipeline.Tag, "web_url": j.url(g.s.url), "user": user(j.User),
		"created_at": stamp(j.CreatedAt), "started_at": stamp(j.StartedAt), "finished_at": stamp(j.EndedAt),
		"pipeline": map[string]any{
			"id": j.Pipeline.ID, "project_id": j.Pipeline.Project.ID, "ref": j.Pipeline.Ref, "sha": j.Pipeline.SHA,
			"status": j.Pipeline.status(),
		},
	}
	if !j.EndedAt.IsZero() {
		out["duration"] = j.EndedAt.Sub(j.StartedAt).Seconds()
	}
	return out
}

func (g *gitlab) listJobs(w http.ResponseWriter, r *http.Request, pl *pipeline) {
	all := r.URL.Query().Get("include_retried") == "true"
	var found []*job
	for _, j := range slices.Backward(pl.Jobs) {
		if all || !j.Retried {
			found = append(found, j)
		}
	}
	list(w, r, found, g.jobJSON)
}

func (g *gitlab) playJob(w http.ResponseWriter, r *http.Request, j *job) {
	if j.Status == "manual" && g.outdated(j) {
		refuse(w, http.StatusForbidden, "403 Forbidden")
		return
	}
	if v := variablesOf(input(r)["job_variables_attributes"]); len(v) > 0 {
		j.Variables = v
	}
	played, err := g.play(j)
	if err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	answer(w, http.StatusOK, g.jobJSON(played))
}

func (g *gitlab) retryJob(w http.ResponseWriter, _ *http.Request, j *job) {
	if j.Retried || j.Status != "success" && j.Status != "failed" && j.Status != "canceled" {
		refuse(w, http.StatusForbidden, "403 Forbidden - Job is not retryable")
		return
	}
	answer(w, http.StatusCreated, g.jobJSON(g.retry(j)))
}

func (g *gitlab) cancel(j *job) {
	if j.Status == "running" || j.Status == "created" || j.Status == "manual" {
		j.Status, j.EndedAt = "canceled", g.s.now()
	}
}

func (g *gitlab) cancelJob(w http.ResponseWriter, _ *http.Request, j *job) {
	g.cancel(j)
	answer(w, http.StatusCreated, g.jobJSON(j))
}

func (g *gitlab) cancelPipeline(w http.ResponseWriter, _ *http.Request, pl *pipeline) {
	for _, j := range pl.Jobs {
		g.cancel(j)
	}
	answer(w, http.StatusOK, g.pipelineJSON(pl))
}

func (g *gitlab) testReport(w http.ResponseWriter, _ *http.Request, pl *pipeline) {
	report := map[string]any{"total_time": 0, "total_count": 0, "success_count": 0, "failed_count": 0,
		"skipped_count": 0, "error_count": 0}
	suites := []map[string]any{}
	for _, j := range pl.Jobs {
		if !j.tested() {
			continue // a job that never ran its tests reports none
		}
		cases := testCases(j)
		failed := 0
		for _, c := range cases {
			if c["status"] == "failed" {
				failed++
			}
		}
		suites = append(suites, map[string]any{
			"name": j.Name, "total_time": 6.0, "total_count": len(cases),
			"success_count": len(cases) - failed, "failed_count": failed,
			"skipped_count": 0, "error_count": 0, "suite_error": nil, "test_cases": cases,
		})
		report["total_count"], report["failed_count"], report["success_count"] = len(cases), failed, len(cases)-failed
	}
	report["test_suites"] = suites
	answer(w, http.StatusOK, report)
}

func (g *gitlab) listDeployments(w http.ResponseWriter, r *http.Request, p *project) {
	q := r.URL.Query()
	var found []*deployment
	for _, d := range slices.Backward(p.deploys) {
		if (q.Get("environment") == "" || q.Get("environment") == d.Environment) &&
			(q.Get("status") == "" || q.Get("status") == d.Job.Status) {
			found = append(found, d)
		}
	}
	list(w, r, found, func(d *deployment) map[string]any {
		return map[string]any{
			"id": d.ID, "iid": d.ID, "ref": d.Job.Pipeline.Ref, "sha": d.Job.Pipeline.SHA, "status": d.Job.Status,
			"created_at": stamp(d.Job.StartedAt), "updated_at": stamp(d.Job.EndedAt),
			"environment": map[string]any{"id": d.ID, "name": d.Environment}, "deployable": g.jobJSON(d.Job),
		}
	})
}

func (g *gitlab) listEnvironments(w http.ResponseWriter, r *http.Request, p *project) {
	var names []string
	if p.train != nil {
		names = []string{p.train.Staging.GitLabEnvironment, p.train.Production.GitLabEnvironment}
	}
	list(w, r, names, func(name string) map[string]any {
		return map[string]any{"id": len(name), "name": name, "slug": name, "state": "available", "tier": name}
	})
}

func freezeJSON(f *freeze) map[string]any {
	return map[string]any{
		"id": f.ID, "freeze_start": f.Start, "freeze_end": f.End, "cron_timezone": f.Zone,
		"created_at": stamp(f.CreatedAt), "updated_at": stamp(f.CreatedAt),
	}
}

func (g *gitlab) listFreezes(w http.ResponseWriter, r *http.Request, p *project) {
	list(w, r, p.freezes, freezeJSON)
}

func (g *gitlab) createFreeze(w http.ResponseWriter, r *http.Request, p *project) {
	in := input(r)
	f := &freeze{ID: g.id(), Start: text(in, "freeze_start"), End: text(in, "freeze_end"),
		Zone: text(in, "cron_timezone"), CreatedAt: g.s.now()}
	for key, value := range map[string]string{"freeze_start": f.Start, "freeze_end": f.End} {
		if len(value) < len("* * * * *") {
			refuse(w, http.StatusBadRequest, map[string]any{key: []string{"is invalid syntax"}})
			return
		}
	}
	if f.Zone == "" {
		f.Zone = "UTC"
	}
	p.freezes = append(p.freezes, f)
	answer(w, http.StatusCreated, freezeJSON(f))
}

func (g *gitlab) withFreeze(h func(w http.ResponseWriter, r *http.Request, p *project, i int)) handle {
	return func(w http.ResponseWriter, r *http.Request, p *project) {
		id, _ := strconv.Atoi(r.PathValue("freeze"))
		i := slices.IndexFunc(p.freezes, func(f *freeze) bool { return f.ID == id })
		if i < 0 {
			refuse(w, http.StatusNotFound, "404 Freeze Period Not Found")
			return
		}
		h(w, r, p, i)
	}
}

func (g *gitlab) updateFreeze(w http.ResponseWriter, r *http.Request, p *project, i int) {
	f, in := p.freezes[i], input(r)
	f.Start, f.End = cmp.Or(text(in, "freeze_start"), f.Start), cmp.Or(text(in, "freeze_end"), f.End)
	f.Zone = cmp.Or(text(in, "cron_timezone"), f.Zone)
	answer(w, http.StatusOK, freezeJSON(f))
}

func (g *gitlab) deleteFreeze(w http.ResponseWriter, _ *http.Request, p *project, i int) {
	p.freezes = slices.Delete(p.freezes, i, i+1)
	w.WriteHeader(http.StatusNoContent)
}
