package rules

import (
	"strings"
	"time"

	"github.com/release-train/release-train/internal/train"
)

// cutTagCommand is carried out by the workflow, which asks GitLab first what the
// new candidate would be and then calls OrderCandidate.
func cutTagCommand() Definition {
	return Definition{
		Name: train.CutTag, NeedsReason: true, Fields: []string{"sha", "tag"}, Precedence: actsCut,
		Example: train.Command{SHA: "1a2b3c4d", Reason: "takes the revert of !12"},
		check:   checkCut,
	}
}

func checkCut(s *train.State, c train.Command, _ time.Time) *train.Refusal {
	if s.Orders.Cut != nil {
		return &train.Refusal{Code: train.RefusedCutUnderWay}
	}
	if r := firstRefusal(needsCandidate(s), notDeploying(s)); r != nil {
		return r
	}
	switch {
	case c.SHA != "" && c.Tag != "":
		return &train.Refusal{Code: train.RefusedCommitAndTag, Detail: s.Train.Branch}
	case c.SHA != "" && !isCommit(c.SHA):
		return &train.Refusal{Code: train.RefusedNotACommit, Field: "sha", Value: train.Clip(c.SHA, train.LongestField)}
	case c.Tag == s.Candidate.Tag && c.Tag != "":
		return &train.Refusal{Code: train.RefusedAlreadyCandidate, Tag: c.Tag}
	case s.Orders.Rollback != nil || s.Phase == train.RollingBack:
		return &train.Refusal{Code: train.RefusedRollbackUnderWay}
	case c.Tag != "":
		return checkAdopted(s, c)
	}
	return nil
}

// checkAdopted refuses a tag that cannot become the candidate.
func checkAdopted(s *train.State, c train.Command) *train.Refusal {
	tag, err := train.ParseTag(s.Train.TagPrefix, c.Tag)
	switch {
	case err != nil:
		return &train.Refusal{Code: train.RefusedNotAReleaseTag, Field: "tag", Detail: err.Error()}
	case tag.Day != s.Plan.Day:
		return &train.Refusal{
			Code: train.RefusedTagOfAnotherDay, Field: "tag", Day: tag.Day, Today: s.Plan.Day,
			Value: train.Tag{Prefix: s.Train.TagPrefix, Day: s.Plan.Day}.DayPattern(),
		}
	case s.Bad[c.Tag] != "":
		return &train.Refusal{Code: train.RefusedTagMarkedBad, Tag: c.Tag}
	}
	return nil
}

func isCommit(s string) bool {
	return len(s) >= 7 && len(s) <= 40 && strings.Trim(strings.ToLower(s), "0123456789abcdef") == ""
}

// OrderCut orders a new candidate, which replaces all other orders.
func OrderCut(s *train.State, r train.CutOrder) Effect {
	s.Orders = train.Orders{Cut: &r}
	return Effect{Recut: &r}
}
