package workflows

import (
	"errors"

	"go.temporal.io/sdk/workflow"

	"github.com/release-train/release-train/internal/train"
)

// ReleaseWorkflow is one release day of one train, from the day before to the
// end of the window. Its ID is train.ReleaseID; its result is made of by reports.
func ReleaseWorkflow(ctx workflow.Context, in train.ReleaseInput) (train.Summary, error) {
	r := newRelease(ctx, in)
	if err := r.setup(ctx); err != nil {
		return train.Summary{}, err
	}
	for {
		err := r.run(ctx)
		if !errors.Is(err, errContinue) {
			return r.close(ctx, err)
		}
		if err := r.continueAsNew(ctx, in); err != nil {
			return train.Summary{}, err
		}
	}
}

// run is the process document, top to bottom: older releases close, then a
// candidate travels from its tag to production. When cut-tag replaces the
// candidate, the next one begins at the top with no evidence; a rollback that
// somebody ordered is carried out there too.
func (r *release) run(ctx workflow.Context) error {
	if err := r.depart(ctx); err != nil {
		return err
	}
	for {
		if err := r.ship(ctx); !errors.Is(err, errReplaced) && !errors.Is(err, errRollBack) {
			return err
		}
	}
}

// ship takes one candidate through the day, one line per step of the process.
// A step that the candidate has behind it returns at once.
func (r *release) ship(ctx workflow.Context) error {
	for _, step := range []func(workflow.Context) error{
		r.rollBack,         // (when ordered) put back what ran before
		r.cut,              // (day before) tag main to mark the release code
		r.publishChangelog, // (day before) generate the changelog, link it, set the channel's topic
		r.stage,            // (day before) deploy the release to staging, smoke tests
		r.test,             // (overnight)  run E2E tests against it on staging
		r.produce,          // (day of release, 11:00, if all is green) deploy to production, smoke tests
		r.watch,            // (until the window closes) stay at hand
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}
