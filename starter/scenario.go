package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/release-train/release-train/internal/sandbox"
	"github.com/release-train/release-train/internal/train"
)

// scenario is a demo day on which something happens and people act.
type scenario struct {
	name string
	// begin changes the world before the day departs. What people have to see first
	// is held there until they have: a busy machine must not run past it.
	begin func(s *sandbox.Sandbox)
	// look is called with each status; it says once what to do, and lets things happen.
	look func(d *demo, st train.Status) error
}

// scenarioWindow is how long the window of a scenario stays open: people read.
const scenarioWindow = 2 * time.Hour

// scenarios are made anew for each run: they remember what they have said.
func scenarios() []scenario {
	return []scenario{
		redE2E(), freezeScenario(), hotfixScenario(), flakyDeploy(), regression(), smokeRed(), fluxStuck(), driftScenario(),
	}
}

func scenarioNames() []string {
	var names []string
	for _, s := range scenarios() {
		names = append(names, s.name)
	}
	return names
}

func findScenario(name string) (scenario, error) {
	if name == "" {
		return scenario{}, nil
	}
	for _, s := range scenarios() {
		if s.name == name {
			return s, nil
		}
	}
	return scenario{}, fmt.Errorf("--scenario %s is not known: write one of %s", name, strings.Join(scenarioNames(), ", "))
}

// redE2E is a day whose E2E run is red: somebody approves.
func redE2E() scenario {
	said := false
	return scenario{
		name:  "red-e2e",
		begin: func(s *sandbox.Sandbox) { s.SetOutcome("e2e", "script_failure") },
		look: func(d *demo, st train.Status) error {
			if said || st.Phase != train.AtGate || st.E2E == nil || st.E2E.State != train.E2ERed {
				return nil
			}
			said = true
			d.hint(st, "E2E is red. Look at the failing specs, then approve:", train.ApproveDespiteE2E,
				train.Command{By: "ada", Tag: st.Candidate.Tag, Reason: "known flake, booking pod looked at it"})
			return nil
		},
	}
}

// freezeScenario is a day with a GitLab deploy freeze that somebody deletes.
func freezeScenario() scenario {
	made, said := false, false
	return scenario{
		name:  "freeze",
		begin: func(s *sandbox.Sandbox) { s.Hold(sandbox.E2EJob) },
		look: func(d *demo, st train.Status) error {
			if !made && st.Phase == train.Testing {
				made = true
				now := time.Now().UTC()
				at := func(t time.Time) string {
					return fmt.Sprintf("%d %d %d %d *", t.Minute(), t.Hour(), t.Day(), int(t.Month()))
				}
				d.sandbox.AddFreeze(at(now), at(now.Add(12*time.Hour)), "UTC")
				d.say("Somebody sets a deploy freeze of twelve hours in GitLab.")
				d.sandbox.Release(sandbox.E2EJob)
			}
			if made && !said && st.Phase == train.AtGate {
				said = true
				d.app.printf("\nThe freeze holds production, even when the window opens. To delete it in GitLab:\n  curl -X POST "+
					"%s/sandbox/unfreeze -d '{}'\n\n", d.sandbox.URL())
			}
			return nil
		},
	}
}

// hotfixScenario is a day on which a hotfix goes to production past the train.
func hotfixScenario() scenario {
	stage := 0
	return scenario{
		name:  "hotfix",
		begin: func(s *sandbox.Sandbox) { s.Hold(sandbox.E2EJob) },
		look: func(d *demo, st train.Status) error {
			has := func(kind train.HoldKind) bool {
				for _, h := range st.Holds {
					if h.Kind == kind {
						return true
					}
				}
				return false
			}
			switch {
			case stage == 0 && st.Phase == train.Testing:
				stage++
				d.hint(st, "Checkout is broken in production. Hold the train while a hotfix goes out:", train.HotfixFreeze,
					train.Command{By: "ada", Reason: "hotfix for checkout", Until: "4h"})
			case stage == 1 && has(train.HoldHotfix):
				stage++
				previous := train.Tag{Prefix: tagPrefix(st.Candidate.Tag), Day: st.Day.Add(-1), Patch: 90}
				v, err := d.sandbox.HotfixInProduction("production", previous.String(), "fix: checkout sums up again")
				if err != nil {
					return err
				}
				d.say("The hotfix %s is in production, and merged into main.", v)
				d.sandbox.Release(sandbox.E2EJob)
				d.hint(st, "End the hotfix freeze:", train.LiftHotfixFreeze, train.Command{By: "ada"})
			case stage == 2 && !has(train.HoldHotfix) && has(train.HoldDrift):
				stage++
				d.hint(st, "The candidate lacks the hotfix: deploying it would take it back. Cut a new candidate that has it:",
					train.CutTag,
					train.Command{By: "ada", Reason: "takes the hotfix"})
			}
			return nil
		},
	}
}

// flakyDeploy is a day whose production job breaks down once: nobody has to act.
func flakyDeploy() scenario {
	said := false
	return scenario{
		name:  "flaky-deploy",
		begin: func(s *sandbox.Sandbox) { s.FailTimes(s.JobOf(train.Production), "runner_system_failure", 1) },
		look: func(d *demo, st train.Status) error {
			if p := st.Production; !said && p.Failed() {
				said = true
				d.say("The runner of the production job broke down. Nobody has to do anything.")
			}
			return nil
		},
	}
}

// regression is a day whose candidate breaks production: smoke tests are red,
// error logs rise, what ran before is put back, and a fixed candidate is cut.
func regression() scenario {
	stage := 0
	return scenario{
		name: "regression",
		begin: func(s *sandbox.Sandbox) {
			s.FailTimes(s.SmokeOf(train.Production), "script_failure", 1)
			s.Hold(s.SmokeOf(train.Production))
		},
		look: func(d *demo, st train.Status) error {
			const monitor = "checkout error rate"
			p := st.Production
			switch {
			case stage == 0 && p.Running():
				stage++
				d.sandbox.AddErrors(d.service, "production", st.Candidate.Tag,
					"panic: assignment to entry in nil map in checkout.Total", 140)
				d.sandbox.SetMonitor(monitor, d.service, "production", "Alert")
				d.say("The new version panics in production.")
				d.sandbox.Release(d.sandbox.SmokeOf(train.Production))
			case stage == 1 && p != nil && p.Outcome == train.DeployRolledBack:
				stage++
				d.sandbox.SetMonitor(monitor, d.service, "production", "OK")
				if _, err := d.sandbox.PushCommit("REVERTED", st.Candidate.Tag+"\n", "Revert \"Total in one pass\""); err != nil {
					return err
				}
				d.say("%s was rolled back by itself. The author has reverted the change on main.", st.Candidate.Tag)
				d.hint(st, "Cut a new candidate that has the revert:", train.CutTag,
					train.Command{By: "ada", Reason: "takes the revert"})
			}
			return nil
		},
	}
}

// smokeRed is a day whose smoke tests are red once for no reason of the code.
func smokeRed() scenario {
	said := false
	return scenario{
		name:  "smoke-red",
		begin: func(s *sandbox.Sandbox) { s.FailTimes(s.SmokeOf(train.Production), "script_failure", 1) },
		look: func(d *demo, st train.Status) error {
			if p := st.Production; !said && p != nil && p.Outcome == train.DeployRolledBack {
				said = true
				d.hint(st, "The smoke tests were red and what ran before is back. Datadog shows nothing: it looks like flakiness. "+
					"Deploy it again:", train.RetryDeploy,
					train.Command{By: "ada", Environment: train.Production, Reason: "the test database was down"})
			}
			return nil
		},
	}
}

// fluxStuck is a day on which Flux gives up in production.
func fluxStuck() scenario {
	said := false
	return scenario{
		name:  "flux-stuck",
		begin: func(s *sandbox.Sandbox) { s.SetFlux(s.ClusterOf(train.Production), "stalled") },
		look: func(d *demo, st train.Status) error {
			if !said && st.Production.Failed() {
				said = true
				d.sandbox.SetFlux(d.sandbox.ClusterOf(train.Production), "")
				d.say("Somebody mends the cluster, and Flux goes on.")
				d.hint(st, "The deploy job had done its part. This reads first, and runs no job again that is not needed:",
					train.RetryDeploy,
					train.Command{By: "ada", Environment: train.Production, Reason: "the cluster is mended"})
			}
			return nil
		},
	}
}

// driftScenario is a day on which somebody deploys another tag to production by hand.
func driftScenario() scenario {
	stage := 0
	return scenario{
		name:  "drift",
		begin: func(s *sandbox.Sandbox) { s.Hold(sandbox.E2EJob) },
		look: func(d *demo, st train.Status) error {
			switch {
			case stage == 0 && st.Phase == train.Testing:
				stage++
				other := train.Tag{Prefix: tagPrefix(st.Candidate.Tag), Day: st.Day.Add(-1), Patch: 91}
				v, err := d.sandbox.DeployByHand(d.sandbox.ClusterOf(train.Production), other.String(), "main")
				if err != nil {
					return err
				}
				d.say("Somebody deploys %s to production by hand, past the train.", v.Tag)
				d.sandbox.Release(sandbox.E2EJob)
			case stage == 1 && st.Phase == train.AtGate:
				for _, h := range st.Holds {
					if h.Kind == train.HoldDrift {
						stage++
						d.hint(st, "Production runs something else than the train knows, so nothing goes there. Take it as the truth; "+
							"the changelog starts there then:", train.Acknowledge,
							train.Command{By: "ada", Hold: train.HoldDrift, Removes: h.Removes, Reason: "agreed with grace"})
					}
				}
			}
			return nil
		},
	}
}

// tagPrefix is what stands before the version in a tag.
func tagPrefix(tag string) string {
	i := strings.LastIndex(tag, "v")
	return tag[:max(i, 0)]
}

// temporalTool runs the pinned Temporal CLI.
const temporalTool = "go tool -modfile=internal/tools/temporal/go.mod temporal"

// hint prints what to do, in the three ways in which it can be done.
func (d *demo) hint(st train.Status, what string, name train.CommandName, c train.Command) {
	raw, err := json.Marshal(c)
	if err != nil {
		return
	}
	flags := ""
	for _, f := range [][2]string{{"tag", c.Tag}, {"until", c.Until}, {"hold", string(c.Hold)},
		{"environment", string(c.Environment)}, {"reason", c.Reason}} {
		if f[1] != "" {
			flags += fmt.Sprintf(" --%s %q", f[0], f[1])
		}
	}
	d.app.printf(`
%[1]s
  go run ./starter %[2]s --by ada%[3]s
or
  go tool -modfile=internal/tools/tctl/go.mod tctl workflow signal -w %[4]s -n %[2]s -i '%[5]s'
or
  %[6]s workflow update execute --workflow-id %[4]s --name %[2]s --input '%[5]s'

`, what, name, flags, st.ID, raw, temporalTool)
}
