package main

import (
	"context"
	"errors"
	"fmt"
	"os/user"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/train"
)

func (a *app) startCommand() *cobra.Command {
	var name, day, by string
	var again bool
	cmd := &cobra.Command{
		Use:   "start",
		Short: "Start a release by hand: the next release day, cut at once",
		Example: `  starter start --train api
  starter start --train api --day 2026-11-24 --again`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			t, err := a.train(name)
			if err != nil {
				return err
			}
			in := train.DepartureInput{Train: t.Name, By: by, Again: again}
			if day != "" {
				if in.Day, err = calendar.ParseDay(day); err != nil {
					return fmt.Errorf("--day: %w", err)
				}
			}
			c, _, err := a.temporal(cmd.Context())
			if err != nil {
				return err
			}
			defer c.Close()
			result, err := depart(cmd.Context(), c, in)
			if err != nil {
				return err
			}
			a.printf("%s\n", result.Sentence)
			return nil
		},
	}
	cmd.Flags().StringVar(&name, "train", "", "the train's `name`; may be left out when there is one train")
	cmd.Flags().StringVar(&day, "day", "", "the release `day`, YYYY-MM-DD; the next one when left out")
	cmd.Flags().StringVar(&by, "by", osUser(), "who starts it")
	cmd.Flags().BoolVar(&again, "again", false, "a second release of a day whose first one has ended")
	return cmd
}

// depart runs a departure and waits for its answer; one that starts nothing is an error.
func depart(ctx context.Context, c client.Client, in train.DepartureInput) (train.DepartureResult, error) {
	run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:            train.DepartureID(in.Train) + "-by-hand-" + time.Now().UTC().Format("2006-01-02T15:04:05.000Z"),
		TaskQueue:     train.TaskQueue,
		StaticSummary: "Departure of " + in.Train + " by hand",
	}, train.DepartureWorkflow, in)
	if err != nil {
		return train.DepartureResult{}, fmt.Errorf("start a departure of %s: %w", in.Train, err)
	}
	var result train.DepartureResult
	waiting, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	switch err := run.Get(waiting, &result); {
	case err != nil && ctx.Err() == nil && waiting.Err() != nil:
		return result, fmt.Errorf("%s was started but has not answered within %s: is a worker running?", run.GetID(),
			answerWithin)
	case err != nil:
		return result, fmt.Errorf("the departure of %s failed: %w", in.Train, rootCause(err))
	case result.ReleaseID == "":
		return result, errors.New(result.Sentence)
	}
	return result, nil
}

// answerWithin is how long a person waits for a worker's answer.
const answerWithin = 30 * time.Second

// rootCause is the innermost error: the sentence for people.
func rootCause(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

func osUser() string {
	u, err := user.Current()
	if err != nil {
		return ""
	}
	return u.Username
}
