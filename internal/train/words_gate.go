package train

import (
	"fmt"
	"time"
)

// MissingAtGate are sentences on all that keeps the gate closed but time.
func MissingAtGate(g Gate, zone *time.Location) []string {
	out := BlockerSentences(g.Blocked)
	for _, h := range g.Held {
		out = append(out, fmt.Sprintf("the hold %s stands: %s", h.Kind, holdLine(h, Plain, zone)))
	}
	return out
}

// BlockerSentences say what keeps the gate closed until a person decides.
func BlockerSentences(blocked []Blocker) []string {
	var out []string
	for _, b := range blocked {
		out = append(out, blockerSentence(b))
	}
	return out
}

func blockerSentence(b Blocker) string {
	switch b.Code {
	case BlockedMarkedBad:
		return fmt.Sprintf("%s was marked bad: %s", b.Tag, b.Why)
	case BlockedNotOnStaging:
		return b.Tag + " is not on staging"
	case BlockedE2ENotRun:
		return "E2E has not run"
	case BlockedE2ERed:
		return "E2E is red: " + b.Why
	case BlockedE2EOverdue:
		return "E2E is overdue: it had not ended by its deadline"
	case BlockedE2ECouldNotRun:
		return "E2E could not run: " + b.Why
	case BlockedE2EVoid:
		return "E2E is void: " + b.Why
	case BlockedE2ERunning:
		return "E2E is still running"
	}
	return string(b.Code)
}
