package sandbox

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

//go:embed page.html
var pageHTML []byte

// routes serves the page, what it shows, and the switches.
func (s *Sandbox) routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(pageHTML)
	})
	mux.HandleFunc("GET /sandbox/state",
		func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, s.view()) })
	mux.HandleFunc("GET /sandbox/journal",
		func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, s.Journal()) })
	s.switches(mux)
	// Links in messages lead to pages of GitLab; the sandbox has one page for all.
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/#"+r.URL.Path, http.StatusFound)
	})
}

// switches change the world: POST with a JSON body.
func (s *Sandbox) switches(mux *http.ServeMux) {
	on := func(path string, change func(in map[string]string) error) {
		mux.HandleFunc("POST /sandbox/"+path, func(w http.ResponseWriter, r *http.Request) {
			var in map[string]string
			if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
				refuse(w, http.StatusBadRequest, "write a JSON object of strings: "+err.Error())
				return
			}
			if err := change(in); err != nil {
				refuse(w, http.StatusBadRequest, err.Error())
				return
			}
			answer(w, http.StatusOK, map[string]any{"ok": true})
		})
	}
	on("outcome", func(in map[string]string) error { s.SetOutcome(in["job"], in["outcome"]); return nil })
	on("fail", func(in map[string]string) error {
		times, err := strconv.Atoi(in["times"])
		if err != nil {
			return fmt.Errorf("times is %q: write a number", in["times"])
		}
		s.FailTimes(in["job"], in["reason"], times)
		return nil
	})
	on("flux", func(in map[string]string) error { s.SetFlux(in["cluster"], in["trouble"]); return nil })
	on("errors", func(in map[string]string) error {
		count, err := strconv.Atoi(in["count"])
		if err != nil {
			return fmt.Errorf("count is %q: write a number", in["count"])
		}
		s.AddErrors(in["service"], in["env"], in["version"], in["message"], count)
		return nil
	})
	on("monitor", func(in map[string]string) error {
		s.SetMonitor(in["name"], in["service"], in["env"], in["status"])
		return nil
	})
	on("hold", func(in map[string]string) error { s.Hold(in["job"]); return nil })
	on("release", func(in map[string]string) error { s.Release(in["job"]); return nil })
	on("commit", func(in map[string]string) error {
		_, err := s.PushCommit(in["path"], in["content"], in["message"])
		return err
	})
	on("freeze", func(in map[string]string) error { s.AddFreeze(in["start"], in["end"], in["zone"]); return nil })
	on("unfreeze", func(map[string]string) error { s.DeleteFreezes(); return nil })
	on("play", func(in map[string]string) error { return s.PlayByHand(in["tag"], in["job"]) })
	on("tag", func(in map[string]string) error { return s.TagByHand(in["tag"], in["ref"]) })
	on("move-tag", func(in map[string]string) error { return s.MoveTag(in["tag"], in["ref"]) })
	on("hotfix", func(in map[string]string) error {
		_, err := s.HotfixInProduction(in["cluster"], in["tag"], in["message"])
		return err
	})
	mux.HandleFunc("POST /sandbox/fault", func(w http.ResponseWriter, r *http.Request) {
		var f Fault
		if err := json.NewDecoder(r.Body).Decode(&f); err != nil {
			refuse(w, http.StatusBadRequest,
				"write a fault: {\"system\":\"gitlab\",\"method\":\"POST\",\"path\":\"/play\",\"times\":1,\"status\":502}")
			return
		}
		s.AddFault(f)
		answer(w, http.StatusOK, map[string]any{"ok": true})
	})
}

// shownJournal is how many requests the page shows.
const shownJournal = 60

// world is what the page shows.
type world struct {
	Channels  []Channel  `json:"channels"`
	Pipelines []Pipeline `json:"pipelines"`
	Clusters  []Cluster  `json:"clusters"`
	Releases  []Release  `json:"releases"`
	Freezes   []Freeze   `json:"freezes"`
	Journal   []Entry    `json:"journal"`

	Events      []DatadogEvent `json:"events"`
	Deployments []DORARecord   `json:"deployments"`
	Failures    []DORARecord   `json:"failures"`
}

func (s *Sandbox) view() world {
	v := world{
		Channels: s.Channels(), Clusters: s.Clusters(),
		Events: s.DatadogEvents(), Deployments: s.DORADeployments(), Failures: s.DORAFailures(),
	}
	var paths []string
	s.locked(func() {
		for _, p := range s.gitlab.projects {
			paths = append(paths, p.Path)
		}
	})
	for _, path := range paths {
		v.Pipelines = append(v.Pipelines, s.Pipelines(path)...)
		v.Releases = append(v.Releases, s.Releases(path)...)
		v.Freezes = append(v.Freezes, s.Freezes(path)...)
	}
	slices.SortFunc(v.Pipelines, func(a, b Pipeline) int { return b.ID - a.ID })
	journal := s.Journal()
	v.Journal = journal[max(0, len(journal)-shownJournal):]
	slices.Reverse(v.Journal)
	return v
}

// blockText is all that the blocks of a message say, one block a line.
func blockText(blocks json.RawMessage) string {
	type text struct {
		Text string `json:"text"`
	}
	var parsed []struct {
		Text     text   `json:"text"`
		Elements []text `json:"elements"`
	}
	if json.Unmarshal(blocks, &parsed) != nil {
		return ""
	}
	var lines []string
	for _, b := range parsed {
		if b.Text.Text != "" {
			lines = append(lines, b.Text.Text)
		}
		for _, e := range b.Elements {
			if e.Text != "" {
				lines = append(lines, e.Text)
			}
		}
	}
	return strings.Join(lines, "\n")
}
