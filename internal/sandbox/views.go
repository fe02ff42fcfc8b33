package sandbox

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/release-train/release-train/internal/train"
)

// What the world looks like, for tests, the demo and the page.

// Channel of the Slack workspace with its messages.
type Channel struct {
	Name     string    `json:"name"` // with #
	Topic    string    `json:"topic"`
	Messages []Message `json:"messages"`
}

// Message in a channel, with the thread under it.
type Message struct {
	Text    string    `json:"text"` // everything that its blocks say
	Edits   int       `json:"edits"`
	System  bool      `json:"system"`
	At      time.Time `json:"at"`
	Replies []Message `json:"replies,omitempty"`
}

// Pipeline with its jobs, oldest first.
type Pipeline struct {
	ID        int               `json:"id"`
	Project   string            `json:"project"`
	Ref       string            `json:"ref"`
	SHA       string            `json:"sha"`
	Source    string            `json:"source"`
	Status    string            `json:"status"`
	Variables map[string]string `json:"variables,omitempty"`
	Jobs      []Job             `json:"jobs"`
}

// Job of a pipeline.
type Job struct {
	ID      int    `json:"id"`
	Name    string `json:"name"`
	Status  string `json:"status"`
	Retried bool   `json:"retried"`
	// StartedAt and EndedAt are zero until then.
	StartedAt time.Time `json:"startedAt,omitzero"`
	EndedAt   time.Time `json:"endedAt,omitzero"`
}

// Cluster and what Flux reports there.
type Cluster struct {
	Context string        `json:"context"`
	Name    string        `json:"name"`
	Running train.Version `json:"running"`
	Rolling bool          `json:"rolling"`
}

// Release is a GitLab release.
type Release struct {
	Tag         string `json:"tag"`
	Description string `json:"description"`
}

// Channels are those that a train uses, with their messages.
func (s *Sandbox) Channels() (out []Channel) {
	s.locked(func() {
		for _, c := range s.slack.channels {
			if c.name != "general" && c.name != "random" {
				out = append(out, c.view())
			}
		}
	})
	return out
}

// Channel is one channel by its name with #.
func (s *Sandbox) Channel(name string) Channel {
	for _, c := range s.Channels() {
		if c.Name == name {
			return c
		}
	}
	return Channel{}
}

func (c *channel) view() Channel {
	v := Channel{Name: "#" + c.name, Topic: c.topic}
	for _, m := range c.messages {
		if m.thread != "" {
			continue
		}
		root := m.view()
		for _, r := range c.messages {
			if r.thread == m.ts {
				root.Replies = append(root.Replies, r.view())
			}
		}
		v.Messages = append(v.Messages, root)
	}
	return v
}

func (m *message) view() Message {
	text := blockText(m.blocks)
	if text == "" {
		text = m.text
	}
	return Message{Text: text, Edits: m.edits, System: m.system, At: m.posted}
}

// Pipelines of a project, oldest first.
func (s *Sandbox) Pipelines(project string) (out []Pipeline) {
	s.locked(func() {
		if p := s.gitlab.find(project); p != nil {
			for _, pl := range p.visible(s.now()) {
				out = append(out, pl.view())
			}
		}
	})
	return out
}

func (pl *pipeline) view() Pipeline {
	v := Pipeline{
		ID: pl.ID, Project: pl.Project.Path, Ref: pl.Ref, SHA: pl.SHA, Source: pl.Source,
		Status: pl.status(), Variables: pl.Variables,
	}
	for _, j := range pl.Jobs {
		v.Jobs = append(v.Jobs, Job{ID: j.ID, Name: j.Name, Status: j.Status, Retried: j.Retried,
			StartedAt: j.StartedAt, EndedAt: j.EndedAt})
	}
	return v
}

// FluxVersion is what runs in a cluster.
func (s *Sandbox) FluxVersion(context string) train.Version {
	for _, c := range s.Clusters() {
		if c.Context == context {
			return c.Running
		}
	}
	return train.Version{}
}

// Clusters and what Flux reports there.
func (s *Sandbox) Clusters() (out []Cluster) {
	s.locked(func() {
		for _, f := range s.kube.objects {
			running, _, _ := f.at(s.now(), s.options.Pace.Flux)
			out = append(out, Cluster{Context: f.Context, Name: f.Kustomization, Running: running, Rolling: running != f.wanted})
		}
	})
	return out
}

// Releases are the GitLab releases of a project, by tag.
func (s *Sandbox) Releases(project string) (out []Release) {
	s.locked(func() {
		if p := s.gitlab.find(project); p != nil {
			for _, r := range p.releases {
				out = append(out, Release{Tag: r.Tag, Description: r.Description})
			}
		}
	})
	slices.SortFunc(out, func(a, b Release) int { return strings.Compare(a.Tag, b.Tag) })
	return out
}

// Journal are all requests so far, oldest first.
func (s *Sandbox) Journal() []Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.journal)
}

// Requests are the journal's entries of a system and method whose path holds a text.
func (s *Sandbox) Requests(system, method, path string) (out []Entry) {
	for _, e := range s.Journal() {
		if e.System == system && e.Method == method && strings.Contains(e.Path, path) {
			out = append(out, e)
		}
	}
	return out
}

// SetOutcome decides how jobs of a name end from now on: "success", a GitLab
// failure reason such as script_failure, or "stuck". "e2e" and "smoke" mean
// all test jobs of that kind.
func (s *Sandbox) SetOutcome(job, outcome string) {
	s.locked(func() { s.gitlab.outcomes[job] = outcome })
}

// FailTimes makes the next few runs of a job end with a GitLab failure reason;
// after that it ends as SetOutcome says.
func (s *Sandbox) FailTimes(job, reason string, times int) {
	s.locked(func() { s.gitlab.fails[job] = &failure{reason: reason, times: times} })
}

// SetFlux makes Flux misbehave in a cluster from now on: "stalled" gives up on
// what it is to roll out, "unhealthy" goes on trying, "unfetched" does not find
// the tag, "suspended" does nothing; "" mends it.
func (s *Sandbox) SetFlux(context, trouble string) {
	s.locked(func() {
		for _, f := range s.kube.objects {
			if f.Context != context {
				continue
			}
			if running, _, _ := f.at(s.now(), s.options.Pace.Flux); running == f.wanted {
				f.before = f.wanted // nothing is left undone
			} else if trouble == "" {
				f.since = s.now() // what was left undone begins now
			}
			f.trouble = trouble
			f.generation++
		}
	})
}

// Hold keeps running jobs of a name from ending until Release.
func (s *Sandbox) Hold(job string) { s.locked(func() { s.gitlab.held[job] = true }) }

// Release lets jobs end that Hold kept.
func (s *Sandbox) Release(job string) { s.locked(func() { delete(s.gitlab.held, job) }) }

// PushCommit adds a commit to main and returns it.
func (s *Sandbox) PushCommit(path, content, message string) (sha string, err error) {
	s.locked(func() { sha, err = s.git.pushCommit(background, path, content, message) })
	return sha, err
}

// MoveTag points a tag at another commit, as people with too many rights do.
func (s *Sandbox) MoveTag(tag, sha string) (err error) {
	s.locked(func() { err = s.git.moveTag(background, tag, sha) })
	return err
}

// Freeze is a freeze period of a project.
type Freeze struct {
	ID    int    `json:"id"`
	Start string `json:"start"`
	End   string `json:"end"`
	Zone  string `json:"zone"`
}

// Freezes are the freeze periods of a project.
func (s *Sandbox) Freezes(project string) (out []Freeze) {
	s.locked(func() {
		if p := s.gitlab.find(project); p != nil {
			for _, f := range p.freezes {
				out = append(out, Freeze{ID: f.ID, Start: f.Start, End: f.End, Zone: f.Zone})
			}
		}
	})
	return out
}

// AddFreeze makes a freeze period in every project with a train, as people do
// on GitLab's settings page.
func (s *Sandbox) AddFreeze(start, end, zone string) {
	s.locked(func() {
		for _, p := range s.gitlab.projects {
			if p.train != nil {
				p.freezes = append(p.freezes, &freeze{ID: s.gitlab.id(), Start: start, End: end, Zone: zone, CreatedAt: s.now()})
			}
		}
	})
}

// DeleteFreezes removes all freeze periods, as people do by hand.
func (s *Sandbox) DeleteFreezes() {
	s.locked(func() {
		for _, p := range s.gitlab.projects {
			p.freezes = nil
		}
	})
}

// DeleteFreeze removes a freeze period, as people do by hand.
func (s *Sandbox) DeleteFreeze(id int) {
	s.locked(func() {
		for _, p := range s.gitlab.projects {
			p.freezes = slices.DeleteFunc(p.freezes, func(f *freeze) bool { return f.ID == id })
		}
	})
}

// byHand is who does things in GitLab's pages.
const byHand = "grace"

// PlayByHand plays a job of a tag's pipeline, as somebody does in GitLab.
func (s *Sandbox) PlayByHand(tag, name string) (err error) {
	err = fmt.Errorf("no pipeline of %s has a job %s", tag, name)
	s.locked(func() {
		for _, p := range s.gitlab.projects {
			for _, pl := range p.visible(s.now()) {
				if j := pl.current(name); pl.Ref == tag && j != nil {
					if _, err = s.gitlab.play(j); err == nil {
						pl.current(name).User = byHand
					}
				}
			}
		}
	})
	return err
}

// TagByHand makes a tag on a ref with its pipeline, as somebody does in GitLab.
func (s *Sandbox) TagByHand(tag, ref string) (err error) {
	s.locked(func() {
		var sha string
		if sha, err = s.git.sha(background, ref); err != nil {
			return
		}
		if err = s.git.createTag(background, tag, sha, ""); err != nil {
			return
		}
		for _, p := range s.gitlab.projects {
			s.gitlab.addTagPipeline(p, tag, sha)
		}
	})
	return err
}

// RunInCluster makes Flux run a version in a cluster, as a hotfix that went past us does.
func (s *Sandbox) RunInCluster(context string, v train.Version) {
	s.locked(func() {
		for _, f := range s.kube.objects {
			if f.Context == context {
				f.before, f.wanted, f.since = v, v, s.now().Add(-time.Hour)
				f.generation++
			}
		}
	})
}

// JobOf is the deploy job of an environment of the first train, SmokeOf its smoke
// tests' job, ClusterOf its cluster.
func (s *Sandbox) JobOf(e train.EnvironmentName) string {
	return s.options.Trains[0].Environment(e).Job
}

// SmokeOf is the job of the smoke tests of an environment of the first train.
func (s *Sandbox) SmokeOf(e train.EnvironmentName) string {
	if smoke := s.options.Trains[0].Environment(e).Smoke; smoke != nil && smoke.Job != "" {
		return smoke.Job
	}
	return "smoke"
}

// ClusterOf is the cluster of an environment of the first train.
func (s *Sandbox) ClusterOf(e train.EnvironmentName) string {
	return s.options.Trains[0].Environment(e).Flux.Context
}

// DeployByHand tags a ref, where that exists, else main, and makes a cluster run it.
func (s *Sandbox) DeployByHand(context, tag, ref string) (v train.Version, err error) {
	s.locked(func() {
		if v.SHA, err = s.git.sha(background, ref); err != nil {
			v.SHA, err = s.git.sha(background, mainBranch)
		}
		if err == nil {
			err = s.git.createTag(background, tag, v.SHA, "")
		}
	})
	v.Tag = tag
	if err == nil {
		s.RunInCluster(context, v)
	}
	return v, err
}

// HotfixInProduction commits on top of what a cluster runs, tags that, makes
// Flux run it and merges it into main; it returns the version.
func (s *Sandbox) HotfixInProduction(context, tag, message string) (v train.Version, err error) {
	from := s.FluxVersion(context)
	s.locked(func() { v.SHA, err = s.git.hotfix(background, from.Ref(), message) })
	if err != nil {
		return v, err
	}
	v.Tag = tag
	s.locked(func() { err = s.git.createTag(background, tag, v.SHA, "") })
	if err == nil {
		s.RunInCluster(context, v)
	}
	return v, err
}
