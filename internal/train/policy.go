package train

// Policy says who may issue which command on a train. docs/architecture.md, Commands.
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
