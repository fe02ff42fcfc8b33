package main

import (
	"slices"
	"time"
)

// reducer makes a failing plan smaller by leaving out one part after the other.
// rapid would do it bit by bit: here a try is a whole day, and a day has few parts.
type reducer struct {
	hunt     *hunt
	kind     string
	smallest *day
	until    time.Time
}

// reduce is a smaller day that fails the same way, as far as the time allows.
func (h *hunt) reduce(d *day, within time.Duration) *day {
	r := &reducer{hunt: h, kind: d.broken.kind(), smallest: d, until: time.Now().Add(within)}
	for again := true; again; {
		again = r.parts() || r.details()
	}
	return r.smallest
}

// fails says whether a plan fails the same way; then it is the smallest so far.
func (r *reducer) fails(p plan) bool {
	if time.Now().After(r.until) {
		return false
	}
	d, err := runDay(r.hunt.train, r.hunt.adapters, p)
	if err != nil || d.broken == nil || d.broken.kind() != r.kind {
		return false
	}
	r.smallest = d
	return true
}

// parts leaves out actions and faults.
func (r *reducer) parts() (smaller bool) {
	for i := len(r.smallest.plan.Actions) - 1; i >= 0; i-- {
		p := r.smallest.plan
		p.Actions = slices.Delete(slices.Clone(p.Actions), i, i+1)
		smaller = r.fails(p) || smaller
	}
	for i := len(r.smallest.plan.Faults) - 1; i >= 0; i-- {
		p := r.smallest.plan
		p.Faults = slices.Delete(slices.Clone(p.Faults), i, i+1)
		smaller = r.fails(p) || smaller
	}
	return smaller
}

// details makes what is left simpler, one field at a time.
func (r *reducer) details() (smaller bool) {
	for i := range r.smallest.plan.Actions {
		for _, simpler := range []func(*action){
			func(a *action) { a.Undo = 0 }, func(a *action) { a.After, a.Delay = atGate, 0 }, func(a *action) { a.Delay = 0 },
			func(a *action) { a.Train = false }, func(a *action) { a.Update = false },
		} {
			p := r.smallest.plan
			p.Actions = slices.Clone(p.Actions)
			simpler(&p.Actions[i])
			smaller = p.Actions[i] != r.smallest.plan.Actions[i] && r.fails(p) || smaller
		}
	}
	for i := range r.smallest.plan.Faults {
		for _, simpler := range []func(*fault){
			func(f *fault) { f.Lasts = 0 }, func(f *fault) { f.Then = 0 }, func(f *fault) { f.Skip = 0 },
			func(f *fault) { f.Kind = faultUnavailable },
		} {
			p := r.smallest.plan
			p.Faults = slices.Clone(p.Faults)
			simpler(&p.Faults[i])
			smaller = p.Faults[i] != r.smallest.plan.Faults[i] && r.fails(p) || smaller
		}
	}
	return smaller
}
