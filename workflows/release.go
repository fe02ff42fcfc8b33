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
		err := r.runDay(ctx)
		if !errors.Is(err, errContinueAsNew) {
			return r.finish(ctx, err)
		}
		if err := r.continueAsNew(ctx, in); err != nil {
			return train.Summary{}, err
		}
	}
}

// runDay is the process document, top to bottom: older releases close, then a
// candidate travels from its tag to production. When cut-tag replaces the
// candidate, the next one begins at the top with no evidence; a rollback that
// somebody ordered is carried out there too.
func (r *release) runDay(ctx workflow.Context) error {
	if err := r.closeOlderReleases(ctx); err != nil {
		return err
	}
	for {
		if err := r.releaseCandidate(ctx); !errors.Is(err, errReplaced) && !errors.Is(err, errRollbackOrdered) {
			return err
		}
	}
}

// releaseCandidate takes one candidate through the day, one line per step of the process.
// A step that the candidate has behind it returns at once.
func (r *release) releaseCandidate(ctx workflow.Context) error {
	for _, step := range []func(workflow.Context) error{
		r.rollBackAsOrdered,      // (when ordered) put back what ran before
		r.cutCandidate,           // (day before) tag main to mark the release code
		r.publishChangelog,       // (day before) generate the changelog, link it, set the channel's topic
		r.deployToStaging,        // (day before) deploy the release to staging, smoke tests
		r.testOnStaging,          // (overnight)  run E2E tests against it on staging
		r.deployToProduction,     // (day of release, 11:00, if all is green) deploy to production, smoke tests
		r.watchUntilWindowCloses, // (until the window closes) stay at hand
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}
