package train

import (
	"fmt"
	"slices"
	"strings"
)

// Policy says who may issue which command on a train. PRODUCT.md section 5.
type Policy struct {
	// Approver says who may approve despite E2E: anyone, not-cutter (not who cut
	// the candidate) or not-author (nobody whose commits are in range); anyone when left out.
	Approver ApproverRule `json:"approver,omitempty" yaml:"approver"`
	// Identity says whether who issues a command may be claimed or must be
	// verified, which only the Slack listener can do; claimed when left out.
	Identity Identity `json:"identity,omitempty" yaml:"identity"`
	// Allow names who may issue a command; one that is not listed: everybody.
	Allow []Allowed `json:"allow,omitempty" yaml:"allow"`
}

// ApproverRule says who may approve.
type ApproverRule string

// Who may approve.
const (
	ApproverAnyone    ApproverRule = "anyone"
	ApproverNotCutter ApproverRule = "not-cutter"
	ApproverNotAuthor ApproverRule = "not-author"
)

// Allowed names the people who may issue a command.
type Allowed struct {
	Command CommandName `json:"command" yaml:"command"`
	People  []string    `json:"people" yaml:"people"`
}

// sameName compares names as people type them.
func sameName(a, b string) bool {
	return a != "" && strings.EqualFold(strings.TrimPrefix(strings.TrimSpace(a), "@"), strings.TrimPrefix(strings.TrimSpace(b), "@"))
}

// refuses says why the policy does not let somebody issue a command.
func (p Policy) refuses(name CommandName, c Command, s *State) string {
	if p.Identity == IdentityVerified {
		return "this train takes commands from Slack only, where it is known who sends them: a name in a payload proves nothing"
	}
	if refusal := p.forbids(name, c.By); refusal != "" {
		return refusal
	}
	if name != ApproveDespiteE2E {
		return ""
	}
	switch p.Approver {
	case ApproverNotCutter:
		if sameName(c.By, s.Candidate.By) {
			return fmt.Sprintf("%s cut %s: on this train somebody else approves", c.By, s.Candidate.Tag)
		}
	case ApproverNotAuthor:
		if slices.ContainsFunc(s.Changelog.Contributors, func(n string) bool { return sameName(n, c.By) }) {
			return fmt.Sprintf("%s has commits in %s: on this train somebody without approves", c.By, s.Candidate.Tag)
		}
		if s.Changelog.ManyContributors {
			return fmt.Sprintf("%s has too many authors to know that %s is none of them: set policy.approver to not-cutter for such a release", s.Candidate.Tag, c.By)
		}
	case ApproverAnyone, "":
	}
	return ""
}

// forbids says that somebody is not among those who may issue a command.
func (p Policy) forbids(name CommandName, by string) string {
	for _, a := range p.Allow {
		if a.Command == name && !slices.ContainsFunc(a.People, func(n string) bool { return sameName(n, by) }) {
			return fmt.Sprintf("%s may not %s on this train: ask %s", by, name, strings.Join(a.People, ", "))
		}
	}
	return ""
}

// RefusesForTrain is refuses for the commands that go to the train itself.
func (p Policy) RefusesForTrain(name CommandName, c Command) string {
	return p.refuses(name, c, &State{})
}
