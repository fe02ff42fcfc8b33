package workflows

import (
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"

	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/train"
)

// does sends a command as an update, some time after nine on Monday.
func (s *shed) does(after time.Duration, name train.CommandName, payload any) {
	s.at(after, func() { s.transcript.update(name, payload) })
}

// tells sends a command as a signal.
func (s *shed) tells(after time.Duration, name train.CommandName, payload any) {
	s.at(after, func() { s.transcript.signal(name, payload) })
}

// doesAll sends updates one after the other, a second apart.
func (s *shed) doesAll(after time.Duration, all commands) {
	for i, c := range all {
		s.does(after+time.Duration(i)*time.Second, c.name, c.payload)
	}
}

// ofTrain are the lives of a train.
var ofTrain = []struct {
	name, about string
	play        func(s *shed)
}{
	{"train-paused", "A train is paused, by an update and by a signal, without a release.", func(s *shed) {
		s.does(time.Second, train.Pause, ada("audit"))
		s.does(time.Hour, train.Pause, from("grace", train.Command{Reason: "audit again"}))
		s.does(30*time.Hour, train.Resume, cmd(train.Command{All: true}))
		s.tells(30*time.Hour+10*time.Second, train.Pause, ada("once more"))
		s.tells(30*time.Hour+20*time.Second, train.Resume, ada(""))
	}},
	{"train-with-an-open-release", "An open release is told, and talks itself.", func(s *shed) {
		s.open = []string{releaseID}
		s.does(time.Second, train.Pause, ada("audit"))
		s.does(time.Hour, train.Resume, ada(""))
	}},
	{"train-hotfix", "A hotfix freeze is ordered, prolonged, extended by itself and lifted.", func(s *shed) {
		s.does(time.Second, train.HotfixFreeze, cmd(train.Command{Reason: "checkout is down", Until: "4h"}))
		s.does(time.Hour, train.HotfixFreeze, cmd(train.Command{Reason: "prices too", Until: "15:00"}))
		s.does(8*time.Hour, train.LiftHotfixFreeze, ada(""))
	}},
	{"train-hotfix-refused", "GitLab refuses the freeze period.", func(s *shed) {
		s.refuse = "GitLab: could not create a freeze period: 403 Forbidden"
		s.does(time.Second, train.HotfixFreeze, ada("checkout is down"))
		s.does(2*time.Hour, train.LiftHotfixFreeze, ada(""))
	}},
	{"train-hotfix-gitlab-silent", "GitLab does not answer about the freeze period.", func(s *shed) {
		s.silent = time.Hour
		s.does(time.Second, train.HotfixFreeze, ada("checkout is down"))
		s.does(10*time.Minute, train.LiftHotfixFreeze, ada(""))
	}},
	{"train-days", "Days are skipped and added, and forgotten when they have passed.", func(s *shed) {
		s.doesAll(time.Second, days)
		s.does(time.Minute, train.SkipDay,
			cmd(train.Command{Reason: "fire drill", Day: calendar.Day{Year: 2026, Month: 11, Day: 25}}))
		s.at(13*24*time.Hour, func() {}) // all of them have passed
	}},
	{"train-several-pauses", "Two people pause the train; one pause is ended, then all.", func(s *shed) {
		s.does(time.Second, train.Pause, ada("checkout is down"))
		s.does(26*time.Second, train.Pause, from("bob", train.Command{Reason: "audit"}))
		s.does(time.Minute, train.Resume, ada(""))
		s.does(2*time.Minute, train.Resume, cmd(train.Command{Of: "grace"}))
		s.does(3*time.Minute, train.Resume, cmd(train.Command{Of: "@Ada"}))
		s.does(4*time.Minute, train.Pause, from("grace", train.Command{Reason: "prices"}))
		s.does(5*time.Minute, train.Resume, cmd(train.Command{All: true}))
	}},
	{"train-lift-refused", "GitLab refuses to delete the freeze period, and does it later.", func(s *shed) {
		s.does(time.Second, train.HotfixFreeze, cmd(train.Command{Reason: "checkout is down", Until: "4h"}))
		s.at(time.Minute, func() { s.refuses = "GitLab: could not delete freeze period 1: 401 Unauthorized" })
		s.does(2*time.Minute, train.LiftHotfixFreeze, ada(""))
		s.does(9*time.Minute, train.LiftHotfixFreeze, ada(""))
		s.at(10*time.Minute, func() { s.refuses = "" })
		s.at(20*time.Minute, func() {})
	}},
	{"refusals-train", "What a train refuses.", func(s *shed) {
		s.doesAll(time.Second, malformed)
		s.doesAll(10*time.Second+time.Duration(len(malformed))*time.Second, anything)
		s.doesAll(time.Minute+10*time.Second, commands{
			{train.HotfixFreeze, cmd(train.Command{Reason: "checkout", Until: "yesterday"})},
			{train.HotfixFreeze, cmd(train.Command{Reason: "checkout", Until: "30s"})},
			{train.HotfixFreeze, cmd(train.Command{Reason: "checkout", Until: "1000h"})},
		})
		s.tells(time.Minute+30*time.Second, "puase", ada("x"))
		s.tells(time.Minute+31*time.Second, train.Resume, ada(""))
		s.tells(time.Minute+32*time.Second, train.RerunE2E, ada(""))
		s.tells(time.Minute+33*time.Second, train.Pause, "please")
		once := ada("audit")
		once.ID = "release-api-2026-11-24#1/1"
		s.does(time.Minute+40*time.Second, train.Pause, once)
		s.does(time.Minute+50*time.Second, train.Pause, once)
		s.does(time.Minute+55*time.Second, train.Resume, ada(""))
	}},
	{"refusals-train-many-days", "A train remembers sixty changed days.", func(s *shed) {
		s.transcript.brief = true
		add := func(after time.Duration, name train.CommandName, first calendar.Day) {
			for i := range 61 {
				s.does(after+time.Duration(i)*time.Second, name, cmd(train.Command{Reason: "x", Day: first.Add(i)}))
			}
		}
		add(time.Second, train.SkipDay, calendar.Day{Year: 2026, Month: 12, Day: 1})
		add(2*time.Minute, train.AddDay, calendar.Day{Year: 2027, Month: 6, Day: 1})
	}},
	{"refusals-train-policy", "The policy names who may pause, and takes nothing that is claimed.", func(s *shed) {
		s.config.Policy.Allow = []train.Allowed{{Command: train.Pause, People: []string{"@grace"}}}
		s.does(time.Second, train.Pause, ada("x"))
		s.tells(2*time.Second, train.Pause, ada("x"))
	}},
	{"refusals-train-unknown", "The train is not in release.yaml.", func(s *shed) {
		s.unknown = `there is no train "apy" in release.yaml; it has api`
		s.does(time.Second, train.Pause, ada("x"))
		s.does(2*time.Second, train.ApproveDespiteE2E, cmd(train.Command{Tag: newTag, Reason: "x"}))
	}},
}

// TestTranscriptsOfTrains keeps what people see of a train between its releases.
func TestTranscriptsOfTrains(t *testing.T) {
	for _, s := range ofTrain {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			shed := newShed(t)
			tr := shed.write(s.about)
			s.play(shed)
			shed.run()
			tr.golden(s.name)
		})
	}
}

// TestTranscriptsOfDeploysWithoutARelease keeps what people see of a rollback
// that somebody orders from the CLI when no release is open.
func TestTranscriptsOfDeploysWithoutARelease(t *testing.T) {
	for name, tt := range map[string]struct {
		about string
		play  func(w *world)
	}{
		"rollback-without-a-release": {"A rollback that is ordered when no release is open.", func(*world) {}},
		"rollback-without-a-release-refused": {"No rung of the ladder can be taken.", func(w *world) {
			w.gitlab.refuse[50], w.gitlab.startErr = refusal(train.FaultForbidden), refusal(train.FaultInvalid)
		}},
		"rollback-without-a-release-already-there": {"The version had never left.", func(w *world) {
			w.deploys.plan = func(p *train.RollbackPlan) { p.Present = true }
		}},
		"rollback-without-a-release-smoke-red": {"The smoke tests are red on what is put back too.", func(w *world) {
			w.gitlab.jobs[smokeJob] = red
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			tr := w.in.Train
			w.env = newEnvironment(train.DeployID(tr.Production.Lock))
			w.startAt(newYork(25, 9, 0))
			w.answer()
			tt.play(w)
			w.flux.running["production"] = train.RunningVersion{Version: train.Version{Tag: newTag}}
			w.transcript = follow(t, w.env, tt.about, nil)
			w.env.ExecuteWorkflow(train.DeployWorkflow, train.DeployInput{
				Train: tr.Name, Project: tr.Project, Environment: train.Production, Config: tr.Production, Attempt: 1,
				Rollback: &train.RollbackOrder{Environment: train.Production, To: train.Version{Tag: oldTag}, By: "ada",
					Reason: "error rate doubled"},
				Datadog: withDatadog, Announce: &tr.Slack, Zone: tr.Zone, Poll: tr.Poll, Key: "deploy-api-production-rollback-1",
			})
			require.NoError(t, w.env.GetWorkflowError())
			w.transcript.golden(name)
		})
	}
}

// TestTranscriptsOfTheWatchdog keeps the alarm that no release has departed.
func TestTranscriptsOfTheWatchdog(t *testing.T) {
	s := newShed(t)
	s.env.OnActivity(departures.ExpectRelease, mock.Anything,
		mock.Anything).Return(lockedIn(&s.mu, func(train.ExpectReleaseInput) (train.ExpectedRelease, error) {
		return train.ExpectedRelease{Alarm: true, Train: exampleTrain(), Day: calendar.Day{Year: 2026, Month: 11, Day: 24},
			Sentence: "release-api-2026-11-24 should have departed"}, nil
	}))
	s.transcript = follow(t, s.env, "No release has departed half an hour after its time.", nil)
	s.env.ExecuteWorkflow(train.WatchdogWorkflow, train.WatchdogInput{Train: "api"})
	require.NoError(t, s.env.GetWorkflowError())
	s.transcript.golden("watchdog")
}
