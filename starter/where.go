package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/release-train/release-train/internal/config"
	"github.com/release-train/release-train/internal/gitlab"
	"github.com/release-train/release-train/internal/train"
	"github.com/release-train/release-train/internal/words"
)

func (a *app) whereCommand() *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use:   "where <sha or !MR>",
		Short: "Say whether a change is on the train, and when it is expected in production",
		Example: `  starter where 1a2b3c4d
  starter where '!123'`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := a.train(name)
			if err != nil {
				return err
			}
			sentence, err := a.where(cmd.Context(), t, args[0])
			if err != nil {
				return err
			}
			a.printf("%s\n", sentence)
			return nil
		},
	}
	cmd.Flags().StringVar(&name, "train", "", "the train's `name`; may be left out when there is one train")
	return cmd
}

// where looks for a change: in production, in the open release's candidate, on the branch.
func (a *app) where(ctx context.Context, t train.Train, what string) (string, error) {
	f, err := a.file()
	if err != nil {
		return "", err
	}
	secrets := config.SecretsFromEnv(a.getenv)
	if secrets.GitLabToken == "" {
		return "", errors.New("the environment lacks GITLAB_TOKEN: where asks GitLab")
	}
	git, err := gitlab.New(gitlab.Options{URL: f.GitLab.URL, Token: secrets.GitLabToken})
	if err != nil {
		return "", err
	}
	commit, refused, err := findChange(ctx, git, t, what)
	if err != nil || refused != "" {
		return refused, err
	}
	return a.whereIs(ctx, git, t, commit)
}

// findChange is the commit that a person means.
func findChange(ctx context.Context, git *gitlab.Client, t train.Train, what string) (c gitlab.Commit,
	refused string, err error) {
	number, isRequest := strings.CutPrefix(what, "!")
	if !isRequest {
		c, err = git.Commit(ctx, t.Project, what)
		return c, "", err
	}
	iid, err := strconv.ParseInt(number, 10, 64)
	if err != nil || iid < 1 {
		return c, "", fmt.Errorf("%q is neither a commit nor a merge request: write for example 1a2b3c4d or '!123'", what)
	}
	request, err := git.MergeRequest(ctx, t.Project, iid)
	if err != nil {
		return c, "", err
	}
	for _, sha := range []string{request.MergeCommitSHA, request.SquashCommitSHA, request.SHA} {
		if sha != "" && !request.MergedAt.IsZero() {
			c, err = git.Commit(ctx, t.Project, sha)
			return c, "", err
		}
	}
	return c, fmt.Sprintf("!%d is not merged: it is on no train.", iid), nil
}

func (a *app) whereIs(ctx context.Context, git *gitlab.Client, t train.Train, commit gitlab.Commit) (string, error) {
	change := fmt.Sprintf("%s %q", train.ShortSHA(commit.SHA), commit.Title)
	holds := func(ref string) (bool, error) {
		beyond, err := git.Commits(ctx, t.Project, ref+".."+commit.SHA, 1)
		return len(beyond) == 0, err
	}
	onBranch, err := holds(t.Branch)
	if err != nil {
		return "", err
	}
	if !onBranch {
		return fmt.Sprintf("%s is not on %s: it is on no train.", change, t.Branch), nil
	}
	c, namespace, err := a.temporal(ctx)
	if err != nil {
		return "", err
	}
	defer c.Close()
	zone := t.Location()
	id, err := findRelease(ctx, c, namespace, t.Name, "")
	if err == nil {
		st, err := status(ctx, c, id)
		if err != nil {
			return "", err
		}
		if ref := st.Deployed.Version.Ref(); ref != "" {
			if in, err := holds(ref); err != nil || in {
				return fmt.Sprintf("%s is in production, which ran %s when %s was cut.", change, st.Deployed.Version, id), err
			}
		}
		if st.Candidate.Tag != "" {
			in, err := holds(st.Candidate.SHA)
			if err != nil {
				return "", err
			}
			if in {
				return onTrain(change, st), nil
			}
		}
	}
	next := t.Timetable().Departures(time.Now(), 1)
	if len(next) == 0 {
		return fmt.Sprintf("%s is on %s and on no train yet; the calendar knows no next departure.", change, t.Branch), nil
	}
	return fmt.Sprintf("%s is on %s and on no train yet. The next departure is %s; expected in production %s.",
		change, t.Branch, words.When(next[0].CutAt, zone), words.When(next[0].Opens, zone)), nil
}

// onTrain says where a change is that the release of a status carries.
func onTrain(change string, st train.Status) string {
	zone := st.Location()
	switch {
	case st.Production.Succeeded():
		return fmt.Sprintf("%s is in production with %s since %s.", change, st.Candidate.Tag,
			words.When(st.Production.EndedAt, zone))
	case st.End != "":
		return fmt.Sprintf("%s was on %s, which ended as %s: it goes with the next one.", change, st.ID, st.End)
	case time.Now().Before(st.Opens):
		return fmt.Sprintf("%s is on %s with %s, expected in production %s. %s", change, st.ID, st.Candidate.Tag,
			words.When(st.Opens, zone), words.WaitingLine(st, words.Plain))
	}
	return fmt.Sprintf("%s is on %s with %s. %s", change, st.ID, st.Candidate.Tag, words.WaitingLine(st, words.Plain))
}
