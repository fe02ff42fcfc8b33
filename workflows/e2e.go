package workflows

import (
	"errors"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
	"github.com/release-train/release-train/internal/words"
)

// testOnStaging runs E2E on staging overnight. It returns once there is a result or the
// deadline has passed; a run that is overdue is followed on and still counts.
func (r *release) testOnStaging(ctx workflow.Context) error {
	if (r.E2E.Ended() || r.E2E != nil && r.E2E.Voids >= voidRunsAtMost) && !r.Orders.Rerun {
		return nil
	}
	r.Phase = train.Testing
	if at := r.Plan.E2EAt; r.E2E == nil && at.After(workflow.Now(ctx)) {
		r.setWaiting(ctx, words.WaitsForTimeOfE2E(at))
		if err := r.awaitUntil(ctx, at, words.E2EStartsAtItsTime(), never); err != nil {
			return err
		}
	}
	for {
		r.cancelE2E(ctx, words.E2EReplaced())
		if err := r.runE2E(ctx); err != nil {
			return err
		}
		switch {
		case r.Orders.Rerun:
		case r.E2E.State == train.E2EVoid && r.E2E.Voids < voidRunsAtMost:
			if err := r.awaitStagingBack(ctx); err != nil {
				return err
			}
		default: // it has a result, or people are asked
			return nil
		}
	}
}

// voidRunsAtMost is how many void runs in a row there are before people are asked.
const voidRunsAtMost = 3

// cancelE2E cancels a run that another one replaces. That is a step of its own,
// and nobody waits for it.
func (r *release) cancelE2E(ctx workflow.Context, why string) {
	if r.E2E == nil || r.E2E.PipelineID == 0 || !r.E2E.EndedAt.IsZero() {
		return
	}
	e := *r.E2E
	e.State, e.Why, e.EndedAt = train.E2EVoid, why, workflow.Now(ctx)
	r.setE2E(e)
	r.inBackground(ctx, func(ctx workflow.Context) {
		r.cancelPipeline(ctx, e.Run, train.StartedPipeline{ID: e.PipelineID, URL: e.PipelineURL})
	})
}

// cancelPipeline cancels the pipeline of an E2E run that nobody waits for.
func (r *release) cancelPipeline(ctx workflow.Context, run int, pipeline train.StartedPipeline) {
	_, err := write(ctx, r.uninterruptible, train.StepCancelPipeline, run, shortActivity(words.CancelE2ERun(run)),
		gitlab.CancelPipeline, func(string) train.CancelPipelineInput {
			return train.CancelPipelineInput{Project: r.Train.E2E.Project, PipelineID: pipeline.ID}
		})
	if err != nil {
		workflow.GetLogger(ctx).Warn("A replaced E2E run was not cancelled", "pipeline", pipeline.URL, "error", err)
	}
}

// voidE2E voids what E2E found, because staging does not run the candidate any more.
func (r *release) voidE2E(ctx workflow.Context, why string) {
	if r.E2E == nil {
		return
	}
	r.cancelE2E(ctx, why)
	e := *r.E2E
	e.State, e.Why = train.E2EVoid, why
	r.setE2E(e)
	r.announce(r.e2eAnnouncement(ptr(words.E2EEvent(&r.State))))
}

// runE2E starts one run and waits for its result or its deadline.
func (r *release) runE2E(ctx workflow.Context) error {
	r.setWaiting(ctx, words.WaitsForStartOfE2E())
	config, last, voids := r.Train.E2E, 0, 0
	if r.E2E != nil {
		last = r.E2E.Run
	}
	if r.E2E != nil && r.E2E.State == train.E2EVoid && !r.Orders.Rerun {
		voids = r.E2E.Voids
	}
	started, err := write(ctx, r.interruptible, train.StepE2E, r.E2ERuns+1, shortActivity(words.StartE2E(r.Candidate.Tag)),
		tests.StartE2E, func(key string) train.StartE2EInput {
			return train.StartE2EInput{
				Pipeline: train.StartPipelineInput{Project: config.Project, Ref: config.Ref, Variables: config.Variables,
					Since: r.DepartedAt, Key: key},
				Flux: r.Train.Staging.Flux, Candidate: r.Candidate, Guard: rules.GuardOf(&r.State, train.StepE2E),
			}
		})
	if isInterruption(err) {
		return err
	}
	r.Orders.Rerun = false // it is carried out now
	r.E2ERuns++
	r.setE2E(train.E2E{State: train.E2ERunning, Run: last + 1, Tag: r.Candidate.Tag,
		StartedAt: workflow.Now(ctx), Voids: voids})
	switch {
	case err != nil:
		r.endE2E(ctx, train.E2ECouldNotRun, errorSentence(err))
		return nil
	case started.Void != "":
		r.endE2E(ctx, train.E2EVoid, started.Void)
		return nil
	}
	r.E2E.PipelineID, r.E2E.PipelineURL = started.ID, started.URL
	r.announce(r.e2eAnnouncement(nil), r.coordinationAnnouncement(ctx, nil))
	return r.awaitE2E(ctx)
}

// awaitE2E waits for a running E2E pipeline, until its deadline in the foreground
// and then, overdue, in the background until the window closes.
func (r *release) awaitE2E(ctx workflow.Context) error {
	mine := *r.E2E
	until := r.Plan.WindowCloses
	if !until.After(workflow.Now(ctx)) {
		until = workflow.Now(ctx).Add(24 * time.Hour)
	}
	run := startActivity(ctx, r.interruptible, pollingActivity(words.E2ERuns(r.Candidate.Tag), r.Train.Poll.E2E.D(),
		until.Sub(workflow.Now(ctx))),
		gitlab.AwaitPipeline, train.AwaitPipelineInput{Project: r.Train.E2E.Project, PipelineID: mine.PipelineID,
			Until: until, Poll: r.Train.Poll.E2E})
	replaced := func() error {
		if err := r.interrupted(); err != nil {
			return err
		}
		if r.Orders.Rerun || r.Candidate.Tag != mine.Tag || r.E2E.Run != mine.Run {
			return errRerun
		}
		return nil
	}
	run.interrupted = replaced
	for !run.done() {
		deadline := rules.E2EDeadline(&r.State, mine.StartedAt)
		r.setWaiting(ctx, words.WaitsForEndOfE2E(r.E2E.PipelineURL, mine.StartedAt, deadline))
		wake := func() bool {
			return run.done() || r.Orders.Rerun || !rules.E2EDeadline(&r.State, mine.StartedAt).Equal(deadline)
		}
		var err error
		if deadline.IsZero() {
			err = r.await(ctx, wake)
		} else {
			err = r.awaitUntil(ctx, deadline, words.DeadlineOfE2E(r.Candidate.Tag), wake)
		}
		if err != nil || r.Orders.Rerun {
			run.stop()
			return err
		}
		if moved := !rules.E2EDeadline(&r.State, mine.StartedAt).Equal(deadline); !run.done() && !moved {
			r.followOverdue(ctx, run, deadline)
			return nil
		}
	}
	if err := r.readE2E(ctx, run); !errors.Is(err, errRerun) { // else the next run begins
		return err
	}
	return nil
}

// errRerun ends the wait for a run that another one replaces.
var errRerun = errors.New("another E2E run replaces this one")

// followOverdue follows a run beyond its deadline: its result still counts.
func (r *release) followOverdue(ctx workflow.Context, run pendingActivity[train.EndedJob], deadline time.Time) {
	r.endE2E(ctx, train.E2EOverdue, words.E2EPastDeadline(deadline, r.Train.Location()))
	r.followsOverdueE2E = true
	workflow.Go(r.uncancelled(ctx), func(ctx workflow.Context) {
		err := r.readE2E(ctx, run)
		r.followsOverdueE2E = false
		if err != nil && !isInterruption(err) && !errors.Is(err, errRerun) {
			workflow.GetLogger(ctx).Error("An overdue E2E run was lost sight of", "error", err)
		}
	})
}

// readE2E records how a run ended, with what failed and who owns it.
func (r *release) readE2E(ctx workflow.Context, run pendingActivity[train.EndedJob]) error {
	ended, err := run.get(ctx)
	if isInterruption(err) || errors.Is(err, errRerun) {
		return err
	}
	if err != nil {
		r.endE2E(ctx, train.E2ECouldNotRun, words.E2ENotFollowed(errorSentence(err)))
		return nil
	}
	found, err := call(ctx, &executor{interrupted: run.interrupted}, shortActivity(words.WhatE2EFound(r.Candidate.Tag)),
		tests.ReadE2EReport, train.ReadE2EReportInput{
			Project: r.Train.E2E.Project, PipelineID: r.E2E.PipelineID, Ref: r.Train.E2E.Ref, Flux: r.Train.Staging.Flux,
			Candidate: r.Candidate, JUnit: r.Train.E2E.JUnit, Groups: r.Train.E2E.Owners,
		})
	if isInterruption(err) || errors.Is(err, errRerun) {
		return err
	}
	if err != nil {
		// The pipeline's own state decides; the report only explains it.
		workflow.GetLogger(ctx).Warn("The E2E report could not be read", "error", err)
	}
	r.E2E.Report = found.Report
	state, cause := rules.JudgeE2E(ended, found)
	r.endE2E(ctx, state, words.E2ECause(cause))
	return nil
}

// endE2E records a state of the run and tells people.
func (r *release) endE2E(ctx workflow.Context, state train.E2EState, why string) {
	e := *r.E2E
	e.State, e.Why, e.EndedAt = state, why, workflow.Now(ctx)
	if state == train.E2EVoid {
		e.Voids++
	}
	if state == train.E2EOverdue {
		e.EndedAt = r.E2E.EndedAt // it still runs
	}
	r.setE2E(e)
	// where the gate has more to say at once, its card counts
	r.announce(r.e2eAnnouncement(ptr(words.E2EEvent(&r.State))), r.coordinationAnnouncement(ctx, nil))
}

func (r *release) setE2E(e train.E2E) {
	r.E2E = &e
	r.changes++
}

// awaitStagingBack waits until staging runs the candidate again, after a run on
// something else was void. Flux that has given up is looked at again after a while.
func (r *release) awaitStagingBack(ctx workflow.Context) error {
	until := workflow.Now(ctx).Add(24 * time.Hour)
	poll := r.Train.Poll.Deploy
	for {
		r.setWaiting(ctx, words.WaitsForStagingBack(r.Candidate.Tag, r.E2E.Why))
		var rollout train.Rollout
		err := r.untilDone(ctx, words.WaitingForStaging(), func() (err error) {
			options := pollingActivity(words.StagingRunsAgain(r.Candidate.Tag), poll.D(), until.Sub(workflow.Now(ctx)))
			rollout, err = call(ctx, r.interruptible, options, flux.AwaitRollout,
				train.AwaitRolloutInput{Flux: r.Train.Staging.Flux, Candidate: r.Candidate, Until: until, Poll: poll})
			return err
		})
		if err != nil || rollout.Done || rollout.TimedOut || r.Orders.Rerun {
			return err
		}
		again := workflow.Now(ctx).Add(heldForPolls * r.Train.Poll.Gate.D())
		wake := func() bool { return r.Orders.Rerun || r.mustContinueAsNew(ctx) }
		if err := r.awaitUntil(ctx, again, words.StagingRunsAgain(r.Candidate.Tag), wake); err != nil {
			return err
		}
		if r.mustContinueAsNew(ctx) {
			return errContinueAsNew
		}
	}
}
