package main

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"go.temporal.io/api/serviceerror"
)

// faultKind is what goes wrong with a call or an activity.
type faultKind string

// Kinds of faults.
const (
	faultNone         faultKind = ""
	faultRefused      faultKind = "refused"
	faultReset        faultKind = "reset before"
	faultLostAnswer   faultKind = "reset after the effect"
	faultGarbled      faultKind = "garbled"
	faultLimited      faultKind = "429 with Retry-After"
	faultLimitedMute  faultKind = "429"
	faultUnavailable  faultKind = "503"
	faultUnauthorized faultKind = "401"
	faultForbidden    faultKind = "403"
	faultSlow         faultKind = "slow"
	faultLate         faultKind = "slow after the effect"
	faultSilent       faultKind = "silent"
	faultKilledBefore faultKind = "worker killed before"
	faultKilledAfter  faultKind = "worker killed after the effect"
	faultResultLost   faultKind = "result lost"
)

// faultKinds are all faults, the mildest first: drawn ones shrink to it.
var faultKinds = []faultKind{
	faultRefused, faultUnavailable, faultLostAnswer, faultResultLost, faultKilledAfter, faultReset, faultGarbled,
	faultLimited, faultLimitedMute,
	faultUnauthorized, faultForbidden, faultSlow, faultLate, faultSilent, faultKilledBefore,
}

// status is the refusal that a fault makes without any effect; 0: it makes none.
func (k faultKind) status() int {
	switch k { //nolint:exhaustive // the others are no answers
	case faultLimited, faultLimitedMute:
		return http.StatusTooManyRequests
	case faultUnavailable:
		return http.StatusServiceUnavailable
	case faultUnauthorized:
		return http.StatusUnauthorized
	case faultForbidden:
		return http.StatusForbidden
	}
	return 0
}

// onWrites says that a fault is about the effect of a call.
func (k faultKind) onWrites() bool {
	return k == faultLostAnswer || k == faultLate || k == faultKilledAfter
}

// steps are the activities, which faults are aimed at.
var steps = []string{
	"StartE2E", "CreateTag", "PublishChangelog", "PlayDeploy", "Deliver", "AskTrain", "AwaitChange", "CreateFreeze",
	"DeleteFreeze", "AwaitJob",
	"AwaitRollout", "AwaitPipeline", "AwaitPipelineJob", "ReadVersion", "ChooseCommit", "CloseOlder", "PlanDeparture",
	"ReadE2EReport", "ResolveCut",
	"CancelPipeline", "PlayJob", "PlanRollback", "StartPipeline", "FindOut", "CancelJob", "MarkBad", "AdoptTag",
	"ChangeFreeze", "TellReleases",
	"ReadTrain", "ReadDrift", "CheckDay", "AwaitClosed", "AwaitFree", "Evidence", "Record",
}

// fault is one thing that goes wrong on a day.
type fault struct {
	Step string
	Kind faultKind
	// Skip lets so many calls of the step pass first.
	Skip int
	// Then is how many further calls of the step are answered with 503.
	Then int
	// Lasts makes the whole outside system fail for a time from then on.
	Lasts time.Duration

	passed int
	struck bool
	system string
	until  time.Time
}

func (f fault) String() string {
	s := fmt.Sprintf("%s: %s, call %d", f.Step, f.Kind, f.Skip+1)
	if f.Then > 0 {
		s += fmt.Sprintf(", then %d times 503", f.Then)
	}
	if f.Lasts > 0 {
		s += fmt.Sprintf(", then the whole system for %s", f.Lasts)
	}
	return s
}

// faults are those of a day, and which (step, fault) pairs were hit.
type faults struct {
	world *world
	list  []*fault
	hits  map[string]map[faultKind]int
	// struck is told of each first strike.
	struck func(*fault)
}

func newFaults(w *world) *faults { return &faults{world: w, hits: map[string]map[faultKind]int{}} }

func (f *faults) hit(step string, kind faultKind) {
	if f.hits[step] == nil {
		f.hits[step] = map[faultKind]int{}
	}
	f.hits[step][kind]++
}

// strike is what goes wrong with a call.
func (f *faults) strike(q *request) faultKind {
	kind := f.find(q.name, q.system, q.write())
	if kind == faultNone {
		return kind
	}
	if q.system == systemKubernetes && kind == faultLimited {
		kind = faultLimitedMute // its client waits by the machine's time
	}
	f.hit(q.name, kind)
	f.world.say("fault", "%s, attempt %d: %s %s: %s", q.name, q.attempt, q.method, q.path, kind)
	return kind
}

func (f *faults) find(step, system string, write bool) faultKind {
	now := f.world.env.Now()
	for _, x := range f.list {
		switch {
		case x.Kind == faultResultLost:
		case x.struck && x.system == system && now.Before(x.until) && (system != systemTemporal || x.Step == step):
			return outage(x.Kind)
		case x.Step != step:
		case x.struck && x.Then > 0:
			x.Then--
			return faultUnavailable
		case x.struck || x.Kind.onWrites() && !write:
		case x.passed < x.Skip:
			x.passed++
		default:
			f.first(x)
			x.system, x.until = system, now.Add(x.Lasts)
			return x.Kind
		}
	}
	return faultNone
}

func (f *faults) first(x *fault) {
	x.struck = true
	if f.struck != nil {
		f.struck(x)
	}
}

// outage is how a system fails after its first failure.
func outage(k faultKind) faultKind {
	switch k { //nolint:exhaustive // the others do not last
	case faultRefused,
		faultReset,
		faultGarbled,
		faultLimited,
		faultLimitedMute,
		faultSilent,
		faultUnauthorized,
		faultForbidden:
		return k
	}
	return faultUnavailable
}

// losesResult says that an activity's result is lost after its effect.
func (f *faults) losesResult(t *task) bool {
	for _, x := range f.list {
		if x.Kind != faultResultLost || x.struck || x.Step != t.name {
			continue
		}
		if x.passed < x.Skip {
			x.passed++
			continue
		}
		f.first(x)
		f.hit(t.name, x.Kind)
		return true
	}
	return false
}

// temporal is what goes wrong with a call to Temporal.
func (f *faults) temporal(t *task, method string) error {
	kind := f.find(t.name, systemTemporal, method == "signal" || method == "update")
	if kind == faultNone {
		return nil
	}
	f.hit(t.name, kind)
	f.world.say("fault", "%s: Temporal, %s: %s", t.name, method, kind)
	switch kind { //nolint:exhaustive // the others mean the same to its client
	case faultKilledBefore, faultKilledAfter:
		t.die("while it asks Temporal")
	case faultSlow, faultLate:
		t.sleep(slowness)
		return nil
	case faultSilent:
		t.sleep(silence)
	}
	return serviceerror.NewUnavailable("Temporal: " + string(kind))
}

// merge adds the (step, fault) pairs that were hit to those of other days.
func (f *faults) merge(into map[string]map[faultKind]int) {
	for _, step := range slices.Sorted(maps.Keys(f.hits)) {
		if into[step] == nil {
			into[step] = map[faultKind]int{}
		}
		for k, n := range f.hits[step] {
			into[step][k] += n
		}
	}
}
