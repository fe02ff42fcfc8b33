package main

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/release-train/release-train/internal/freeze"
	"github.com/release-train/release-train/internal/train"
	"github.com/release-train/release-train/internal/words"
)

// facts are what is true outside, whatever the release believes.
type facts struct {
	heard     map[string]bool                 // decisions
	accepted  map[train.CommandName]time.Time // when one was accepted last
	freezes   []int                           // ours
	tags      map[string]string               // ours, by key
	tested    map[int]train.Version           // what staging ran when a pipeline was started
	keys      map[string]int
	seen      map[int64]bool // E2E pipelines that the release showed
	played    map[int]int
	foreignAt time.Time // production was changed past us
	foreignV  train.Version
	movedAt   time.Time // the candidate's tag was moved
	byHand    time.Time // production's job was played by hand
}

func (f *facts) begin() {
	f.heard, f.accepted, f.tags = map[string]bool{}, map[train.CommandName]time.Time{}, map[string]string{}
	f.seen = map[int64]bool{}
	f.tested, f.keys, f.played = map[int]train.Version{}, map[string]int{}, map[int]int{}
}

func (f *facts) foreign(d *day, v train.Version) { f.foreignAt, f.foreignV = d.env.Now(), v }

// hear takes new decisions.
func (d *day) hear(r train.Record) {
	for _, x := range r.Decisions {
		key := string(x.Command) + x.By + x.Sentence
		if d.facts.heard[key] {
			continue
		}
		d.facts.heard[key] = true
		if !x.Accepted {
			d.say("decision", "%s by %s refused: %s", x.Command, x.By, x.Sentence)
			d.reach(atRefused)
			continue
		}
		d.say("decision", "%s by %s accepted: %s", x.Command, x.By, x.Sentence)
		if x.At.After(d.facts.accepted[x.Command]) {
			d.facts.accepted[x.Command] = x.At
		}
		switch x.Command { //nolint:exhaustive // the others act at once
		case train.CutTag, train.RerunE2E, train.RetryDeploy, train.Rollback:
			if s := d.sent[x.By]; s != nil {
				d.orders = append(d.orders, &order{decision: x, sent: s})
			}
		case train.Acknowledge:
			if s := d.sent[x.By]; s != nil && s.command.Hold == train.HoldDrift {
				d.checkAcknowledged(x)
			}
		}
	}
}

// checkAcknowledged looks whether an acknowledged drift names what runs.
func (d *day) checkAcknowledged(x train.Decision) {
	running := d.sandbox.FluxVersion("production")
	if d.facts.foreignAt.After(x.At.Add(-settled)) || d.status.Production.Running() {
		return // it changed meanwhile
	}
	if d.outage() || running.Tag == "" || strings.Contains(x.Sentence, running.Tag) ||
		running.SHA != "" && strings.Contains(x.Sentence, train.ShortSHA(running.SHA)) {
		return
	}
	d.fail(invariantTruth, "the answer is %q, while production runs %s", x.Sentence, running)
}

// grace is how long before a write a hold must have stood to count: what was
// under way already may go on.
const grace = time.Minute

// stands says that a hold set by one command and ended by another stands since long enough.
func (f *facts) stands(now time.Time, set, end train.CommandName) bool {
	at := f.accepted[set]
	return !at.IsZero() && at.After(f.accepted[end]) && now.Sub(at) > grace
}

// wrote takes a request that may have had an effect.
func (w *world) wrote(q *request) {
	w.dirty = true
	path, _, _ := strings.Cut(q.path, "?")
	w.say(q.system, "%s: %s %s -> %d", q.name, q.method, strings.TrimPrefix(path, "/api/v4/projects/"), q.status)
	if w.day == nil || q.status/100 != 2 {
		return
	}
	switch {
	case q.system == systemDatadog && strings.Contains(path, "/dora/"):
		w.day.once(q, "DORA "+field(q.body, "data", "attributes", "id")+path)
	case q.system != systemGitLab:
	case q.method == http.MethodPost && strings.HasSuffix(path, "/repository/tags"):
		w.day.tagged(q)
	case q.method == http.MethodPost && strings.HasSuffix(path, "/pipeline"):
		w.day.piped(q)
	case q.method == http.MethodPost && strings.HasSuffix(path, "/freeze_periods"):
		w.day.froze(q)
	case q.method == http.MethodPost && (strings.HasSuffix(path, "/play") || strings.HasSuffix(path, "/retry")):
		w.day.playedJob(q)
	}
}

// once counts effects by their key.
func (d *day) once(q *request, key string) {
	d.facts.keys[key]++
	if n := d.facts.keys[key]; n > 1 {
		d.fail(invariantOnce, "%s made %q %d times", q.name, key, n)
	}
}

func (d *day) tagged(q *request) {
	message := field(q.body, "message")
	_, key, _ := strings.Cut(message, "\n\n")
	d.once(q, "tag "+key)
	d.facts.tags[field(q.body, "tag_name")] = key
	d.mayWrite(q)
}

func (d *day) piped(q *request) {
	key := variable(q.body, train.RunVariable)
	d.once(q, "pipeline "+key)
	d.facts.tested[number(q.answer, "id")] = d.sandbox.FluxVersion("staging")
	if q.name == "StartE2E" {
		d.mayWrite(q)
	}
}

func (d *day) froze(q *request) {
	d.facts.freezes = append(d.facts.freezes, number(q.answer, "id"))
	ours := 0
	for _, f := range d.sandbox.Freezes(d.train.Project) {
		if slices.Contains(d.facts.freezes, f.ID) {
			ours++
		}
	}
	if ours > 1 {
		d.fail(invariantOnce, "%d freeze periods of ours", ours)
	}
}

// playedJob looks at a job that one of our activities has played.
func (d *day) playedJob(q *request) {
	id := number(q.answer, "id")
	if d.facts.played[id]++; d.facts.played[id] > 1 {
		d.fail(invariantOnce, "the job %d was played %d times", id, d.facts.played[id])
	}
	name := field(q.answer, "name")
	running := 0
	for _, p := range d.sandbox.Pipelines(d.train.Project) {
		for _, j := range p.Jobs {
			if j.Name == name && j.Status == "running" && d.facts.played[j.ID] > 0 {
				running++
			}
		}
	}
	if running > 1 {
		d.fail(invariantLock, "%d jobs %s of ours run", running, name)
	}
	if q.name == "PlayDeploy" {
		d.mayWrite(q)
		if name == d.train.Production.Job {
			d.mayPromote(field(q.answer, "ref"))
		}
	}
}

// mayWrite says whether the holds that tags, deploys and E2E obey were down.
func (d *day) mayWrite(q *request) {
	d.askTrain()
	d.look()
	now := d.env.Now()
	if f := &d.facts; f.stands(now, train.Pause, train.Resume) {
		d.fail(
			invariantHolds+", "+q.name,
			"%s while the pause of %s stands",
			q.name,
			words.When(f.accepted[train.Pause], d.train.Location()),
		)
	} else if f.stands(now, train.HotfixFreeze, train.LiftHotfixFreeze) {
		d.fail(invariantHolds+", "+q.name, "%s while the hotfix freeze stands", q.name)
	}
	var periods []freeze.Period
	for _, p := range d.sandbox.Freezes(d.train.Project) {
		if !slices.Contains(d.facts.freezes, p.ID) {
			periods = append(periods, freeze.Period{ID: int64(p.ID), Start: p.Start, End: p.End, Zone: p.Zone})
		}
	}
	if f := freeze.At(periods, now); f.Active && now.Sub(f.Since) > grace {
		d.fail(invariantHolds+", "+q.name, "%s while GitLab freeze period %d covers now", q.name, f.Period.ID)
	}
}

// mayPromote says whether a candidate might go to production.
func (d *day) mayPromote(tag string) {
	now, st, f := d.env.Now(), d.status, &d.facts
	promoted := f.accepted[train.PromoteNow]
	outside := now.Before(st.Opens) || now.After(st.Closes.Add(grace))
	switch {
	case outside && now.Sub(promoted) > time.Hour+grace:
		d.fail(invariantWindow, "%s is deployed at %s", tag, words.When(now, d.train.Location()))
	case tag == st.Candidate.Tag && f.movedAt.After(st.Candidate.CutAt) && now.Sub(f.movedAt) > grace:
		d.fail(invariantTag, "%s was moved %s", tag, words.When(f.movedAt, d.train.Location()))
	case f.foreignAt.After(st.Candidate.CutAt) && f.foreignAt.After(f.accepted[train.Acknowledge]) &&
		now.Sub(f.foreignAt) > grace &&
		d.sandbox.FluxVersion("production") == f.foreignV:
		d.fail(invariantDrift, "%s goes over %s", tag, f.foreignV)
	}
	d.proven(tag)
}

// forgotten are E2E pipelines that we started and that the release never knew.
func (f *facts) forgotten(d *day) {
	for _, p := range d.sandbox.Pipelines(d.train.E2E.Project) {
		if _, ours := f.tested[p.ID]; ours && !f.seen[int64(p.ID)] && p.Status != "canceled" {
			d.fail(invariantOrphan+", pipeline", "%d, %s, made with the key %s", p.ID, p.Status, p.Variables[train.RunVariable])
		}
	}
}

// proven says whether E2E ran on this candidate, or somebody approved.
func (d *day) proven(tag string) {
	st := d.status
	if st.E2E == nil || st.E2E.Tag != tag {
		d.fail(invariantEvidence, "%s goes to production, and E2E ran for %v", tag, st.E2E)
		return
	}
	if st.E2E.State != train.E2EGreen && d.facts.accepted[train.ApproveDespiteE2E].IsZero() {
		d.fail(invariantEvidence, "%s goes to production, and E2E is %s", tag, st.E2E.State)
	}
	if ran, ok := d.facts.tested[int(st.E2E.PipelineID)]; ok && ran.Tag != tag {
		d.fail(
			invariantEvidence,
			"E2E pipeline %d counts for %s, and was started while staging ran %s",
			st.E2E.PipelineID,
			tag,
			ran,
		)
	}
}

// orphans are tags that we made and no release knows.
func (f *facts) orphans(d *day) {
	known := []string{d.status.Candidate.Tag}
	if s, ok := d.executions[d.id]; ok {
		if sum, ok := s.result.(train.Summary); ok {
			known = append(append(known, sum.Former...), sum.Tag)
		}
	}
	for tag, key := range f.tags {
		if !slices.Contains(known, tag) {
			d.fail(invariantOrphan+", tag", "%s, made with the key %s; known are %v", tag, key, known)
		}
	}
}

// field is a text in a JSON object; empty when it is not there.
func field(raw string, path ...string) string {
	var v any
	if json.Unmarshal([]byte(raw), &v) != nil {
		return ""
	}
	for _, p := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return ""
		}
		v = m[p]
	}
	s, _ := v.(string)
	return s
}

func number(raw, name string) int {
	var m map[string]any
	if json.Unmarshal([]byte(raw), &m) != nil {
		return 0
	}
	n, _ := m[name].(float64)
	return int(n)
}

// variable is the value of a pipeline variable in a request to start one.
func variable(raw, name string) string {
	var in struct {
		Variables []struct{ Key, Value string } `json:"variables"`
	}
	_ = json.Unmarshal([]byte(raw), &in)
	for _, v := range in.Variables {
		if v.Key == name {
			return v.Value
		}
	}
	return ""
}
