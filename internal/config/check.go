package config

import (
	"fmt"
	"maps"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
)

// checker finds what the YAML types cannot: required keys, words, relations.
type checker struct {
	r     *reader
	today calendar.Day
}

// Forms of values. A tag prefix is kept to what git and URLs take as it is.
var (
	namePattern     = regexp.MustCompile(`^[a-z0-9]+$`)
	projectPattern  = regexp.MustCompile(`^[A-Za-z0-9_][\w.-]*(/[A-Za-z0-9_][\w.-]*)+$`)
	prefixPattern   = regexp.MustCompile(`^(\w([\w+-]|[./]\w)*[./]?)?$`)
	channelPattern  = regexp.MustCompile(`^#[^\s#@,]+$`)
	groupPattern    = regexp.MustCompile(`^@[^\s#@,]+$`)
	variablePattern = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	sitePattern     = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)+$`)
	ddTagPattern    = regexp.MustCompile(`^[a-z0-9][a-z0-9_./-]{0,99}$`)
	// RFC 1123, e.g. a namespace
	labelPattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	// an object, up to 253 characters
	objectPattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$`)
	ownerPattern  = regexp.MustCompile(`^@@?\w([\w./-]*\w)?$|^[\w.+-]+@\w[\w.-]*\.\w+$`)
)

// fail reports at the line of a key, or of the nearest key above that stands
// in the file. Where the reader has complained about the key already, that is enough.
func (c *checker) fail(key, format string, args ...any) {
	line := 0
	for k := key; k != ""; k = parent(k) {
		if c.r.broken[k] {
			return
		}
		if line == 0 {
			line = c.r.lines[k]
		}
	}
	c.r.fail(line, key, format, args...)
}

func parent(key string) string { return key[:max(strings.LastIndexAny(key, ".["), 0)] }

// sound says whether nothing is wrong with a key and all below it.
func (c *checker) sound(key string) bool {
	for k := range c.r.broken {
		if k == key || strings.HasPrefix(k, key+".") || strings.HasPrefix(k, key+"[") {
			return false
		}
	}
	return true
}

func (c *checker) file(f File) {
	c.address("gitlab.url", f.GitLab.URL)
	c.address("slack.url", f.Slack.URL)
	c.address("datadog.url", f.Datadog.URL)
	if s := f.Datadog.Site; s != "" && !sitePattern.MatchString(s) {
		c.fail("datadog.site", "%q is not a site of Datadog: write its host name alone, for example datadoghq.eu", s)
	}
	if len(f.Trains) == 0 {
		c.fail("trains", "there is no train: describe at least one")
	}
	for i, t := range f.Trains {
		key := fmt.Sprintf("trains[%d]", i)
		c.train(key, t)
		c.calendar(key, t)
		for j, o := range f.Trains[:i] {
			c.pair(key, t, fmt.Sprintf("trains[%d]", j), o)
		}
	}
}

// address refuses what is no http address. It does not repeat the value, which
// may hold a password.
func (c *checker) address(key, value string) {
	if value == "" {
		return
	}
	u, err := url.Parse(value)
	switch {
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		c.fail(key, "this is not an address: write for example https://gitlab.example.com")
	case u.User != nil, u.RawQuery != "":
		c.fail(key, "an address here holds no user, password or query: secrets come from the environment")
	}
}

func (c *checker) train(key string, t train.Train) {
	if t.Name == "" {
		c.missing(key+".name", "api")
	} else if !namePattern.MatchString(t.Name) {
		c.fail(key+".name", "%q is not a name: write lower-case letters and digits, for example api", t.Name)
	}
	c.project(key+".project", t.Project, "maven-clinic/maven/maven")
	if !prefixPattern.MatchString(t.TagPrefix) {
		c.fail(key+".tagPrefix", "%q cannot begin a tag: write letters, digits, -, _ and single / or . between them, for "+
			"example api/", t.TagPrefix)
	}
	if t.Zone == "" {
		c.missing(key+".zone", "America/New_York")
	} else if _, err := time.LoadLocation(t.Zone); err != nil || t.Zone == "Local" {
		c.fail(key+".zone", "%q is not a time zone: write an IANA name, for example America/New_York", t.Zone)
	}
	word(c, key+".mode", t.Mode, train.ModeLive, train.ModeObserve)
	if t.Mode == train.ModeObserve { // better refused than taken for a promise to write nothing
		c.fail(key+".mode", "observe is not available in this version: leave mode out")
	}
	word(c, key+".cut.require", t.Cut.Require, train.RequireHead, train.RequireGreen)
	c.environment(key+".staging", t.Staging, "staging")
	c.environment(key+".production", t.Production, "production")
	if a := t.Staging.Flux; sameObject(a, t.Production.Flux) {
		c.fail(key+".production.flux", "staging and production are the same Flux object, %s in %s of %s: each needs its own",
			a.Name(), a.Namespace, a.Context)
	}
	c.e2e(key+".e2e", t.E2E)
	c.slack(key+".slack", t.Slack)
	c.retry(key+".retry", t.Retry)
	if t.Datadog != nil && c.sound(key+".datadog") {
		c.datadog(key+".datadog", *t.Datadog)
	}
	c.policy(key+".policy", t.Policy)
	if u := t.Changelog.IssueURL; u != "" && !strings.Contains(u, "{key}") {
		c.fail(key+".changelog.issueURL",
			"%q has no place for the issue: write {key} where it belongs, for example https://issues.example.com/browse/{key}",
			u)
	}
}

// policy checks who may do what.
func (c *checker) policy(key string, p train.Policy) {
	word(c, key+".approver", p.Approver, train.ApproverAnyone, train.ApproverNotCutter, train.ApproverNotAuthor)
	word(c, key+".identity", p.Identity, train.IdentityClaimed, train.IdentityVerified)
	for i, a := range p.Allow {
		at := fmt.Sprintf("%s.allow[%d]", key, i)
		if _, ok := rules.Commands().Find(a.Command); !ok {
			c.fail(at+".command", "%q is no command: write one of %s", a.Command, strings.Join(rules.Commands().Names(), ", "))
		}
		if len(a.People) == 0 {
			c.fail(at+".people", "this key is missing: name at least one person, for example [ada, grace]")
		}
	}
}

// calendar checks times and calendar, which takes sound values of both.
func (c *checker) calendar(key string, t train.Train) {
	for _, k := range []string{"zone", "cut", "window", "calendar", "e2e.at", "e2e.deadline"} {
		if !c.sound(key + "." + k) {
			return
		}
	}
	for _, p := range t.Timetable().Check(c.today) {
		c.fail(key+"."+p.Path, "%s", p.Sentence)
	}
}

func (c *checker) missing(key, example string) {
	c.fail(key, "this key is missing: write for example %s", example)
}

func (c *checker) project(key, value, example string) {
	if value == "" {
		c.missing(key, example)
	} else if !projectPattern.MatchString(value) {
		c.fail(key, "%q is not the path of a GitLab project: write group and project without address, for example %s", value,
			example)
	}
}

// word checks a value of a fixed set.
func word[T ~string](c *checker, key string, value T, allowed ...T) {
	if slices.Contains(allowed, value) {
		return
	}
	var names []string
	for _, a := range allowed {
		names = append(names, string(a))
	}
	c.fail(key, "%q is not known here: write %s", value, strings.Join(names, " or "))
}

func (c *checker) environment(key string, e train.Environment, name string) {
	if e.Job == "" {
		c.fail(key+".job", "this key is missing: write the name of the deploy job in the tag's pipeline, for example "+
			"deploy-%s", name)
	}
	c.flux(key+".flux", e.Flux, name)
	word(c, key+".start", e.Start, train.StartPlay, train.StartAutomatic)
	word(c, key+".rollback", e.Rollback, train.RollbackOurs, train.RollbackPipeline, train.RollbackNobody)
	if e.RollbackJob != "" && e.RollbackJob == e.Job {
		c.fail(key+".rollbackJob", "%q is the deploy job: name a job that puts back the tag in %s, or remove the key",
			e.RollbackJob, train.RollbackVariable)
	}
	if e.Smoke != nil && c.sound(key+".smoke") {
		c.smoke(key+".smoke", *e.Smoke)
	}
}

// flux checks the object that tells which version runs.
func (c *checker) flux(key string, o train.FluxObject, context string) {
	if o.Context == "" {
		c.fail(key+".context", "this key is missing: write the kubeconfig context of the cluster, for example %s", context)
	}
	if !labelPattern.MatchString(o.Namespace) {
		c.fail(key+".namespace", "%q is not the name of a namespace: write for example flux-system", o.Namespace)
	}
	switch {
	case o.Kustomization != "" && o.HelmRelease != "":
		c.fail(key+".helmRelease", "one object tells which version runs: write either kustomization or helmRelease")
	case o.HelmRelease != "":
		c.object(key+".helmRelease", o.HelmRelease, "HelmRelease")
	case o.Kustomization != "":
		c.object(key+".kustomization", o.Kustomization, "Kustomization")
	case c.sound(key + ".helmRelease"):
		c.fail(key+".kustomization", "this key is missing: write the name of the Flux Kustomization, for example api, or "+
			"helmRelease with that of a HelmRelease")
	}
	if o.Image == "" {
		return
	}
	parts := strings.Split(o.Image, "/")
	if len(parts) != 3 || !labelPattern.MatchString(parts[0]) || !isObject(parts[1]) ||
		!labelPattern.MatchString(parts[2]) {
		c.fail(key+".image", "%q does not name a container: write <namespace>/<deployment>/<container>, for example "+
			"api/api/web", o.Image)
	}
}

func (c *checker) object(key, name, kind string) {
	if !isObject(name) {
		c.fail(key, "%q is not the name of a %s: write lower-case letters, digits and - or . between them, for example api",
			name, kind)
	}
}

func isObject(name string) bool { return len(name) <= 253 && objectPattern.MatchString(name) }

// sameObject says whether two environments follow one Flux object. What names
// the version there, a tag prefix or an image, does not make it another one.
func sameObject(a, b train.FluxObject) bool {
	return a.Context == b.Context && a.Namespace == b.Namespace && a.Kustomization == b.Kustomization &&
		a.HelmRelease == b.HelmRelease && (a.Kustomization != "" || a.HelmRelease != "")
}

// Bounds of what is tried again by itself.
const (
	maxAttempts = 10
	minWait     = calendar.Duration(time.Second)
	maxWait     = calendar.Duration(time.Hour)
)

func (c *checker) retry(key string, r train.Retry) {
	if r.Attempts < 1 || r.Attempts > maxAttempts {
		c.fail(key+".attempts", "%d is out of bounds: write 1, so that nothing is tried again by itself, to %d", r.Attempts,
			maxAttempts)
	}
	if r.Wait < minWait || r.Wait > maxWait {
		c.fail(key+".wait", "%s is out of bounds: write %s to %s", r.Wait, minWait, maxWait)
	}
}

func (c *checker) datadog(key string, d train.DatadogConfig) {
	if d.Service == "" {
		c.missing(key+".service", "api")
	}
	for _, tag := range []struct{ key, value, example string }{{"service", d.Service, "api"},
		{"team", d.Team, "eng-exp"}} {
		if tag.value != "" && !ddTagPattern.MatchString(tag.value) {
			c.fail(key+"."+tag.key, "%q is not the value of a tag: write up to 100 lower-case letters, digits, _, -, . and /, "+
				"for example %s", tag.value, tag.example)
		}
	}
}

func (c *checker) e2e(key string, e train.E2EConfig) {
	c.project(key+".project", e.Project, "maven/maven-web")
	c.variables(key+".variables", e.Variables)
	if e.JUnit != "" {
		c.junit(key+".junit", e.JUnit)
	}
	for _, owner := range slices.Sorted(maps.Keys(e.Owners)) {
		if at := join(key+".owners", owner); !ownerPattern.MatchString(owner) {
			c.fail(at, "%q is not an owner in CODEOWNERS: write @ and a user or group, or a mail address, in quotes, for "+
				"example %q", owner, "@maven/pods/booking")
		} else {
			c.handle(at, e.Owners[owner], groupPattern, "a Slack group", "@pod-booking")
		}
	}
}

// junit checks a pattern of paths in the archive of a job's artifacts.
func (c *checker) junit(key, pattern string) {
	const example = "results/*.xml"
	_, err := path.Match(pattern, "")
	switch {
	case err != nil:
		c.fail(key, "%q is not a pattern: write *, ? and closed [ ], for example %s", pattern, example)
	case path.IsAbs(pattern), path.Clean(pattern) != pattern, strings.HasPrefix(pattern, "../"):
		c.fail(key, "%q is not a path inside the artifacts: write it from their root, without / or . at the beginning, for "+
			"example %s", pattern, example)
	case strings.Contains(pattern, "**"):
		c.fail(key, "%q would not look into directories below: write one * for each, for example results/*/*.xml", pattern)
	}
}

func (c *checker) smoke(key string, s train.Smoke) {
	switch {
	case (s.Job == "") == (s.Project == ""):
		c.fail(key, "write either job (a job of the tag's pipeline) or project (a pipeline of its own)")
	case s.Job != "" && s.Ref != "":
		c.fail(key+".ref", "a job runs on the tag: ref belongs to project")
	case s.Job != "" && len(s.Variables) > 0:
		c.fail(key+".variables", "a job runs with the variables of its pipeline: variables belong to project")
	case s.Project != "":
		c.project(key+".project", s.Project, "maven/maven-web")
		c.variables(key+".variables", s.Variables)
	}
}

func (c *checker) variables(key string, variables map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		if !variablePattern.MatchString(name) {
			c.fail(join(key, name), "%q is not the name of a variable: write letters, digits and _, for example TRIGGER_ID",
				name)
		} else if name == train.RunVariable {
			c.fail(join(key, name), "Release Train sets this variable itself, to find its pipelines again: remove it")
		}
	}
}

func (c *checker) slack(key string, s train.SlackConfig) {
	for _, channel := range []struct{ key, value, example string }{
		{"coordination", s.Coordination, "#mono-release-coordination"},
		{"e2e", s.E2E, "#staging-e2e-web-alerts"},
		{"staging", s.Staging, "#deploy-staging"},
		{"production", s.Production, "#deploy-maven"},
	} {
		c.handle(key+"."+channel.key, channel.value, channelPattern, "a channel", channel.example)
	}
	c.handle(key+".onCall", s.OnCall, groupPattern, "a group", "@eng-exp-on-call")
}

// handle checks the name of a channel or group. Without quotes YAML takes #… for a comment.
func (c *checker) handle(key, value string, pattern *regexp.Regexp, what, example string) {
	if value == "" {
		c.fail(key, "this key has no value: write %s, in quotes, for example %q", what, example)
	} else if !pattern.MatchString(value) {
		c.fail(key, "%q is not %s: write its name with %s, in quotes, for example %q", value, what, example[:1], example)
	}
}

// pair checks a train against an earlier one.
func (c *checker) pair(key string, t train.Train, otherKey string, o train.Train) {
	if t.Name == o.Name && t.Name != "" {
		c.fail(key+".name", "the train %q exists already as %s: give each its own name", t.Name, otherKey)
	}
	if strings.EqualFold(t.Project, o.Project) && t.Project != "" && (strings.HasPrefix(t.TagPrefix, o.TagPrefix) ||
		strings.HasPrefix(o.TagPrefix, t.TagPrefix)) {
		c.fail(key+".tagPrefix", "%q and %q of %s are ambiguous in one project: neither may be the beginning of the other",
			t.TagPrefix, o.TagPrefix, otherKey)
	}
	for _, a := range environments(key, t) {
		for _, b := range environments(otherKey, o) {
			if sameObject(a.Flux, b.Flux) && a.Lock != b.Lock {
				c.fail(a.key+".flux", "%s deploys to the same Flux object: give both the same lock, so that only one deploys at a "+
					"time", b.key)
			}
		}
	}
}

// keyed is an environment and the key where it stands.
type keyed struct {
	key string
	train.Environment
}

func environments(key string, t train.Train) []keyed {
	return []keyed{{key + ".staging", t.Staging}, {key + ".production", t.Production}}
}
