package train

import (
	"strings"
	"time"
)

// cutTagCommand is carried out by the workflow, which asks GitLab first what the
// new candidate would be and then calls OrderCandidate.
func cutTagCommand() Definition {
	return Definition{
		Name: CutTag, NeedsReason: true, Fields: []string{"sha", "tag"}, Precedence: ActsCut,
		Example: Command{SHA: "1a2b3c4d", Reason: "takes the revert of !12"},
		check:   checkCut,
	}
}

func checkCut(s *State, c Command, _ time.Time) *Refusal {
	if r := first(needsCandidate(s), notDeploying(s)); r != nil {
		return r
	}
	switch {
	case c.SHA != "" && c.Tag != "":
		return &Refusal{Code: RefusedCommitAndTag, Detail: s.Train.Branch}
	case c.SHA != "" && !isCommit(c.SHA):
		return &Refusal{Code: RefusedNotACommit, Field: "sha", Value: Clip(c.SHA, LongestField)}
	case c.Tag == s.Candidate.Tag && c.Tag != "":
		return &Refusal{Code: RefusedAlreadyCandidate, Tag: c.Tag}
	case s.Orders.Rollback != nil || s.Phase == RollingBack:
		return &Refusal{Code: RefusedRollbackUnderWay}
	case s.Orders.Recut != nil:
		return &Refusal{Code: RefusedCutUnderWay}
	case c.Tag != "":
		return checkAdopted(s, c)
	}
	return nil
}

// checkAdopted refuses a tag that cannot become the candidate.
func checkAdopted(s *State, c Command) *Refusal {
	tag, err := ParseTag(s.Train.TagPrefix, c.Tag)
	switch {
	case err != nil:
		return &Refusal{Code: RefusedNotAReleaseTag, Field: "tag", Detail: err.Error()}
	case tag.Day != s.Plan.Day:
		return &Refusal{
			Code: RefusedTagOfAnotherDay, Field: "tag", Day: tag.Day, Today: s.Plan.Day,
			Value: Tag{Prefix: s.Train.TagPrefix, Day: s.Plan.Day}.DayPattern(),
		}
	case s.Bad[c.Tag] != "":
		return &Refusal{Code: RefusedTagMarkedBad, Tag: c.Tag}
	}
	return nil
}

func isCommit(s string) bool {
	return len(s) >= 7 && len(s) <= 40 && strings.Trim(strings.ToLower(s), "0123456789abcdef") == ""
}

// OrderCandidate orders a new candidate, which replaces all other orders.
func OrderCandidate(s *State, r Recut) Effect {
	s.Orders = Orders{Recut: &r}
	return Effect{Recut: &r}
}
