package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/train"
	"github.com/release-train/release-train/internal/words"
)

func (a *app) statusCommand() *cobra.Command {
	var name, day string
	var watch, asJSON bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Say what a release is waiting for, since when, and what happens next",
		Example: `  starter status
  starter status --train api --day 2026-11-24 --watch`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			t, err := a.train(name)
			if err != nil {
				return err
			}
			c, namespace, err := a.temporal(cmd.Context())
			if err != nil {
				return err
			}
			defer c.Close()
			id, err := findRelease(cmd.Context(), c, namespace, t.Name, day)
			if err != nil {
				a.showTrain(cmd.Context(), c, t.Name) // its holds stand without a release too
				return err
			}
			if err := a.showStatus(cmd.Context(), c, id, watch, asJSON); err != nil || asJSON {
				return err
			}
			a.showTrain(cmd.Context(), c, t.Name)
			return nil
		},
	}
	cmd.Flags().StringVar(&name, "train", "", "the train's `name`; may be left out when there is one train")
	cmd.Flags().StringVar(&day, "day", "",
		"the release `day`, YYYY-MM-DD; the open release when left out, else the newest")
	cmd.Flags().BoolVar(&watch, "watch", false, "show it again whenever it changes, until the release ends")
	cmd.Flags().BoolVar(&asJSON, "json", false, "the whole answer as JSON")
	return cmd
}

// showTrain shows what a train remembers, where it remembers something.
func (a *app) showTrain(ctx context.Context, c client.Client, name string) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	value, err := c.QueryWorkflow(ctx, train.MemoryID(name), "", train.QueryStatus)
	var st train.MemoryStatus
	if err != nil || value.Get(&st) != nil || st.Memory.Empty() {
		return // nothing is remembered
	}
	a.printf("\n%s\n", words.TrainStatusText(st, words.Plain))
}

// lookEvery is how often --watch asks.
const lookEvery = time.Second

func (a *app) showStatus(ctx context.Context, c client.Client, id string, watch, asJSON bool) error {
	var shown string
	for {
		st, err := status(ctx, c, id)
		if err != nil {
			return err
		}
		text := words.StatusText(st, words.Plain)
		if asJSON {
			raw, err := json.MarshalIndent(st, "", "  ")
			if err != nil {
				return err
			}
			text = string(raw)
		}
		if text != shown {
			if shown != "" {
				a.printf("\n")
			}
			a.printf("%s\n", text)
			shown = text
		}
		if !watch || st.Phase == train.Ended {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(lookEvery):
		}
	}
}

// status asks a release for its one answer.
func status(ctx context.Context, c client.Client, id string) (train.Status, error) {
	var st train.Status
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	value, err := c.QueryWorkflow(ctx, id, "", train.QueryStatus)
	var missing *serviceerror.NotFound
	switch {
	case errors.As(err, &missing):
		return st, fmt.Errorf("there is no release %s", id)
	case err != nil:
		return st, fmt.Errorf("%s does not answer; is a worker running? (%w)", id, err)
	}
	return st, value.Get(&st)
}

// findRelease is the ID of a day's release, or of the open one, or else of the newest.
func findRelease(ctx context.Context, c client.Client, namespace, name, day string) (string, error) {
	if day != "" {
		d, err := calendar.ParseDay(day)
		if err != nil {
			return "", fmt.Errorf("--day: %w", err)
		}
		return train.ReleaseID(name, d), nil
	}
	prefix := strings.TrimSuffix(train.ReleaseID(name, calendar.Day{}), calendar.Day{}.String())
	for _, query := range []string{
		fmt.Sprintf("WorkflowId STARTS_WITH '%s' AND ExecutionStatus = 'Running'", prefix),
		fmt.Sprintf("WorkflowId STARTS_WITH '%s'", prefix),
	} {
		list, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Namespace: namespace,
			Query: query, PageSize: 1})
		if err != nil {
			return "", fmt.Errorf("list the releases of %s: %w", name, err)
		}
		if len(list.Executions) > 0 {
			return list.Executions[0].Execution.WorkflowId, nil
		}
	}
	return "", fmt.Errorf("%s has no release yet: start one with: starter start --train %s", name, name)
}
