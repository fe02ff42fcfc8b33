package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/release-train/release-train/internal/train"
)

// checker finds what the YAML types cannot: required keys, words, relations.
type checker struct {
	r     *reader
	today train.Day
}

var namePattern = regexp.MustCompile(`^[a-z0-9]+$`)

// fail reports at the line of a key, or of the nearest key above that exists.
func (c *checker) fail(key, format string, args ...any) {
	line := 0
	for k := key; k != "" && line == 0; k = parent(k) {
		line = c.r.lines[k]
	}
	c.r.fail(line, key, format, args...)
}

func parent(key string) string {
	i := strings.LastIndexAny(key, ".[")
	if i < 0 {
		return ""
	}
	return key[:i]
}

func (c *checker) file(f File) {
	if len(f.Trains) == 0 {
		c.fail("trains", "there is no train: describe at least one")
	}
	for i, t := range f.Trains {
		key := fmt.Sprintf("trains[%d]", i)
		before := len(c.r.errors)
		c.train(key, t)
		if len(c.r.errors) == before { // the calendar needs a sound train
			for _, p := range t.Check(c.today) {
				c.fail(key+"."+p.Path, "%s", p.Sentence)
			}
		}
		for j, o := range f.Trains[:i] {
			c.pair(key, t, fmt.Sprintf("trains[%d]", j), o)
		}
	}
}

func (c *checker) train(key string, t train.Train) {
	need := func(k, value, example string) {
		if value == "" {
			c.fail(key+"."+k, "this key is missing: write for example %s", example)
		}
	}
	if !namePattern.MatchString(t.Name) {
		c.fail(key+".name", "%q is not a name: write lower-case letters and digits, for example api", t.Name)
	}
	need("project", t.Project, "maven-clinic/maven/maven")
	need("e2e.project", t.E2E.Project, "maven/maven-web")
	c.word(key+".mode", string(t.Mode), string(train.ModeLive), string(train.ModeObserve))
	c.word(key+".cut.require", string(t.Cut.Require), string(train.RequireHead), string(train.RequireGreen))
	if t.Zone == "" {
		need("zone", t.Zone, "America/New_York")
	} else if _, err := time.LoadLocation(t.Zone); err != nil || t.Zone == "Local" {
		c.fail(key+".zone", "%q is not a time zone: write an IANA name, for example America/New_York", t.Zone)
	}
	c.environment(key+".staging", t.Staging)
	c.environment(key+".production", t.Production)
	c.slack(key+".slack", t.Slack)
}

func (c *checker) word(key, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		c.fail(key, "%q is not known here: write %s", value, strings.Join(allowed, " or "))
	}
}

func (c *checker) environment(key string, e train.Environment) {
	if e.Job == "" {
		c.fail(key+".job", "this key is missing: write the name of the deploy job in the tag's pipeline, for example deploy-staging")
	}
	if e.Flux.Context == "" {
		c.fail(key+".flux.context", "this key is missing: write the kubeconfig context of the cluster, for example staging")
	}
	if e.Flux.Kustomization == "" {
		c.fail(key+".flux.kustomization", "this key is missing: write the name of the Flux Kustomization, for example api")
	}
	c.word(key+".start", string(e.Start), string(train.StartPlay), string(train.StartAutomatic))
	if s := e.Smoke; s != nil && (s.Job == "") == (s.Project == "") {
		c.fail(key+".smoke", "write either job (a job of the tag's pipeline) or project (a pipeline of its own)")
	}
}

func (c *checker) slack(key string, s train.SlackConfig) {
	for _, channel := range [][2]string{{"coordination", s.Coordination}, {"e2e", s.E2E}, {"staging", s.Staging}, {"production", s.Production}} {
		if !strings.HasPrefix(channel[1], "#") || len(channel[1]) < 2 {
			c.fail(key+"."+channel[0], "%q is not a channel: write its name with #, in quotes, for example \"#deploy-staging\"", channel[1])
		}
	}
	if !strings.HasPrefix(s.OnCall, "@") || len(s.OnCall) < 2 {
		c.fail(key+".onCall", "%q is not a group: write its handle with @, in quotes, for example \"@eng-exp-on-call\"", s.OnCall)
	}
}

// pair checks a train against an earlier one.
func (c *checker) pair(key string, t train.Train, otherKey string, o train.Train) {
	if t.Name == o.Name {
		c.fail(key+".name", "the train %q exists already as %s: give each its own name", t.Name, otherKey)
	}
	if t.Project == o.Project && (strings.HasPrefix(t.TagPrefix, o.TagPrefix) || strings.HasPrefix(o.TagPrefix, t.TagPrefix)) {
		c.fail(key+".tagPrefix", "%q and %q of %s are ambiguous in one project: neither may be the beginning of the other", t.TagPrefix, o.TagPrefix, otherKey)
	}
	for _, a := range environments(key, t) {
		for _, b := range environments(otherKey, o) {
			if a.config.Flux == b.config.Flux && a.config.Lock != b.config.Lock {
				c.fail(a.key+".flux", "%s deploys to the same Flux object: give both the same lock, so that only one deploys at a time", b.key)
			}
		}
	}
}

type keyed struct {
	key    string
	config train.Environment
}

func environments(key string, t train.Train) []keyed {
	return []keyed{{key + ".staging", t.Staging}, {key + ".production", t.Production}}
}
