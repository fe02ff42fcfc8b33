package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
	"github.com/release-train/release-train/internal/words"
)

// acknowledge ends a hold. Of a drift it accepts what production runs now, not what
// it was last seen to run: that is read first, and may have become something else.
func (r *release) acknowledge(ctx workflow.Context, c train.Command) (train.Answer, *train.Refusal) {
	if c.Hold != train.HoldDrift {
		return r.applyCommand(ctx, train.Acknowledge, c), nil
	}
	compared := r.Candidate
	read, err := askNow(ctx, r, words.WhatProductionRuns(), holds.ReadDrift,
		train.ReadDriftInput{
			Project: r.Train.Project, TagPrefix: r.Train.TagPrefix, Candidate: compared, Flux: r.Train.Production.Flux,
		})
	if err != nil {
		return train.Answer{}, &train.Refusal{Code: train.RefusedProductionNotRead, Command: train.Acknowledge,
			Tag: compared.Tag, Detail: errorSentence(err)}
	}
	now := workflow.Now(ctx)
	if refusal := rules.Check(&r.State, train.Acknowledge, c, now); refusal != nil { // much may have changed meanwhile
		return train.Answer{}, refusal
	}
	if refusal := rules.CheckDrift(&r.State, c, read, compared); refusal != nil {
		return train.Answer{}, refusal
	}
	effect := rules.AcceptDrift(&r.State, read)
	answer := train.Answer{Sentence: words.Answer(&r.State, train.Acknowledge, c, effect, now)}
	r.inBackground(ctx, r.rebaseChangelog)
	return answer, nil
}
