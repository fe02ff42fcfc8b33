package rules

import (
	"cmp"
	"time"

	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/train"
)

// Offer is a command that would be accepted now.
type Offer struct {
	Name    train.CommandName
	Command train.Command
	// AsksReason says that it would be refused without a reason, although the
	// command does not need one as a rule, e.g. after a rollback.
	AsksReason bool
}

// AcceptedNow are the commands that would be accepted now.
func AcceptedNow(s *train.State, now time.Time) []Offer {
	var out []Offer
	for _, e := range Commands() {
		if e.Name == train.SkipDay || e.Name == train.AddDay {
			continue // they are about other days
		}
		for _, probe := range probes(s, e, now) {
			if !Allows(s, e.Name, probe, now) {
				continue
			}
			offer := Offer{Name: e.Name, Command: probe}
			if bare := probe; !e.NeedsReason {
				bare.Reason = ""
				offer.AsksReason = !Allows(s, e.Name, bare, now)
			}
			out = append(out, offer)
		}
	}
	return out
}

// Allows is Check without the question who asks.
func Allows(s *train.State, name train.CommandName, c train.Command, now time.Time) bool {
	open := *s
	open.Train.Policy = train.Policy{}
	return Check(&open, name, c, now) == nil
}

// probes are inputs of a command that would fit the state.
func probes(s *train.State, e Definition, now time.Time) []train.Command {
	c := train.Command{By: "you", Reason: "why"}
	switch e.Name { //nolint:exhaustive // others need no more
	case train.Resume:
		return resumes(&s.Memory, c)
	case train.ApproveDespiteE2E:
		c.Tag = s.Candidate.Tag
	case train.RetryDeploy, train.Rollback:
		staging, production := c, c
		staging.Environment, production.Environment = train.Staging, train.Production
		return []train.Command{staging, production}
	case train.Cancel:
		if s.Production.Running() {
			force := c
			force.Force = true
			return []train.Command{c, force}
		}
	case train.Acknowledge:
		late, drift := c, c
		late.Hold, drift.Hold = train.HoldLate, train.HoldDrift
		if h := s.Hold(train.HoldDrift); h != nil {
			drift.Removes = h.Removes
		}
		return []train.Command{late, drift}
	case train.RegenerateChangelog:
		c.PreviousTag = cmp.Or(s.Deployed.Version.Tag, "<tag>")
	case train.MoveProduction:
		at, next := s.Plan.WindowOpens.Add(time.Hour), s.Plan.NextCutAt
		if !at.After(now) {
			at = now.Add(time.Hour)
		}
		if !next.IsZero() && !at.Before(next) {
			at = now.Add(next.Sub(now) / 2)
		}
		if at = at.Truncate(time.Second); !at.After(now) {
			return nil // too late to move it anywhere
		}
		c.At = at.In(s.Train.Location()).Format(time.RFC3339)
	}
	return []train.Command{c}
}

// AcceptedByTrain are the commands of a train that it would accept now.
func AcceptedByTrain(m *train.Memory, now time.Time, zone *time.Location) []Offer {
	var out []Offer
	for _, e := range Commands() {
		if !e.OfTrain {
			continue
		}
		probe := e.ExampleCommand()
		if !probe.Day.IsZero() {
			probe.Day = calendar.DayOf(now.In(zone)).Add(1)
		}
		probes := []train.Command{probe}
		if e.Name == train.Resume {
			probes = resumes(m, probe)
		}
		for _, c := range probes {
			copied := *m // a shallow copy is enough: remember replaces what it changes
			if _, refusal := Remember(&copied, e.Name, c, now, zone); refusal == nil {
				out = append(out, Offer{Name: e.Name, Command: c})
			}
		}
	}
	return out
}
