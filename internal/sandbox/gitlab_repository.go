package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Paths and fields: https://docs.gitlab.com/api/rest; texts of refusals are
// GitLab's own.

// handle serves one call on a project with the state locked and up to date.
type handle func(w http.ResponseWriter, r *http.Request, p *project)

func (g *gitlab) routes(mux *http.ServeMux) {
	on := func(pattern string, h handle) {
		method, path, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(method+" /api/v4/projects/{project}"+path, func(w http.ResponseWriter, r *http.Request) {
			g.s.locked(func() {
				p := g.find(r.PathValue("project"))
				if p == nil {
					refuse(w, http.StatusNotFound, "404 Project Not Found")
					return
				}
				h(w, r, p)
			})
		})
	}
	mux.HandleFunc("GET /api/v4/user",
		func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, user(botName)) })
	mux.HandleFunc("GET /api/v4/version", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]any{"version": "18.6.0-ee", "revision": "sandbox"})
	})
	on("GET ", g.getProject)
	on("GET /repository/branches/{branch}", g.getBranch)
	on("GET /repository/commits", g.listCommits)
	on("GET /repository/commits/{sha}", g.getCommit)
	on("GET /repository/commits/{sha}/merge_requests", g.commitRequests)
	on("GET /repository/compare", g.compare)
	on("GET /repository/tags", g.listTags)
	on("POST /repository/tags", g.createTag)
	on("GET /repository/tags/{tag}", g.getTag)
	on("GET /repository/files/{path}/raw", g.rawFile)
	on("GET /merge_requests", g.listRequests)
	on("GET /merge_requests/{request}", g.getRequest)
	on("GET /releases/{tag}", g.getRelease)
	on("POST /releases", g.createRelease)
	on("PUT /releases/{tag}", g.updateRelease)
	g.pipelineRoutes(on)
}

func refuse(w http.ResponseWriter, status int, message any) {
	answer(w, status, map[string]any{"message": message})
}

func user(name string) map[string]any {
	return map[string]any{"id": 7, "username": name, "name": "Release Bot", "state": "active",
		"web_url": "https://gitlab.example.com/" + name}
}

func (g *gitlab) find(id string) *project {
	for _, p := range g.projects {
		if p.Path == id || strconv.Itoa(p.ID) == id {
			return p
		}
	}
	return nil
}

func (g *gitlab) getProject(w http.ResponseWriter, _ *http.Request, p *project) {
	answer(w, http.StatusOK, map[string]any{
		"id": p.ID, "path_with_namespace": p.Path, "web_url": g.web(p), "default_branch": mainBranch,
		"ci_forward_deployment_enabled": true, "ci_forward_deployment_rollback_allowed": true,
		"ci_pipeline_variables_minimum_override_role": "developer",
	})
}

func (g *gitlab) web(p *project) string { return g.s.url + "/" + p.Path }

// owned refuses repository calls on projects without a repository.
func (g *gitlab) owned(w http.ResponseWriter, p *project) bool {
	if p.train == nil {
		refuse(w, http.StatusNotFound, "404 Not Found")
	}
	return p.train != nil
}

func (g *gitlab) getBranch(w http.ResponseWriter, r *http.Request, p *project) {
	if r.PathValue("branch") != mainBranch || p.train == nil {
		refuse(w, http.StatusNotFound, "404 Branch Not Found")
		return
	}
	commits, err := g.s.git.log(r.Context(), mainBranch, 0, 1)
	if err != nil {
		refuse(w, http.StatusInternalServerError, err.Error())
		return
	}
	answer(w, http.StatusOK, map[string]any{
		"name": mainBranch, "default": true, "protected": true, "merged": false, "can_push": false,
		"web_url": g.web(p) + "/-/tree/" + mainBranch, "commit": g.commitJSON(p, commits[0]),
	})
}

func (g *gitlab) commitJSON(p *project, c commit) map[string]any {
	return map[string]any{
		"id": c.SHA, "short_id": c.SHA[:8], "title": c.Title, "message": c.Message, "parent_ids": c.Parents,
		"author_name": c.AuthorName, "author_email": c.AuthorEmail, "authored_date": c.AuthoredDate,
		"committer_name": c.CommitterName, "committer_email": c.CommitterEmail, "committed_date": c.CommittedDate,
		"created_at": c.CommittedDate, "web_url": g.web(p) + "/-/commit/" + c.SHA,
	}
}

// page is the window of a paginated listing.
type page struct{ number, size int }

func pageOf(r *http.Request) page {
	p := page{1, 20}
	if n, err := strconv.Atoi(r.URL.Query().Get("page")); err == nil && n > 0 {
		p.number = n
	}
	if n, err := strconv.Atoi(r.URL.Query().Get("per_page")); err == nil && n > 0 {
		p.size = min(n, 100)
	}
	return p
}

func (p page) skip() int { return (p.number - 1) * p.size }

// headers tell where the page stands and whether there is another one.
func (p page) headers(w http.ResponseWriter, r *http.Request, more bool) {
	h := w.Header()
	h.Set("X-Page", strconv.Itoa(p.number))
	h.Set("X-Per-Page", strconv.Itoa(p.size))
	h.Set("X-Next-Page", "")
	if more {
		next := strconv.Itoa(p.number + 1)
		h.Set("X-Next-Page", next)
		q := r.URL.Query()
		q.Set("page", next)
		h.Set("Link", fmt.Sprintf(`<%s?%s>; rel="next"`, r.URL.EscapedPath(), q.Encode()))
	}
}

// list writes one page of items.
func list[T any](w http.ResponseWriter, r *http.Request, items []T, convert func(T) map[string]any) {
	p := pageOf(r)
	from, to := min(p.skip(), len(items)), min(p.skip()+p.size, len(items))
	p.headers(w, r, to < len(items))
	out := make([]map[string]any, 0, to-from)
	for _, item := range items[from:to] {
		out = append(out, convert(item))
	}
	answer(w, http.StatusOK, out)
}

func (g *gitlab) listCommits(w http.ResponseWriter, r *http.Request, p *project) {
	if !g.owned(w, p) {
		return
	}
	revisions := r.URL.Query().Get("ref_name")
	if revisions == "" {
		revisions = mainBranch
	}
	window := pageOf(r)
	commits, err := g.s.git.log(r.Context(), revisions, window.skip(), window.size+1)
	if err != nil {
		refuse(w, http.StatusNotFound, "404 Ref Not Found")
		return
	}
	more := len(commits) > window.size
	if more {
		commits = commits[:window.size]
	}
	window.headers(w, r, more)
	out := make([]map[string]any, 0, len(commits))
	for _, c := range commits {
		out = append(out, g.commitJSON(p, c))
	}
	answer(w, http.StatusOK, out)
}

func (g *gitlab) getCommit(w http.ResponseWriter, r *http.Request, p *project) {
	if !g.owned(w, p) {
		return
	}
	commits, err := g.s.git.log(r.Context(), r.PathValue("sha"), 0, 1)
	if err != nil || len(commits) == 0 {
		refuse(w, http.StatusNotFound, "404 Commit Not Found")
		return
	}
	answer(w, http.StatusOK, g.commitJSON(p, commits[0]))
}

func (g *gitlab) compare(w http.ResponseWriter, r *http.Request, p *project) {
	if !g.owned(w, p) {
		return
	}
	q := r.URL.Query()
	commits, err := g.s.git.log(r.Context(), q.Get("from")+".."+q.Get("to"), 0, -1)
	if err != nil {
		refuse(w, http.StatusNotFound, "404 Ref Not Found")
		return
	}
	slices.Reverse(commits)
	out := make([]map[string]any, 0, len(commits))
	for _, c := range commits {
		out = append(out, g.commitJSON(p, c))
	}
	answer(w, http.StatusOK, map[string]any{
		"commits": out, "diffs": []any{}, "compare_timeout": false, "compare_same_ref": q.Get("from") == q.Get("to"),
		"web_url": g.web(p) + "/-/compare/" + q.Get("from") + "..." + q.Get("to"),
	})
}

func (g *gitlab) tagJSON(p *project, t tagInfo) map[string]any {
	out := map[string]any{"name": t.Name, "target": t.Target, "message": t.Message, "protected": true, "release": nil}
	if rel := p.releases[t.Name]; rel != nil {
		out["release"] = map[string]any{"tag_name": rel.Tag, "description": rel.Description}
	}
	if commits, err := g.s.git.log(background, t.SHA, 0, 1); err == nil && len(commits) == 1 {
		out["commit"] = g.commitJSON(p, commits[0])
	}
	return out
}

func (g *gitlab) listTags(w http.ResponseWriter, r *http.Request, p *project) {
	if !g.owned(w, p) {
		return
	}
	search := r.URL.Query().Get("search")
	tags, err := g.s.git.tags(r.Context(), strings.TrimPrefix(search, "^"))
	if err != nil {
		refuse(w, http.StatusServiceUnavailable, "503 Service Unavailable")
		return
	}
	list(w, r, tags, func(t tagInfo) map[string]any { return g.tagJSON(p, t) })
}

func (g *gitlab) tag(r *http.Request, name string) (tagInfo, bool) {
	tags, err := g.s.git.tags(r.Context(), name)
	if err != nil {
		return tagInfo{}, false
	}
	i := slices.IndexFunc(tags, func(t tagInfo) bool { return t.Name == name })
	if i < 0 {
		return tagInfo{}, false
	}
	return tags[i], true
}

func (g *gitlab) getTag(w http.ResponseWriter, r *http.Request, p *project) {
	t, ok := g.tag(r, r.PathValue("tag"))
	if p.train == nil || !ok {
		refuse(w, http.StatusNotFound, "404 Tag Not Found")
		return
	}
	answer(w, http.StatusOK, g.tagJSON(p, t))
}

// input reads a JSON or form body.
func input(r *http.Request) map[string]any {
	out := map[string]any{}
	if json.NewDecoder(r.Body).Decode(&out) == nil {
		return out
	}
	return map[string]any{}
}

func text(in map[string]any, key string) string {
	s, _ := in[key].(string)
	return s
}

func (g *gitlab) createTag(w http.ResponseWriter, r *http.Request, p *project) {
	if !g.owned(w, p) {
		return
	}
	in := input(r)
	name, ref := text(in, "tag_name"), text(in, "ref")
	if _, taken := g.tag(r, name); taken {
		refuse(w, http.StatusBadRequest, "Tag "+name+" already exists")
		return
	}
	sha, err := g.s.git.sha(r.Context(), ref)
	if err != nil {
		refuse(w, http.StatusBadRequest, "Target "+ref+" is invalid")
		return
	}
	if err := g.s.git.createTag(r.Context(), name, sha, text(in, "message")); err != nil {
		refuse(w, http.StatusBadRequest, "Tag name invalid")
		return
	}
	g.addTagPipeline(p, name, sha)
	t, _ := g.tag(r, name)
	answer(w, http.StatusCreated, g.tagJSON(p, t))
}

func (g *gitlab) rawFile(w http.ResponseWriter, r *http.Request, p *project) {
	path := r.PathValue("path")
	if p.train == nil {
		if path != "CODEOWNERS" {
			refuse(w, http.StatusNotFound, "404 File Not Found")
			return
		}
		_, _ = w.Write([]byte(codeowners))
		return
	}
	content, err := g.s.git.file(r.Context(), path)
	if err != nil {
		refuse(w, http.StatusNotFound, "404 File Not Found")
		return
	}
	_, _ = w.Write([]byte(content))
}

func (g *gitlab) requestJSON(p *project, m mergeRequest) map[string]any {
	return map[string]any{
		"id": 100000 + m.IID, "iid": m.IID, "project_id": p.ID, "title": m.Title, "state": "merged",
		"target_branch": mainBranch,
		"merged_at":     m.Merged, "updated_at": m.Merged, "created_at": m.Merged, "labels": []string{},
		"merge_commit_sha": orNil(m.Merge), "squash_commit_sha": orNil(m.Squash), "sha": orNil(m.Head),
		"author": map[string]any{"id": 1, "username": strings.ToLower(strings.ReplaceAll(m.Author, " ", ".")),
			"name": m.Author, "state": "active"},
		"web_url": fmt.Sprintf("%s/-/merge_requests/%d", g.web(p), m.IID),
	}
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func (g *gitlab) listRequests(w http.ResponseWriter, r *http.Request, p *project) {
	all, ok := g.requests(w, r, p)
	if !ok {
		return
	}
	after, err := time.Parse(time.RFC3339, r.URL.Query().Get("updated_after"))
	var found []mergeRequest
	for _, m := range all {
		if merged, parseErr := time.Parse(time.RFC3339, m.Merged); err != nil || parseErr != nil || !merged.Before(after) {
			found = append(found, m)
		}
	}
	list(w, r, found, func(m mergeRequest) map[string]any { return g.requestJSON(p, m) })
}

// requests are the merge requests of a project; where it has none, the call has been refused.
func (g *gitlab) requests(w http.ResponseWriter, r *http.Request, p *project) ([]mergeRequest, bool) {
	if !g.owned(w, p) {
		return nil, false
	}
	all, err := g.s.git.requests(r.Context())
	if err != nil {
		refuse(w, http.StatusInternalServerError, err.Error())
	}
	return all, err == nil
}

func (g *gitlab) getRequest(w http.ResponseWriter, r *http.Request, p *project) {
	all, ok := g.requests(w, r, p)
	if !ok {
		return
	}
	for _, m := range all {
		if fmt.Sprint(m.IID) == r.PathValue("request") {
			answer(w, http.StatusOK, g.requestJSON(p, m))
			return
		}
	}
	refuse(w, http.StatusNotFound, "404 Not found")
}

func (g *gitlab) commitRequests(w http.ResponseWriter, r *http.Request, p *project) {
	if !g.owned(w, p) {
		return
	}
	found, err := g.s.git.requestsOfCommit(r.Context(), r.PathValue("sha"))
	if err != nil {
		refuse(w, http.StatusNotFound, "404 Commit Not Found")
		return
	}
	list(w, r, found, func(m mergeRequest) map[string]any { return g.requestJSON(p, m) })
}

func (g *gitlab) releaseJSON(p *project, rel *release) map[string]any {
	return map[string]any{
		"tag_name": rel.Tag, "name": rel.Name, "description": rel.Description,
		"created_at": stamp(rel.CreatedAt), "released_at": stamp(rel.CreatedAt),
		"_links": map[string]any{"self": g.web(p) + "/-/releases/" + url.PathEscape(rel.Tag)},
	}
}

func (g *gitlab) getRelease(w http.ResponseWriter, r *http.Request, p *project) {
	rel := p.releases[r.PathValue("tag")]
	if rel == nil {
		refuse(w, http.StatusNotFound, "404 Not Found")
		return
	}
	answer(w, http.StatusOK, g.releaseJSON(p, rel))
}

func (g *gitlab) createRelease(w http.ResponseWriter, r *http.Request, p *project) {
	in := input(r)
	tag := text(in, "tag_name")
	if p.releases[tag] != nil {
		refuse(w, http.StatusConflict, "Release already exists")
		return
	}
	if _, ok := g.tag(r, tag); !ok {
		refuse(w, http.StatusUnprocessableEntity, "Ref is not specified")
		return
	}
	rel := &release{Tag: tag, Name: text(in, "name"), Description: text(in, "description"), CreatedAt: g.s.now()}
	p.releases[tag] = rel
	answer(w, http.StatusCreated, g.releaseJSON(p, rel))
}

func (g *gitlab) updateRelease(w http.ResponseWriter, r *http.Request, p *project) {
	rel := p.releases[r.PathValue("tag")]
	if rel == nil {
		refuse(w, http.StatusNotFound, "404 Not Found")
		return
	}
	in := input(r)
	rel.Name, rel.Description = text(in, "name"), text(in, "description")
	answer(w, http.StatusOK, g.releaseJSON(p, rel))
}
