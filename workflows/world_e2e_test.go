package workflows

import (
	"time"

	"github.com/release-train/release-train/internal/train"
)

// e2eWorld is the E2E pipeline and its report.
type e2eWorld struct {
	void       []string        // one for each start: staging runs something else
	err        error           // no run can be started
	asked      int             // starts, also those that ran into something
	started    int             // runs
	keys       []string        // of runs
	startTakes []time.Duration // one for each start

	took  []time.Duration // one for each run; then takes
	takes time.Duration
	ended []train.EndedJob // one for each run; then ends
	ends  train.EndedJob

	found       train.E2EFound
	reportTakes time.Duration
}

func newE2EWorld() e2eWorld {
	return e2eWorld{
		takes: 8 * time.Hour, ends: train.EndedJob{Status: "success"},
		found: train.E2EFound{Report: train.E2EReport{Tests: 4, CypressURL: "https://cloud.cypress.io/projects/p/runs/1"}},
	}
}

func (w *world) answerE2E() {
	on(w, tests.StartE2E, func(in train.StartE2EInput) (train.StartedE2E, error) {
		w.e2e.asked++
		if held := w.stands(in.Guard); len(held) > 0 {
			return train.StartedE2E{Holds: held}, nil
		}
		if w.e2e.err != nil {
			return train.StartedE2E{}, w.e2e.err
		}
		if len(w.e2e.void) > 0 {
			void := w.e2e.void[0]
			w.e2e.void = w.e2e.void[1:]
			return train.StartedE2E{Void: void}, nil
		}
		w.written("E2E")
		w.e2e.started++
		w.e2e.keys = append(w.e2e.keys, in.Pipeline.Key)
		return train.StartedE2E{StartedPipeline: train.StartedPipeline{ID: int64(2 + w.e2e.started),
			URL: "https://gitlab/pipelines/3"}}, nil
	}, func() time.Duration {
		if len(w.e2e.startTakes) == 0 {
			return 0
		}
		takes := w.e2e.startTakes[0]
		w.e2e.startTakes = w.e2e.startTakes[1:]
		return takes
	})
	on(w, gitlab.AwaitPipeline, func(in train.AwaitPipelineInput) (train.EndedJob, error) {
		if run := int(in.PipelineID - 3); run < len(w.e2e.ended) {
			return w.e2e.ended[run], nil
		}
		return w.e2e.ends, nil
	}, func() time.Duration {
		if run := w.e2e.started - 1; run < len(w.e2e.took) {
			return w.e2e.took[run]
		}
		return w.e2e.takes
	})
	on(w, tests.ReadE2EReport, func(train.ReadE2EReportInput) (train.E2EFound, error) { return w.e2e.found, nil },
		func() time.Duration { return w.e2e.reportTakes })
}
