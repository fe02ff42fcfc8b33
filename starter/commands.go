package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/release-train/release-train/activities"
	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
	"github.com/release-train/release-train/internal/words"
)

// commandCommands are one sub-command for each command of the table. Those of
// other days stand under schedule.
func (a *app) commandCommands() []*cobra.Command {
	var out []*cobra.Command
	for _, e := range rules.Commands() {
		if e.Name != train.SkipDay && e.Name != train.AddDay {
			out = append(out, a.commandCommand(e))
		}
	}
	return out
}

// fieldHelp says what a field of a command is.
var fieldHelp = map[string]string{
	"tag":         "a release `tag`",
	"sha":         "a `commit` on the branch; the head of the branch when left out",
	"previousTag": "the `tag` where the changelog begins",
	"until": "`when` GitLab's freeze period ends: RFC 3339, HH:MM on the train's clock, or a duration; " +
		"24h when left out",
	"at":          "`when` production opens: RFC 3339, or HH:MM on the train's clock",
	"hold":        "the `hold` to acknowledge: late or drift",
	"removes":     "the `number` of commits that acknowledging a drift takes out of production",
	"environment": "staging or production",
	"force":       "do not wait for what runs",
	"of":          "the `person` whose pause ends; needed where several stand",
	"all":         "end the pauses of everybody",
}

func (a *app) commandCommand(e rules.Definition) *cobra.Command {
	var name, day string
	c := train.Command{}
	about := words.About(e.Name)
	cmd := &cobra.Command{
		Use:     string(e.Name),
		Short:   strings.ToUpper(about.Does[:1]) + about.Does[1:],
		Long:    fmt.Sprintf("%s%s.\n\nAccepted when: %s.", strings.ToUpper(about.Does[:1]), about.Does[1:], about.Accepted),
		Example: "  " + exampleLine(e),
		GroupID: groupCommands,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			t, err := a.train(name)
			if err != nil {
				return err
			}
			if e.Name == train.Rollback {
				return a.rollback(cmd.Context(), t, e, day, c)
			}
			answer, err := a.send(cmd.Context(), t, e, day, c)
			if err != nil {
				return err
			}
			a.printf("%s\n", answer.Sentence)
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&name, "train", "", "the train's `name`; may be left out when there is one train")
	if !e.OfTrain {
		f.StringVar(&day, "day", "", "the release `day`, YYYY-MM-DD; the open release when left out")
		_ = cmd.RegisterFlagCompletionFunc("day", cobra.NoFileCompletions)
	}
	f.StringVar(&c.By, "by", osUser(), "`who` asks")
	why := "`why`"
	if e.NeedsReason {
		why += " (required)"
	}
	f.StringVar(&c.Reason, "reason", "", why)
	for _, field := range e.Fields {
		help, flag := fieldHelp[field], words.FlagName(field)
		switch field {
		case "tag":
			f.StringVar(&c.Tag, flag, "", help)
		case "sha":
			f.StringVar(&c.SHA, flag, "", help)
		case "previousTag":
			f.StringVar(&c.PreviousTag, flag, "", help)
		case "until":
			f.StringVar(&c.Until, flag, "", help)
		case "at":
			f.StringVar(&c.At, flag, "", help)
		case "hold":
			f.StringVar((*string)(&c.Hold), flag, "", help)
			_ = cmd.RegisterFlagCompletionFunc(flag,
				cobra.FixedCompletions([]string{string(train.HoldLate), string(train.HoldDrift)},
					cobra.ShellCompDirectiveNoFileComp))
		case "removes":
			f.IntVar(&c.Removes, flag, 0, help)
		case "environment":
			f.StringVar((*string)(&c.Environment), flag, "", help)
			_ = cmd.RegisterFlagCompletionFunc(flag,
				cobra.FixedCompletions([]string{string(train.Staging), string(train.Production)},
					cobra.ShellCompDirectiveNoFileComp))
		case "force":
			f.BoolVar(&c.Force, flag, false, help)
		case "of":
			f.StringVar(&c.Of, flag, "", help)
		case "all":
			f.BoolVar(&c.All, flag, false, help)
		}
	}
	return cmd
}

// exampleLine is a line that can be typed.
func exampleLine(e rules.Definition) string {
	c := e.ExampleCommand()
	line := "starter " + string(e.Name)
	for _, part := range [][2]string{
		{"tag", c.Tag}, {"sha", c.SHA}, {"previous-tag", c.PreviousTag}, {"until", c.Until}, {"at", c.At},
		{"hold", string(c.Hold)}, {"removes", rules.FieldValues(c)["removes"]},
		{"environment", string(c.Environment)}, {"reason", c.Reason},
	} {
		switch {
		case part[1] == "":
		case strings.Contains(part[1], " "):
			line += fmt.Sprintf(" --%s %q", part[0], part[1])
		default:
			line += fmt.Sprintf(" --%s %s", part[0], part[1])
		}
	}
	return line
}

// send sends a command as an update: to the train what belongs to it, else to
// the named or the open release.
func (a *app) send(ctx context.Context, t train.Train, e rules.Definition, day string,
	in train.Command) (train.Answer, error) {
	c, namespace, err := a.temporal(ctx)
	if err != nil {
		return train.Answer{}, err
	}
	defer c.Close()
	waiting, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	var answer train.Answer
	if e.OfTrain {
		answer, err = activities.SendToTrain(waiting, c, t.Name, e.Name, in)
	} else {
		answer, err = sendToRelease(waiting, c, namespace, t.Name, day, e.Name, in)
	}
	var refused *temporal.ApplicationError
	switch {
	case errors.As(err, &refused) && refused.Type() == train.RefusedCommand:
		return answer, fmt.Errorf("%s was refused: %s", e.Name, refused.Message())
	case err != nil && ctx.Err() == nil && waiting.Err() != nil:
		return answer, fmt.Errorf("%s has not been answered within %s; it may still be acted on: is a worker running?",
			e.Name, answerWithin)
	}
	return answer, err
}

func sendToRelease(ctx context.Context, c client.Client, namespace, name, day string, command train.CommandName,
	in train.Command) (train.Answer, error) {
	var answer train.Answer
	id, err := findRelease(ctx, c, namespace, name, day)
	if err != nil {
		return answer, err
	}
	handle, err := c.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: id, UpdateName: string(command), Args: []any{in}, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	var missing *serviceerror.NotFound
	if errors.As(err, &missing) {
		return answer, fmt.Errorf("%s is not open: see starter status --train %s", id, name)
	}
	if err != nil {
		return answer, fmt.Errorf("send %s to %s: %w", command, id, err)
	}
	return answer, handle.Get(ctx, &answer)
}
