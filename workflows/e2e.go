package workflows

import (
	"errors"
	"fmt"

	"go.temporal.io/sdk/workflow"

	"github.com/release-train/release-train/internal/train"
)

// test runs E2E on staging overnight. It returns once there is a result or the
// deadline has passed; a run that is overdue is followed on and still counts.
func (r *release) test(ctx workflow.Context) error {
	r.Phase = train.Testing
	if at := r.Plan.E2EAt; at.After(workflow.Now(ctx)) {
		r.waitFor(ctx, train.Waiting{For: train.WaitTime, What: "the configured start of E2E", Next: "E2E runs on staging", NextAt: at})
		if err := r.sleepUntil(ctx, at, "E2E starts at its configured time", never); err != nil {
			return err
		}
	}
	for run := 1; ; run++ {
		if err := r.runE2E(ctx, run); err != nil {
			return err
		}
		if r.E2E.State != train.E2EVoid {
			return nil
		}
		if err := r.awaitStagingBack(ctx); err != nil {
			return err
		}
	}
}

// runE2E starts one run and waits for its result or its deadline.
func (r *release) runE2E(ctx workflow.Context, run int) error {
	r.waitFor(ctx, train.Waiting{For: train.WaitPipeline, What: "GitLab to start E2E", Next: "E2E runs on staging"})
	config := r.Train.E2E
	r.setE2E(train.E2E{State: train.E2ERunning, Run: run, Tag: r.Candidate.Tag, StartedAt: workflow.Now(ctx)})
	started, err := write(ctx, r.door, train.StepE2E, run, short("Start E2E of "+r.Candidate.Tag+" on staging"),
		tests.StartE2E, func(key string) train.StartE2EInput {
			return train.StartE2EInput{
				Pipeline: train.StartPipelineInput{Project: config.Project, Ref: config.Ref, Variables: config.Variables, Since: r.DepartedAt, Key: key},
				Flux:     r.Train.Staging.Flux, Candidate: r.Candidate,
			}
		})
	switch {
	case errors.Is(err, errEnding):
		return err
	case err != nil:
		r.endE2E(ctx, train.E2ECouldNotRun, sentence(err))
		return nil
	case started.Void != "":
		r.endE2E(ctx, train.E2EVoid, started.Void)
		return nil
	}
	r.E2E.PipelineURL = started.URL
	r.tell(r.e2e(nil), r.coordination(nil))
	return r.awaitE2E(ctx, started.ID)
}

// awaitE2E waits for a running E2E pipeline, until its deadline in the foreground
// and then, overdue, in the background until the window closes.
func (r *release) awaitE2E(ctx workflow.Context, pipeline int64) error {
	until := r.Plan.WindowCloses
	r.waitFor(ctx, train.Waiting{
		For: train.WaitPipeline, What: "E2E on staging to end", URL: r.E2E.PipelineURL,
		Next: "it is overdue if it has not ended", NextAt: r.Plan.E2EDeadline,
	})
	run := start(ctx, r.door, watching("E2E of "+r.Candidate.Tag+" runs on staging", r.Train.Poll.E2E.D(), until.Sub(workflow.Now(ctx))),
		gitlab.AwaitPipeline, train.AwaitPipelineInput{Project: r.Train.E2E.Project, PipelineID: pipeline, Until: until, Poll: r.Train.Poll.E2E})
	err := r.sleepUntil(ctx, r.Plan.E2EDeadline, "Deadline of E2E of "+r.Candidate.Tag, run.done)
	switch {
	case err != nil:
		run.stop()
		return err
	case run.done():
		return r.readE2E(ctx, run, pipeline)
	}
	r.endE2E(ctx, train.E2EOverdue, "it had not ended by "+train.When(r.Plan.E2EDeadline, r.Train.Location()))
	workflow.Go(ctx, func(ctx workflow.Context) {
		if err := r.readE2E(ctx, run, pipeline); err != nil && !errors.Is(err, errEnding) {
			workflow.GetLogger(ctx).Error("An overdue E2E run was lost sight of", "error", err)
		}
	})
	return nil
}

// readE2E records how a run ended, with what failed and who owns it.
func (r *release) readE2E(ctx workflow.Context, run pending[train.EndedJob], pipeline int64) error {
	ended, err := run.get(ctx)
	if errors.Is(err, errEnding) {
		return err
	}
	if err != nil {
		r.endE2E(ctx, train.E2ECouldNotRun, "its pipeline could not be followed: "+sentence(err))
		return nil
	}
	found, err := call(ctx, r.door, short("What E2E of "+r.Candidate.Tag+" found"), tests.ReadE2EReport, train.ReadE2EReportInput{
		Project: r.Train.E2E.Project, PipelineID: pipeline, Ref: r.Train.E2E.Ref, Flux: r.Train.Staging.Flux, Candidate: r.Candidate,
	})
	if errors.Is(err, errEnding) {
		return err
	}
	if err != nil {
		// The pipeline's own state decides; the report only explains it.
		workflow.GetLogger(ctx).Warn("The E2E report could not be read", "error", err)
	}
	r.E2E.Report = found.Report
	state, why := train.JudgeE2E(ended, found)
	r.endE2E(ctx, state, why)
	return nil
}

// endE2E records a state of the run and tells people.
func (r *release) endE2E(ctx workflow.Context, state train.E2EState, why string) {
	e := *r.E2E
	e.State, e.Why, e.EndedAt = state, why, workflow.Now(ctx)
	if state == train.E2EOverdue {
		e.EndedAt = r.E2E.EndedAt // it still runs
	}
	r.setE2E(e)
	r.tell(r.e2e(ptr(r.E2EEvent())), r.coordination(nil)) // where the gate has more to say at once, its card counts
}

func (r *release) setE2E(e train.E2E) {
	r.E2E = &e
	r.evidence++
}

// awaitStagingBack waits until staging runs the candidate again, after a run on
// something else was void.
func (r *release) awaitStagingBack(ctx workflow.Context) error {
	until := r.Plan.WindowCloses
	r.waitFor(ctx, train.Waiting{
		For: train.WaitPerson, What: fmt.Sprintf("%s to be on staging again: %s", r.Candidate.Tag, r.E2E.Why), Next: "E2E runs again",
	})
	_, err := call(ctx, r.door, watching("Staging runs "+r.Candidate.Tag+" again", r.Train.Poll.Deploy.D(), until.Sub(workflow.Now(ctx))),
		flux.AwaitRollout, train.AwaitRolloutInput{Flux: r.Train.Staging.Flux, Candidate: r.Candidate, Until: until, Poll: r.Train.Poll.Deploy})
	return r.orStuck(ctx, "waiting for staging", err)
}
